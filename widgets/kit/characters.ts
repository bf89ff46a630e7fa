/**
 * Characters over their bytes: tokens that are each a part of one character, as of an emoji, stand behind it, with their
 * numbers in place of bytes that nobody can read; opened, it says the bytes of each.
 *
 * @module
 */
import type { Sequence } from "../../src/model/sequence.ts";
import type { Token } from "../../src/tokenizer/token.ts";
import { type CharacterPart, glyphHtml, glyphText, hexBytes, PART, type SpelledToken, spokenToken } from "./glyphs.ts";
import { type Html, markup, stacked } from "./html.ts";

type Tokens = Pick<Sequence, "tokens">;

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

/** Whether a token is no characters of its own. */
function isPart(token: Token): boolean {
  return !Array.prototype.every.call(token.bytes, (byte) => byte < 0x80) && decoded([token]) === undefined;
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
  if (token === undefined || !isPart(token)) return undefined;
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

function spelledToken(tokens: readonly Token[], position: number): SpelledToken {
  const [token, part] = [tokens[position]!, characterPart({ tokens }, position)];
  return part === undefined ? token : { ...token, [PART]: { ...part, number: position - part.first + 1 } };
}

/**
 * A text whose tokens know the characters that they are parts of, so that labels say `🙂 1/4`. What has none stays as it
 * is.
 *
 * @param sequence Tokens, or anything that is none, for a later check to refuse.
 * @returns The same with such tokens.
 */
export function spelled<Text extends Tokens>(sequence: Text): Text {
  if (!Array.isArray(sequence?.tokens)) return sequence;
  const tokens = sequence.tokens.map((token: Token, i) => isPart(token) ? spelledToken(sequence.tokens, i) : token);
  return tokens.every((token, i) => token === sequence.tokens[i]) ? sequence : { ...sequence, tokens };
}

/** A text and its source, where it has one, {@linkcode spelled}. */
export function spelledText(sequence: Sequence): Sequence {
  const own = spelled(sequence);
  const source = own?.source && spelled(own.source);
  return !source || source === own.source ? own : { ...own, source };
}

/** A result whose text is {@linkcode spelled}, and its source with it. */
export function spelledResult<Result extends { readonly sequence: Sequence }>(result: Result): Result {
  const given = (result as Partial<Result> | undefined)?.sequence;
  const sequence = given && spelledText(given);
  return sequence === undefined || sequence === given ? result : { ...result, sequence };
}

/**
 * A token that was or could have been written at a place: the text's own one there is a part of the text's character, any
 * other may end one that began before.
 */
export function spelledAt({ tokens }: Tokens, position: number, token: Token): SpelledToken {
  if (!isPart(token)) return token;
  if (tokens[position]?.id === token.id) return spelledToken(tokens, position);
  const before = tokens.slice(Math.max(0, position - MOST_PARTS), position);
  return spelledToken([...before, token], before.length);
}

/** The same of predictions of the token at a place. */
export function spelledPredictions<One extends { readonly token: Token }>(
  sequence: Tokens,
  position: number,
  predictions: readonly One[],
): readonly One[] {
  return predictions.map((one) => {
    const token = one.token && spelledAt(sequence, position, one.token);
    return token === one.token ? one : { ...one, token };
  });
}

/** A token in words, with the character that it is a part of. */
export function spokenPart({ tokens }: Tokens, position: number): string {
  return tokens[position] === undefined ? "nothing" : spokenToken(spelledToken(tokens, position));
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
