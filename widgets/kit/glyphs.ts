/**
 * Tokens for human eyes and ears: whitespace shows as a glyph, bytes that are no characters as `\xE2`, characters
 * that cannot be seen by their code.
 *
 * @module
 */
import type { Token } from "../../src/tokenizer/token.ts";
import { type Html, markup } from "./html.ts";

const GLYPHS: Readonly<Record<string, string>> = { " ": "·", "\n": "↵", "\r": "␍", "\t": "⇥", "\u00A0": "⍽" };

const WORDS: Readonly<Record<string, string>> = {
  " ": "space",
  "\n": "new line",
  "\r": "carriage return",
  "\t": "tab",
  "\u00A0": "no-break space",
};

/** Where a token keeps which part of a character it is; a symbol, so that no file that is read can set it. */
export const PART: unique symbol = Symbol("part of a character");

/** What a token is a part of. */
export interface CharacterPart {
  /** The character, or what stands between the ends of tokens: a space may come before it. */
  readonly text: string;
  /** The position of the first part. */
  readonly first: number;
  /** How many tokens it is made of. */
  readonly count: number;
}

/** A token that knows the character that it is a part of, which its bytes alone do not say. */
export interface SpelledToken extends Token {
  /** The character, and the number of the part from 1; none where the token is characters of its own. */
  readonly [PART]?: CharacterPart & { readonly number: number };
}

/** Controls, format characters such as bidirectional overrides, other spaces, lone surrogates, private use. */
const UNSEEN = /[\p{C}\p{Z}]/u;
const MARK_FIRST = /^\p{M}/u;
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The characters of a token, or `undefined` when its bytes are a part of a character. */
function characters(token: Token): string | undefined {
  try {
    return DECODER.decode(Uint8Array.from(token.bytes));
  } catch {
    return undefined;
  }
}

function codeOf(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`;
}

/**
 * The bytes of a token in hexadecimal.
 *
 * @param token A token.
 * @returns Two digits a byte, such as `E2 82`.
 *
 * @example
 * ```ts
 * import { hexBytes } from "./glyphs.ts";
 *
 * const token = { id: 1, piece: "âĤ", bytes: new Uint8Array([0xe2, 0x82]), start: 0, end: 1, text: "\\xE2\\x82" };
 * console.log(hexBytes(token)); // E2 82
 * ```
 */
export function hexBytes(token: Token): string {
  return Array.from(token.bytes, (byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join(" ");
}

/** Controls but the new line, and what turns the order of characters round for all that follows. */
// deno-lint-ignore no-control-regex -- these are what is looked for
const UNSAFE = /[\x00-\x09\x0B-\x1F\x7F-\x9F\u061C\u202A-\u202E\u2066\u2067]/g;

/** Text for a terminal: no character moves the cursor, sets a colour or turns the order of others round. */
export function plainText(text: string): string {
  return text.replace(UNSAFE, codeOf);
}

/** Plain text with every character that cannot be seen, other than a space, as its code. */
export function visibleText(text: string): string {
  return Array.from(text, (character) => UNSEEN.test(character) && character !== " " ? codeOf(character) : character)
    .join("");
}

interface Sign {
  /** What is shown. */
  readonly text: string;
  /** Whether it stands for something that is not itself. */
  readonly glyph: boolean;
}

/** The bytes of a part of a character say nothing to a reader: the character does, and which part of it they are. */
function partSigns(token: SpelledToken): Sign[] {
  const part = token[PART];
  return part === undefined
    ? Array.from(hexBytes(token).split(" "), (hex) => ({ text: `\\x${hex}`, glyph: true }))
    : [...textSigns(part.text), { text: ` ${part.number}/${part.count}`, glyph: true }];
}

function signsOf(token: SpelledToken): Sign[] {
  const text = characters(token);
  return text === undefined ? partSigns(token) : textSigns(text);
}

function textSigns(text: string): Sign[] {
  if (text === "") return [{ text: "∅", glyph: true }];
  const signs = Array.from(text, (character) => {
    const glyph = GLYPHS[character];
    if (glyph !== undefined) return { text: glyph, glyph: true };
    if (UNSEEN.test(character)) return { text: codeOf(character), glyph: true };
    return { text: character, glyph: false };
  });
  return MARK_FIRST.test(text) ? [{ text: "◌", glyph: false }, ...signs] : signs;
}

/**
 * A token as one line of plain text.
 *
 * @param token A token.
 * @returns Its characters, with glyphs for what cannot be seen; `🙂 1/4` for a part of a character that is known, and
 * bytes as `\xE2` for one that is not.
 *
 * @example
 * ```ts
 * import { glyphText } from "./glyphs.ts";
 *
 * const bytes = new TextEncoder().encode(" keys\n");
 * console.log(glyphText({ id: 1, piece: "Ġkeys", bytes, start: 0, end: 6, text: " keys\n" })); // ·keys↵
 * ```
 */
export function glyphText(token: SpelledToken): string {
  return signsOf(token).map((sign) => sign.text).join("");
}

/** A token as HTML: the glyphs are faint, so they are not taken for characters of the text. */
export function glyphHtml(token: SpelledToken): Html {
  const runs: { glyph: boolean; text: string }[] = [];
  for (const { text, glyph } of signsOf(token)) {
    const last = runs.at(-1);
    if (last?.glyph === glyph) last.text += text;
    else runs.push({ text, glyph });
  }
  return markup`${runs.map(({ text, glyph }) => glyph ? markup`<span style="opacity:0.65">${text}</span>` : text)}`;
}

/** Whether a line of text ends with this token. */
export function breaksLine(token: Token): boolean {
  return token.bytes.at(-1) === 0x0A;
}

/**
 * A token in words, for a screen reader.
 *
 * @param token A token.
 * @returns Such as `“keys” after a space`, `new line`, `bytes E2 82, part 1 of 2 of “€”` where the character is known, or
 * `bytes E2 82, a part of a character`.
 *
 * @example
 * ```ts
 * import { spokenToken } from "./glyphs.ts";
 *
 * const bytes = new TextEncoder().encode(" keys");
 * console.log(spokenToken({ id: 1, piece: "Ġkeys", bytes, start: 0, end: 5, text: " keys" })); // “keys” after a space
 * ```
 */
export function spokenToken(token: SpelledToken): string {
  const text = characters(token);
  if (text === undefined) return spokenBytes(token);
  const body = text.replace(/^ /, "");
  const after = body === text ? "" : " after a space";
  if (body === "") return after === "" ? "empty" : "space";
  const marks = Array.from(body);
  if (marks.every((mark) => mark in WORDS)) return `${countedWords(marks)}${after}`;
  return `“${visibleText(body)}”${after}`;
}

function spokenBytes(token: SpelledToken): string {
  const part = token[PART];
  const which = part === undefined
    ? "a part of a character"
    : `part ${part.number} of ${part.count} of “${visibleText(part.text)}”`;
  return `bytes ${hexBytes(token)}, ${which}`;
}

function countedWords(marks: readonly string[]): string {
  const first = marks[0] ?? "";
  if (marks.every((mark) => mark === first)) {
    return marks.length === 1 ? `${WORDS[first]}` : `${marks.length} × ${WORDS[first]}`;
  }
  return marks.map((mark) => WORDS[mark]).join(", ");
}
