/**
 * Tokens that are looked for in the text before anything else, such as `<|endoftext|>`. The rules are those of the
 * Rust tokenizers; `@huggingface/tokenizers` does not know `single_word`.
 * https://github.com/huggingface/tokenizers/blob/main/tokenizers/src/tokenizer/added_vocabulary.rs
 *
 * @module
 */

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

/** What a text falls into: text, or a token. */
export type TextPart = string | AddedToken;

const WORD = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u;
const SPACE = /^\p{White_Space}$/u;

/**
 * Makes a function that cuts a text at added tokens: the leftmost first, the longest of those that begin there.
 *
 * @param tokens The tokens to look for, by the string that stands for each.
 * @returns The function; its parts are never empty, and in the order of the text.
 */
export function addedTokenSplitter(tokens: ReadonlyMap<string, AddedToken>): (text: string) => TextPart[] {
  const contents = [...tokens.keys()].filter((content) => content !== "").sort((a, b) => b.length - a.length);
  if (contents.length === 0) return (text) => text === "" ? [] : [text];
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
      if (start > done) parts.push(text.slice(done, start));
      parts.push(token);
      done = end;
    }
    if (done < text.length) parts.push(text.slice(done));
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
