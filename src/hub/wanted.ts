/**
 * Which files of a repository make a model.
 *
 * @module
 */
import { parseJsonWithin } from "../base/json.ts";
import { MOST_SHARDS } from "../base/limits.ts";
import { messageOf } from "../base/words.ts";
import type { ModelCache } from "./cache.ts";

/** The settings of the model. */
export const CONFIG = "config.json";
/** The weights, in one file. */
export const WEIGHTS = "model.safetensors";
/** Which of several files holds which weight. */
export const INDEX = "model.safetensors.index.json";
/** The tokenizer, in one file. */
export const TOKENIZER = "tokenizer.json";
/** The tokenizer as GPT-2 came with it; the third one is not always there. */
export const VOCABULARY: readonly string[] = ["vocab.json", "merges.txt", "added_tokens.json"];
/** What is used when it is there. */
export const OPTIONAL: readonly string[] = [
  "generation_config.json",
  "tokenizer_config.json",
  "chat_template.jinja",
];

/**
 * The names of the files that hold the weights, of the text of {@linkcode INDEX}.
 *
 * @throws {SyntaxError} When it is no such index.
 * @throws {RangeError} When it names more files than are loaded, or holds more than an index can.
 */
export function shardNames(text: string): readonly string[] {
  const map = weightMap(text);
  const names = [...new Set(Object.values(map))].sort();
  const strange = names.find((name) => typeof name !== "string" || !/^[\w-][\w.-]*\.safetensors$/.test(name));
  if (names.length === 0 || strange !== undefined) {
    throw new SyntaxError(`Cannot read ${INDEX} as its weight_map names no file: ${JSON.stringify(strange ?? map)}`);
  }
  if (names.length > MOST_SHARDS) {
    throw new RangeError(
      `Cannot load weights in ${names.length} files as ${MOST_SHARDS} are the most; join them first`,
    );
  }
  return names;
}

function weightMap(text: string): Readonly<Record<string, string>> {
  let json: unknown;
  try {
    json = parseJsonWithin(text);
  } catch (error) {
    if (error instanceof RangeError) throw new RangeError(`Cannot read ${INDEX} as ${error.message}`);
    throw new SyntaxError(`Cannot read ${INDEX} as it is not JSON: ${messageOf(error)}`);
  }
  const map: unknown = typeof json === "object" && json !== null ? Reflect.get(json, "weight_map") : undefined;
  if (typeof map !== "object" || map === null || Array.isArray(map)) {
    throw new SyntaxError(`Cannot read ${INDEX} as it has no weight_map`);
  }
  return map as Readonly<Record<string, string>>;
}

/** What a commit lacks in the cache; without it, the model cannot be used. */
export async function missingFiles(cache: ModelCache, commit: string): Promise<readonly string[]> {
  const lacking = async (names: readonly string[]) => {
    const there = await Promise.all(names.map((name) => cache.has(commit, name)));
    return names.filter((_, i) => !there[i]);
  };
  const missing = await lacking([CONFIG]);
  const vocabulary = await lacking(VOCABULARY.slice(0, 2));
  if (vocabulary.length > 0) missing.push(...await lacking([TOKENIZER]));
  if ((await lacking([WEIGHTS])).length === 0) return missing;
  const index = await cache.text(commit, INDEX);
  return [...missing, ...index === undefined ? [WEIGHTS] : await lacking(shardNames(index))];
}
