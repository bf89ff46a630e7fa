import { shown } from "../../../base/words.ts";

/** Whether the last of these tokens, the prompt's and what was written after it, ends the text. */
export type StopTest = (tokenIds: readonly number[]) => boolean;

/** What stopping needs to know of a model. */
export interface StopContext {
  /** The tokens that end a text. */
  readonly eosTokenIds: readonly number[];
  /** How many tokens there are. */
  readonly vocabSize: number;
  /** The bytes of a token. */
  readonly bytesOf: (tokenId: number) => Uint8Array;
}

/**
 * A test for the end of a text. A text in `stop` is completed by a token when the bytes of the whole text, its prompt too,
 * hold it so that it ends in that token, as Hugging Face's `stop_strings` have it.
 *
 * @throws {TypeError} When `stop` is no array.
 * @throws {RangeError} When it holds something else than texts and ids of tokens.
 */
export function createStopTest(
  stop: readonly (number | string)[],
  { eosTokenIds, vocabSize, bytesOf }: StopContext,
): StopTest {
  expectStop(stop, vocabSize);
  const ids = new Set([...eosTokenIds, ...stop.filter((entry) => typeof entry === "number")]);
  const texts = stop.filter((entry) => typeof entry === "string").map((text) => new TextEncoder().encode(text));
  const longest = Math.max(0, ...texts.map(({ length }) => length));
  return (tokenIds) => {
    if (ids.has(tokenIds.at(-1)!)) return true;
    if (texts.length === 0) return false;
    const last = bytesOf(tokenIds.at(-1)!);
    const tail = [...last];
    for (let i = tokenIds.length - 2; i >= 0 && tail.length < longest - 1 + last.length; --i) {
      tail.unshift(...bytesOf(tokenIds[i]!));
    }
    return texts.some((text) => endsWithin(tail, text, last.length));
  };
}

/** Checks what ends a text. */
export function expectStop(stop: unknown, vocabSize: number): void {
  if (!Array.isArray(stop)) {
    throw new TypeError(`Cannot stop at ${shown(stop)}; pass an array of texts and token ids`);
  }
  for (const entry of stop) {
    const fits = typeof entry === "string" ? entry !== "" : Number.isInteger(entry) && entry >= 0 && entry < vocabSize;
    if (!fits) {
      const what = JSON.stringify(entry);
      throw new RangeError(`Cannot stop at ${what}; use a text, or a token id from 0 to ${vocabSize - 1}`);
    }
  }
}

/** Whether bytes hold some others so that these end among the last ones. */
function endsWithin(bytes: readonly number[], part: Uint8Array, last: number): boolean {
  for (let end = Math.max(part.length, bytes.length - last + 1); end <= bytes.length; ++end) {
    if (part.every((byte, i) => bytes[end - part.length + i] === byte)) return true;
  }
  return false;
}
