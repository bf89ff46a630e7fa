/**
 * What the colours of weights mean.
 *
 * @module
 */
import { styling } from "./css.ts";
import { type Html, markup } from "./html.ts";
import { pixelsHtml } from "./image.ts";
import { legendImage } from "./weight_pixels.ts";

/** The colours from nothing to all of `whole`. */
export function weightLegend(whole: string): Html {
  const marks = ["0%", "6%", "25%", "56%", "100%"].map((mark, i) =>
    markup`<span style="display:inline-block;width:40px;text-align:${
      i === 0 ? "left" : i === 4 ? "right" : "center"
    }">${mark}</span>`
  );
  return markup`<div style="font-size:11px;margin:6px 0">${
    pixelsHtml(legendImage(), {
      width: 200,
      height: 10,
      alt: `Colours from 0% to 100% of ${whole}`,
      className: "",
      style: styling`display:block;border:1px solid #888`,
    })
  }${marks} of ${whole}</div>`;
}
