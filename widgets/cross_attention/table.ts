/**
 * Attention to a source as tables: on the page, and as plain text.
 *
 * @module
 */
import { dataTable, textTable } from "../kit/chips.ts";
import { glyphText } from "../kit/glyphs.ts";
import type { Html } from "../kit/html.ts";
import { type CrossShown, type Picture, pictureWords, strongest } from "./data.ts";

const LARGEST = 4;

function nameOf({ tokens }: CrossShown["sequence"], position: number): string {
  const token = tokens[position];
  return `${position} ${token === undefined ? "" : glyphText(token)}`;
}

/** Written tokens down, the mean and the heads of the layer across: where each looks most. */
export function headsTable(shown: CrossShown): Html {
  const { pictures, first, written, sequence, source } = shown;
  const layer = pictures.filter((picture) => picture.layer === pictures[first]!.layer);
  const cell = (picture: Picture, row: number) => {
    const [best] = strongest(shown, picture, row, 1);
    return best ? `${nameOf(source, best.column)} ${Math.round(100 * best.weight)}%` : "";
  };
  const rows = written.map((position, row) => [
    nameOf(sequence, position),
    ...layer.map((picture) => cell(picture, row)),
  ]);
  return dataTable(["written", ...layer.map(({ head }) => head === undefined ? "mean" : `head ${head}`)], rows);
}

/** Where the written tokens look in what is shown at first, as plain text. */
export function crossAttentionText(shown: CrossShown): string {
  const { pictures, first, written, sequence, source, blocks, heads } = shown;
  const picture = pictures[first]!;
  const rows = written.map((position, row) => [
    nameOf(sequence, position),
    ...strongest(shown, picture, row, LARGEST)
      .map(({ column, weight }) => `${nameOf(source, column)} ${(100 * weight).toFixed(1)}%`),
  ]);
  const what = `Attention to the source: ${pictureWords(shown, picture)} (of ${blocks.length} × ${heads})`;
  return `${what}\n${textTable([["written", "looks at"], ...rows])}`;
}
