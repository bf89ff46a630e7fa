/** `scripts/ok`: what it reads out of what `deno test` really says, and what it runs once more. */
import { deepEqual, equal, match, ok, rejects } from "@std/assert";
import { join } from "node:path";
import { hasPassed, planned, runAgain } from "../../scripts/ok/again.ts";
import { failuresOf, filterOf, passedOf, plain, testOf } from "../../scripts/ok/failures.ts";
import { laneWords, shareOut } from "../../scripts/ok/cores.ts";
import { partsOf } from "../../scripts/ok/gates.ts";
import { reportOf } from "../../scripts/ok/report.ts";
import { type Result, run } from "../../scripts/ok/run.ts";
import { testFiles, writeTogether } from "../../scripts/ok/together.ts";

const ROOT = new URL("../../", import.meta.url);
const SILENT = { speaks: false, say: () => {} };

const ODD = `says "no" (a/b) to 'it' => or not, 100% [x] $1|2 ^.*`;
/** Tests that fail in each way that a test can; those that wait for a file pass as soon as there is one. */
const FILES = {
  "odd_test.ts": `
const there = () => { try { Deno.statSync(new URL("there", import.meta.url)); return true; } catch { return false; } };
Deno.test("passes", () => {});
Deno.test(${JSON.stringify(ODD)}, () => { if (!there()) throw new RangeError("Cannot read 49 tokens"); });
Deno.test("outer (with steps)", async (t) => {
  await t.step("fine", () => {});
  await t.step('inner "quoted" step', async (t) => {
    await t.step("deep/est", () => { if (!there()) throw new TypeError("deep\\nwith a second line\\n\\nand a fourth"); });
  });
  await t.step("another", () => { if (!there()) throw "no error"; });
});
Deno.test("outer", () => { throw new Error("it is not asked for"); });
Deno.test("a\\nnew line", () => { if (!there()) throw new Error("\\n FAILURES \\n"); });
`,
  "deep/late_test.ts": `
Deno.test("late", async () => {
  setTimeout(() => { throw new Error("too late"); }, 5);
  await new Promise((resolve) => setTimeout(resolve, 50));
});
Deno.test("never comes", () => {});
`,
  "top_test.ts": `throw new Error("at the top");`,
};

/** A folder with these files, and what `deno test` says of it. */
async function withFolder(
  use: (run: (...args: string[]) => Promise<Result>, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "looking-glass-" });
  try {
    await Deno.mkdir(join(folder, "deep"));
    for (const [name, text] of Object.entries(FILES)) await Deno.writeTextFile(join(folder, name), text);
    const flags = ["test", "-A", "--quiet", "--no-check", "--no-config"];
    await use((...args) => run({ name: "gate", args: [...flags, ...args] }, { ...SILENT, root: folder }), folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("failuresOf() reads what deno test lists, and filterOf() takes those tests and no others", async () => {
  await withFolder(async (test, folder) => {
    const all = await test(".");
    const failures = failuresOf(all.stdout);
    deepEqual(failures.map(({ name, file, uncaught }) => [name, file, uncaught]), [
      ["./deep/late_test.ts (uncaught error)", "./deep/late_test.ts", true],
      [ODD, "./odd_test.ts", false],
      [`outer (with steps) ... inner "quoted" step ... deep/est`, "./odd_test.ts", false],
      ["outer (with steps) ... another", "./odd_test.ts", false],
      ["outer", "./odd_test.ts", false],
      ["a\\nnew line", "./odd_test.ts", false],
      ["./top_test.ts (uncaught error)", "./top_test.ts", true],
    ]);
    const said = [
      /^error: Error: too late\n[^]*or top-level code\.$/,
      /^error: RangeError: Cannot read 49 tokens\n[^]*odd_test\.ts:\d+:\d+$/,
      /^error: TypeError: deep\nwith a second line\n\nand a fourth\n[^]*odd_test\.ts:\d+:\d+$/,
      /^error: "no error"$/,
      /^error: Error: it is not asked for\n/,
      /^error: Error: \n FAILURES \n\n/,
      /^error: .*Error: at the top\n[^]*or top-level code\.$/,
    ];
    said.forEach((expected, i) => match(failures[i]!.error, expected));
    const coloured = all.stdout.replaceAll(/^(.*) => /gm, "\x1b[0m\x1b[31m$1\x1b[0m => ").replaceAll(
      "FAILED",
      "\x1b[31mFAILED\x1b[0m",
    );
    deepEqual(failuresOf(coloured), failures);
    equal(plain(coloured), plain(all.stdout));
    await Deno.writeTextFile(join(folder, "there"), "");
    for (const [i, name] of [[1, ODD], [2, "outer (with steps)"], [5, "a\\nnew line"]] as const) {
      equal(testOf(failures[i]!), name);
      const { success, stdout } = await test(`--filter=${filterOf([name])}`, "odd_test.ts");
      deepEqual([success, passedOf(stdout)], [true, 1], name);
    }
    const both = await test(`--filter=${filterOf([ODD, "outer (with steps)"])}`, "odd_test.ts");
    deepEqual([both.success, passedOf(both.stdout)], [true, 2]);
    const none = await test(`--filter=${filterOf(["nothing of that name"])}`, "odd_test.ts");
    deepEqual([passedOf(none.stdout), hasPassed(none)], [0, false]);
  });
});

Deno.test("runAgain() takes as passed what passes alone, and leaves what fails again", async () => {
  await withFolder(async (test, folder) => {
    const first = await test(`--filter=${filterOf([ODD, "outer (with steps)"])}`, "odd_test.ts");
    const other = await test("--filter=/^outer$/", "odd_test.ts");
    deepEqual([first.success, other.success], [false, false]);
    const whole = (one: Result) => ({ ...one, args: one.args.filter((arg) => !arg.startsWith("--filter=")) });
    const results = [whole(first), whole(other)];
    await Deno.writeTextFile(join(folder, "there"), "");
    const plans = planned(results);
    deepEqual([...plans.values()].map((own) => own.map(({ names }) => names)), [
      [[ODD, "outer (with steps)"]],
      [["outer"]],
    ]);
    const mended = await runAgain(plans, (part) => run(part, { ...SILENT, root: folder }));
    deepEqual([...mended], [results[0]]);
    const said = reportOf(results, mended);
    match(said, /^\nAGAIN {2}gate +[\d.]+ s\nFAILED gate +[\d.]+ s\n/);
    match(
      said,
      /── gate failed:\n[^]*it is not asked for[^]*PASSED ONLY AT THE SECOND TRY, ALONE:\n {2}says "no"[^]*Cannot read 49 tokens/,
    );
    equal(plain(said), said);
  });
});

/** What a command says whose tests of these names have failed. */
function failedOf(names: readonly string[], args: readonly string[] = ["test", "tests"]): Result {
  const lines = names.map((name) => `${name} => ./tests/a_test.ts:1:6`);
  const errors = lines.map((line) => `${line}\nerror: Error: of ${line}\n${"    at a line\n".repeat(200)}`);
  const stdout = [
    "",
    " ERRORS ",
    "",
    ...errors,
    " FAILURES ",
    "",
    ...lines,
    "",
    "FAILED | 3 passed | 1 failed (1s)",
    "",
  ];
  return { name: "gate", args, success: false, seconds: 1, stdout: stdout.join("\n"), stderr: "" };
}

Deno.test("planned() runs five tests again, and nothing where more failed or none is listed", () => {
  const count = (...results: Result[]) => [...planned(results).values()].flat().flatMap(({ names }) => names).length;
  equal(count(failedOf(["a", "b", "c"]), failedOf(["d", "e"])), 5);
  equal(count(failedOf(["a", "b", "c"]), failedOf(["d", "e", "f"])), 0);
  equal(count(failedOf(["a ... 1", "a ... 2", "a ... 3", "a ... 4", "a ... 5", "a ... 6"])), 1);
  equal(count({ ...failedOf(["a"]), success: true }), 0);
  equal(count(failedOf(["a"], ["lint"])), 0);
  equal(count({ ...failedOf([]), stdout: "killed" }), 0);
});

Deno.test("planned() runs a file of tests alone, and the whole command where a test stands elsewhere", () => {
  const args = ["test", "-A", "--quiet", "--ignore=tests/b", "tests"];
  const result = failedOf(["a"], args);
  const argsOf = (one: Result) => planned([one]).get(one)!.map(({ part }) => part.args);
  deepEqual(argsOf(result), [["test", "-A", "--quiet", "./tests/a_test.ts", "--filter=/^(?:a)(?:$| \\.\\.\\. )/"]]);
  const elsewhere = { ...result, stdout: result.stdout.replaceAll("a_test.ts", "steps.ts") };
  deepEqual(argsOf(elsewhere), [[...args, "--filter=/^(?:a)(?:$| \\.\\.\\. )/"]]);
});

Deno.test("runAgain() takes nothing as passed that did not fail by tests", async () => {
  const result = { ...failedOf([]), stdout: "killed", stderr: "\x1b[31mby the system\x1b[0m" };
  const mended = await runAgain(planned([result]), () => Promise.reject(new Error("it was run")));
  equal(mended.size, 0);
  match(reportOf([result], mended), /── gate failed:\nkilledby the system$/);
});

Deno.test("reportOf() has a bounded part of each error, and its beginning", () => {
  const said = reportOf([failedOf(["a", "b"])], new Set());
  ok(said.split("\n").length < 200, said);
  for (const name of ["a", "b"]) ok(said.includes(`error: Error: of ${name} => `));
});

Deno.test("writeTogether() has every file of tests once, and refuses to have none", async () => {
  await withFolder(async (test, folder) => {
    const files = ["deep/late_test.ts", "odd_test.ts", "top_test.ts"].map((name) => join(folder, name));
    deepEqual([...testFiles(folder)], files);
    const path = await writeTogether(folder, [join(folder, "odd_test.ts"), join(folder, "deep")]);
    const { stdout } = await test(path);
    match(plain(stdout), /running 7 tests from \.\/together_test\.ts/);
    equal(failuresOf(stdout).filter(({ file }) => file === "./odd_test.ts").length, 5);
    await rejects(() => writeTogether(folder, []), /Cannot run the tests of .* as there are none/);
  });
});

Deno.test("partsOf() gives every file of tests to one command", () => {
  const counts = new Map<string, number>();
  const named = (paths: readonly string[]) => paths.flatMap((path) => [...testFiles(new URL(path, ROOT).pathname)]);
  for (const { args, together } of partsOf(["browser", "tests", "notebooks"])) {
    const ignored = args.find((one) => one.startsWith("--ignore="))?.slice(9).split(",") ?? [];
    const left = new Set(named(ignored));
    const taken = named(together ?? args.filter((one) => one.startsWith("tests/") || one === "tests"));
    for (const file of taken) if (!left.has(file)) counts.set(file, (counts.get(file) ?? 0) + 1);
  }
  deepEqual([...counts].filter(([, count]) => count !== 1), []);
  deepEqual(new Set(counts.keys()), new Set(named(["tests"])));
});

Deno.test("shareOut() gives each core to one lane, and nothing where a lane would have none", () => {
  deepEqual(shareOut("0-1\n", 2), [[0], [1]]);
  deepEqual(shareOut("0,2-4", 2), [[0, 2], [3, 4]]);
  deepEqual(shareOut("1-3", 2), [[1], [2, 3]]);
  deepEqual(shareOut("5", 2), []);
  deepEqual(shareOut("", 2), []);
});

Deno.test("run() keeps a command on the cores of its lane", async () => {
  const said: number[] = [];
  for (const before of await laneWords(2)) {
    const args = ["eval", "console.log(navigator.hardwareConcurrency)"];
    const { stdout, success } = await run({ name: "gate", args }, { ...SILENT, root: ".", before });
    equal(success, true);
    said.push(Number(stdout));
  }
  const all = navigator.hardwareConcurrency;
  const split = Deno.build.os === "linux" && all > 1;
  deepEqual(said, split ? [Math.floor(all / 2), Math.ceil(all / 2)] : [all, all]);
});
