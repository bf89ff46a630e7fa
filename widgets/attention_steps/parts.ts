/**
 * What the parts of a view of steps share.
 *
 * @module
 */
import { type Html, markup, stacked } from "../kit/html.ts";
import { tokenHtml } from "../kit/token_text.ts";
import { drawnTokens, type StepsShown } from "./data.ts";

/** Strongest colours: of queries and keys, of values and sums, and of what is added. */
export interface Scales {
  readonly products: number;
  readonly values: number;
  readonly outputs: number;
}

/** What is about one query. */
export function panels(shown: StepsShown, draw: (query: number) => Html): Html {
  return stacked(
    drawnTokens(shown).map((query) =>
      markup`<div class="m m${query}" style="display:${query === shown.position ? "block" : "none"}">${
        draw(query)
      }</div>`
    ),
  );
}

/** A token. */
export function nameHtml({ sequence }: StepsShown, position: number): Html {
  const token = sequence.tokens[position];
  return markup`${token === undefined ? "" : tokenHtml(token)}`;
}

/** Letters as in a paper. */
export const formula = (text: Html | string) => markup`<i style="font-family:Georgia,serif">${text}</i>`;
/** An index. */
export const sub = (text: Html | string | number) => markup`<sub style="font-size:11px;line-height:0">${text}</sub>`;
