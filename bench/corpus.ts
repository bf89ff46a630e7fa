/**
 * Measures a corpus on GPT-2 small of random weights, natively: tokens in a second for each question, against a plain
 * loop over the calls for a single text and against Python, with one worker and with two. Each row is a process of its
 * own; CPU seconds stand beside the time, as other programs may be at work.
 *
 *     deno run -A bench/corpus.ts [--threads 1] [row ...]
 *
 * @module
 */
import { explainCorpus, LanguageModel } from "../mod.ts";
import { headScores } from "../src/analysis/attention.ts";
import type { AskName } from "../src/corpus/types.ts";
import { run } from "./process.ts";
import { ROOT } from "./programs.ts";
import { memory } from "./protocol.ts";

const CHECKPOINT = new URL(".out/bench/gpt2-small-random", ROOT).pathname;
const LENS = ".out/bench/transformerlens-venv/bin/python";
const PYTHON = ".venv-oracle/bin/python";

/** How many documents each question is asked about: as many as take some seconds. */
const COUNTS: Readonly<Record<string, number>> = {
  surprise: 64,
  heads: 64,
  neurons: 64,
  settling: 4,
  saliency: 8,
  generated: 16,
};

/** How many threads each model takes; by default as many as there are cores for it. */
const threads = Deno.args[0] === "--threads" ? { threads: Number(Deno.args[1]) } : {};
const rest = Deno.args[0] === "--threads" ? Deno.args.slice(2) : Deno.args;

const say = (text: string) => {
  // deno-lint-ignore no-console -- the result of the program
  console.log(text);
};

/** Texts of 10 to 99 tokens of the random tokenizer, which knows pairs of bytes. */
function textsFor(ask: string): readonly string[] {
  const words = "the of and to in is that it was for on are as with his they at be this from".split(" ");
  const text = (i: number) => Array.from({ length: 3 + (i * 37) % 60 }, (_, w) => words[(i * w + w) % 20]).join(" ");
  return Array.from({ length: COUNTS[ask]! }, (_, i) => text(i));
}

/** CPU seconds of this process and its threads. */
function cpuSeconds(): number {
  const { user, system } = process();
  return (user + system) / 100;
}

function process(): { user: number; system: number } {
  const fields = Deno.readTextFileSync("/proc/self/stat").split(") ")[1]!.split(" ");
  return { user: Number(fields[11]), system: Number(fields[12]) };
}

/** The calls for a single text, one after another. */
const LOOPS: Readonly<Record<string, (model: LanguageModel, text: string) => Promise<unknown>>> = {
  surprise: (model, text) => model.surprise(model.sequence(text)),
  heads: async (model, text) => await headScores(await model.trace(model.sequence(text), { capture: ["attention"] })),
  neurons: (model, text) => model.trace(model.sequence(text), { capture: ["activations"] }),
  async settling(model, text) {
    const sequence = model.sequence(text);
    for (const position of sequence.tokenIds.keys()) {
      if (position > 0) await model.layerPredictions(sequence, { position, topK: 1 });
    }
  },
  saliency: (model, text) => model.saliency(model.sequence(text)),
  generated: (model, text) => model.generate(text, { maxNewTokens: 20 }),
};

/** What a row is measured by. */
async function measure(row: string): Promise<void> {
  const [ask, way] = row.split(" ") as [AskName, string];
  const texts = textsFor(ask);
  await using model = await LanguageModel.fromPretrained(CHECKPOINT, { backend: "native", ...threads });
  const tokens = texts.reduce((sum, text) => sum + model.tokenizer.encode(text).length, 0);
  await LOOPS[ask]!(model, texts[0]!); // the first run is slower
  const begun = { seconds: performance.now() / 1000, cpu: cpuSeconds() };
  let rate = 0;
  if (way === "loop") { for (const text of texts) await LOOPS[ask]!(model, text); }
  else rate = await corpus(ask, texts, way === "one" ? model : undefined, Number(way === "one" ? 1 : way));
  const seconds = performance.now() / 1000 - begun.seconds;
  print({ row, tokens, seconds: rate > 0 ? tokens / rate : seconds, cpu: cpuSeconds() - begun.cpu });
}

/** Explains a corpus; the rate is without the loading of models. */
async function corpus(ask: AskName, texts: readonly string[], model: LanguageModel | undefined, workers: number) {
  const out = await Deno.makeTempDir({ prefix: "looking-glass-" });
  const options = { ask, out, shardSize: Math.ceil(texts.length / 4), progress: false };
  const generate = ask === "generated" ? { generate: { maxNewTokens: 20 } } : {};
  const given = model ? { model } : { model: CHECKPOINT, load: { backend: "native", ...threads } as const, workers };
  try {
    return (await explainCorpus(texts, { ...options, ...generate, ...given })).tokensPerSecond;
  } finally {
    await Deno.remove(out, { recursive: true });
  }
}

interface Row {
  readonly row: string;
  readonly tokens: number;
  readonly seconds: number;
  readonly cpu: number;
}

function print({ row, tokens, seconds, cpu }: Row): void {
  const bytes = { resident: memory("VmHWM"), anonymous: memory("RssAnon") };
  say(JSON.stringify({ row, tokens, seconds, cpu, ...bytes }));
}

/** The ids of the texts, for Python. */
async function writeIds(path: string): Promise<void> {
  await using model = await LanguageModel.fromPretrained(CHECKPOINT, { backend: "native" });
  const ids = textsFor("surprise").map((text) => model.tokenizer.encode(text));
  await Deno.writeTextFile(path, JSON.stringify(ids));
}

async function main(wanted: readonly string[]): Promise<void> {
  const all = Object.keys(COUNTS).flatMap((ask) => ["loop", "one", "2"].map((way) => `${ask} ${way}`));
  const peers = ["surprise transformers", "neurons transformers", "neurons lens"];
  const ids = new URL(".out/bench/corpus_ids.json", ROOT).pathname;
  await writeIds(ids);
  const own = threads.threads ? ["--threads", String(threads.threads)] : [];
  for (const row of wanted.length > 0 ? wanted : [...all, ...peers]) {
    const [ask, way] = row.split(" ");
    const isPeer = peers.includes(row);
    const python = way === "lens" ? LENS : PYTHON;
    const peer = ["bench/peers/corpus_peer.py", ask!, way!, CHECKPOINT, ids, String(threads.threads ?? 0)];
    const { lines, failure } = isPeer
      ? await run(python, peer, { seconds: 600 })
      : await run(Deno.execPath(), ["run", "-A", "--no-check", import.meta.url, ...own, "--row", row], {
        seconds: 600,
      });
    const found = failure ? undefined : JSON.parse(lines.at(-1)!);
    say(found ? shownRow(found) : `${row}: ${failure}`);
  }
}

function shownRow(
  { row, tokens, seconds, cpu, resident = 0, anonymous = 0 }: Row & Record<string, number | string>,
): string {
  const rates = `${Math.round(tokens / seconds)} tokens/s, ${Math.round(tokens / cpu)} tokens per CPU second`;
  const MiB = (bytes: number | string) => Math.round(Number(bytes) / 2 ** 20);
  return `${row}: ${rates} (${tokens} tokens), ${MiB(resident)} MiB at most, ${MiB(anonymous)} MiB of them no file`;
}

if (rest[0] === "--row") await measure(rest[1]!);
else await main(rest);
