/** What `deno test` lists at its end: which tests failed, where they stand, and their errors. */

/** A test that failed, or a step of one. */
export interface Failure {
  /** As it is listed, steps behind ` ... `. */
  readonly name: string;
  /** The file that it stands in, or that could not be run; relative to where the command ran. */
  readonly file: string;
  /** Whether the file itself failed, outside of a test. */
  readonly uncaught: boolean;
  /** What is said of it, without its title. */
  readonly error: string;
}

/** Without the marks of colours. */
export function plain(text: string): string {
  // deno-lint-ignore no-control-regex -- they begin with one
  return text.replaceAll(/\x1b\[[0-9;]*m/g, "");
}

/** What stands between the last line of one title and the next blank line of the other, or the end. */
function section(text: string, title: string, end: RegExp): string {
  const start = text.lastIndexOf(`\n ${title} \n`);
  if (start < 0) return "";
  const rest = text.slice(start + title.length + 4);
  const stop = rest.search(end);
  return stop < 0 ? rest : rest.slice(0, stop);
}

/** A line of the list: `name => ./file:line:column`, or `./file (uncaught error)`. */
function readTitle(line: string): Omit<Failure, "error"> | undefined {
  const uncaught = /^(\S.*) \(uncaught error\)$/.exec(line);
  if (uncaught) return { name: line, file: uncaught[1]!, uncaught: true };
  const test = /^(.*) => (\S.*):\d+:\d+$/.exec(line);
  return test ? { name: test[1]!, file: test[2]!, uncaught: false } : undefined;
}

/** The tests that failed, in the order of the list; none where `deno test` has listed none. */
export function failuresOf(output: string): Failure[] {
  const text = `\n${plain(output)}`;
  const titles = section(text, "FAILURES", /\n(?:FAILED|ok) \| /).split("\n").filter((line) => line !== "");
  const errors = section(text, "ERRORS", /\n FAILURES \n(?![^]*\n FAILURES \n)/);
  let from = 0;
  const starts = titles.map((title) => {
    const at = `\n${errors}`.indexOf(`\n${title}\n`, from);
    if (at >= 0) from = at + title.length;
    return at;
  });
  return titles.flatMap((title, i) => {
    const read = readTitle(title);
    if (read === undefined) return [];
    const next = starts.slice(i + 1).find((at) => at >= 0);
    const error = starts[i]! < 0 ? "" : errors.slice(starts[i]! + title.length + 1, next).trim();
    return [{ ...read, error }];
  });
}

/** The name of the test whose step failed, as far as it is known: it could hold what stands between steps. */
export const testOf = ({ name }: Failure): string => name.split(" ... ")[0]!;

/** An expression for `--filter` that takes these tests and no others; a name is listed with `\n` for a line's end. */
export function filterOf(names: readonly string[]): string {
  const escaped = names.map((name) =>
    name.replaceAll(/\\[bfnrtv]|[\\^$.*+?()[\]{}|]/g, (one) => one.length > 1 ? "(?s:.{1,2})" : `\\${one}`)
  );
  return `/^(?:${escaped.join("|")})(?:$| \\.\\.\\. )/`;
}

/** How many tests passed, as the last line says. */
export function passedOf(output: string): number {
  return Number(/\n(?:ok|FAILED) \| (\d+) passed[^\n]*\s*$/.exec(`\n${plain(output)}`)?.[1] ?? 0);
}
