import { showing } from "../show/showing.ts";
import type { ModelConfig } from "./config.ts";
import { familyOf } from "./families.ts";
import type { ModelPart } from "./weight_list.ts";

/** A weight of a model. */
export interface WeightSummary {
  /** The name in the checkpoint, such as `h.0.attn.c_attn.weight`. */
  readonly name: string;
  /** The length of each axis. */
  readonly shape: readonly number[];
  /** How many numbers it holds: the product of the shape. */
  readonly parameters: number;
  /** What it belongs to. */
  readonly part: ModelPart;
  /** The 0-based index of its block; none outside the blocks. */
  readonly block?: number;
}

/** What a model is made of. */
export interface ModelSummary {
  /** The settings that it follows from. */
  readonly config: ModelConfig;
  /** Every weight, in the order in which a token passes them. */
  readonly weights: readonly WeightSummary[];
  /** All parameters; embeddings that also read the logits are counted once. */
  readonly parameters: number;
  /** The parameters of one block; all blocks have the same. */
  readonly parametersPerBlock: number;
  /** The parameters of each part, all blocks together. */
  readonly parametersOf: Readonly<Record<ModelPart, number>>;
}

/**
 * Counts the parameters of a model from its settings, weight by weight. A model that reads its logits with the
 * token embeddings has no `lm_head.weight` of its own, so `parameters` is what transformers' `num_parameters()` gives.
 *
 * @param config The settings, such as `model.config`.
 * @returns Each weight with its shape, and totals.
 *
 * @example
 * ```ts
 * import { LanguageModel, modelSummary } from "@looking-glass/looking-glass";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const { parameters, parametersPerBlock, parametersOf } = modelSummary(model.config);
 * console.log(parameters, parametersPerBlock, parametersOf.mlp);
 * ```
 */
export function modelSummary(config: ModelConfig): ModelSummary {
  const family = familyOf(config);
  const start = `${family.names.blocks}.`;
  const weights = Array.from(family.weights(config), ([name, { shape, part }]): WeightSummary => {
    const block = name.startsWith(start) ? { block: parseInt(name.slice(start.length)) } : {};
    return { name, shape, parameters: shape.reduce((product, length) => product * length, 1), part, ...block };
  });
  const sum = (some: readonly WeightSummary[]) => some.reduce((total, { parameters }) => total + parameters, 0);
  const of = (part: ModelPart) => sum(weights.filter((weight) => weight.part === part));
  return showing("ModelSummary", {
    config,
    weights,
    parameters: sum(weights),
    parametersPerBlock: sum(weights.filter(({ block }) => block === 0)),
    parametersOf: {
      embedding: of("embedding"),
      attention: of("attention"),
      mlp: of("mlp"),
      norm: of("norm"),
      unembedding: of("unembedding"),
    },
  });
}
