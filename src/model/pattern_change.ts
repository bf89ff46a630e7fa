/**
 * Attention patterns that are given from outside.
 *
 * @module
 */
import type { PatternEdit } from "../models/site_edits.ts";
import type { Shape } from "../onnx/mod.ts";
import { type CheckedChange, indices } from "./change.ts";

/** The rows that take the place of a pattern's own. */
export interface CompiledPattern {
  /** H. */
  readonly heads: number;
  /** The rows of each head, `[T, T]`, and the queries whose rows they are; none for heads that keep their own. */
  readonly frozen: ReadonlyMap<
    number,
    { readonly rows: Float32Array; readonly T: number; readonly queries?: ReadonlySet<number> }
  >;
}

/** Puts a change behind those of the same pattern; later ones of a head take the place of earlier ones. */
export function compilePattern(change: CheckedChange, shape: Shape, before?: CompiledPattern): CompiledPattern {
  const { site, set, positions } = change;
  const H = shape[0] as number;
  if (change.neurons) throw new TypeError(`Cannot change neurons at "${site}"; neurons are named at "neurons"`);
  if (!set) {
    throw new TypeError(
      `Cannot scale or add to "${site}", whose rows are probabilities; set its rows, or scale "z" for the heads`,
    );
  }
  const heads = change.heads ? indices("head", change.heads, H) : Array.from({ length: H }, (_, head) => head);
  const sizes = [set.length, set.length / heads.length];
  const [single, each] = sizes.map(Math.sqrt);
  const T = Number.isInteger(each) && heads.length > 1 ? each! : single!;
  if (!Number.isInteger(T) || T === 0) {
    throw new RangeError(`Cannot set ${set.length} numbers at "${site}"; pass [T, T] rows, or [${heads.length}, T, T]`);
  }
  const frozen = new Map(before?.frozen);
  const isEach = set.length === heads.length * T * T;
  heads.forEach((head, i) => {
    const rows = isEach ? set.subarray(i * T * T, (i + 1) * T * T) : set;
    frozen.set(head, { rows, T, ...positions && { queries: new Set(positions) } });
  });
  return { heads: H, frozen };
}

/**
 * The change of a pattern in a run whose tokens stand at `positions` of one text and see the S tokens from its beginning
 * on.
 */
export function patternEdit({ heads, frozen }: CompiledPattern, positions: readonly number[], S: number): PatternEdit {
  const count = positions.length;
  const keep = new Float32Array(heads * count).fill(1);
  const rows = new Float32Array(heads * count * S);
  for (const [head, { rows: given, T, queries }] of frozen) {
    positions.forEach((position, t) => {
      if (position >= T || queries && !queries.has(position)) return;
      keep[head * count + t] = 0;
      rows.set(given.subarray(position * T, position * T + Math.min(T, S)), (head * count + t) * S);
    });
  }
  return { keep, rows };
}
