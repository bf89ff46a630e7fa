/** Runs one command of a gate. */
import { join } from "node:path";
import type { Part } from "./gates.ts";
import { writeTogether } from "./together.ts";

/** What a command came to. */
export interface Result extends Part {
  readonly success: boolean;
  readonly seconds: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Prints a line. */
export function print(message: string): void {
  // deno-lint-ignore no-console -- this is what the command is for
  console.log(message);
}

/** What a command says, which is shown as it says it where it speaks. */
async function heard(stream: ReadableStream<Uint8Array>, speaks: boolean): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    if (speaks) await Deno.stdout.write(chunk);
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}

/** The part without `together`: its module is written into a folder of that name. */
export async function prepared(part: Part, root: string, folder: string): Promise<Part> {
  const { together, ...rest } = part;
  if (together === undefined) return part;
  const own = join(folder, part.name.replaceAll(" ", "_"));
  await Deno.mkdir(own, { recursive: true });
  const path = await writeTogether(own, together.map((one) => join(root, one)));
  print(`\n${part.name}: the tests of ${together.join(", ")} run as one module`);
  return { ...rest, args: [...part.args, path] };
}

/** How a command is run. */
export interface Running {
  readonly root: string;
  /** What it says is shown as it says it; else, as another one speaks meanwhile, when it has ended. */
  readonly speaks: boolean;
  /** What stands before the command, as `taskset -c 0`. */
  readonly before?: readonly string[];
  readonly say?: (message: string) => void;
}

/** Runs a command. */
export async function run({ name, args }: Part, { root, speaks, before = [], say = print }: Running): Promise<Result> {
  const start = performance.now();
  const title = `\n── ${name}: deno ${args.join(" ")}`;
  if (speaks) say(title);
  const [program = "", ...rest] = [...before, Deno.execPath(), ...args];
  const child = new Deno.Command(program, {
    args: rest,
    cwd: root,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const isSaid = name !== "docs"; // deno doc prints all of the documentation
  const [said, stderr] = await Promise.all([heard(child.stdout, speaks && isSaid), heard(child.stderr, speaks)]);
  const stdout = isSaid ? said : "";
  const { success } = await child.status;
  if (!speaks) say([title, stdout, stderr].join("\n"));
  return { name, args, success, seconds: (performance.now() - start) / 1000, stdout, stderr };
}
