/**
 * The grids of a patching: layers down, positions or heads across.
 *
 * @module
 */
import { placeWords } from "../kit/chips.ts";
import { type Html, markup } from "../kit/html.ts";
import type { GridLine, SignedGrid } from "../kit/signed_grid.ts";
import { tokenHtml, tokenLabel } from "../kit/token_text.ts";
import type { Measured, PatchingDrawing } from "./data.ts";
import { amountText, cellWords, differingPositions, HEADINGS } from "./words.ts";

/** Layers as rows. */
export function layerLines(layers: readonly number[]): GridLine[] {
  return layers.map((layer) => {
    const label = `layer ${layer}`;
    return { head: markup`${label}`, label, words: label, number: layer };
  });
}

/** Heads as columns. */
export function headLines(heads: readonly number[]): GridLine[] {
  return heads.map((head) => ({ head: markup`${head}`, label: `head ${head}`, words: `head ${head}`, number: head }));
}

/** Positions as columns: the corrupted token, and above it the clean one where it is another. */
function positionLines({ patching: { indices }, clean, corrupted }: PatchingDrawing, different: readonly number[]) {
  return indices.map((position): GridLine => {
    const [token, other] = [corrupted.tokens[position], clean.tokens[position]];
    const differs = different.includes(position);
    const above = different.length === 0
      ? undefined
      : markup`${differs && other !== undefined && tokenHtml(other)}<br>`;
    const below = markup`<br><span style="opacity:0.8">${position}</span>`;
    const instead = differs ? `\nin the clean text ${placeWords(clean, position)}` : "";
    return {
      head: markup`${above}<b>${token !== undefined && tokenHtml(token)}</b>${below}`,
      label: token === undefined ? "" : tokenLabel(token),
      words: `${placeWords(corrupted, position)}${instead}`,
      number: position,
      token,
    };
  });
}

function cornerHtml(different: readonly number[]): Html {
  return markup`${different.length > 0 && markup`clean<br>`}corrupted<br>position`;
}

/** The grid of one kind of numbers. */
export function patchingGrid(drawing: PatchingDrawing, which: Measured): SignedGrid {
  const { patching, scale, amount } = drawing;
  const { layers, indices, columns } = patching;
  const heads = columns === "heads";
  const different = differingPositions(drawing);
  return {
    name: HEADINGS[which],
    corner: heads ? markup`head` : cornerHtml(different),
    rows: layerLines(layers),
    columns: heads ? headLines(indices) : positionLines(drawing, different),
    share: (row, column) => amount(which, row, column) / scale,
    text: (row, column) => amountText(drawing, which, row, column),
    title: (row, column) => cellWords(drawing, which, row, column),
  };
}
