/**
 * Tokens that stood beside each other, with bars as long as they were likely.
 *
 * @module
 */
import type { Prediction } from "../../src/ask/prediction.ts";
import type { Token } from "../../src/tokenizer/token.ts";
import { MONOSPACE } from "./chips.ts";
import { overlay } from "./colours.ts";
import { styling } from "./css.ts";
import { type Html, markup } from "./html.ts";
import { ordinalText, probabilityText } from "./quantities.ts";
import { tokenHtml, tokenLabel } from "./token_text.ts";

/** The token that the text has. */
export interface Actual {
  /** Its id. */
  readonly tokenId: number;
  /** The token. */
  readonly token: Token;
  /** How likely it was. */
  readonly probability: number;
  /** 1 is the most likely, when it is known. */
  readonly rank?: number | undefined;
}

/** One line of a list. */
interface Line extends Actual {
  readonly marked: boolean;
}

/** The likeliest tokens, and the actual one after them when it is not among them. */
function linesOf(predictions: readonly Prediction[], actual: Actual, most: number): Line[] {
  const shown: Line[] = predictions.slice(0, most).map((one) => ({ ...one, marked: one.tokenId === actual.tokenId }));
  return shown.some(({ marked }) => marked) ? shown : [...shown, { ...actual, marked: true }];
}

/**
 * A list as a table of HTML.
 *
 * @param predictions The likeliest tokens, best first.
 * @param actual The token that the text has; it is marked.
 * @param options `most` lines are drawn, and one for `actual`; `mark` says what it is.
 */
export function predictionList(
  predictions: readonly Prediction[],
  actual: Actual,
  { most, mark }: { readonly most: number; readonly mark: string },
): Html {
  const pad = styling`padding:1px 8px 1px 0;text-align:left`;
  const lines = linesOf(predictions, actual, most).map(({ token, probability, rank, marked }) => {
    const weight = marked ? styling`;font-weight:bold` : undefined;
    const width = Math.max(1, Math.round(200 * Math.min(1, probability))) || 1;
    const bar = markup`<span style="display:inline-block;height:10px;width:${width}px;background-color:${
      overlay(1, true)
    }">\
</span> ${probabilityText(probability)}${marked ? ` ◀ ${mark}` : ""}`;
    return markup`<tr style="background-color:rgba(0,0,0,0)${weight}"><td style="${pad};opacity:0.8">${
      rank === undefined ? "" : ordinalText(rank)
    }</td><td style="${pad}">${tokenHtml(token)}</td><td style="${pad}">${bar}</td></tr>`;
  });
  return markup`<table style="border-collapse:collapse;${MONOSPACE};font-size:12px"><tbody>${lines}</tbody></table>`;
}

/** The likeliest tokens on one line of plain text: `·the 41.2%, ·a 3.0%`. */
export function predictionWords(predictions: readonly Prediction[], most: number): string {
  return predictions.slice(0, most).map(({ token, probability }) =>
    `${tokenLabel(token)} ${probabilityText(probability)}`
  )
    .join(", ");
}
