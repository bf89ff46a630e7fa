/** One token of a text: what the model reads, and where it stands in the source string. */
export interface Token {
  /** The vocabulary index. */
  readonly id: number;
  /** The vocabulary entry as the tokenizer stores it, such as `"Ġkeys"`, or `"##s"` for BERT. */
  readonly piece: string;
  /** The UTF-8 bytes that the token stands for; they may be a part of a character. */
  readonly bytes: Uint8Array;
  /**
   * Where the token begins in the source string, in UTF-16 code units. A token that begins inside a character
   * counts from that character's beginning.
   */
  readonly start: number;
  /** Where the token ends in the source string, in UTF-16 code units; a token that ends inside a character counts to its end. */
  readonly end: number;
  /**
   * The token for human eyes: its characters, and as `\xE2\x82` the bytes that are no whole character. BERT's are shown
   * as the vocabulary has them, `##s` for what goes on with a word.
   */
  readonly text: string;
}
