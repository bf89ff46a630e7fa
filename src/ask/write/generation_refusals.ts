import { shown } from "../../base/words.ts";
import type { Fields, GenerationFile } from "./generation_lists.ts";

/** What is not built, with the values at which it changes nothing. */
const NOT_BUILT: Readonly<Record<string, (value: unknown, fields: Fields) => boolean>> = {
  "guidance_scale": (value) => value === 1,
  "watermarking_config": () => false,
  "penalty_alpha": (value, { do_sample: draws, num_beams: beams, top_k: topK }) => {
    return !(Number(value) > 0) || draws === true || Number(beams ?? 1) > 1 || Number(topK ?? 50) <= 1;
  },
  "dola_layers": () => false,
  "num_return_sequences": (value, { num_beams: beams }) => value === 1 || Number(beams ?? 1) > 1,
  "num_beam_groups": (value, { num_beams: beams }) => !(Number(value) > 1) || Number(beams ?? 1) === 1,
  constraints: () => false,
  "force_words_ids": () => false,
  "token_healing": (value) => value === false,
  "max_time": () => false,
  "is_assistant": (value) => value === false,
  "prompt_lookup_num_tokens": () => false,
  "assistant_early_exit": () => false,
  "use_mtp": (value) => value === false,
  "cache_implementation": (value) => value !== "quantized",
  "force_bos_token_to_be_generated": (value, { _from_model_config: old }) => value !== true || old !== true,
};

/**
 * Refuses a file that asks for what would write another text than is written here.
 *
 * @throws {RangeError} The message names the field, and says how to load all the same.
 */
export function expectBuilt({ name: file, fields }: GenerationFile): void {
  for (const [name, isNeutral] of Object.entries(NOT_BUILT)) {
    const value = fields[name];
    if (value == null || isNeutral(value, fields)) continue;
    throw new RangeError(
      `Cannot use ${file} as it asks for ${name} ${shown(value)}, which is not built; to write without ` +
        `it, load the model with generationConfig: { ${name}: null }`,
    );
  }
}
