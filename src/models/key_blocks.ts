/**
 * Causal attention in blocks of keys: of a pattern `[T, S]` a block is the columns of its own tokens, and the rows from its
 * first token on, as those before do not see it.
 *
 * Sizes: T tokens, which see themselves and those before, so that S = T; of a block T' from its first token on, B' its own.
 *
 * @module
 */
import type { Graph, Value } from "../onnx/mod.ts";

/** How many blocks there are. */
export const KEY_BLOCKS = 4;

/** What a block takes of a tensor. */
export interface KeyBlock {
  /** Of `[..., T, D]` the tokens from its first on, `[..., T', D]`. */
  readonly from: (x: Value) => Value;
  /** Of an axis S its own tokens, B'. */
  readonly own: (x: Value, axis: number) => Value;
  /** Of a pattern of a longer text, `[..., U, U]`: `[..., T', B']`. */
  readonly ownOfPattern: (pattern: Value) => Value;
}

/** The name of the axis of the tokens from the first of a block on. */
const fromBlock = (b: number) => b === 0 ? "T" : `T from block ${b}`;
/** The name of the axis of a block's own tokens. */
const ofBlock = (b: number) => `T of block ${b}`;

/** Where each of some blocks of T tokens begins, and the last one ends: blocks as long as each other. */
export function boundsOf(T: number, blocks: number): readonly number[] {
  return Array.from({ length: blocks + 1 }, (_, b) => Math.round(b * T / blocks));
}

/** The sizes of the axes of blocks by name. */
export function blockSizes(bounds: readonly number[]): Readonly<Record<string, number>> {
  const end = bounds.at(-1)!;
  return Object.fromEntries(
    bounds.slice(0, -1).flatMap((start, b) => [
      [fromBlock(b), end - start],
      [ofBlock(b), bounds[b + 1]! - start],
    ]),
  );
}

/**
 * A pattern, `[..., T, S]`, that may be of a longer text of U tokens, which begins with these: `[..., U, U]`. ONNX Runtime
 * takes axes of one name to be as long as each other when it uses buffers again.
 */
export function ofLongerText(pattern: Value): Value {
  return { ...pattern, shape: [...pattern.shape.slice(0, -2), "U", "U"] };
}

/** The blocks between bounds, int64 `[B + 1]`. */
export function blocksOf(g: Graph, bounds: Value): readonly KeyBlock[] {
  const end = endOf(g, bounds);
  return Array.from({ length: countOf(bounds) }, (_, b): KeyBlock => {
    const [start, next] = [boundAt(g, bounds, b), boundAt(g, bounds, b + 1)];
    const own: KeyBlock["own"] = (x, axis) => g.slice(x, start, next, axis, ofBlock(b));
    const from = (x: Value) => g.slice(x, start, end, -2, fromBlock(b));
    return { own, from: (x) => b === 0 ? x : from(x), ownOfPattern: (pattern) => from(own(pattern, -1)) };
  });
}

/** Adds up what blocks give to the tokens from their first on, `[..., T', D]` each: `[..., T, D]`. */
export function addedUp(g: Graph, parts: readonly Value[], bounds: Value): Value {
  return parts.slice(0, -1).reduceRight((later, part, b) => {
    const length = g.sub(boundAt(g, bounds, b + 1), boundAt(g, bounds, b));
    const own = g.slice(part, g.ints([0]), length, -2, ofBlock(b));
    const shared = g.slice(part, length, endOf(g, bounds), -2, fromBlock(b + 1));
    return g.concat([own, g.add(shared, later)], -2, fromBlock(b));
  }, parts.at(-1)!);
}

/** T, int64 `[1]`. */
export function endOf(g: Graph, bounds: Value): Value {
  return boundAt(g, bounds, countOf(bounds));
}

const countOf = ({ shape }: Value) => shape[0] as number - 1;

function boundAt(g: Graph, bounds: Value, b: number): Value {
  return g.once(`bound ${b}`, () => g.slice(bounds, g.ints([b]), g.ints([b + 1]), -1, 1));
}
