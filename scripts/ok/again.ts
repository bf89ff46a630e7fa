/** Runs tests that failed once more, alone: on a busy machine one can fail by the time that it was given. */
import { type Failure, failuresOf, filterOf, passedOf, testOf } from "./failures.ts";
import type { Part } from "./gates.ts";
import type { Result } from "./run.ts";

/** More than that do not fail by accident. */
export const MOST_AGAIN = 5;

/** Tests that failed in one command, and the command that runs them alone. */
export interface Retry {
  readonly part: Part;
  /** Each test's name, or the file's that failed outside of its tests. */
  readonly names: readonly string[];
}

/** The commands that run what failed in one command, a file each. */
function retriesOf({ name, args }: Part, failures: readonly Failure[]): Retry[] {
  const tested = args.filter((one, i) => i === 0 || one.startsWith("-") && !one.startsWith("--ignore="));
  // A step may stand in another file than its test, and a test of a module of several in its own: only files of tests are run.
  const files = Map.groupBy(failures, ({ file }) => file.endsWith("_test.ts") ? file : "");
  return [...files].map(([file, own]) => {
    const names = [...new Set(own.map((one) => one.uncaught ? one.name : testOf(one)))];
    const filter = own.some(({ uncaught }) => uncaught) ? [] : [`--filter=${filterOf(names)}`];
    return { names, part: { name, args: [...(file === "" ? args : [...tested, file]), ...filter] } };
  });
}

/** What is run once more of the commands that failed; nothing where more than five tests did, or something else. */
export function planned(results: readonly Result[]): ReadonlyMap<Result, readonly Retry[]> {
  const failed = results.filter(({ success }) => !success);
  const plans = new Map(
    failed.map((one) => [one, retriesOf(one, one.args[0] === "test" ? failuresOf(one.stdout) : [])]),
  );
  const count = [...plans.values()].flat().flatMap(({ names }) => names).length;
  return count > MOST_AGAIN ? new Map() : plans;
}

/** Whether a command that ran a part of the tests says that they passed, and that there were any. */
export const hasPassed = ({ success, stdout }: Result): boolean => success && passedOf(stdout) > 0;

/** Runs what is planned, one after the other, and gives the results whose failed tests have all passed now. */
export async function runAgain(
  plans: ReadonlyMap<Result, readonly Retry[]>,
  runAlone: (part: Part) => Promise<Result>,
): Promise<ReadonlySet<Result>> {
  const mended = new Set<Result>();
  for (const [result, retries] of plans) {
    let passed = retries.length > 0;
    for (const { part } of retries) passed = hasPassed(await runAlone(part)) && passed;
    if (passed) mended.add(result);
  }
  return mended;
}
