/**
 * Byte-level BPE: words of a text become ids.
 *
 * @module
 */
import type { TokenizerDefinition } from "./definition.ts";

/** Text in, ids out; knows nothing of added tokens. */
export interface Encoder {
  /** Changes the text as the normalizer of the tokenizer says. */
  normalize(text: string): string;
  /** The ids of a normalized text. */
  encode(text: string): number[];
}

/** Stands for what is in no merge. */
const NO_TOKEN = -1;
/** How many words, and how long ones, are remembered: a text has few that are not there already. */
const [MOST_WORDS, LONGEST_WORD] = [10_000, 32];

/**
 * Builds the encoder of a tokenizer.
 *
 * @param definition The checked parts of the tokenizer.
 * @returns The encoder.
 */
export function createEncoder(definition: TokenizerDefinition): Encoder {
  const { normalizer, preTokenizer, vocab, merges, ignoreMerges, unknownToken, fuseUnknown } = definition;
  const unknownId = unknownToken === undefined ? undefined : vocab.idOf(unknownToken);
  const encodeWord = (word: string): number[] => {
    const whole = ignoreMerges ? vocab.idOf(word) : undefined;
    if (whole !== undefined) return [whole];
    // What the vocabulary lacks is joined with nothing.
    const joined = merges.join(Array.from(word, (character) => vocab.idOf(character) ?? NO_TOKEN));
    return joined.flatMap((id, i) => {
      if (id !== NO_TOKEN) return [id];
      return fuseUnknown && i > 0 && joined[i - 1] === NO_TOKEN ? [] : unknownId ?? [];
    });
  };
  const remembered = new Map<string, number[]>();
  const recall = (word: string): number[] => {
    if (word.length > LONGEST_WORD) return encodeWord(word);
    const known = remembered.get(word);
    if (known) return known;
    if (remembered.size >= MOST_WORDS) remembered.clear();
    const ids = encodeWord(word);
    remembered.set(word, ids);
    return ids;
  };
  return {
    normalize: (text) => normalizer ? normalizer(text) : text,
    encode: (text) => preTokenizer(text).flatMap(recall),
  };
}
