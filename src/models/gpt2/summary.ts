import { showing } from "../../show/showing.ts";
import type { GPT2Config } from "./config.ts";
import { weightShapes } from "./weights.ts";

/** What a weight belongs to. */
export type ModelPart = "embedding" | "attention" | "mlp" | "norm" | "unembedding";

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
  readonly config: GPT2Config;
  /** Every weight, in the order in which a token passes them. */
  readonly weights: readonly WeightSummary[];
  /** All parameters; embeddings that also read the logits are counted once. */
  readonly parameters: number;
  /** The parameters of one block; all blocks have the same. */
  readonly parametersPerBlock: number;
  /** The parameters of each part, all blocks together. */
  readonly parametersOf: Readonly<Record<ModelPart, number>>;
}

function partOf(name: string): ModelPart {
  if (name.startsWith("lm_head")) return "unembedding";
  if (/\bln_/.test(name)) return "norm";
  if (name.includes(".attn.")) return "attention";
  return name.includes(".mlp.") ? "mlp" : "embedding";
}

/**
 * Counts the parameters of a GPT-2 model from its settings, weight by weight. A model that reads its logits with the
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
export function modelSummary(config: GPT2Config): ModelSummary {
  const weights = Array.from(weightShapes(config), ([name, shape]): WeightSummary => {
    const block = /^h\.(\d+)\./.exec(name)?.[1];
    const parameters = shape.reduce((product, length) => product * length, 1);
    return { name, shape, parameters, part: partOf(name), ...(block === undefined ? {} : { block: Number(block) }) };
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
