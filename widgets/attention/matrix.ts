/**
 * One head as a matrix, tokens down and what they take from across, beside its lines.
 *
 * @module
 */
import { MONOSPACE, placeWords, PLAIN_ROW, SMALL_STYLE } from "../kit/chips.ts";
import { OPACITY, ORANGE, rgba } from "../kit/colours.ts";
import { styling } from "../kit/css.ts";
import { type Html, markup, stacked } from "../kit/html.ts";
import { pixelsHtml, sharpPixels } from "../kit/image.ts";
import { scrollRegion } from "../kit/scroll_region.ts";
import { columnHeads } from "../kit/picture_labels.ts";
import { weightOpacity } from "../kit/weight_pixels.ts";
import { lastKey, strongestKeys } from "./data.ts";
import { headLines, layerLines } from "./lines.ts";
import { pairName } from "./names.ts";
import { type Drawing, hasNumbers, tokenHtml } from "./parts.ts";
import { headMatrix, headThumbnail } from "./raster.ts";
import { headWords, keysWords, matrixWords, rowWords } from "./words.ts";

const LINES = 150;

function rowLabel(drawing: Drawing, position: number): Html {
  const { sequence, side } = drawing;
  const place = placeWords(sequence, position);
  const best = strongestKeys(drawing, drawing.weights(drawing.layer, drawing.head), position, 4)
    .map(({ position, weight }) =>
      `${(100 * weight).toFixed(0)}% ${keysWords(drawing)} ${placeWords(sequence, position)}`
    );
  const words = [place, ...best].join("\n");
  return markup`<td style="padding:0 6px 0 0;text-align:right">\
<label class="o r${position}" title="${words}" style="display:block;height:${side}px;line-height:${side}px;white-space:nowrap">\
<span class="r" style="display:none"><input type="radio" name="token" value="${position}" aria-label="${
    rowWords(drawing, place)
  }"></span>\
${nameHtml(drawing, position)} <span style="opacity:0.75">${position}</span><i class="z"></i></label></td>`;
}

function nameHtml(drawing: Drawing, position: number): Html {
  return markup`<span style="display:inline-block;max-width:110px;overflow:hidden;text-overflow:ellipsis;vertical-align:top;${MONOSPACE}">${
    tokenHtml(drawing, position)
  }</span>`;
}

function headerHtml(drawing: Drawing): Html {
  const { side, start, end, sequence, rollout, blocks, layer, heads } = drawing;
  const columns = columnHeads(sequence.tokens.slice(start, end), { side, numberAt: (column) => start + column });
  const earlier = start > 0
    ? markup`<span style="display:inline-block;width:${side}px;text-align:center;vertical-align:bottom" title="all of tokens 0–${
      start - 1
    } together">…</span>`
    : "";
  const all = rollout || heads < 2
    ? ""
    : markup`<label class="s" style="display:block;max-width:150px;line-height:14px"><input class="d" type="checkbox"> lines of all heads of layer ${
      blocks[
        layer
      ]
    }</label>`;
  return markup`${PLAIN_ROW}<td style="text-align:right;vertical-align:bottom;padding:0 6px 2px 0">${
    matrixWords(drawing)
  } →</td>\
<td style="white-space:nowrap;font-size:11px;padding:0;text-align:left;vertical-align:bottom"><span class="hd">${earlier}${columns}</span></td>\
<td class="x" colspan="2" style="display:none;vertical-align:bottom;text-align:left;padding:0 0 2px 6px">${all}</td></tr>`;
}

/** A small matrix as cells that say their numbers, in percent; style rules put those of another head in their place. */
function numbersHtml(drawing: Drawing): Html {
  const { tokens, side, width, height, layer, head, weights } = drawing;
  const weight = weights(layer, head);
  const box =
    styling`display:inline-block;width:${side}px;height:${side}px;line-height:${side}px;text-align:center;font-size:11px`;
  const rows = tokens.map((query) => {
    const cells = tokens.map((key) => {
      if (key > lastKey(drawing, query)) {
        return markup`<span style="${box};background-color:rgba(128,128,128,0.14)">&#160;</span>`;
      }
      const share = weight(query, key);
      const percent = Math.round(100 * share);
      const colour = rgba(ORANGE, Number((OPACITY * weightOpacity(share)).toFixed(2)) || 0);
      return markup`<span class="e" style="${box};background-color:${colour};--w:var(${
        pairName(drawing, query, key)
      })">${percent > 0 ? percent : markup`&#160;`}</span>`;
    });
    return markup`<div style="height:${side}px;white-space:nowrap">${cells}</div>`;
  });
  return markup`<div class="i" role="img" aria-label="The weights as a matrix, in percent; the table below says the largest" \
style="width:${width}px;height:${height}px">${rows}</div>`;
}

/** The head that is shown at first as an image, which a piece of the sprite replaces where style rules are allowed. */
function pictureHtml(drawing: Drawing): Html {
  if (hasNumbers(drawing)) return numbersHtml(drawing);
  const { width, height, layer, head, weights } = drawing;
  const words = headWords(drawing, layer, head);
  const image = sharpPixels(headMatrix(drawing, weights(layer, head)), {
    width,
    height,
    alt: `${words}, as a matrix`,
    className: "f",
  });
  return markup`${image}<div class="i x" role="img" aria-label="The weights as a matrix; the table below says the largest" \
style="display:none;width:${width}px;height:${height}px"></div>`;
}

/** The matrix of the head that is open, and its lines. */
export function matrixHtml(drawing: Drawing): Html {
  const { tokens, side, height } = drawing;
  const lines = markup`${headLines(drawing, LINES, height)}\n${
    drawing.heads > 1 && layerLines(drawing, LINES, height)
  }`;
  const rows = tokens.map((position, i) => {
    const spanning = i > 0
      ? ""
      : markup`<td rowspan="${tokens.length}" style="padding:0;text-align:left;vertical-align:top">${
        pictureHtml(drawing)
      }</td>\
<td class="x" rowspan="${tokens.length}" style="display:none;padding:0 0 0 6px;text-align:left;vertical-align:top">${lines}</td>`;
    return markup`${PLAIN_ROW}${rowLabel(drawing, position)}${spanning}\
<td class="x" style="display:none;padding:0 0 0 6px;text-align:left;line-height:${side}px;white-space:nowrap">${
      nameHtml(drawing, position)
    }</td></tr>`;
  });
  return markup`<div role="radiogroup" aria-label="Tokens" tabindex="-1" style="overflow-x:auto;padding:4px">\
<table role="presentation" style="border-collapse:collapse;font-size:11px;line-height:${side}px">\
${headerHtml(drawing)}\n${stacked(rows)}</table></div>`;
}

/** The whole of a text that is longer than the matrix. */
export function wholeHtml(drawing: Drawing): Html {
  const { tokens, length, whole, layer, head, weights, pictures } = drawing;
  if (tokens.length === length) return markup``;
  const image = pixelsHtml(headThumbnail(drawing, weights(layer, head), 256), {
    width: whole,
    height: whole,
    alt: `${headWords(drawing, layer, head)}, over the whole text`,
    className: "f",
  });
  const hint = pictures?.from === 0 && pictures.to === length
    ? markup`<span class="ws" style="display:none"> Point at it to read a weight, click to move the matrix there: <span class="says"></span></span>`
    : "";
  const picture = markup`${image}<div class="w x" role="img" aria-label="The weights over the whole text" \
style="display:none;width:${whole}px;height:${whole}px"></div>`;
  return markup`<div style="${SMALL_STYLE}">The whole text, all ${length} tokens:${hint}</div>${
    scrollRegion("The whole text", picture)
  }`;
}
