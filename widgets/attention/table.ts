/**
 * Attention as tables: where each token looks most, in HTML and as plain text.
 *
 * @module
 */
import { dataTable, tableDetails, textTable } from "../kit/chips.ts";
import { type Html, markup, stacked } from "../kit/html.ts";
import { numberedToken } from "../kit/token_text.ts";
import { type AttentionShown, roleOf, strongestKeys } from "./data.ts";
import { tableWords } from "./words.ts";

const LARGEST = 4;

function percent(weight: number): string {
  return `${(100 * weight).toFixed(1)}%`;
}

function tokensOf({ start, end }: AttentionShown): number[] {
  return Array.from({ length: end - start }, (_, i) => start + i);
}

/** Tokens down, the heads of a layer across: where each looks most. */
function layerTable(shown: AttentionShown, layer: number): Html {
  const heads = Array.from({ length: shown.heads }, (_, head) => head);
  const weights = heads.map((head) => shown.weights(layer, head));
  const rows = tokensOf(shown).map((position) => [
    numberedToken(shown.sequence, position),
    ...weights.map((weight) => {
      const [best] = strongestKeys(shown, weight, position, 1);
      return best ? `${numberedToken(shown.sequence, best.position)} ${Math.round(100 * best.weight)}%` : "";
    }),
  ]);
  return dataTable(["token", ...heads.map((head) => shown.rollout ? "strongest" : `head ${head}`)], rows, {
    ruled: layer !== shown.layer,
  });
}

/** A table for each layer that can be opened, of which one is shown. */
export function attentionTables(shown: AttentionShown): Html {
  return stacked(
    shown.open.map((layer) =>
      markup`<div class="y y${layer}" style="display:${layer === shown.layer ? "block" : "none"}">${
        tableDetails(tableWords(shown, layer), layerTable(shown, layer))
      }</div>`
    ),
  );
}

function rolesText(shown: AttentionShown): string {
  const role = roleOf(shown, shown.layer, shown.head);
  return role ? `; looks most at ${role.name} (${role.score.toFixed(2)})` : "";
}

/** Where the tokens look in the head shown at first, as plain text. */
export function attentionText(shown: AttentionShown): string {
  const { layers, blocks, heads, layer, head, start, end, length } = shown;
  const weight = shown.weights(layer, head);
  const rows = tokensOf(shown).map((position) => [
    numberedToken(shown.sequence, position),
    ...strongestKeys(shown, weight, position, LARGEST).map(({ position, weight }) =>
      `${numberedToken(shown.sequence, position)} ${percent(weight)}`
    ),
  ]);
  const part = end - start < length ? `, tokens ${start} to ${end - 1} of ${length}` : "";
  const what = shown.rollout
    ? `Attention rollout after layer ${blocks[layer]} (of ${layers})`
    : `Attention of layer ${blocks[layer]}, head ${head} (of ${layers} × ${heads})`;
  return `${what}${part}${rolesText(shown)}\n${
    textTable([["token", shown.rollout ? "made of" : "looks at"], ...rows])
  }`;
}
