import { free } from "../../base/numbers.ts";
import type { Sequence } from "../../model/sequence.ts";
import { showing } from "../../show/showing.ts";
import { continueBatch, readBatch } from "./batch.ts";
import { beamSettings, expectBest, expectNoBeams, searchSettings } from "./beam_settings.ts";
import { foundTree } from "./beam_tree.ts";
import type { BeamSearch, BeamSearchOptions } from "./beam_types.ts";
import { searchBeams } from "./beams.ts";
import { choose, type Decoder, describe, expectCount, type Prompt } from "./decode.ts";
import { decodingOf } from "./decoding.ts";
import type { DecodeOptions } from "./options.ts";
import type { Step } from "./step.ts";
import { growTree } from "./tree.ts";
import type { GrowingTree } from "./tree_types.ts";

/** Adds what a caller left out; throws when the model cannot be used any more. */
export type Complete = <Options extends BeamSearchOptions>(options: Options) => Options;

/** Writes texts, for the methods of {@linkcode LanguageModel} by the same names. */
export class TextGenerator {
  readonly #decoder: Decoder;
  readonly #complete: Complete;

  /** `complete` adds what the caller left out; it throws when the model cannot be used any more. */
  constructor(decoder: Decoder, complete: Complete) {
    this.#decoder = decoder;
    this.#complete = complete;
  }

  /** One text, token by token. */
  async *steps(prompt: string | readonly number[], options: DecodeOptions): AsyncGenerator<Step> {
    const { candidates = 5 } = options;
    const read = this.#decoder.reader.read(prompt);
    const whole = this.#complete({ ...options, candidates });
    expectNoBeams("write step by step", whole, options);
    const choices = choose(this.#decoder, read, whole);
    for await (const step of describe(this.#decoder, read, candidates, choices)) yield showing("Step", step);
  }

  /** One text to its end. */
  async generate(prompt: string | readonly number[], options: DecodeOptions): Promise<Sequence> {
    const read = this.#decoder.reader.read(prompt);
    const whole = this.#complete(options);
    const settings = beamSettings(whole, options);
    if (settings) {
      const [found] = await searchBeams(this.#decoder, [read], { options: whole, settings });
      return showing("Sequence", this.#sequence(read, found![0]!.written, whole));
    }
    const written: number[] = [];
    for await (const { tokenId, logits, scores } of choose(this.#decoder, read, whole)) {
      written.push(tokenId);
      free(logits);
      if (scores) free(scores);
    }
    return showing("Sequence", this.#sequence(read, written, whole));
  }

  /** Several texts to their ends, together. */
  async generateBatch(
    prompts: readonly (string | readonly number[])[],
    options: DecodeOptions,
  ): Promise<readonly Sequence[]> {
    const { reader, runner } = this.#decoder;
    const whole = this.#complete(options);
    const settings = beamSettings(whole, options);
    const read = readBatch(reader, runner.config, prompts, whole);
    const written = settings
      ? (await searchBeams(this.#decoder, read, { options: whole, settings })).map(([best]) => best!.written)
      : await continueBatch(this.#decoder, read, whole);
    return showing("Sequences", read.map((prompt, i) => this.#sequence(prompt, written[i]!, whole)));
  }

  /** The best texts that are found with beams. */
  async beams(prompt: string | readonly number[], options: BeamSearchOptions): Promise<BeamSearch> {
    const read = this.#decoder.reader.read(prompt);
    const { best: usual, candidates = 5, ...rest } = this.#complete(options);
    const settings = searchSettings(rest);
    const count = expectBest(options.best ?? Math.min(usual ?? Infinity, settings.beams), settings);
    expectCount("candidates", candidates, 0);
    const [found] = await searchBeams(this.#decoder, [read], { options: rest, settings, keepLogits: true });
    const decoding = decodingOf({ ...rest, ...settings }, this.#decoder.reader, read.tokenIds.length);
    const beams = found!.slice(0, count);
    return showing("BeamSearch", await foundTree(this.#decoder, { prompt: read, beams, candidates, decoding }));
  }

  /** One text that can be forked. */
  async tree(prompt: string | readonly number[], options: DecodeOptions): Promise<GrowingTree> {
    const request = { prompt: this.#decoder.reader.read(prompt), options, prepare: this.#complete };
    return await growTree(this.#decoder, request);
  }

  #sequence({ tokenIds, text }: Prompt, written: readonly number[], options: DecodeOptions): Sequence {
    const sequence = this.#decoder.reader.continuation(tokenIds, text, written);
    return { ...sequence, decoding: decodingOf(options, this.#decoder.reader, tokenIds.length) };
  }
}
