/**
 * A token in a line or a table beside other text: on one line, cut where it is long, kept from reordering its
 * neighbours.
 *
 * @module
 */
import type { Sequence, Word } from "../../src/model/sequence.ts";
import type { Token } from "../../src/tokenizer/token.ts";
import { MONOSPACE } from "./chips.ts";
import { glyphHtml, glyphText } from "./glyphs.ts";
import { type Html, joined, markup } from "./html.ts";
import { isolated, shortText } from "./text_width.ts";

/** The most columns of a token in a chart or a table of text. */
const MOST_COLUMNS = 16;

/** A token inside a line of HTML. The box is a unit of its own for the order of scripts. */
export function tokenHtml(token: Token): Html {
  return markup`<span style="display:inline-block;max-width:160px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;\
vertical-align:bottom;${MONOSPACE}">${glyphHtml(token)}</span>`;
}

/** A token as a label of limited width. */
export function tokenLabel(token: Token, most: number = MOST_COLUMNS): string {
  return shortText(glyphText(token), most);
}

/** The different ones of some tokens, in their order, with how often each comes. */
function countedTokens(tokens: readonly Token[]): { token: Token; count: number }[] {
  return Array.from(Map.groupBy(tokens, glyphText).values(), (same) => ({ token: same[0]!, count: same.length }));
}

/** Tokens beside each other, each different one once: `. ×9 ↵`. */
export function tokensHtml(tokens: readonly Token[], most: number): Html {
  const parts = countedTokens(tokens).slice(0, most).map(({ token, count }) =>
    markup`<span style="white-space:nowrap">${tokenHtml(token)}${
      count > 1 ? markup`<span style="opacity:0.8"> ×${count}</span>` : ""
    }</span>`
  );
  return joined(parts, " ");
}

/** The same as plain text. */
export function tokensText(tokens: readonly Token[], most: number): string {
  return countedTokens(tokens).slice(0, most)
    .map(({ token, count }) => `${tokenLabel(token)}${count > 1 ? ` ×${count}` : ""}`).join(" ");
}

/** A token between quotation marks, for a sentence. */
export function quoted(token: Token): string {
  return `“${isolated(tokenLabel(token, 24))}”`;
}

/** The place of a predicted token, by its number and the token before: `token 5, which follows “·cabinet”`. */
export function placeName({ tokens }: Pick<Sequence, "tokens">, position: number): string {
  const before = tokens[position - 1];
  return `${tokenName({ tokens }, position)}${before ? `, which follows ${quoted(before)}` : ""}`;
}

/** A token with its number before it: `5 ·cabinet`. */
export function numberedToken({ tokens }: Pick<Sequence, "tokens">, position: number): string {
  const token = tokens[position];
  return `${position} ${token === undefined ? "" : glyphText(token)}`;
}

/** `token 5`, or `the next token`, right after the text. */
export function tokenName({ tokens }: Pick<Sequence, "tokens">, position: number): string {
  return position === tokens.length ? "the next token" : `token ${position}`;
}

/** A word that is asked about as one token: all of it is its name, though its first token is what is looked at. */
export function wordToken(word: Word | undefined): Token | undefined {
  const [first] = word?.tokens ?? [];
  if (word === undefined || first === undefined || word.tokens.length === 1) return first;
  return {
    ...first,
    piece: word.tokens.map(({ piece }) => piece).join(""),
    bytes: Uint8Array.from(word.tokens.flatMap(({ bytes }) => [...bytes])),
    end: word.tokens.at(-1)!.end,
    text: word.text,
  };
}
