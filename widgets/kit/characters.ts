/**
 * Characters over their bytes: tokens that are each a part of one character, as of an emoji, stand behind it, with their
 * numbers in place of bytes that nobody can read; opened, it says the bytes of each.
 *
 * @module
 */
import type { Sequence } from "../../src/model/sequence.ts";
import type { Token } from "../../src/tokenizer/token.ts";
import { glyphHtml, glyphText, hexBytes, spokenToken, visibleText } from "./glyphs.ts";
import { type Html, markup, stacked } from "./html.ts";

type Tokens = Pick<Sequence, "tokens">;

/** What a token is a part of. */
export interface CharacterPart {
  /** The character, or what stands between the ends of tokens: a space may come before it. */
  readonly text: string;
  /** The position of the first part. */
  readonly first: number;
  /** How many tokens it is made of. */
  readonly count: number;
}

/** No character is made of more tokens than it has bytes; a token may hold the end of one and the beginning of another. */
const MOST_PARTS = 12;
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decoded(tokens: readonly Token[]): string | undefined {
  try {
    return DECODER.decode(Uint8Array.from(tokens.flatMap(({ bytes }) => Array.from(bytes))));
  } catch {
    return undefined;
  }
}

/** Whether a token begins within a character. */
function goesOn({ bytes }: Token): boolean {
  return ((bytes[0] ?? 0) & 0xC0) === 0x80;
}

/**
 * The character that a token is a part of.
 *
 * @param sequence Tokens.
 * @param position The position of one.
 * @returns The character and its tokens; nothing where a token is characters of its own, or bytes that become none.
 *
 * @example
 * ```ts
 * import { characterPart } from "./characters.ts";
 *
 * const parts = [[0xf0, 0x9f], [0x99, 0x82]].map((bytes, i) => ({
 *   id: i, piece: "", bytes: Uint8Array.from(bytes), start: 0, end: 2, text: "",
 * }));
 * console.log(characterPart({ tokens: parts }, 1)); // { text: "🙂", first: 0, count: 2 }
 * ```
 */
export function characterPart({ tokens }: Tokens, position: number): CharacterPart | undefined {
  const token = tokens[position];
  if (token === undefined || decoded([token]) !== undefined) return undefined;
  let first = position;
  while (first > 0 && position - first < MOST_PARTS && goesOn(tokens[first]!)) --first;
  for (let count = 2; count <= MOST_PARTS && first + count <= tokens.length; ++count) {
    const text = decoded(tokens.slice(first, first + count));
    if (text !== undefined) return first + count > position ? { text, first, count } : undefined;
  }
  return undefined;
}

/** The character as a token of its own. */
function whole({ tokens }: Tokens, { first, count, text }: CharacterPart): Token {
  const parts = tokens.slice(first, first + count);
  return { ...parts[0]!, bytes: Uint8Array.from(parts.flatMap(({ bytes }) => Array.from(bytes))), text };
}

/** A token in words, with the character that it is a part of. */
export function spokenPart(sequence: Tokens, position: number): string {
  const token = sequence.tokens[position];
  if (token === undefined) return "nothing";
  const part = characterPart(sequence, position);
  if (part === undefined) return spokenToken(token);
  return `bytes ${hexBytes(token)}, part ${position - part.first + 1} of ${part.count} of “${visibleText(part.text)}”`;
}

/** A token as the text of a chip: a part of a character is its number, as the character stands before it. */
export function partHtml(sequence: Tokens, position: number): Html {
  const token = sequence.tokens[position];
  if (token === undefined) return markup``;
  const part = characterPart(sequence, position);
  return part === undefined
    ? glyphHtml(token)
    : markup`<span style="font-size:11px;vertical-align:sub">${position - part.first + 1}</span>`;
}

/** A character before the first of its tokens; opened, it says their bytes. */
export function characterHtml(sequence: Tokens, position: number): Html | undefined {
  const part = characterPart(sequence, position);
  if (part?.first !== position) return undefined;
  const token = whole(sequence, part);
  const lines = sequence.tokens.slice(position, position + part.count).map((one, i) =>
    markup`<div style="font-size:11px;line-height:14px;white-space:nowrap">${i + 1}: ${
      hexBytes(one)
    }, id ${one.id}</div>`
  );
  const words = `${glyphText(token)}: one character, ${part.count} tokens`;
  return markup`<details style="display:inline-block;vertical-align:top;margin:1px 0 1px 2px">\
<summary title="${words}" style="cursor:pointer;padding:1px 0">${glyphHtml(token)}</summary>${
    stacked(lines)
  }</details>`;
}
