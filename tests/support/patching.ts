/**
 * The two texts of `scripts/oracles/patching_goldens.py`, a model for them, and what PyTorch says.
 *
 * @module
 */
import { LanguageModel, type LoadOptions } from "../../mod.ts";
import { counted } from "./counted.ts";
import { checkpointCopy, folderOf, openGoldenFile } from "./goldens.ts";

/** The checkpoints that have goldens of patching. */
export const PATCHED_NAMES: readonly string[] = counted(
  ["f32", "twelve_layers", "llama/grouped", "gpt_neox/parallel", "opt/pre_norm"].filter((name) =>
    [...Deno.readDirSync(folderOf(name))].some((entry) => entry.name === "patching.safetensors")
  ),
  5,
);

/** What patching.json holds. */
interface Texts {
  readonly clean: readonly number[];
  readonly corrupted: readonly number[];
  readonly changed: readonly number[];
  readonly target: number;
  readonly contrast: number;
  /** By metric: of the clean text and of the corrupted one. */
  readonly metrics: Readonly<Record<string, readonly [number, number]>>;
}

/** Opens a checkpoint with its texts and its goldens. */
export async function openPatching(name: string, options: LoadOptions = {}) {
  const directory = folderOf(name);
  const texts: Texts = JSON.parse(await Deno.readTextFile(new URL("patching.json", directory)));
  const copy = await checkpointCopy(name);
  const model = await LanguageModel.fromPretrained(copy.directory, options);
  const dispose = async () => {
    await model.dispose();
    await copy[Symbol.asyncDispose]();
  };
  return {
    ...{ texts, model, directory: copy.directory },
    clean: model.sequence(texts.clean),
    corrupted: model.sequence(texts.corrupted),
    words: { target: texts.target, contrast: texts.contrast },
    array: (key: string) => openGoldenFile(new URL("patching.safetensors", directory), key),
    [Symbol.asyncDispose]: dispose,
  };
}
