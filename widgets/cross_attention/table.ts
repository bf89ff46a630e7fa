/**
 * Attention to a source as tables: on the page, and as plain text.
 *
 * @module
 */
import { dataTable, textTable } from "../kit/chips.ts";
import type { Html } from "../kit/html.ts";
import { numberedToken } from "../kit/token_text.ts";
import { type CrossShown, type Picture, pictureWords, strongest } from "./data.ts";

const LARGEST = 4;

/** Written tokens down, the mean and the heads of the layer across: where each looks most. */
export function headsTable(shown: CrossShown): Html {
  const { pictures, first, written, sequence, source } = shown;
  const layer = pictures.filter((picture) => picture.layer === pictures[first]!.layer);
  const cell = (picture: Picture, row: number) => {
    const [best] = strongest(shown, picture, row, 1);
    return best ? `${numberedToken(source, best.position)} ${Math.round(100 * best.weight)}%` : "";
  };
  const rows = written.map((position, row) => [
    numberedToken(sequence, position),
    ...layer.map((picture) => cell(picture, row)),
  ]);
  return dataTable(["written", ...layer.map(({ head }) => head === undefined ? "mean" : `head ${head}`)], rows);
}

/** Where the written tokens look in what is shown at first, as plain text. */
export function crossAttentionText(shown: CrossShown): string {
  const { pictures, first, written, sequence, source, blocks, heads } = shown;
  const picture = pictures[first]!;
  const rows = written.map((position, row) => [
    numberedToken(sequence, position),
    ...strongest(shown, picture, row, LARGEST)
      .map(({ position, weight }) => `${numberedToken(source, position)} ${(100 * weight).toFixed(1)}%`),
  ]);
  const what = `Attention to the source: ${pictureWords(shown, picture)} (of ${blocks.length} × ${heads})`;
  return `${what}\n${textTable([["written", "looks at"], ...rows])}`;
}
