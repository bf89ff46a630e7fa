/** What is said at the end: it has all that somebody needs who sees the end of a log only, without colours. */
import { failuresOf, plain, testOf } from "./failures.ts";
import type { Result } from "./run.ts";

/** Of the errors of one test. */
const MOST_LINES = 80;
/** Of what a command says that lists no tests. */
const LAST_LINES = 40;

function cut(text: string): string {
  const lines = text.split("\n");
  if (lines.length <= MOST_LINES) return text;
  const [head, tail] = [lines.slice(0, MOST_LINES - 20), lines.slice(-20)];
  return [...head, `... ${lines.length - MOST_LINES} lines ...`, ...tail].join("\n");
}

/** What failed in a command, with the errors; its last lines where it does not say. */
function failed({ name, stdout, stderr }: Result): string {
  const failures = failuresOf(stdout);
  if (failures.length === 0) {
    return `── ${name} failed:\n${plain(stdout + stderr).trimEnd().split("\n").slice(-LAST_LINES).join("\n")}`;
  }
  const tests = [...Map.groupBy(failures, (one) => one.uncaught ? one.name : testOf(one)).values()];
  const errors = tests.map((own) => cut(own.map((one) => `${one.name} (${one.file})\n${one.error}`).join("\n\n")));
  const list = [`what failed in ${name}:`, ...failures.map((one) => `  ${one.name}`)].join("\n");
  return [`── ${name} failed:`, ...errors, list].join("\n\n");
}

/** Tests that failed beside others and passed alone, with their first error. */
function second({ stdout }: Result): string[] {
  return failuresOf(stdout).map(({ name, error }) => `  ${name}\n${cut(error).replaceAll(/^/gm, "    ")}`);
}

/** The table of all commands, what failed, and what passed only at the second try. */
export function reportOf(results: readonly Result[], mended: ReadonlySet<Result>): string {
  const rows = results.map((one) => {
    const word = one.success ? "ok    " : mended.has(one) ? "AGAIN " : "FAILED";
    return `${word} ${one.name.padEnd(10)} ${one.seconds.toFixed(1).padStart(6)} s`;
  });
  const faults = results.filter((one) => !one.success && !mended.has(one)).map(failed);
  const late = [...mended].flatMap(second);
  const twice = late.length > 0 ? ["PASSED ONLY AT THE SECOND TRY, ALONE:", ...late].join("\n") : "";
  return `\n${[rows.join("\n"), ...faults, twice].filter((one) => one !== "").join("\n\n")}`;
}
