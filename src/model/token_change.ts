/**
 * Tokens that are read as others: what takes the place of their embeddings.
 *
 * @module
 */
import { shown } from "../base/words.ts";
import { familyOf } from "../models/families.ts";
import type { Change } from "./change.ts";
import type { Reader } from "./reader.ts";
import type { ModelRunner } from "./runner.ts";

/**
 * Changes in which tokens that are named have their embeddings as `set`; the others as they are.
 *
 * @throws {TypeError | RangeError} When tokens make no sense there; the message says which change it is about.
 */
export async function withEmbeddings(
  changes: readonly Change[],
  reader: Reader,
  runner: ModelRunner,
): Promise<readonly Change[]> {
  if (!Array.isArray(changes)) return changes; // what it is instead is said where all are checked
  const all: Change[] = [];
  for (const [i, change] of changes.entries()) {
    if (Object(change).tokens === undefined) all.push(change);
    else all.push(await embedded(change, `In changes[${i}]: Cannot`, reader, runner));
  }
  return all;
}

async function embedded(change: Change, cannot: string, reader: Reader, runner: ModelRunner): Promise<Change> {
  const { site, positions, tokens, scale, add, set } = change;
  const { name, hasSource, names } = familyOf(runner.config);
  if (site !== "embed") throw new TypeError(`${cannot} put tokens at ${shown(site)}; they stand at "embed"`);
  if (hasSource) {
    throw new TypeError(`${cannot} put tokens into ${name}, which reads two texts; pass another text or source`);
  }
  if ([scale, add, set].some((other) => other !== undefined)) {
    throw new TypeError(`${cannot} change "embed" by tokens and by numbers; give one of scale, add, set and tokens`);
  }
  if (!Array.isArray(tokens) || !Array.isArray(positions) || tokens.length !== positions.length) {
    const found = `tokens ${shown(tokens)} at positions ${shown(positions)}`;
    throw new TypeError(`${cannot} put ${found}; pass an array of positions, and a token for each`);
  }
  const ids: number[] = [];
  for (const token of tokens) {
    const { tokenIds } = reader.word(token);
    if (tokenIds.length !== 1) {
      throw new RangeError(`${cannot} put ${shown(token)} in the place of one token as it is ${tokenIds.length}`);
    }
    ids.push(tokenIds[0]!);
  }
  const rows: Float32Array[] = [];
  for (const id of ids) rows.push(await runner.weights.readRows(names.embedding, id));
  const width = rows[0]?.length ?? 0;
  const data = new Float32Array(width * rows.length);
  rows.forEach((row, i) => data.set(row, i * width));
  return { ...change, tokens: ids, set: { data, shape: [rows.length, width] } };
}
