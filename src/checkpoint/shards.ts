/**
 * A checkpoint whose weights are in several safetensors files.
 *
 * @module
 */
import { MOST_SHARDS } from "../base/limits.ts";
import { shown } from "../base/words.ts";
import type { ByteSource } from "./byte_source.ts";
import { readSafetensors, type TensorEntry } from "./safetensors.ts";

const INDEX = "model.safetensors.index.json";

/**
 * Reads which file holds which weight, from a parsed `model.safetensors.index.json`.
 *
 * @param json The file.
 * @returns The name of the file of each weight. The files lie beside the index.
 * @throws {SyntaxError} If it is no such index.
 * @throws {RangeError} If it names more files than are opened.
 *
 * @example
 * ```ts
 * import { readWeightMap } from "./shards.ts";
 *
 * readWeightMap({ weight_map: { "wte.weight": "model-00001-of-00002.safetensors" } }).size; // 1
 * ```
 */
export function readWeightMap(json: unknown): ReadonlyMap<string, string> {
  const map: unknown = typeof json === "object" && json !== null ? Reflect.get(json, "weight_map") : undefined;
  if (typeof map !== "object" || map === null || Array.isArray(map) || Object.keys(map).length === 0) {
    throw new SyntaxError(`Cannot read ${INDEX} as its weight_map is not an object of file names: ${shown(map)}`);
  }
  const entries = Object.entries(map);
  const strange = entries.find(([, file]) => typeof file !== "string" || !/^[\w-][\w.-]*\.safetensors$/.test(file));
  if (strange !== undefined) {
    throw new SyntaxError(
      `Cannot read ${INDEX} as weight ${shown(strange[0])} is in no such file: ${shown(strange[1])}`,
    );
  }
  const files = new Set(Object.values(map)).size;
  if (files > MOST_SHARDS) {
    throw new RangeError(`Cannot load weights in ${files} files as ${MOST_SHARDS} are the most; join them first`);
  }
  return new Map(entries as [string, string][]);
}

/**
 * Reads the headers of several files as one checkpoint.
 *
 * @param files The files by name.
 * @param weightMap The name of the file of each weight.
 * @returns The tensors by name.
 * @throws {RangeError} If a weight is not in the file that the index names, or in two files.
 * @throws {SyntaxError | RangeError} If a header is not what the format says.
 */
export async function readShards(
  files: ReadonlyMap<string, ByteSource>,
  weightMap: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, TensorEntry>> {
  const all = new Map<string, TensorEntry>();
  for (const source of files.values()) {
    for (const [name, entry] of await readSafetensors(source)) {
      const other = all.get(name);
      if (other) {
        throw new RangeError(
          `Cannot read tensor ${shown(name)} as both ${other.source.name} and ${source.name} have it`,
        );
      }
      all.set(name, entry);
    }
  }
  for (const [name, file] of weightMap) {
    if (all.get(name)?.source !== files.get(file)) {
      throw new RangeError(`Cannot read tensor ${shown(name)} as ${INDEX} says that it is in ${file}, and it is not`);
    }
  }
  return all;
}
