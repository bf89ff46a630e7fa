import { temperatureOf } from "../../model/score_settings.ts";
import type { Reader } from "../../model/reader.ts";
import type { Decoding, Prompt, Sequence } from "../../model/sequence.ts";
import { beamSettings } from "./beams/settings.ts";
import type { DecodeOptions } from "./options.ts";
import { DEFAULT_SEED } from "./sampling.ts";
import { mostNewTokens } from "./scores/lengths.ts";
import { readSettings, type WordReader } from "./scores/rules.ts";

/** What decoding with `options` after a prompt of so many tokens means, everything decided, words as token ids. */
export function decodingOf(options: DecodeOptions, reader: WordReader, promptLength: number): Decoding {
  const { seed = DEFAULT_SEED, stop = [] } = options;
  return {
    ...readSettings(options, reader),
    temperature: temperatureOf(options),
    seed,
    maxNewTokens: mostNewTokens(options, promptLength),
    stop: [...stop],
    ...beamSettings(options),
  };
}

/** A prompt and what was written after it, with how. */
export function writtenAfter(
  reader: Reader,
  prompt: Prompt,
  written: readonly number[],
  options: DecodeOptions,
): Sequence {
  const sequence = reader.continuation(prompt, written);
  return { ...sequence, decoding: decodingOf(options, reader, prompt.tokenIds.length) };
}
