/**
 * Names of heads and weights in the rules of an attention view.
 *
 * @module
 */
import type { AttentionShown } from "./data.ts";

/** The letters of the tokens of a matrix, in order. */
export const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** The name of a head, for classes; `layer` is an index. */
export function headName(layer: number, head: number): string {
  return `${layer}_${head}`;
}

/** The variable of the weight of a pair; a key before the first that is shown stands for all of those. */
export function pairName({ start }: AttentionShown, query: number, key: number): string {
  return `--${LETTERS[query - start]}${LETTERS[Math.max(-1, key - start) + 1]}`;
}

/** The variable that holds, in the chip of a key, the weight of a query. */
export function queryName({ start }: AttentionShown, query: number): string {
  return `--_${LETTERS[query - start]}`;
}
