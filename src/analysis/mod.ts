/**
 * Questions about results: plain data in, plain data out, no model needed.
 *
 * ```ts
 * import { topK } from "@looking-glass/looking-glass/analysis";
 *
 * topK(Float32Array.of(0.1, 0.7, 0.2), 2); // [1, 2]
 * ```
 *
 * @module
 */
export { argmax, logSumExp, normalizeL1, rankOf, topK } from "../lm/numbers.ts";
export { type Agreement, agreement, spearman } from "./agreement.ts";
export {
  type GroupBy,
  type GroupedSaliency,
  groupSaliency,
  groupScores,
  groupTokens,
  type TokenGroup,
} from "./groups.ts";
export { mostSalient, type SalientToken, scoresOf } from "./salient.ts";
