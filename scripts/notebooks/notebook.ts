// deno-lint-ignore-file camelcase -- the names are those of the file format
/**
 * Notebook files, and the form in which they are committed.
 *
 * @module
 */

/** Text as a notebook file holds it. */
export type Multiline = string | readonly string[];

/** What a cell put out. */
export interface Output {
  readonly output_type: "stream" | "display_data" | "execute_result" | "error";
  readonly name?: string;
  readonly text?: Multiline;
  readonly data?: Readonly<Record<string, Multiline>>;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly execution_count?: number | null;
  readonly ename?: string;
  readonly evalue?: string;
}

/** One cell. */
export interface Cell {
  readonly cell_type: "code" | "markdown";
  readonly id: string;
  readonly source: Multiline;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly outputs?: readonly Output[];
  readonly execution_count?: number | null;
}

/** A notebook file. */
export interface Notebook {
  readonly cells: readonly Cell[];
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly nbformat: number;
  readonly nbformat_minor: number;
}

/** Text in one piece. */
export function joined(text: Multiline | undefined): string {
  return typeof text === "string" ? text : (text ?? []).join("");
}

function lines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** A notebook of code cells that has not run yet. */
export function codeNotebook(sources: readonly string[]): Notebook {
  const cells = sources.map((source, i) => (
    { cell_type: "code" as const, execution_count: null, id: `cell-${i}`, metadata: {}, outputs: [], source }
  ));
  const kernelspec = { name: "deno", display_name: "Deno", language: "typescript" };
  return { cells, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 };
}

/** Reads a notebook file. */
export async function readNotebook(path: string | URL): Promise<Notebook> {
  return JSON.parse(await Deno.readTextFile(path));
}

/** Text that came in several pieces becomes one; how it is cut depends on time. */
function mergeStreams(outputs: readonly Output[]): Output[] {
  const merged: Output[] = [];
  for (const output of outputs) {
    const last = merged.at(-1);
    if (last?.output_type === "stream" && output.output_type === "stream" && last.name === output.name) {
      merged[merged.length - 1] = { ...last, text: lines(joined(last.text) + joined(output.text)) };
    } else merged.push(output);
  }
  return merged;
}

function normalOutput(output: Output, count: number): Output {
  if (output.output_type === "stream") return { ...output, text: lines(joined(output.text)) };
  const data = Object.entries(output.data ?? {}).map(([type, text]) => [type, lines(joined(text))]);
  const normal = { ...output, data: Object.fromEntries(data), metadata: {} };
  return output.output_type === "execute_result" ? { ...normal, execution_count: count } : normal;
}

/** A bar that was taken away leaves an output that shows nothing; whether it came depends on the machine. */
function isTakenAway({ output_type: type, data = {} }: Output): boolean {
  return type === "display_data" && Object.values(data).every((text) => joined(text) === "");
}

/**
 * A notebook as it is committed: counted from 1, with ids by place, and nothing that changes from run to run.
 *
 * @param notebook An executed notebook.
 * @returns A new notebook.
 */
export function normalNotebook(notebook: Notebook): Notebook {
  let count = 0;
  const cells = notebook.cells.map((cell, i): Cell => {
    const common = { id: `cell-${String(i + 1).padStart(2, "0")}`, metadata: {}, source: lines(joined(cell.source)) };
    if (cell.cell_type !== "code") return { cell_type: cell.cell_type, ...common };
    ++count;
    const left = (cell.outputs ?? []).filter((output) => !isTakenAway(output));
    const outputs = mergeStreams(left).map((output) => normalOutput(output, count));
    return { cell_type: "code", execution_count: count, ...common, outputs };
  });
  const metadata = {
    kernelspec: { display_name: "Deno", language: "typescript", name: "deno" },
    language_info: { file_extension: ".ts", mimetype: "text/x.typescript", name: "typescript" },
  };
  return { cells, metadata, nbformat: 4, nbformat_minor: 5 };
}

/** A notebook as text, laid out as Jupyter does: keys in order, one space deep. */
export function notebookText(notebook: Notebook): string {
  const ordered = (_key: string, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1))
      : value;
  return `${JSON.stringify(notebook, ordered, 1)}\n`;
}
