/**
 * Runs the same texts through the bundled model on every backend that is available, and prints how far each is from
 * wasm: `deno task parity`.
 *
 * @module
 */
import { LanguageModel, type LoadOptions, type Sequence } from "../mod.ts";

/** What is compared with wasm: the backends, and 8-bit weights. */
export const VARIANTS = {
  native: { backend: "native" },
  webgpu: { backend: "webgpu" },
  "native q8": { dtype: "q8" },
} as const satisfies Readonly<Record<string, LoadOptions>>;

/** The name of a variant. */
export type VariantName = keyof typeof VARIANTS;

const TEXTS: readonly string[] = [
  "The keys to the cabinet",
  "Countries of the European Union:\n1. Austria\n2. Belgium\n3.",
  "Ünïcödé — “quotes”, 日本語 and 🦕🇪🇺!",
];

const NEW_TOKENS = 8;

/** The numbers of one kind for all texts, one after another. */
type Numbers = Readonly<Record<string, readonly Float32Array[]>>;

/** What a model says about the texts. */
interface Answers {
  /** The greedy continuations. */
  readonly tokenIds: readonly (readonly number[])[];
  /** The best token after each token of each text. */
  readonly best: readonly number[];
  /** What is seen inside, by name. */
  readonly numbers: Numbers;
}

/** How far numbers of one kind are apart. */
export interface Difference {
  /** The greatest difference. */
  readonly difference: number;
  /** The greatest number. */
  readonly magnitude: number;
}

/** How one variant compares with wasm. */
export interface Parity {
  /** The share of places where the best token is the same. */
  readonly argmaxAgreement: number;
  /** The share of texts whose greedy continuation is the same. */
  readonly greedyAgreement: number;
  /** By kind of number; a variant without gradients has no saliency. */
  readonly differences: Readonly<Record<string, Difference>>;
}

/** The continuations by wasm, which all variants read, so that their numbers are about the same tokens. */
export async function readReference(): Promise<{ sequences: readonly Sequence[]; answers: Answers }> {
  await using model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
  const sequences: Sequence[] = [];
  for (const text of TEXTS) sequences.push(await model.generate(text, { maxNewTokens: NEW_TOKENS }));
  return { sequences, answers: await answer(model, sequences, true) };
}

/**
 * Compares a variant with wasm.
 *
 * @throws {Error} When it is not available here.
 */
export async function measureParity(
  name: VariantName,
  { sequences, answers: expected }: Awaited<ReturnType<typeof readReference>>,
): Promise<Parity> {
  const folder = await Deno.makeTempDir({ prefix: "looking-glass-" }); // 8-bit weights are made there
  await using _ = { [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
  await using model = await LanguageModel.fromPretrained(undefined, { ...VARIANTS[name], cacheDir: `${folder}/hub` });
  const actual = await answer(model, sequences, name !== "native q8");
  const same = actual.best.filter((id, i) => id === expected.best[i]).length;
  const greedy = actual.tokenIds.filter((ids, i) => ids.join() === expected.tokenIds[i]!.join()).length;
  const kinds = Object.entries(actual.numbers);
  return {
    argmaxAgreement: same / expected.best.length,
    greedyAgreement: greedy / sequences.length,
    differences: Object.fromEntries(kinds.map(([kind, parts]) => [kind, difference(parts, expected.numbers[kind]!)])),
  };
}

async function answer(model: LanguageModel, sequences: readonly Sequence[], gradients: boolean): Promise<Answers> {
  const numbers: Record<string, Float32Array[]> = {};
  const note = (kind: string, data: Float32Array | Int32Array) => (numbers[kind] ??= []).push(Float32Array.from(data));
  const best: number[] = [];
  const tokenIds: (readonly number[])[] = [];
  for (const sequence of sequences) {
    const { promptLength } = sequence;
    tokenIds.push(
      (await model.generate(sequence.tokenIds.slice(0, promptLength), { maxNewTokens: NEW_TOKENS })).tokenIds,
    );
    const capture = ["hiddenStates", "attention", "activations", "logits"] as const;
    const trace = await model.trace(sequence, { capture });
    for (const kind of capture) note(kind, trace[kind]!.data);
    best.push(...bestTokens(trace.logits!.data as Float32Array, model.config.vocabSize));
    const { layers } = await model.layerPredictions(sequence, { position: promptLength, topK: 5 });
    note("logit lens", Float32Array.from(layers.flatMap(({ predictions }) => predictions.map(({ logit }) => logit))));
    const { logProbs, entropies } = await model.surprise(sequence);
    note("log-probabilities", logProbs.data);
    note("entropies", entropies.data);
    if (!gradients) continue;
    note("saliency, ecco", (await model.saliency(sequence)).scores.data);
    note("saliency, captum", (await model.saliency(sequence, { preset: "captum" })).scores.data);
  }
  return { tokenIds, best, numbers };
}

function bestTokens(logits: Float32Array, V: number): number[] {
  return Array.from({ length: logits.length / V }, (_, t) => {
    const row = logits.subarray(t * V, (t + 1) * V);
    return row.indexOf(row.reduce((a, b) => Math.max(a, b)));
  });
}

function difference(actual: readonly Float32Array[], expected: readonly Float32Array[]): Difference {
  let [difference, magnitude] = [0, 0];
  expected.forEach((numbers, part) =>
    numbers.forEach((number, i) => {
      difference = Math.max(difference, Math.abs(actual[part]![i]! - number)); // Math.max keeps NaN
      magnitude = Math.max(magnitude, Math.abs(number));
    })
  );
  return { difference, magnitude };
}

function say(message: string): void {
  // deno-lint-ignore no-console -- this is what the command is for
  console.log(message);
}

if (import.meta.main) {
  const reference = await readReference();
  say(`The greatest difference from wasm, ${TEXTS.length} texts through the bundled model:`);
  for (const name of Object.keys(VARIANTS) as VariantName[]) {
    say(`\n${name}`);
    try {
      const { argmaxAgreement, greedyAgreement, differences } = await measureParity(name, reference);
      for (const [kind, { difference, magnitude }] of Object.entries(differences)) {
        say(`  ${kind.padEnd(20)} ${difference.toExponential(1)}  of at most ${magnitude.toPrecision(3)}`);
      }
      say(`  ${"best tokens".padEnd(20)} ${(100 * argmaxAgreement).toFixed(1)} % the same`);
      say(`  ${"greedy continuations".padEnd(20)} ${(100 * greedyAgreement).toFixed(1)} % the same`);
    } catch (error) {
      say(`  not available: ${error instanceof Error ? error.message : error}`);
    }
  }
}
