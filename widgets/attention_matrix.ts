/**
 * One head as a matrix, tokens down and what they look at across, beside the lines of its layer.
 *
 * @module
 */
import { strongestKeys } from "./attention_data.ts";
import { linesSvg } from "./attention_lines.ts";
import { type Drawing, forHeads, tokenHtml } from "./attention_parts.ts";
import { headMatrix, headThumbnail } from "./attention_raster.ts";
import { headName } from "./attention_style.ts";
import { headWords } from "./attention_words.ts";
import { MONOSPACE, placeWords, SMALL_STYLE } from "./chips.ts";
import { escapeHtml } from "./escape.ts";
import { pixelsHtml } from "./image.ts";
import { enlarged } from "./pixel_image.ts";

const LINES = 150;

function rowLabel(drawing: Drawing, position: number): string {
  const { sequence, side } = drawing;
  const place = placeWords(sequence, position);
  const best = strongestKeys(drawing.weights(drawing.layer, drawing.head), position, 4)
    .map(({ key, weight }) => `${(100 * weight).toFixed(0)}% to ${placeWords(sequence, key)}`);
  return `<td style="padding:0 6px 0 0;text-align:right"><label class="o r${position}" title="${
    escapeHtml([place, ...best].join("\n"))
  }" style="display:block;height:${side}px;line-height:${side}px;white-space:nowrap">` +
    `<span class="r" style="display:none"><input type="radio" name="token" aria-label="${
      escapeHtml(`Where ${place} looks`)
    }"></span>${
      nameHtml(drawing, position)
    } <span style="opacity:0.75">${position}</span><i class="z"></i></label></td>`;
}

function nameHtml(drawing: Drawing, position: number): string {
  return `<span style="display:inline-block;max-width:110px;overflow:hidden;vertical-align:top;${MONOSPACE}">${
    tokenHtml(drawing, position)
  }</span>`;
}

function headerHtml(drawing: Drawing): string {
  const { side, start, tokens, sequence, rollout } = drawing;
  const every = Math.ceil((6 * String(drawing.end).length + 4) / side);
  const columns = tokens.map((position, i) =>
    `<span style="display:inline-block;width:${side}px;text-align:center;vertical-align:bottom">` +
    `<span class="v" style="display:none;${MONOSPACE}">${tokenHtml(drawing, position)}</span>` +
    `<span style="display:block">${i % every === 0 ? position : "&#160;"}</span></span>`
  );
  const earlier = start > 0
    ? [
      `<span style="display:inline-block;width:${side}px;text-align:center;vertical-align:bottom" title="all of tokens 0–${
        start - 1
      } together">…</span>`,
    ]
    : [];
  const label = `${sequence.tokens.length === 1 ? "" : "looks at"} →`;
  return `<tr><td style="text-align:right;vertical-align:bottom;padding:0 6px 2px 0">token ↓ ${label}</td>` +
    `<td style="white-space:nowrap;font-size:10px;padding:0;vertical-align:bottom">${
      [...earlier, ...columns].join("")
    }</td>` +
    `<td class="x" colspan="2" style="display:none;vertical-align:bottom;padding:0 0 2px 6px">` +
    `${rollout ? "" : `<label><input class="a" type="checkbox"> lines of all heads</label>`}</td></tr>`;
}

/** The matrix of each head that can be opened, with shared tokens, and the lines. */
export function matrixHtml(drawing: Drawing): string {
  const { tokens, side, width, open } = drawing;
  const images = forHeads(
    drawing,
    (layer, head, weight) =>
      pixelsHtml(enlarged(headMatrix(drawing, weight), layer === drawing.layer && head === drawing.head ? 4 : 1), {
        width,
        height: side * tokens.length,
        alt: `${headWords(drawing, layer, head)}, as a matrix`,
        className: `i p p${headName(layer, head)}`,
        style: `display:${layer === drawing.layer && head === drawing.head ? "block" : "none"}`,
      }),
  );
  const lines = open.map((layer) => linesSvg(drawing, layer, side, LINES)).join("\n");
  const rows = tokens.map((position, i) => {
    const spanning = i > 0 ? "" : `<td rowspan="${tokens.length}" style="padding:0;vertical-align:top">${images}</td>` +
      `<td class="x" rowspan="${tokens.length}" style="display:none;padding:0 0 0 6px;vertical-align:top">${lines}</td>`;
    return `<tr>${rowLabel(drawing, position)}${spanning}` +
      `<td class="x" style="display:none;padding:0 0 0 6px;white-space:nowrap">${
        nameHtml(drawing, position)
      }</td></tr>`;
  });
  return `<div role="radiogroup" aria-label="Tokens" tabindex="-1" style="overflow-x:auto;padding:4px">` +
    `<table role="presentation" style="border-collapse:collapse;font-size:11px;line-height:${side}px">` +
    `${headerHtml(drawing)}\n${rows.join("\n")}</table></div>`;
}

/** The whole of a text that is longer than the matrix. */
export function wholeHtml(drawing: Drawing): string {
  if (drawing.tokens.length === drawing.length) return "";
  const images = forHeads(
    drawing,
    (layer, head, weight) =>
      pixelsHtml(headThumbnail(drawing, weight, 128), {
        width: 256,
        height: 256,
        alt: `${headWords(drawing, layer, head)}, over the whole text`,
        className: `i p p${headName(layer, head)}`,
        style: `display:${layer === drawing.layer && head === drawing.head ? "block" : "none"}`,
      }),
  );
  return `<div style="${SMALL_STYLE}">The whole text, all ${drawing.length} tokens:</div>${images}`;
}
