/**
 * Parts of documents as lines of chips.
 *
 * @module
 */
import type { Excerpt } from "../../src/analysis/corpus_results.ts";
import { spelled } from "../kit/characters.ts";
import { LINE_STYLE } from "../kit/chips.ts";
import { type Css, styling } from "../kit/css.ts";
import { glyphHtml, glyphText, spokenToken } from "../kit/glyphs.ts";
import { attributes, type Html, markup, stacked } from "../kit/html.ts";

/** How the tokens of an excerpt look. */
export interface Chips {
  /** The colour of a token; none by default. */
  readonly style?: (index: number) => Css | undefined;
  /** What a hover says below the place of a token. */
  readonly words?: (index: number) => string;
}

/** The tokens of an excerpt, each with its place in the document. */
export function excerptHtml(excerpt: Excerpt, { style, words }: Chips = {}): Html {
  const chips = spelled(excerpt).tokens.map((token, i) => {
    const place = `${spokenToken(token)}, token ${excerpt.start + i}`;
    const more = words?.(i);
    const own = attributes({
      ...{ class: "t", role: "img", "aria-label": place, title: more ? `${place}\n${more}` : place },
      style: styling`display:inline-block;padding:1px 2px;margin:1px;border-radius:3px;${style?.(i)}`,
    });
    return markup`<span${own}>${glyphHtml(token)}</span>`;
  });
  const before = excerpt.start > 0 ? markup`<span style="opacity:0.75">… </span>` : undefined;
  return markup`<div role="group" aria-label="${`Document ${excerpt.id}`}" style="${LINE_STYLE}">
${before}${stacked(chips)}
</div>`;
}

/** The same in plain text; the token at `marked` stands between angles. */
export function excerptText(excerpt: Excerpt, marked?: number): string {
  const { tokens, start } = spelled(excerpt);
  const text = tokens.map((token, i) => i === marked ? `‹${glyphText(token)}›` : glyphText(token)).join("");
  return `${start > 0 ? "…" : ""}${text}`;
}
