/**
 * The tiny random checkpoints of `scripts/oracles/gpt2_checkpoints.py` and `family_checkpoints.py`, and what Hugging Face
 * and PyTorch say of them.
 *
 * @module
 */
import { openFile } from "../../src/checkpoint/byte_source.ts";
import { readSafetensors } from "../../src/checkpoint/safetensors.ts";
import { readFloat32 } from "../../src/checkpoint/values.ts";
import { counted } from "./counted.ts";

const ROOT = new URL("../goldens/", import.meta.url);

/** What the oracle was asked about one prompt. */
export interface GoldenPrompt {
  readonly promptLength: number;
  readonly tokenIds: readonly number[];
  readonly positions: readonly number[];
}

/** One checkpoint and its goldens. */
export interface GoldenCase {
  readonly name: string;
  readonly directory: URL;
  readonly prompts: Readonly<Record<string, GoldenPrompt>>;
  /** The array called `prompt/name`, of PyTorch unless another file is named. */
  readonly array: (name: string, file?: string) => Promise<{ data: Float32Array; shape: readonly number[] }>;
}

function foldersIn(folder: string): string[] {
  const entries = [...Deno.readDirSync(new URL(`${folder}/`, ROOT))];
  return entries.filter((entry) => entry.isDirectory).map((entry) => entry.name).sort();
}

/** The names of the checkpoints of GPT-2. */
export const GOLDEN_NAMES: readonly string[] = counted(foldersIn("gpt2"), 11);

/** The names of the checkpoints of other families that write text, such as `llama/grouped`. */
export const FAMILY_NAMES: readonly string[] = counted(
  ["llama", "mistral", "qwen2", "gpt_neox", "opt"]
    .flatMap((family) => foldersIn(family).map((name) => `${family}/${name}`))
    .filter((name) => name !== "opt/projected"), // which is refused
  11,
);

/** The names of the checkpoints of encoders, such as `bert/roberta`. */
export const ENCODER_NAMES: readonly string[] = counted(foldersIn("bert").map((name) => `bert/${name}`), 6);

/** The names of the checkpoints with an encoder and a decoder, such as `bart/scaled`. */
export const SOURCE_NAMES: readonly string[] = counted(
  ["bart", "marian"].flatMap((family) => foldersIn(family).map((name) => `${family}/${name}`))
    .filter((name) => name !== "marian/separate"), // which is refused
  5,
);

/** Where a checkpoint is; those of GPT-2 are named without their family. */
export function folderOf(name: string): URL {
  return new URL(name.includes("/") ? `${name}/` : `gpt2/${name}/`, ROOT);
}

/** Opens the goldens of one checkpoint. */
export async function openGolden(name: string): Promise<GoldenCase> {
  const directory = folderOf(name);
  const { prompts } = JSON.parse(await Deno.readTextFile(new URL("golden.json", directory)));
  counted(Object.keys(prompts), 2);
  const array = (key: string, file = "golden.safetensors") => openGoldenFile(new URL(file, directory), key);
  return { name, directory, prompts, array };
}

/** One array of a golden file. */
export async function openGoldenFile(
  file: URL,
  key: string,
): Promise<{ data: Float32Array; shape: readonly number[] }> {
  using source = closing(await openFile(file));
  const entry = (await readSafetensors(source.value)).get(key);
  if (!entry) throw new Error(`Cannot find golden "${key}" in ${file}`);
  const data = entry.dtype === "I32"
    ? Float32Array.from(new Int32Array((await entry.source.read(entry.start, entry.end)).buffer))
    : await readFloat32(entry);
  return { data, shape: entry.shape };
}

/**
 * A copy of a golden checkpoint with a tokenizer, one byte for each token, as the goldens are about ids. `change` may
 * damage the copy. It is removed when the scope ends.
 */
export async function checkpointCopy(name: string, change?: (directory: string) => Promise<void> | void) {
  const directory = await Deno.makeTempDir({ prefix: "looking-glass-" });
  for (const file of ["config.json", "model.safetensors"]) {
    await Deno.copyFile(new URL(file, folderOf(name)), `${directory}/${file}`);
  }
  await Deno.writeTextFile(`${directory}/tokenizer.json`, JSON.stringify(byteTokenizer(97)));
  await change?.(directory);
  return { directory, [Symbol.asyncDispose]: () => Deno.remove(directory, { recursive: true }) };
}

/** A tokenizer of the first `size` printable bytes, without merges. */
function byteTokenizer(size: number): unknown {
  const pieces = Array.from({ length: size }, (_, i) => String.fromCharCode(i < 94 ? 33 + i : 0xA1 + i - 94));
  return {
    version: "1.0",
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: { type: "BPE", vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])), merges: [] },
  };
}

function closing<T extends { close(): void }>(value: T): { readonly value: T } & Disposable {
  return { value, [Symbol.dispose]: () => value.close() };
}

/** The greatest difference between two arrays of the same length. */
export function maxAbsDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new RangeError(`Cannot compare ${a.length} numbers with ${b.length}`);
  let max = 0;
  for (let i = 0; i < a.length; ++i) {
    const difference = Math.abs(a[i]! - b[i]!);
    if (!(difference <= max)) max = difference; // NaN becomes the result
  }
  return max;
}
