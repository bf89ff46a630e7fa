/**
 * How near maps in int8 are to those in float32, and how fast: the tables of `docs/precision.md`.
 *
 * ```sh
 * deno run -A scripts/precision.ts                # the bundled model, with the texts of its goldens
 * deno run -A scripts/precision.ts FOLDER_OR_ID   # a model that explains what it wrote after four texts
 * deno run -A scripts/precision.ts --q8 FOLDER_OR_ID   # the same in q8, by gradients in float32 and in int8
 * deno run -A scripts/precision.ts --random FOLDER # the last 20 of 43 tokens that are drawn at random
 * deno run -A scripts/precision.ts --time FOLDER_OR_ID # how long that takes, in turn; on an idle machine
 * ```
 *
 * @module
 */
import { LanguageModel, type LoadOptions, type SaliencyOptions, type Sequence } from "../mod.ts";
import { distance } from "./precision/distance.ts";

const TEXTS: readonly string[] = [
  "The capital of France is Paris, and the capital of Germany is",
  "My favourite food is pizza because",
  "Once upon a time there was a little girl who lived",
  "In 1969 humans first landed on the",
];
const NEW_TOKENS = 10;
const [LENGTH, EXPLAINED] = [43, 20];
const TURNS = 5;

const GOLDENS = new URL("../tests/goldens/bundled/golden.json", import.meta.url);

/** The ways to explain that are compared; contrast is with a word, or where texts are random with a token. */
const METHODS: Readonly<Record<string, SaliencyOptions>> = {
  "gradient x input, L2": {},
  "gradient x input, sum": { preset: "captum" },
  "gradient, L2": { method: "gradient" },
  "of the logit": { of: "logit" },
  "contrast": { contrast: " apples" },
  "integrated gradients, 10": { method: "integratedGradients", steps: 10 },
};

/** Numbers from 0 to `most`, drawn in the same way each time. */
function* drawn(most: number): Generator<number> {
  for (let state = 1;;) {
    state = (state * 48271) % 2147483647;
    yield state % most;
  }
}

async function sequencesOf(model: LanguageModel, kind: "bundled" | "written" | "random"): Promise<Sequence[]> {
  if (kind === "random") {
    const tokenIds = drawn(model.config.vocabSize).take(LENGTH).toArray();
    return [model.sequence(tokenIds, { promptLength: LENGTH - EXPLAINED })];
  }
  if (kind === "written") {
    const write = (text: string) => model.generate(text, { maxNewTokens: NEW_TOKENS });
    return await Array.fromAsync(TEXTS, write);
  }
  const { prompts }: {
    prompts: readonly { readonly promptIds: readonly number[]; readonly tokenIds: readonly number[] }[];
  } = JSON.parse(await Deno.readTextFile(GOLDENS));
  return prompts.map(({ promptIds, tokenIds }) => model.sequence(tokenIds, { promptLength: promptIds.length }));
}

/** One row of a table of `docs/precision.md`, over all sequences. */
async function row(
  models: { readonly compared: LanguageModel; readonly float: LanguageModel },
  sequences: readonly Sequence[],
  { precision, ...options }: SaliencyOptions,
): Promise<string> {
  const all = await Promise.all(sequences.map(async (sequence) => {
    const float = await models.float.saliency(sequence, options);
    const compared = await models.compared.saliency(sequence, { ...options, precision: precision! });
    return distance(compared.scores.data, float.scores.data, float.positions);
  }));
  const spearmans = all.flatMap((one) => one.spearmans);
  const least = (numbers: readonly number[]) => Math.min(...numbers).toFixed(4);
  const most = (key: "longShare" | "greatest") => Math.max(...all.map((one) => one[key]));
  const average = spearmans.reduce((sum, x) => sum + x, 0) / spearmans.length;
  return [
    `${average.toFixed(4)} (${least(spearmans)})`,
    least(all.flatMap((one) => one.pearsons)),
    `${most("longShare").toFixed(4)} of ${most("greatest").toFixed(2)}`,
    `${all.reduce((sum, { five }) => sum + five, 0)} of ${spearmans.length}`,
  ].join(" | ");
}

/** Milliseconds of a map in float32 and in int8, in turn. */
async function times(model: LanguageModel, sequence: Sequence): Promise<string> {
  const explain = async (precision: "float32" | "int8") => {
    const start = performance.now();
    await model.saliency(sequence, { precision });
    return performance.now() - start;
  };
  const found: { readonly float: number; readonly int8: number }[] = [];
  for (let turn = -1; turn < TURNS; ++turn) {
    const float = await explain("float32");
    const int8 = await explain("int8");
    if (turn >= 0) found.push({ float, int8 });
  }
  const sorted = (key: "float" | "int8") => found.map((one) => one[key]).sort((a, b) => a - b);
  const [float, int8] = [sorted("float"), sorted("int8")];
  const middle = Math.floor(TURNS / 2);
  const part = (i: number) =>
    `${float[i]!.toFixed(0)} ms, ${int8[i]!.toFixed(0)} ms, ${(float[i]! / int8[i]!).toFixed(2)}x`;
  return `least: ${part(0)}; medians: ${part(middle)}`;
}

const encoder = new TextEncoder();
const say = (line: string) => Deno.stdout.writeSync(encoder.encode(`${line}\n`));

function load(id: string | undefined, options: LoadOptions): Promise<LanguageModel> {
  return LanguageModel.fromPretrained(id, options);
}

if (import.meta.main) {
  const flags = Deno.args.filter((word) => word.startsWith("--"));
  const id = Deno.args.find((word) => !word.startsWith("--"));
  const kind = flags.includes("--random") ? "random" : id === undefined ? "bundled" : "written";
  await using float = await load(id, {});
  const sequences = await sequencesOf(float, kind);
  if (flags.includes("--time")) {
    say(await times(float, sequences[0]!));
    Deno.exit(0);
  }
  await using q8 = flags.includes("--q8") ? await load(id, { dtype: "q8" }) : undefined;
  for (const [name, options] of Object.entries(METHODS)) {
    const asked = kind === "random" && options.contrast !== undefined ? { ...options, contrast: 11 } : options;
    for (const precision of q8 ? ["float32", "int8"] as const : ["int8"] as const) {
      const found = await row({ compared: q8 ?? float, float }, sequences, { ...asked, precision });
      say(`| ${id ?? "bundled"}${q8 ? `, in q8, by ${precision}` : ""} | ${name} | ${found} |`);
    }
  }
}
