/**
 * What the colours of a matrix of clusters stand for.
 *
 * @module
 */
import { styling } from "../kit/css.ts";
import { type Html, markup } from "../kit/html.ts";
import { pixelsHtml } from "../kit/image.ts";
import { scoreText } from "../kit/numbers.ts";
import { signedLegend } from "../kit/signed_pixels.ts";
import type { ClusterLayer } from "./clusters.ts";

/** How mean activations are written. */
export const SIGNED = { percent: false, signed: true } as const;

/** The colours with their numbers, and the choice of a scale. */
export function legendHtml({ largest }: ClusterLayer): Html {
  const marks = [-largest, 0, largest].map((mark, i) =>
    markup`<span style="display:inline-block;width:80px;text-align:${["left", "center", "right"][i]}">${
      scoreText(mark, SIGNED)
    }</span>`
  );
  return markup`<div style="font-size:11px;margin:4px 0"><div class="d">${
    pixelsHtml(signedLegend(true), {
      width: 240,
      height: 10,
      alt: "Colours of the mean activation: blue below zero, orange above",
      className: "s",
      style: styling`display:block;border:1px solid #888`,
    })
  }${marks} mean activation</div><div class="e" style="display:none">The strongest colour is the largest mean activation of each cluster.</div>\
<span class="x" style="display:none"><label><input class="a" type="checkbox"> scale each cluster by itself</label></span></div>`;
}
