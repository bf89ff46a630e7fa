/**
 * Measures a corpus on GPT-2 small of random weights, natively: tokens in a second for each question, against a plain
 * loop over the calls for a single text and against Python, with one worker and with several, in threads and in
 * processes, and what a queue adds to a shard. Each row is a process of its own; CPU seconds stand beside the time, as
 * other programs may be at work. Rows that would begin after the minutes are over are named and left out.
 *
 *     deno run -A bench/corpus.ts [--threads 1] [--minutes 15] [row ...]
 *     PART=0.1 deno run -A bench/corpus.ts    # a tenth of the texts, on a busy machine
 *
 * @module
 */
import { LanguageModel } from "../mod.ts";
import { measureEngine } from "./corpus/engine.ts";
import { measureProcess, measureProcesses } from "./corpus/processes.ts";
import { measure, type Row, shown } from "./corpus/row.ts";
import { CHECKPOINT, countOf, textsFor } from "./corpus/texts.ts";
import { run, stopWithUs } from "./process.ts";
import { ROOT } from "./programs.ts";

const LENS = ".out/bench/transformerlens-venv/bin/python";
const PYTHON = ".venv-oracle/bin/python";

/** All rows, what is to be known first before the rest. */
const ROWS: readonly string[] = [
  ...["surprise", "neurons", "heads", "saliency", "generated", "settling", "factors"].flatMap((ask) =>
    ["loop", "one", "2"].map((way) => `${ask} ${way}`)
  ),
  ...["surprise transformers", "neurons transformers", "neurons lens"],
  ...["surprise processes", "surprise 4", "engine redis"],
];

/** The longest that a row may take, in seconds. */
const LONGEST = 150;

const say = (text: string) => {
  // deno-lint-ignore no-console -- the result of the program
  console.log(text);
};

/** Reads the options in front of the rows. */
function read(args: readonly string[]) {
  let [threads, minutes] = [0, 15];
  let rest = args;
  for (; rest[0] === "--threads" || rest[0] === "--minutes"; rest = rest.slice(2)) {
    if (rest[0] === "--threads") threads = Number(rest[1]);
    else minutes = Number(rest[1]);
  }
  return { threads, minutes, rest };
}

/** The ids of the texts of a question, for Python. */
async function writeIds(ask: string): Promise<string> {
  const path = new URL(`.out/bench/corpus_${ask}_ids.json`, ROOT).pathname;
  await using model = await LanguageModel.fromPretrained(CHECKPOINT, { backend: "native" });
  await Deno.writeTextFile(path, JSON.stringify(textsFor(ask).map((text) => model.tokenizer.encode(text))));
  return path;
}

async function runRow(row: string, threads: number) {
  const [ask, way] = row.split(" ") as [string, string];
  if (way === "transformers" || way === "lens") {
    const python = way === "lens" ? LENS : PYTHON;
    const args = ["bench/peers/corpus_peer.py", ask, way, CHECKPOINT, await writeIds(ask), String(threads)];
    return await run(python, args, { seconds: LONGEST });
  }
  const args = ["run", "-A", "--no-check", import.meta.url, "--threads", String(threads), "--row", row];
  return await run(Deno.execPath(), args, { seconds: LONGEST });
}

async function main(wanted: readonly string[], threads: number, minutes: number): Promise<void> {
  stopWithUs();
  const rows = new Map<string, Row>();
  const end = performance.now() + 60_000 * minutes;
  for (const row of wanted.length > 0 ? wanted : ROWS) {
    if (performance.now() > end) {
      say(`${row}: left out, as ${minutes} minutes are over`);
      continue;
    }
    const { lines, failure } = await runRow(row, threads);
    if (failure) {
      say(`${row}: ${failure}`);
      continue;
    }
    const found: Row = JSON.parse(lines.at(-1)!);
    rows.set(row, found);
    say(shown(found, rows.get(`${row.split(" ")[0]} loop`)));
  }
  for (const [row, { tokens, seconds }] of rows) {
    const [ask, way] = row.split(" ");
    if (way !== "one" || !tokens) continue;
    const each = tokens / countOf(ask!);
    const hours = 1e6 * each * seconds / tokens / 3600;
    const texts = `a million texts of ${Math.round(each)} tokens`;
    say(
      `${ask}: ${texts} would take ${hours.toFixed(1)} hours on one machine like this, extrapolated from ${
        countOf(ask!)
      }`,
    );
  }
}

async function measureRow(row: string, threads: number): Promise<void> {
  const [ask, way] = row.split(" ") as [string, string];
  const found = ask === "engine"
    ? await measureEngine(row)
    : way === "processes"
    ? await measureProcesses(row, ask, import.meta.url)
    : way === "process"
    ? await measureProcess(row, ask, row.split(" ")[2]!)
    : await measure(row, threads > 0 ? { threads } : {});
  say(JSON.stringify(found));
}

const { threads, minutes, rest } = read(Deno.args);
if (rest[0] === "--row") {
  await measureRow(rest[1]!, threads);
  Deno.exit(0); // connections to a server may still be open
}
await main(rest, threads, minutes);
