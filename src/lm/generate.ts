import { continueBatch, readBatch } from "./batch.ts";
import { choose, type DecodeOptions, type Decoder, describe, type Prompt } from "./decode.ts";
import { decodingOf } from "./decoding.ts";
import { free } from "./numbers.ts";
import { growTree } from "./tree.ts";
import type { GrowingTree } from "./tree_types.ts";
import type { Sequence, Step } from "./types.ts";
import { showing } from "../show/showing.ts";

/** Writes texts, for the methods of {@linkcode LanguageModel} by the same names. */
export class TextGenerator {
  readonly #decoder: Decoder;
  readonly #complete: (options: DecodeOptions) => DecodeOptions;

  /** `complete` adds what the caller left out; it throws when the model cannot be used any more. */
  constructor(decoder: Decoder, complete: (options: DecodeOptions) => DecodeOptions) {
    this.#decoder = decoder;
    this.#complete = complete;
  }

  /** One text, token by token. */
  async *steps(prompt: string | readonly number[], options: DecodeOptions): AsyncGenerator<Step> {
    const { candidates = 5 } = options;
    const read = this.#decoder.reader.read(prompt);
    const choices = choose(this.#decoder, read, this.#complete({ ...options, candidates }));
    for await (const step of describe(this.#decoder, read, candidates, choices)) yield showing("Step", step);
  }

  /** One text to its end. */
  async generate(prompt: string | readonly number[], options: DecodeOptions): Promise<Sequence> {
    const read = this.#decoder.reader.read(prompt);
    const whole = this.#complete(options);
    const written: number[] = [];
    for await (const { tokenId, logits } of choose(this.#decoder, read, whole)) {
      written.push(tokenId);
      free(logits);
    }
    return showing("Sequence", this.#sequence(read, written, whole));
  }

  /** Several texts to their ends, together. */
  async generateBatch(
    prompts: readonly (string | readonly number[])[],
    options: DecodeOptions,
  ): Promise<readonly Sequence[]> {
    const { reader, runner } = this.#decoder;
    const read = readBatch(reader, runner.config, prompts);
    const whole = this.#complete(options);
    const written = await continueBatch(this.#decoder, read, whole);
    return showing("Sequences", read.map((prompt, i) => this.#sequence(prompt, written[i]!, whole)));
  }

  /** One text that can be forked. */
  async tree(prompt: string | readonly number[], options: DecodeOptions): Promise<GrowingTree> {
    const request = { prompt: this.#decoder.reader.read(prompt), options, prepare: this.#complete };
    return await growTree(this.#decoder, request);
  }

  #sequence({ tokenIds, text }: Prompt, written: readonly number[], options: DecodeOptions): Sequence {
    const sequence = this.#decoder.reader.continuation(tokenIds, text, written);
    return { ...sequence, decoding: decodingOf(options) };
  }
}
