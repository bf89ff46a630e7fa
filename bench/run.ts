/**
 * Measures Looking Glass and its peers side by side, one process after another, and prints the tables. Its first run
 * makes what is needed: see `setup.ts`.
 *
 *     deno task bench [--quick] [--inside] [--only native,ecco] [--rounds 2] [--again] [--write]
 *
 * @module
 */
import { shortTable } from "./goals.ts";
import { writeBetweenMarkers } from "./markers.ts";
import { run, stopWithUs } from "./process.ts";
import { CHECKPOINT, insideOf, type Need, type Program, PROGRAMS, ROOT } from "./programs.ts";
import type { Measurement, Task } from "./protocol.ts";
import { findReal, REAL, type RealCheckpoint, realRow } from "./real.ts";
import { differing, markdown } from "./report.ts";
import { type Results, setting } from "./results.ts";
import { prepareNeeds, prepareTexts } from "./setup.ts";

const HELP = `deno task bench [options]
  --quick         one round, each row once, without the long texts
  --inside        one round of what is changed and judged inside only, in about ten minutes
  --only a,b      only these of ${[...new Set(PROGRAMS.map(({ key }) => key))].join(", ")}
  --rounds n      how often every program is run (2)
  --repeat n      how often at most it measures each row then (5)
  --threads n     how many threads each takes (one for each core)
  --seconds n     how long a program may take each time (180; with --inside 400)
  --again         measure nothing; show what the last run found, from .out/bench/results.json
  --write         write the tables into bench/README.md and README.md; with --inside, its own part of the first`;

/** What the command line says. */
interface Options {
  readonly programs: readonly Program[];
  readonly rounds: number;
  readonly repeat: number;
  readonly threads: number;
  readonly seconds: number;
  readonly quick: boolean;
  readonly inside: boolean;
  readonly write: boolean;
  readonly again: boolean;
}

/** How many seconds of measurements of one row are enough. */
const BUDGET = 3;

const resultsOf = ({ inside }: Options) => new URL(`.out/bench/${inside ? "inside" : "results"}.json`, ROOT);

const say = (message: string) => {
  // deno-lint-ignore no-console -- this is what the command is for
  console.log(message);
};

function optionsOf(args: readonly string[]): Options {
  const given = new Map<string, string>();
  const flags = ["--quick", "--inside", "--write", "--again", "--help"];
  for (let i = 0; i < args.length; ++i) {
    const name = args[i]!;
    if (flags.includes(name)) given.set(name, "");
    else if (/^--(only|rounds|repeat|threads|seconds)$/.test(name) && args[i + 1]) given.set(name, args[++i]!);
    else throw new RangeError(`Cannot understand ${name}\n${HELP}`);
  }
  if (given.has("--help")) {
    say(HELP);
    Deno.exit(0);
  }
  const [quick, inside] = [given.has("--quick"), given.has("--inside")];
  const whole = (name: string, otherwise: number) => {
    const value = Number(given.get(name) ?? otherwise);
    if (Number.isInteger(value) && value >= 1) return value;
    throw new RangeError(`Cannot take ${name} ${given.get(name)} as it must be a whole number >= 1`);
  };
  const keys = given.get("--only")?.split(",");
  const unknown = keys?.find((key) => PROGRAMS.every((program) => program.key !== key));
  if (unknown !== undefined) throw new RangeError(`Cannot measure "${unknown}"\n${HELP}`);
  if (keys && given.has("--write")) throw new RangeError("Cannot write the tables of a part; leave --only out");
  const programs = PROGRAMS.filter(({ key }) => !keys || keys.includes(key) || key === "probe");
  return {
    programs: inside ? insideOf(programs) : programs,
    rounds: whole("--rounds", quick || inside ? 1 : 2),
    repeat: whole("--repeat", quick ? 1 : 5),
    threads: whole("--threads", navigator.hardwareConcurrency),
    seconds: whole("--seconds", inside ? 400 : 180),
    ...{ quick, inside },
    write: given.has("--write"),
    again: given.has("--again"),
  };
}

/** A measurement, unless the line says something else or was cut off. */
function parsed(line: string): readonly Measurement[] {
  if (!line.startsWith('{"row":')) return [];
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
}

/** Runs a program once, for some rows. Each row has a measurement then, if only one that says why there is none. */
async function measure(program: Program, task: Task, seconds: number): Promise<readonly Measurement[]> {
  const { args: [before, after], command } = program;
  const env = { OMP_NUM_THREADS: String(task.threads), TOKENIZERS_PARALLELISM: "false", HF_HUB_OFFLINE: "1" };
  const { lines, failure } = await run(command, [...before, JSON.stringify(task), ...after], { seconds, env });
  const measured = lines.flatMap(parsed);
  const missing = task.rows.filter((name) => !measured.some(({ row }) => row === name));
  return [...measured, ...missing.map((row) => ({ row, error: failure ?? "it said nothing" }))];
}

/** What is common to all programs, and what is known of their needs. */
interface Prepared {
  readonly task: Omit<Task, "rows">;
  readonly failures: ReadonlyMap<Need, string>;
  readonly real: RealCheckpoint | undefined;
}

/** What was measured so far, by program and row. */
type SoFar = Record<string, Record<string, Measurement[]>>;

/** `keep` is told what was measured so far, after each process. */
async function measureAll(
  options: Options,
  { task, failures, real }: Prepared,
  keep: (measured: SoFar) => Promise<void>,
): Promise<SoFar> {
  const measured: SoFar = {};
  const note = ({ name }: Program, measurements: readonly Measurement[]) => {
    for (const { as = name, ...one } of measurements) ((measured[as] ??= {})[one.row] ??= []).push(one);
    const failed = measurements.filter(({ error }) => error !== undefined);
    for (const { row, error } of failed) say(`    ${row}: failed: ${error}`);
  };
  for (let round = 1; round <= options.rounds; ++round) {
    for (const program of options.programs) {
      const failure = program.need && failures.get(program.need);
      const long = round === 1 && (options.inside || !options.quick) ? program.longRows.map((row) => [row]) : [];
      for (const rows of [program.rows, ...long].filter(({ length }) => length > 0)) {
        say(`  round ${round} of ${options.rounds}: ${program.name}${rows === program.rows ? "" : `, ${rows}`}`);
        if (failure !== undefined) note(program, rows.map((row) => ({ row, error: failure })));
        else note(program, await measure(program, { ...task, rows }, options.seconds));
        await keep(measured);
      }
      const { realRows: rows = [] } = program;
      if (!real || rows.length === 0 || failure !== undefined) continue;
      say(`  round ${round} of ${options.rounds}: ${program.name}, ${REAL}`);
      const { checkpoint, texts } = real;
      const found = await measure(program, { ...task, checkpoint, texts, rows }, options.seconds);
      note(program, found.map((one) => one.row === "versions" ? one : { ...one, row: realRow(one.row) }));
      await keep(measured);
    }
  }
  return measured;
}

/** Everything is prepared and measured, and kept. */
async function found(options: Options): Promise<Results> {
  stopWithUs();
  const { programs, threads, repeat } = options;
  const texts = await prepareTexts(threads, say);
  const needs = new Set(programs.flatMap(({ need }) => need ?? []));
  const failures = await prepareNeeds(needs, say);
  const task = { checkpoint: CHECKPOINT, threads, repeat, budget: BUDGET, texts };
  for (const program of programs.filter(({ need }) => need === undefined)) {
    await measure(program, { ...task, rows: [] }, options.seconds); // makes what is kept of a loaded model
  }
  const real = options.inside ? undefined : await findReal();
  if (!real && !options.inside) {
    say(`${REAL} is not in the cache of the hub, so it is left out: see scripts/real_models`);
  }
  const before = Deno.loadavg()[0]!;
  const start = performance.now();
  const where = await setting(options, before);
  const resultsOfAll = (measured: SoFar): Results => ({
    ...where,
    inside: options.inside,
    minutes: (performance.now() - start) / 60_000,
    texts: real ? { ...texts, ...renamed(real.texts) } : texts,
    ...real && { realBytes: real.bytes },
    measured,
  });
  const keep = async (results: Results) => await Deno.writeTextFile(resultsOf(options), JSON.stringify(results));
  const measured = await measureAll(options, { task, failures, real }, async (soFar) => {
    await keep({ ...resultsOfAll(soFar), unfinished: true });
  });
  const results = resultsOfAll(measured);
  await keep(results);
  return results;
}

/** Texts by the names that they have in results, where those of all checkpoints are. */
function renamed(texts: RealCheckpoint["texts"]): RealCheckpoint["texts"] {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [realRow(name), text]));
}

async function main(): Promise<void> {
  const options = optionsOf(Deno.args);
  const results = options.again
    ? JSON.parse(await Deno.readTextFile(resultsOf(options))) as Results
    : await found(options);
  say(`\n${markdown(results)}`);
  if (options.write) await writeTables(results);
  if (differing(results).length > 0) Deno.exit(1);
}

/** Writes the tables into the pages that show them. */
async function writeTables(results: Results): Promise<void> {
  const pages = results.inside ? ["bench/README.md"] : ["bench/README.md", "README.md"];
  const wanted = results.inside ? insideOf(PROGRAMS) : PROGRAMS;
  const missing = wanted.filter(({ name }) => !(name in results.measured)).map(({ key }) => key);
  if (missing.length > 0) throw new Error(`Cannot write tables without ${missing.join(", ")}; measure all programs`);
  await writeBetweenMarkers(new URL(pages[0]!, ROOT), results.inside ? "inside" : "bench", markdown(results));
  if (pages[1]) await writeBetweenMarkers(new URL(pages[1], ROOT), "bench", shortTable(results));
  const { failure } = await run(Deno.execPath(), ["fmt", "--quiet", ...pages], { seconds: 60 });
  say(`\nWritten into ${pages.join(" and ")}${failure === undefined ? "" : `, but not formatted: ${failure}`}`);
}

try {
  await main();
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  Deno.exit(1);
}
