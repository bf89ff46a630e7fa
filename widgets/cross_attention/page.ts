/**
 * Attention to a source as one fragment of HTML: every head as a thumbnail, and one of them between its labels. Style
 * rules put another in its place; without them the first one stays.
 *
 * @module
 */
import { PLAIN_ROW, SMALL_STYLE, tableDetails } from "../kit/chips.ts";
import { choiceForm, choiceHint, choiceRadio, panelRules } from "../kit/choice.ts";
import { cssJoined, styling } from "../kit/css.ts";
import { contentName } from "../kit/escape.ts";
import { glyphText } from "../kit/glyphs.ts";
import { type Html, htmlText, markup, stacked } from "../kit/html.ts";
import { pixelsHtml } from "../kit/image.ts";
import { axisDown, columnHeads, COLUMNS_RULE, framedPicture } from "../kit/picture_labels.ts";
import { enlarged, type Pixels } from "../kit/pixel_image.ts";
import { scrollRegion } from "../kit/scroll_region.ts";
import { weightLegend } from "../kit/weight_legend.ts";
import { weightLevel, weightPixels } from "../kit/weight_pixels.ts";
import { type CrossShown, pictureWords } from "./data.ts";
import { headsTable } from "./table.ts";

/** A pixel for each weight: written tokens down, the source across. */
function pixelsOf({ pictures, written, columns, weight }: CrossShown, n: number): Pixels {
  const picture = pictures[n]!;
  const indices = Uint8Array.from({ length: written.length * columns }, (_, i) => {
    return weightLevel(weight(picture, Math.floor(i / columns), i % columns));
  });
  return weightPixels(columns, written.length, indices);
}

/** The size of a weight in pixels of the page. */
function cellOf({ columns, written }: CrossShown): { readonly across: number; readonly down: number } {
  const fitting = (most: number, count: number) => Math.max(3, Math.min(20, Math.floor(most / count)));
  return { across: fitting(900, columns), down: fitting(640, written.length) };
}

/** What is about one picture, and is seen when it is chosen. */
function panel(n: number, first: number, content: Html): Html {
  return markup`<div class="m m${n}" style="display:${n === first ? "block" : "none"}">${content}</div>`;
}

function thumbnailsHtml(shown: CrossShown, images: readonly Pixels[]): Html {
  const { pictures, heads, blocks, written, columns } = shown;
  const scale = 56 / Math.max(columns, written.length);
  const [width, height] = [columns, written.length].map((count) => Math.max(12, Math.round(scale * count))) as [
    number,
    number,
  ];
  const name = (text: string | number) =>
    markup`<td style="padding:0 2px;text-align:center;font-size:11px">${text}</td>`;
  const names = ["mean", ...Array.from({ length: heads }, (_, head) => head)].map(name);
  const layers = [...new Set(pictures.map(({ layer }) => layer))];
  const rows = layers.map((layer) => {
    const cells = pictures.map((picture, n) => {
      if (picture.layer !== layer) return "";
      const words = pictureWords(shown, picture);
      const image = pixelsHtml(images[n]!, { width, height, alt: words });
      return markup`<td style="padding:3px;text-align:left"><label class="o o${n}" title="${words}" style="display:block;width:${width}px">${
        choiceRadio(n, words)
      }${image}</label></td>`;
    });
    return markup`${PLAIN_ROW}<td style="text-align:right;padding:0 6px;white-space:nowrap;font-size:11px">layer ${
      blocks[layer]
    }</td>${cells}</tr>`;
  });
  return markup`<div role="radiogroup" aria-label="Heads" tabindex="-1" style="overflow:auto;max-height:420px;margin:6px 0">\
<table role="presentation" style="border-collapse:collapse">${PLAIN_ROW}<td style="padding:0"></td>${names}</tr>
${stacked(rows)}</table></div>`;
}

/** The pictures between the tokens of the source, above, and those that were written. */
function matrixHtml(shown: CrossShown, images: readonly Pixels[]): Html {
  const { source, sequence, written, columns, pictures, first } = shown;
  const { across, down } = cellOf(shown);
  const size = { width: columns * across, height: written.length * down };
  const every = Math.ceil(12 / down);
  const ticks = written.flatMap((position, row) => {
    const token = sequence.tokens[position];
    return row % every === 0 ? [{ at: (row + 0.5) * down, text: token === undefined ? "" : glyphText(token) }] : [];
  });
  const panels = pictures.map((picture, n) => {
    const alt = `${pictureWords(shown, picture)}, as a matrix: written tokens down, the source across`;
    return panel(n, first, pixelsHtml(enlarged(images[n]!, 4), { ...size, alt }));
  });
  return framedPicture({
    picture: stacked(panels),
    left: axisDown(ticks),
    gap: 6,
    above: columnHeads(source.tokens, { side: across }),
  });
}

function introHtml({ written, columns, blocks, heads, pictures }: CrossShown): Html {
  const closed = pictures.length < blocks.length * (heads + 1)
    ? " This page has no room for all layers; { layer } opens others, and the data of the view keeps every weight."
    : "";
  return markup`<div style="${SMALL_STYLE}">Attention to the source: how much of the ${columns} tokens that were read, \
across, each of the ${written.length} tokens that were written, down, was written with: ${blocks.length} × ${heads} heads \
(layers × heads).${closed}${choiceHint("Click a picture to open that head; arrow keys move.")}</div>`;
}

/** The page of a view. */
export function crossAttentionHtml(shown: CrossShown): Html {
  const { pictures, first } = shown;
  const images = pictures.map((_, n) => pixelsOf(shown, n));
  const titles = pictures.map((picture, n) => panel(n, first, markup`<b>${pictureWords(shown, picture)}</b>`));
  const body = markup`${introHtml(shown)}
${thumbnailsHtml(shown, images)}
<div aria-live="polite" style="font-size:14px;margin:12px 0 4px">${titles}</div>
${scrollRegion("Attention to the source", matrixHtml(shown, images))}
${weightLegend("a token’s attention")}
${tableDetails(`The heads of layer ${shown.blocks[pictures[first]!.layer]} as a table`, headsTable(shown))}`;
  const name = contentName(htmlText(body));
  const rules = cssJoined([
    panelRules(name, pictures.map((_, n) => n), first),
    styling`.${name}{.i{image-rendering:pixelated}.o{width:max-content}${COLUMNS_RULE}}`,
  ], "\n");
  return choiceForm({ name, rules, label: "Attention to the source", body });
}
