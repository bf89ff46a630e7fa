/**
 * Attention patterns that are given from outside.
 *
 * @module
 */
import type { FloatTensor } from "../base/tensor.ts";
import { shown } from "../base/words.ts";
import type { PatternEdit } from "../models/site_edits.ts";
import { type Changeable, type CheckedChange, indices } from "./change.ts";

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
export function compilePattern(
  change: CheckedChange,
  { sites, mask }: Changeable,
  before?: CompiledPattern,
): CompiledPattern {
  const { site, positions } = change;
  const H = sites.get(site)![0] as number;
  const set = expectSettable(change);
  const heads = change.heads ? indices("head", change.heads, H) : Array.from({ length: H }, (_, head) => head);
  const T = sizeOf(set, site, heads.length);
  const isEach = set.data.length === heads.length * T * T;
  const after = positions?.find((position) => position >= T);
  if (after !== undefined) {
    throw new RangeError(`Cannot set the row of position ${after} at "${site}" as the ${T} rows end before it`);
  }
  const frozen = new Map(before?.frozen);
  heads.forEach((head, i) => {
    const rows = isEach ? set.data.subarray(i * T * T, (i + 1) * T * T) : set.data;
    if (mask === "causal" && !site.startsWith("source_")) expectCausal(site, rows, T);
    frozen.set(head, { rows, T, ...positions && { queries: new Set(positions) } });
  });
  return { heads: H, frozen };
}

/** The rows of a change, which can be nothing else. */
function expectSettable({ site, set, neurons }: CheckedChange): FloatTensor {
  if (neurons) throw new TypeError(`Cannot change neurons at "${site}"; neurons are named at "neurons"`);
  if (site.startsWith("cross_")) {
    throw new TypeError(
      `Cannot change "${site}" as that is not built; change what comes of it, as in "${site.replace("pattern", "z")}"`,
    );
  }
  if (set) return set;
  throw new TypeError(
    `Cannot scale or add to "${site}", whose rows are probabilities; set its rows, or scale "z" for the heads`,
  );
}

/** T of rows `[T, T]` or `[heads, T, T]`. */
function sizeOf({ data: { length }, shape }: FloatTensor, site: string, heads: number): number {
  const [single, each] = [Math.sqrt(length), Math.sqrt(length / heads)];
  const fitting = `[T, T] rows, or [${heads}, T, T]`;
  const isSingle = Number.isInteger(single) && length > 0;
  const isEach = Number.isInteger(each) && length > 0;
  if (shape.length === 1 && isSingle && isEach && heads > 1) {
    const both = `[${single}, ${single}] or [${heads}, ${each}, ${each}]`;
    throw new RangeError(
      `Cannot tell whether ${length} numbers at "${site}" are ${both}; pass a tensor with its shape`,
    );
  }
  if (isSingle && (shape.length === 1 || shape.length === 2 && shape[0] === single)) return single;
  if (isEach && (shape.length === 1 || shape.length === 3 && shape[0] === heads && shape[1] === each)) return each;
  const found = shape.length === 1 ? `${length} numbers` : `numbers of the shape ${shown(shape)}`;
  throw new RangeError(`Cannot set ${found} at "${site}"; pass ${fitting}`);
}

/** Refuses rows that see what comes after them, which is not there while a text is written. */
function expectCausal(site: string, rows: Float32Array, T: number): void {
  const at = rows.findIndex((share, i) => share !== 0 && i % T > Math.floor(i / T));
  if (at < 0) return;
  const [query, key] = [Math.floor(at / T), at % T];
  throw new RangeError(`Cannot set row ${query} at "${site}" to see token ${key}, which comes after it; pass 0 there`);
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
