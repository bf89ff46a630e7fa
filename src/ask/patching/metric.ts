/**
 * What is measured of a prediction when parts of a model are changed.
 *
 * @module
 */
import { argmax, logSumExp } from "../../base/numbers.ts";
import type { Reader } from "../../model/reader.ts";
import type { Word } from "../../model/sequence.ts";
import type { Metric, MetricName } from "./types.ts";

/** All metrics. */
export const METRICS: readonly MetricName[] = ["logitDifference", "logit", "logProb", "probability", "kl"];

/** What a caller says of a metric. */
export interface AskedMetric {
  readonly name: MetricName;
  readonly target?: Word | undefined;
  readonly contrast?: Word | undefined;
}

/**
 * Reads what a caller says of a metric.
 *
 * @throws {TypeError | RangeError} When there is no such metric, or it has no use for a word.
 */
export function askedMetric(
  reader: Reader,
  name: MetricName,
  words: { readonly target?: string | number | undefined; readonly contrast?: string | number | undefined },
): AskedMetric {
  const [target, contrast] = [words.target, words.contrast].map((word) =>
    word === undefined ? word : reader.word(word)
  );
  if (name === "kl" && (target || contrast)) {
    throw new TypeError("Cannot measure kl of a word as it compares all tokens; leave target and contrast out");
  }
  if (contrast && name !== "logitDifference") {
    throw new TypeError(`Cannot compare words by ${name}; use metric: "logitDifference", or leave contrast out`);
  }
  if (target && contrast) expectDifferent(target, contrast, "target and contrast begin with");
  return { name, target, contrast };
}

/**
 * The metric with all of its words: by default the target is what the clean text predicts, and what it is compared with
 * what the corrupted one does.
 *
 * @throws {TypeError} When both are the same token, so that there is nothing to compare.
 */
export function settledMetric(
  reader: Reader,
  asked: AskedMetric,
  clean: Float32Array,
  corrupted: Float32Array,
): Metric {
  const { name } = asked;
  if (name === "kl") return { name };
  const target = asked.target ?? reader.word(argmax(clean));
  if (name !== "logitDifference") return { name, target };
  const contrast = asked.contrast ?? reader.word(argmax(corrupted));
  const why = asked.target
    ? "the target is what it would be compared with,"
    : asked.contrast
    ? "the contrast is the likeliest token itself,"
    : "both texts are continued with";
  expectDifferent(target, contrast, why);
  return { name, target, contrast };
}

/** Whether all words of a metric are known before anything is read. */
export function isSettled({ name, target, contrast }: AskedMetric): boolean {
  return name === "kl" || target !== undefined && (name !== "logitDifference" || contrast !== undefined);
}

function expectDifferent(target: Word, contrast: Word, why: string): void {
  if (contrast.tokenIds[0] !== target.tokenIds[0]) return;
  const own = JSON.stringify(target.tokens[0]!.text);
  throw new TypeError(`Cannot measure a difference as ${why} ${own}; name another target, contrast or metric`);
}

/** A metric of logits `[V]`; `clean` are those of the clean text. */
export function measured({ name, target, contrast }: Metric, logits: Float32Array, clean: Float32Array): number {
  if (name === "kl") return divergence(clean, logits);
  const logit = logits[target!.tokenIds[0]!]!;
  if (name === "logit") return logit;
  if (name === "logitDifference") return logit - logits[contrast!.tokenIds[0]!]!;
  const logProb = logit - logSumExp(logits);
  return name === "logProb" ? logProb : Math.exp(logProb);
}

/** KL(p || q) of what two rows of logits predict, in nats. */
function divergence(p: Float32Array, q: Float32Array): number {
  const [normP, normQ] = [logSumExp(p), logSumExp(q)];
  return p.reduce((sum, logit, i) => sum + Math.exp(logit - normP) * (logit - normP - q[i]! + normQ), 0);
}

/** The scalar to differentiate: its targets at one row, and how they add up. {@linkcode factorOf} says the rest. */
export function differentiated(
  { name, target, contrast }: Metric,
): { readonly targets: readonly number[]; readonly mix: Float32Array; readonly ofLogit: boolean } {
  const id = target!.tokenIds[0]!;
  if (name === "logitDifference") {
    return { targets: [id, contrast!.tokenIds[0]!], mix: Float32Array.of(1, -1), ofLogit: true };
  }
  return { targets: [id], mix: Float32Array.of(1), ofLogit: name === "logit" };
}

/** What the gradient of the scalar is multiplied by, from the logits `[V]`: dp = p dlogp. */
export function factorOf({ name, target }: Metric, logits: Float32Array): number {
  return name === "probability" ? Math.exp(logits[target!.tokenIds[0]!]! - logSumExp(logits)) : 1;
}
