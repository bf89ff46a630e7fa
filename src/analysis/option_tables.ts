/**
 * The options of the analyses, for {@linkcode expectOptions}.
 *
 * @module
 */
import { LONG_WORK, type OptionTable } from "../lm/options.ts";
import type { AgreementOptions } from "./agreement.ts";
import type { AttentionOfOptions, AttentionRolloutOptions, HeadScoresOptions } from "./attention.ts";
import type { NeuronClustersOptions, SilhouetteCurveOptions } from "./clusters.ts";
import type { ErrorCurveOptions, FactorsOptions } from "./factors.ts";
import type { RepeatedRandomTokensOptions } from "./random_tokens.ts";
import type { Tolerance } from "./results/diff.ts";
import type { SaveOptions } from "./results/format.ts";
import type { LayerSimilarityOptions, LinearCKAOptions } from "./similarity.ts";

const CLUSTERING = { layer: "a number", scale: "anything", seed: "a number", ...LONG_WORK } as const;

const FACTORISATION = {
  layers: "an array",
  init: "anything",
  seed: "a number",
  maxIterations: "a number",
  tolerance: "a number",
  ...LONG_WORK,
} as const;

export const AGREEMENT: OptionTable<AgreementOptions> = {
  task: "compare maps",
  kinds: { absolute: "true or false", ...LONG_WORK },
};

export const ATTENTION_OF: OptionTable<AttentionOfOptions> = {
  task: "read attention",
  kinds: { layer: "a number", head: "a number" },
  required: ["layer"],
};

export const ATTENTION_ROLLOUT: OptionTable<AttentionRolloutOptions> = {
  task: "roll attention out",
  kinds: { heads: "anything", ...LONG_WORK },
};

export const HEAD_SCORES: OptionTable<HeadScoresOptions> = { task: "score heads", kinds: LONG_WORK };

export const LINEAR_CKA: OptionTable<LinearCKAOptions> = {
  task: "compare representations",
  kinds: { signal: LONG_WORK.signal },
};

export const LAYER_SIMILARITY: OptionTable<LayerSimilarityOptions> = { task: "compare layers", kinds: LONG_WORK };

export const NEURON_CLUSTERS: OptionTable<NeuronClustersOptions> = {
  task: "cluster neurons",
  kinds: { clusters: "a number", ...CLUSTERING },
  required: ["layer", "clusters"],
};

export const SILHOUETTE_CURVE: OptionTable<SilhouetteCurveOptions> = {
  task: "compare numbers of clusters",
  kinds: { clusters: "an array", ...CLUSTERING },
  required: ["layer"],
};

export const NEURON_FACTORS: OptionTable<FactorsOptions> = {
  task: "factor activations",
  kinds: { factors: "a number", top: "a number", ...FACTORISATION },
};

export const ERROR_CURVE: OptionTable<ErrorCurveOptions> = {
  task: "draw an error curve",
  kinds: { factors: "an array", ...FACTORISATION },
};

export const REPEATED_RANDOM_TOKENS: OptionTable<RepeatedRandomTokensOptions> = {
  task: "draw tokens",
  kinds: { vocabSize: "a number", length: "a number", prefix: "an array", seed: "a number" },
  required: ["vocabSize", "length"],
};

export const SAVE: OptionTable<SaveOptions> = {
  task: "save results",
  kinds: { model: "an object", created: "anything", ...LONG_WORK },
};

export const TOLERANCE: OptionTable<Tolerance> = {
  task: "compare results",
  kinds: { absolute: "a number", relative: "a number" },
};
