/**
 * Every head as a thumbnail, and what the colours mean.
 *
 * @module
 */
import { type AttentionShown, roleOf } from "./attention_data.ts";
import { each } from "./attention_parts.ts";
import { headThumbnail, legendImage, thumbnailGrid } from "./attention_raster.ts";
import { headName } from "./attention_style.ts";
import { headWords } from "./attention_words.ts";
import { categoryColour } from "./categories.ts";
import { escapeHtml } from "./escape.ts";
import { pixelsHtml } from "./image.ts";

const THUMBNAIL = 28;

/** A head that can be opened. */
function headChoice(shown: AttentionShown, layer: number, head: number): string {
  const role = roleOf(shown, layer, head);
  const words = `${headWords(shown, layer, head)}${role ? `: ${role.name}, ${role.score.toFixed(2)}` : ""}`;
  const checked = layer === shown.layer && head === shown.head;
  const thumbnail = headThumbnail(shown, shown.weights(layer, head), THUMBNAIL);
  return `<td style="padding:2px"><label class="g g${headName(layer, head)} l${layer} c${head}" title="${
    escapeHtml(words)
  }" style="display:block;width:${THUMBNAIL}px"><span class="r" style="display:none"><input type="radio" name="head"${
    checked ? " checked" : ""
  } aria-label="${escapeHtml(words)}"></span>${
    pixelsHtml(thumbnail, { width: THUMBNAIL, height: THUMBNAIL, alt: "" })
  }${
    shown.scores
      ? `<span class="e" style="display:block;text-align:center;line-height:12px">${role?.letter ?? "&#160;"}</span>`
      : ""
  }</label></td>`;
}

/** Every head as a thumbnail: those of open layers can be chosen, the others are one picture a layer. */
export function gridHtml(shown: AttentionShown): string {
  const { heads, layers, open } = shown;
  const names = each(heads).map((head) =>
    `<td style="text-align:center;padding:0 2px"><span style="display:block;width:${THUMBNAIL}px;` +
    `border-bottom:3px solid rgb(${categoryColour(head)})">${shown.rollout ? "" : head}</span></td>`
  );
  const rows = each(layers).map((layer) => {
    const cells = open.includes(layer)
      ? each(heads).map((head) => headChoice(shown, layer, head)).join("")
      : `<td colspan="${heads}" style="padding:2px">${
        pixelsHtml(thumbnailGrid(shown, [layer], THUMBNAIL / 2, 2), {
          width: heads * (THUMBNAIL + 4) - 4,
          height: THUMBNAIL,
          alt: `Thumbnails of the heads of layer ${shown.blocks[layer]}`,
        })
      }</td>`;
    return `<tr><td style="text-align:right;padding:0 6px;white-space:nowrap">${`${layer === 0 ? "layer " : ""}${
      shown.blocks[layer]
    }`}</td>${cells}</tr>`;
  });
  return `<div role="radiogroup" aria-label="${
    shown.rollout ? "Layers" : "Heads"
  }" tabindex="-1" style="overflow:auto;max-height:480px;margin:6px 0">` +
    `<table role="presentation" style="border-collapse:collapse;font-size:11px">` +
    `<tr><td style="text-align:right;padding:0 6px">${shown.rollout ? "" : "head"}</td>${names.join("")}</tr>\n${
      rows.join("\n")
    }</table></div>`;
}

/** The colours from nothing to all of a token's attention. */
export function legendHtml({ rollout }: AttentionShown): string {
  const whole = rollout ? "what has reached a token" : "a token’s attention";
  const marks = ["0%", "6%", "25%", "56%", "100%"].map((mark, i) =>
    `<span style="display:inline-block;width:40px;text-align:${
      i === 0 ? "left" : i === 4 ? "right" : "center"
    }">${mark}</span>`
  );
  return `<div style="font-size:11px;margin:6px 0">${
    pixelsHtml(legendImage(), {
      width: 200,
      height: 10,
      alt: `Colours from 0% to 100% of ${whole}`,
      className: "s",
      style: "display:block;border:1px solid #888",
    })
  }${marks.join("")} of ${whole}</div>`;
}
