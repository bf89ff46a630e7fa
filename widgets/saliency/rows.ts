/**
 * A saliency map as rows: one explained token, or all of them together, and its scores.
 *
 * @module
 */
import type { Saliency, SaliencyDefinition } from "../../src/ask/saliency/definition.ts";
import { counted, type ScoreFormat } from "../kit/numbers.ts";

/** The scores of one explained token, or of all together. */
export interface Row {
  /** The explained position; the last one when all are explained together. */
  readonly position: number;
  /** `[T]`, the scores. */
  readonly scores: ArrayLike<number>;
  /** The largest absolute score that is a finite number, or 1 when all are zero. */
  readonly largest: number;
  /** The positions with a score that shows, largest first. */
  readonly ranked: readonly number[];
}

/** Whether scores are shares, and whether they have a sign. */
export function formatOf(options: SaliencyDefinition): ScoreFormat {
  return { percent: options.normalize, signed: options.reduce === "sum" };
}

function checkShape({ sequence, positions, scores, options }: Saliency): void {
  if (positions.length === 0) throw new RangeError("Cannot draw a saliency map as no position is explained: []");
  const [rows = 0, width = 0] = scores.shape;
  const wanted = options.together ? 1 : positions.length;
  if (rows !== wanted || width !== sequence.tokens.length || scores.data.length !== rows * width) {
    throw new RangeError(
      `Cannot draw the saliency of ${counted(wanted, "row")} over ${counted(sequence.tokens.length, "token")} ` +
        `as the shape of the scores differs: [${scores.shape}] with ${counted(scores.data.length, "number")}`,
    );
  }
  const wrong = positions.find((position) => sequence.tokens[position] === undefined);
  if (wrong !== undefined) {
    throw new RangeError(
      `Cannot draw the saliency of position ${wrong} as the sequence holds ${counted(width, "token")}`,
    );
  }
}

/**
 * The rows of a map.
 *
 * @param saliency What was computed.
 * @returns One row for each explained token; a single one when they were explained together.
 */
export function saliencyRows(saliency: Saliency): Row[] {
  checkShape(saliency);
  const { positions, scores, options } = saliency;
  const width = saliency.sequence.tokens.length;
  const ends = options.together ? [Math.max(...positions)] : positions;
  return ends.map((position, n) => {
    const row: ArrayLike<number> = scores.data.slice(n * width, (n + 1) * width);
    const size = (i: number) => Math.abs(row[i] ?? 0);
    const all = Array.from(row, (_, i) => i);
    const largest = all.reduce((most, i) => size(i) < Infinity ? Math.max(most, size(i)) : most, 0) || 1;
    const ranked = all.filter((i) => size(i) >= 0.005 * largest).sort((a, b) => size(b) - size(a));
    return { position, scores: row, largest, ranked };
  });
}

/** What was computed, in one line. */
export function definitionLine({ options, positions }: Saliency): string {
  const name = { probability: "probability", logProb: "log-probability", logit: "logit" }[options.of];
  const unit = options.by ?? "token";
  const own = options.together ? togetherWords(options, positions.length) : `${name} of each explained ${unit}`;
  const scalar = options.contrast ? `${own} rather than “${options.contrast.tokens[0]!.text}”` : own;
  const method = {
    gradientXInput: "Gradient × input",
    gradient: "Gradient",
    integratedGradients: `Integrated gradients (${options.steps} steps from zero)`,
  }[options.method];
  const reduce = options.reduce === "l2" ? "L2 norm over the embedding" : "signed sum over the embedding";
  const grouped = options.by ? `, added up by ${options.by}` : "";
  return `${method} of the ${scalar}, ${reduce}${grouped}, ${scaleWords(options)} · ${formula(options)}${
    options.precision ? ` · in ${options.precision}` : ""
  } · preset “${options.preset}”`;
}

function togetherWords({ of }: SaliencyDefinition, count: number): string {
  const scalar = of === "logit" ? "sum of the logits" : "cross-entropy";
  return `${scalar} of ${count === 1 ? "the explained token" : `all ${count} explained tokens together`}`;
}

function scaleWords({ normalize, reduce }: SaliencyDefinition): string {
  if (!normalize) return "not normalised";
  return reduce === "sum" ? "absolute values of a row sum to 1" : "each row sums to 1";
}

function formula({ method, of, reduce, together, contrast }: SaliencyDefinition): string {
  const scalar = contrast
    ? (together ? "∂Σ(logit − logit′)" : "∂(logit − logit′)")
    : together
    ? (of === "logit" ? "∂Σlogit" : "∂loss")
    : { probability: "∂p", logProb: "∂log p", logit: "∂logit" }[of];
  const vector =
    { gradientXInput: `${scalar}/∂x ⊙ x`, gradient: `${scalar}/∂x`, integratedGradients: `x ⊙ ∫ ${scalar}/∂x` }[method];
  return reduce === "l2" ? `‖${vector}‖₂` : `Σ ${vector}`;
}
