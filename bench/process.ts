/**
 * Runs programs one at a time and leaves none behind.
 *
 * @module
 */
import { ROOT } from "./programs.ts";

/** How a program ended. */
export interface Ended {
  /** What it printed. */
  readonly lines: readonly string[];
  /** Why it did not end well. */
  readonly failure?: string;
}

let running: Deno.ChildProcess | undefined;

/** Ends the program that runs when the bench itself is ended. */
export function stopWithUs(): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => {
      stop();
      Deno.exit(130);
    });
  }
}

function stop(): void {
  try {
    running?.kill("SIGKILL");
  } catch {
    // it has ended by itself
  }
}

/** Runs a program to its end, or for so many seconds. */
export async function run(
  command: string,
  args: readonly string[],
  { seconds, env = {} }: { readonly seconds: number; readonly env?: Readonly<Record<string, string>> },
): Promise<Ended> {
  let child: Deno.ChildProcess;
  try {
    const path = command.startsWith(".") ? new URL(command, ROOT).pathname : command;
    const streams = { stdin: "null", stdout: "piped", stderr: "piped" } as const;
    child = new Deno.Command(path, { args: [...args], cwd: ROOT, env: { ...env }, ...streams }).spawn();
  } catch (error) {
    return { lines: [], failure: error instanceof Error ? error.message : String(error) };
  }
  running = child;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    stop();
  }, seconds * 1000);
  try {
    const { success, code, signal, stdout, stderr } = await child.output();
    const lines = linesOf(stdout);
    if (late) return { lines, failure: `stopped after ${seconds} s` };
    if (success) return { lines };
    return { lines, failure: linesOf(stderr).at(-1) ?? `it ended with ${signal ?? code}` };
  } finally {
    clearTimeout(timer);
    running = undefined;
  }
}

function linesOf(bytes: Uint8Array): readonly string[] {
  // deno-lint-ignore no-control-regex -- colours
  const plain = new TextDecoder().decode(bytes).replaceAll(/\x1b\[[\d;]*m/g, "");
  return plain.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}
