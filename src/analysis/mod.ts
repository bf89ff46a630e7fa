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
export { type GroupBy, type GroupedSaliency, groupScores, groupTokens, type TokenGroup } from "./groups.ts";
export { mostSalient, type SalientToken, scoresOf } from "./salient.ts";
export { type Difference, diffResults, type ResultsDiff, type Tolerance } from "./results/diff.ts";
export { loadResults, saveResults } from "./results/files.ts";
export {
  decodeResults,
  encodeResults,
  type ExpectedKinds,
  type Identifiable,
  type NamedResults,
  type ResultsOf,
  type SavedResults,
  type SaveOptions,
} from "./results/format.ts";
export type { ResultKind, ResultKinds } from "./results/kinds.ts";
