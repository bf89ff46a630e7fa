/**
 * The tiny random models with an encoder and a decoder of `scripts/oracles/seq2seq_checkpoints.py`, and what transformers
 * and PyTorch say of them.
 *
 * @module
 */
import { ok } from "@std/assert";
import { LanguageModel, type LoadOptions, type Sequence } from "../../mod.ts";
import { counted } from "./counted.ts";
import { checkpointCopy, folderOf, maxAbsDifference, openGoldenFile } from "./goldens.ts";

export { maxAbsDifference, SOURCE_NAMES } from "./goldens.ts";

/** A source and a text after it. */
export interface GoldenPair {
  readonly sourceIds: readonly number[];
  readonly targetIds: readonly number[];
  readonly positions: readonly number[];
}

/** What a JSON file beside a checkpoint says. */
export async function readGolden<Golden>(name: string, file: string): Promise<Golden> {
  return JSON.parse(await Deno.readTextFile(new URL(file, folderOf(name))));
}

/** A golden checkpoint, its pairs, a model of it, and what holds numbers to its arrays. */
export async function openSourceModel(name: string, options: LoadOptions = { backend: "wasm" }) {
  const { pairs } = await readGolden<{ pairs: Readonly<Record<string, GoldenPair>> }>(name, "golden.json");
  counted(Object.keys(pairs), 2);
  const copy = await checkpointCopy(name);
  const model = await LanguageModel.fromPretrained(copy.directory, options);
  const sequenceOf = ({ sourceIds, targetIds }: GoldenPair): Sequence =>
    model.sequence(targetIds, { source: sourceIds });
  const array = (key: string) => openGoldenFile(new URL("golden.safetensors", folderOf(name)), key);
  /** Holds numbers to a golden, absolutely and relative to the largest number where that is above 1. */
  const close = async (actual: ArrayLike<number>, key: string, bound: number) => {
    const { data } = await array(key);
    const scale = Math.max(1, ...data.map(Math.abs));
    const difference = maxAbsDifference(actual, data);
    ok(difference <= bound * scale, `${key}: ${difference} > ${bound} x ${scale}`);
  };
  const dispose = async () => {
    await model.dispose();
    await copy[Symbol.asyncDispose]();
  };
  return { model, pairs, array, close, sequenceOf, [Symbol.asyncDispose]: dispose };
}
