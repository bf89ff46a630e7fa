/**
 * What PyTorch says of the tiny checkpoints when they are changed inside, by `scripts/oracles/change_goldens.py`.
 *
 * @module
 */
import { type Change, type FloatTensor, LanguageModel, type LoadOptions, type Sequence } from "../../mod.ts";
import { counted } from "./counted.ts";
import { encoderCopy } from "./encoders.ts";
import { checkpointCopy, folderOf, maxAbsDifference, openGoldenFile } from "./goldens.ts";

/** The checkpoints, and how many cases each has. */
export const CHANGED: readonly (readonly [name: string, cases: number])[] = [
  ["gpt2/f32", 18],
  ["gpt2/twelve_layers", 18],
  ["llama/grouped", 18],
  ["qwen2/qwen2", 18],
  ["gpt_neox/parallel", 18],
  ["gpt_neox/sequential", 18],
  ["opt/pre_norm", 18],
  ["bert/bert", 18],
  ["bart/scaled", 33],
  ["marian/marian", 33],
];

/** One model, changed. */
export interface ChangeCase {
  readonly name: string;
  readonly changes: readonly Change[];
  /** The tokens that are written greedily; none by an encoder. */
  readonly continuation?: readonly number[];
  /** `[T, V]`. */
  readonly logits: Float32Array;
  /** `[N, E + T]`. */
  readonly saliency: Float32Array;
}

/** All of one checkpoint. */
export interface ChangeGolden {
  readonly tokenIds: readonly number[];
  readonly sourceIds?: readonly number[];
  readonly positions: readonly number[];
  readonly cases: readonly ChangeCase[];
}

type Stored = Omit<ChangeGolden, "cases"> & {
  readonly cases: readonly {
    readonly name: string;
    readonly changes: readonly (Omit<Change, "add" | "set"> & { add?: string | number[]; set?: string | number[] })[];
    readonly continuation?: readonly number[];
  }[];
};

/** Reads the golden of a checkpoint. */
export async function readChanges(name: string, count: number): Promise<ChangeGolden> {
  const folder = folderOf(name);
  const json: Stored = JSON.parse(await Deno.readTextFile(new URL("changes.json", folder)));
  const array = (key: string) => openGoldenFile(new URL("changes.safetensors", folder), key);
  const [logits, saliency] = [await array("logits"), await array("saliency")];
  const K = counted(json.cases, count).length;
  const part = ({ data }: FloatTensor, k: number) => data.subarray(k * data.length / K, (k + 1) * data.length / K);
  const numbers = async (kind: "add" | "set", given?: string | number[]) =>
    given && { [kind]: typeof given === "string" ? await array(given) : given };
  const cases = json.cases.map(async ({ changes, ...rest }, k): Promise<ChangeCase> => ({
    ...rest,
    changes: await Promise.all(
      changes.map(async ({ add, set, ...rest }) => ({
        ...rest,
        ...await numbers("add", add),
        ...await numbers("set", set),
      })),
    ),
    logits: part(logits, k),
    saliency: part(saliency, k),
  }));
  return { ...json, cases: await Promise.all(cases) };
}

/** A golden checkpoint, its golden, and a model of it. */
export async function openChanges(name: string, count: number, options: LoadOptions = { backend: "wasm" }) {
  const golden = await readChanges(name, count);
  await using stack = new AsyncDisposableStack();
  const copy = stack.use(await (name.startsWith("bert/") ? encoderCopy(name) : checkpointCopy(name)));
  const model = stack.use(await LanguageModel.fromPretrained(copy.directory, options));
  const sequence = model.sequence(
    golden.tokenIds,
    golden.sourceIds ? { source: golden.sourceIds } : {},
  );
  const rest = stack.move();
  return { golden, model, sequence, [Symbol.asyncDispose]: () => rest.disposeAsync() };
}

/** The case of a name. */
export function caseOf({ cases }: ChangeGolden, name: string): ChangeCase {
  const found = cases.find((one) => one.name === name);
  if (!found) throw new Error(`Cannot find the case "${name}"`);
  return found;
}

/** The logits of all positions, `[T, V]`. */
export async function logitsOf(model: LanguageModel, sequence: Sequence): Promise<Float32Array> {
  return (await model.trace(sequence, { capture: ["logits"] })).logits!.data;
}

/** The scores of two positions, as the golden has them. */
export async function scoresOf(
  model: LanguageModel,
  sequence: Sequence,
  positions: readonly number[],
): Promise<Float32Array> {
  const map = model.config.modelType === "bert"
    ? await model.maskedSaliency(sequence, { positions })
    : await model.saliency(sequence, { positions });
  return map.scores.data;
}

/** How far numbers are from those of a golden, relative to the largest of these where that is above 1. */
export function relativeDifference(actual: ArrayLike<number>, golden: ArrayLike<number>): number {
  return maxAbsDifference(actual, golden) / Math.max(1, ...Array.from(golden, Math.abs));
}
