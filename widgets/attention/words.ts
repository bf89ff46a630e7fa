/**
 * What an attention view calls what it shows: heads, or what has mixed after each layer.
 *
 * @module
 */
import { counted } from "../kit/numbers.ts";
import type { AttentionShown } from "./data.ts";

/** One picture: a head, or the rollout after a layer. */
export function headWords({ rollout, blocks }: AttentionShown, layer: number, head: number): string {
  return rollout ? `After layer ${blocks[layer]}` : `Layer ${blocks[layer]}, head ${head}`;
}

/** What is shown, in one line. */
export function introWords({ rollout, layers, heads, length, both }: AttentionShown): string {
  const tokens = counted(length, "token");
  return rollout
    ? `Attention rollout over ${tokens}: what each token is made of after each of ${
      counted(layers, "layer")
    }, if attention alone mixed the tokens: heads averaged, half of each layer passed on unchanged, layers multiplied.`
    : `Attention of ${layers} × ${heads} heads (layers × heads) over ${tokens}: how much each token takes from each ${
      both ? "one, before and after it" : "earlier one"
    }.`;
}

/** How pictures and tokens are chosen. */
export function hintWords({ rollout, open, layers }: AttentionShown): string {
  const all = open.length === layers;
  const picture = `Click a ${all ? "picture" : "framed picture"} to open that ${rollout ? "layer" : "head"}`;
  const closed = all ? "" : "; faint rows are closed";
  const token = rollout ? "what it is made of" : "where it looks";
  return `${picture}${closed}. Hover a token to see ${token}, click to keep it; arrow keys move.`;
}

/** The corner of the matrix. */
export function matrixWords({ rollout, sequence }: AttentionShown): string {
  return sequence.tokens.length === 1 ? "token ↓" : rollout ? "token ↓ made of" : "token ↓ looks at";
}

/** What a weight goes to, or comes from. */
export function keysWords({ rollout }: AttentionShown): string {
  return rollout ? "of" : "to";
}

/** A row of the matrix; `token` is its token in words. */
export function rowWords({ rollout }: AttentionShown, token: string): string {
  return rollout ? `What ${token} is made of` : `Where ${token} looks`;
}

/** The line above the text that a row colours, around the token. */
export function captionWords({ rollout }: AttentionShown): readonly [before: string, after: string] {
  return rollout ? ["What ", " is made of:"] : ["Where ", " looks:"];
}

/** The line that opens the table of a layer. */
export function tableWords({ rollout, blocks }: AttentionShown, layer: number): string {
  return rollout
    ? `After layer ${blocks[layer]} as a table: the token that each token takes most from`
    : `Layer ${blocks[layer]} as a table: the token that each token looks at most`;
}

/** What the colours are shares of. */
export function wholeWords({ rollout }: AttentionShown): string {
  return rollout ? "what has reached a token" : "a token’s attention";
}
