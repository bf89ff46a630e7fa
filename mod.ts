/**
 * See inside GPT-2: load it, decode it step by step, and see why it writes what it writes.
 *
 * @example In a notebook cell, under the Deno kernel
 * ```ts
 * import { LanguageModel, saliencyView } from "@looking-glass/looking-glass";
 *
 * const model = await LanguageModel.fromPretrained();
 * const sequence = await model.generate("The keys to the cabinet");
 * const view = saliencyView(await model.saliency(sequence)); // shown when it is the last line of a cell
 * await model.dispose();
 * ```
 *
 * @module
 */
export { LanguageModel } from "./src/lm/language_model.ts";
export type { CostEstimator } from "./src/lm/cost.ts";
export type { Cost, MemoryOptions } from "./src/lm/cost_types.ts";
export type { DecodeOptions } from "./src/lm/decode.ts";
export type { Faithfulness, FaithfulnessOptions } from "./src/lm/faithfulness_types.ts";
export type { LoadOptions } from "./src/lm/load.ts";
export type { SamplingOptions } from "./src/lm/sampling.ts";
export type {
  LayerPrediction,
  LayerPredictions,
  LayerPredictionsOptions,
  LensNorm,
  Rankings,
  RankingsOptions,
  RankingsWatchOptions,
} from "./src/lm/lens_types.ts";
export type {
  Saliency,
  SaliencyDefinition,
  SaliencyMethod,
  SaliencyOptions,
  SaliencyPreset,
} from "./src/lm/saliency_types.ts";
export type { SurpriseOptions } from "./src/lm/surprise_types.ts";
export type { Capture, Trace, TraceOptions } from "./src/lm/trace_types.ts";
export type { FloatTensor, Prediction, Progress, Sequence, Step, Tensor, Word } from "./src/lm/types.ts";
export type { ActivationFunction, GPT2Config } from "./src/gpt2/config.ts";
export type { Backend } from "./src/runtime/backend.ts";
export type { AddedToken } from "./src/tokenizer/added_tokens.ts";
export type { Token } from "./src/tokenizer/token.ts";
export { type TokenizedText, Tokenizer } from "./src/tokenizer/tokenizer.ts";
export { saliencyView, type SaliencyViewOptions } from "./widgets/saliency_view.ts";
export { tokensView, type TokensViewOptions } from "./widgets/tokens_view.ts";
export type { MimeBundle, View } from "./widgets/view.ts";
