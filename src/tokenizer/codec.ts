/** What every kind of tokenizer does. */
import type { Token } from "./token.ts";
import type { TokenStream } from "./token_stream.ts";

/** A text as the tokenizer reads it. */
export interface TokenizedText {
  /** The token ids, in reading order. */
  readonly tokenIds: readonly number[];
  /** The tokens, one for each id. */
  readonly tokens: readonly Token[];
  /** The text that the offsets of the tokens point into: the one given, or what the tokenizer made of it. */
  readonly text: string;
}

/** One kind of tokenizer: text to ids and back. Its texts are well-formed, its ids a list. */
export interface Codec {
  /** The ids of a text. */
  encode(text: string): number[];
  /** The text of ids. */
  decode(ids: readonly number[]): string;
  /** The tokens of ids, placed in a text that they encode, or in what they decode to. */
  tokens(ids: readonly number[], text?: string): Token[];
  /** The ids and the tokens of a text. */
  read(text: string): TokenizedText;
  /** Tokens one after another. */
  stream(): TokenStream;
}
