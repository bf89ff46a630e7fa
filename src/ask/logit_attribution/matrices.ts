/**
 * Products with a part of a linear layer's matrix, and with the unembedding, in double precision.
 *
 * @module
 */
import { dot, topK } from "../../base/numbers.ts";
import type { Reader } from "../../model/reader.ts";
import type { ModelRunner } from "../../model/runner.ts";
import { unembeddingName } from "../../models/family.ts";
import type { LogitChange, VocabularyChange } from "./circuit_types.ts";

/** How many rows of the unembedding are read at a time. */
export const VOCABULARY_ROWS = 4096;

/** A range of the numbers that go into a layer, or that come out. */
export interface Range {
  /** The first. */
  readonly start: number;
  /** How many they are. */
  readonly count: number;
}

/** The matrix of a linear layer, whichever way it is stored. */
export interface Matrix {
  /** How many numbers go in. */
  readonly from: number;
  /** How many come out. */
  readonly to: number;
  /** What is multiplied by what goes in at `i` and added to what comes out at `o`. */
  readonly at: (i: number, o: number) => number;
}

/** Reads the matrix of a linear layer. */
export async function matrixOf(runner: ModelRunner, layer: string): Promise<Matrix> {
  const name = `${layer}.weight`;
  const { data, shape } = await runner.weights.read(name);
  const [rows, columns] = shape as readonly [number, number];
  return runner.family.weights(runner.config).get(name)?.layout === "in-out"
    ? { from: rows, to: columns, at: (i, o) => data[i * columns + o]! }
    : { from: columns, to: rows, at: (i, o) => data[o * columns + i]! };
}

/** The product of a vector with a part of a matrix: what goes in at `rows`, and comes out at `columns`. */
export function through(
  { at }: Matrix,
  x: ArrayLike<number>,
  rows: Range,
  columns: Range,
): Float64Array {
  const sums = new Float64Array(columns.count);
  for (let i = 0; i < rows.count; ++i) {
    for (let o = 0; o < columns.count; ++o) sums[o]! += x[i]! * at(rows.start + i, columns.start + o);
  }
  return sums;
}

/** What a vector in the residual stream adds to each logit, `[V]`, without any norm. */
export async function vocabularyOf(
  runner: ModelRunner,
  vector: Float64Array,
  onRows: (completed: number) => void,
): Promise<Float32Array> {
  const { vocabSize, nEmbd } = runner.config;
  const name = unembeddingName(runner.family, runner.config)!;
  const changes = new Float32Array(vocabSize);
  for (let start = 0; start < vocabSize; start += VOCABULARY_ROWS) {
    const end = Math.min(start + VOCABULARY_ROWS, vocabSize);
    const rows = await runner.weights.readRows(name, start, end);
    for (let v = start; v < end; ++v) {
      changes[v] = dot(rows.subarray((v - start) * nEmbd, (v - start + 1) * nEmbd), vector);
    }
    onRows(end);
  }
  return changes;
}

/** The tokens that are changed most. */
export function mostChanged(reader: Reader, changes: Float32Array, count: number): VocabularyChange {
  const describe = (tokenId: number): LogitChange => {
    return { tokenId, token: reader.token(tokenId), change: changes[tokenId]! };
  };
  const opposite = changes.map((change) => -change);
  return { raised: topK(changes, count).map(describe), lowered: topK(opposite, count).map(describe) };
}
