import { ok } from "@std/assert";
import { LanguageModel } from "../../mod.ts";
import { checkpointCopy, maxAbsDifference, openGolden } from "./goldens.ts";

/** Absolute, and relative to the largest number of an array where that is above 1. */
const BOUND = 1e-5;

/** A golden checkpoint, its prompts, a model of it, and what holds numbers to the arrays of a file beside it. */
export async function openGoldenModel(file: string, name: string, backend: "wasm" | "native" = "wasm") {
  const golden = await openGolden(name);
  const copy = await checkpointCopy(name);
  const model = await LanguageModel.fromPretrained(copy.directory, { backend });
  const close = async (actual: ArrayLike<number>, key: string) => {
    const { data } = await golden.array(key, file);
    const scale = Math.max(1, ...data.map(Math.abs));
    const difference = maxAbsDifference(actual, data);
    ok(difference <= BOUND * scale, `${key}: ${difference} > ${BOUND} x ${scale}`);
  };
  const sequences = Object.entries(golden.prompts).map(([key, { tokenIds, promptLength }]) => {
    return { key, sequence: model.sequence(tokenIds, { promptLength }) };
  });
  const dispose = async () => {
    await model.dispose();
    await copy[Symbol.asyncDispose]();
  };
  return { golden, model, sequences, close, [Symbol.asyncDispose]: dispose };
}
