import { parseConfig } from "../../src/models/families.ts";
import type { DrawnModel } from "./data.ts";

/** Layers, heads and width; all else is as GPT-2's configuration has it by default. */
const SIZES: readonly (readonly [id: string, layers: number, heads: number, width: number])[] = [
  ["openai-community/gpt2", 12, 12, 768],
  ["openai-community/gpt2-medium", 24, 16, 1024],
  ["openai-community/gpt2-large", 36, 20, 1280],
  ["openai-community/gpt2-xl", 48, 25, 1600],
];

/**
 * The four sizes of GPT-2 that OpenAI published, with their names on the hub and their settings: the `config.json` of each,
 * as `https://huggingface.co/openai-community/gpt2/blob/main/config.json` has them. Layers and widths are those of table 2
 * of Radford et al. 2019, *Language Models are Unsupervised Multitask Learners*.
 *
 * @example
 * ```ts
 * import { GPT2_SIZES } from "@looking-glass/looking-glass/widgets";
 * import { modelSummary } from "@looking-glass/looking-glass";
 *
 * for (const { id, config } of GPT2_SIZES) console.log(id, modelSummary(config).parameters); // 124,439,808 first
 * ```
 */
export const GPT2_SIZES: readonly DrawnModel[] = SIZES.map(([id, layers, heads, width]) => ({
  id,
  config: parseConfig({ model_type: "gpt2", n_layer: layers, n_head: heads, n_embd: width }),
}));
