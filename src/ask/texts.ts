/**
 * Several texts in one call.
 *
 * @module
 */
import { CHUNK_TOKENS } from "../model/prompts.ts";

/**
 * Reads each of a list.
 *
 * @throws {TypeError | RangeError} When one cannot be read; the message says which.
 */
export function readEach<Input, Output>(
  name: string,
  inputs: readonly Input[],
  read: (input: Input) => Output,
): readonly Output[] {
  return Array.from(inputs, (input, i) => { // map() would leave holes out
    try {
      return read(input);
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
      throw new (error instanceof TypeError ? TypeError : RangeError)(`In ${name}[${i}]: ${error.message}`);
    }
  });
}

/** Puts neighbours together while their tokens fit into one run; a text that does not fit stands alone. */
export function packsOf<T>(
  texts: readonly T[],
  lengthOf: (text: T) => number,
  fits: (tokens: number) => boolean = (tokens) => tokens <= CHUNK_TOKENS,
): readonly (readonly T[])[] {
  const packs: T[][] = [];
  let tokens = 0;
  for (const text of texts) {
    const last = packs.at(-1);
    tokens += lengthOf(text);
    if (last && fits(tokens)) {
      last.push(text);
    } else {
      packs.push([text]);
      tokens = lengthOf(text);
    }
  }
  return packs;
}
