/** Cells in the real kernel. */
import { equal } from "@std/assert";
import { join } from "node:path";
import { prepareEnvironment, python, ROOT } from "../../scripts/notebooks/environment.ts";

/** A cell to run. */
export interface Cell {
  readonly code: string;
  /** After how many seconds Stop is pressed. */
  readonly stopAfter?: number;
}

/** What one message of the kernel shows. */
export interface Output {
  readonly kind: string;
  readonly evalue?: string;
  readonly data?: Record<string, string>;
  readonly transient?: Record<string, string>;
}

/** What came back. */
export interface Answer {
  readonly alive: boolean;
  readonly results: readonly (readonly Output[])[];
}

/** What a cell shows beside the bar of long work, which stands in any cell on a busy machine. */
export function withoutBars(result: readonly Output[]): readonly Output[] {
  return result.filter(({ data }) => data?.["text/html"] !== "" && !data?.["text/html"]?.startsWith("<progress"));
}

/** The plain text of a cell's own value; a bar may have stood before it on a busy machine. */
export function shownBy(result: readonly Output[] | undefined): string | undefined {
  return result?.find(({ kind }) => kind === "execute_result")?.data?.["text/plain"];
}

/** Runs cells in one kernel that works in `notebooks`. */
export async function runCells(cells: readonly Cell[]): Promise<Answer> {
  await prepareEnvironment(() => {});
  const args = [join(ROOT, "tests", "notebooks", "kernel_probe.py"), join(ROOT, "notebooks")];
  const child = python(args, { stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  const list = cells.map(({ code, stopAfter = null }) => ({ code, "stop_after": stopAfter }));
  await writer.write(new TextEncoder().encode(JSON.stringify(list)));
  await writer.close();
  const { stdout, stderr, success } = await child.output();
  equal(success, true, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}
