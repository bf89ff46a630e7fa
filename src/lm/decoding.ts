import { beamSettings } from "./beam_settings.ts";
import { type DecodeOptions, DEFAULT_MAX_NEW_TOKENS } from "./decode.ts";
import { DEFAULT_SEED, temperatureOf } from "./sampling.ts";
import type { Decoding } from "./types.ts";

/** What decoding with `options` means, everything decided. */
export function decodingOf(options: DecodeOptions): Decoding {
  const { topK, topP, seed = DEFAULT_SEED, maxNewTokens = DEFAULT_MAX_NEW_TOKENS, stop = [] } = options;
  return {
    temperature: temperatureOf(options),
    ...topK !== undefined && { topK },
    ...topP !== undefined && { topP },
    seed,
    maxNewTokens,
    stop: [...stop],
    ...beamSettings(options),
  };
}
