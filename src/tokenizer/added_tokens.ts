/**
 * Tokens that are looked for in the text before anything else, such as `<|endoftext|>`. The rules are those of the
 * Rust tokenizers; `@huggingface/tokenizers` does not know `single_word`.
 * https://github.com/huggingface/tokenizers/blob/main/tokenizers/src/tokenizer/added_vocabulary.rs
 *
 * @module
 */

import { shown } from "../base/words.ts";
import { isId, record } from "./json_parts.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** A token that is found as it stands in the text. */
export interface AddedToken {
  /** The vocabulary index. */
  readonly id: number;
  /** The text of the token. */
  readonly content: string;
  /** Whether it is only found between characters that are no word characters. */
  readonly singleWord?: boolean;
  /** Whether it takes the white space before it along. */
  readonly lstrip?: boolean;
  /** Whether it takes the white space after it along. */
  readonly rstrip?: boolean;
  /** Whether it is looked for in the normalized text; by default when it is not special. */
  readonly normalized?: boolean;
  /** Whether it is a mark rather than text. */
  readonly special?: boolean;
}

/** What a text falls into: text, or a token with the white space that it takes along. */
export interface TextPart {
  /** Where it begins, in UTF-16 code units. */
  readonly start: number;
  /** Where it ends. */
  readonly end: number;
  /** The token, if it is one. */
  readonly token?: AddedToken;
}

const WORD = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u;
const SPACE = /^\p{White_Space}$/u;

/**
 * Makes a function that cuts a text at added tokens: the leftmost first, the longest of those that begin there.
 *
 * @param tokens The tokens to look for, by the string that stands for each.
 * @returns The function; its parts are never empty, and in the order of the text.
 */
function addedTokenSplitter(tokens: ReadonlyMap<string, AddedToken>): (text: string) => TextPart[] {
  const contents = [...tokens.keys()].filter((content) => content !== "").sort((a, b) => b.length - a.length);
  if (contents.length === 0) return (text) => text === "" ? [] : [{ start: 0, end: text.length }];
  const pattern = new RegExp(
    contents.map((content) => content.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")).join("|"),
    "gu",
  );
  return (text) => {
    const parts: TextPart[] = [];
    let done = 0;
    for (const { 0: content, index } of text.matchAll(pattern)) {
      const token = tokens.get(content)!;
      let start = index;
      let end = index + content.length;
      if (start < done || (token.singleWord && isInsideWord(text, start, end))) continue;
      if (token.lstrip) { while (start > done && SPACE.test(text.charAt(start - 1))) --start; }
      if (token.rstrip) { while (SPACE.test(text.charAt(end))) ++end; }
      if (start > done) parts.push({ start: done, end: start });
      parts.push({ start, end, token });
      done = end;
    }
    if (done < text.length) parts.push({ start: done, end: text.length });
    return parts;
  };
}

function isInsideWord(text: string, start: number, end: number): boolean {
  return WORD.test(characterBefore(text, start)) || WORD.test(text.slice(end, end + 2));
}

function characterBefore(text: string, end: number): string {
  const pair = text.slice(Math.max(0, end - 2), end);
  return (pair.codePointAt(0) ?? 0) > 0xffff ? pair : pair.slice(-1);
}

/**
 * Reads the added tokens.
 *
 * @param vocab The vocabulary, which may hold them.
 * @param list The `added_tokens` of tokenizer.json.
 * @param more The `added_tokens_decoder` of tokenizer_config.json.
 * @returns The tokens, those of tokenizer.json first.
 */
export function readAddedTokens(vocab: Vocabulary, list: unknown, more: unknown): AddedToken[] {
  if (!Array.isArray(list)) throw new TypeError(`Cannot read added_tokens as an array: ${shown(list)}`);
  const tokens = new Map<string, AddedToken>();
  const pieces = new Map<number, string>();
  const decoder = Object.entries(record("added_tokens_decoder", more));
  const entries = [
    ...list,
    ...decoder.map(([id, fields]) => ({ ...record("an added token", fields), id: Number(id) })),
  ];
  for (const entry of entries) {
    const token = readAddedToken(entry);
    if (tokens.has(token.content)) continue;
    const other = pieces.get(token.id) ?? vocab.pieceOf(token.id);
    if (other !== undefined && other !== token.content) {
      throw new RangeError(
        `Cannot read id ${token.id} as one piece: it is given to ${shown(other)} and ${shown(token.content)}`,
      );
    }
    tokens.set(token.content, token);
    pieces.set(token.id, token.content);
  }
  return [...tokens.values()];
}

function readAddedToken(json: unknown): AddedToken {
  const { id, content, single_word: singleWord, lstrip, rstrip, normalized, special } = record("an added token", json);
  if (typeof content !== "string" || content === "") {
    throw new TypeError(`Cannot read the content of an added token as text: ${shown(content)}`);
  }
  if (!isId(id)) throw new RangeError(`Cannot read the id of ${shown(content)} as an index: ${shown(id)}`);
  return {
    id,
    content,
    singleWord: singleWord === true,
    lstrip: lstrip === true,
    rstrip: rstrip === true,
    special: special === true,
    normalized: typeof normalized === "boolean" ? normalized : special !== true,
  };
}

/** What finds added tokens: in the text as it is, and in the normalized text. */
export interface AddedTokenSplitters {
  /** Cuts a text as it is. */
  readonly raw: (text: string) => TextPart[];
  /** Cuts a normalized text. */
  readonly normalized: (text: string) => TextPart[];
}

/** Makes the two functions that cut a text at added tokens. */
export function addedTokenSplitters(
  tokens: readonly AddedToken[],
  normalize: (text: string) => string,
): AddedTokenSplitters {
  const [raw = [], normalized = []] = [false, true].map((kind) => tokens.filter((token) => token.normalized === kind));
  return {
    raw: addedTokenSplitter(new Map(raw.map((token) => [token.content, token]))),
    normalized: addedTokenSplitter(new Map(normalized.map((token) => [normalize(token.content), token]))),
  };
}

/**
 * Makes a function that encodes a text: added tokens by their ids, what is between them by `encodeSection`.
 *
 * @param tokens The added tokens.
 * @param normalize Changes what stands between those that are found in the text as it is.
 * @param encodeSection The ids of a part of a normalized text; `first` says whether the text begins with it.
 * @returns The function.
 */
export function sectionEncoder(
  tokens: readonly AddedToken[],
  normalize: (text: string) => string,
  encodeSection: (text: string, first: boolean) => number[],
): (text: string) => number[] {
  const split = addedTokenSplitters(tokens, normalize);
  return (text) =>
    split.raw(text).flatMap(({ start, end, token }) => {
      if (token) return [token.id];
      const normal = normalize(text.slice(start, end));
      return split.normalized(normal).flatMap((part) => {
        if (part.token) return [part.token.id];
        return encodeSection(normal.slice(part.start, part.end), start === 0 && part.start === 0);
      });
    });
}
