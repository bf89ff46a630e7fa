/**
 * A map over a whole text as rows: a class, or a masked token, and the scores of all tokens.
 *
 * @module
 */
import type { ClassSaliency } from "../../src/ask/encode/class_saliency.ts";
import type { WholeTextDefinition } from "../../src/ask/encode/definition.ts";
import type { MaskedSaliency } from "../../src/ask/encode/masked_saliency.ts";
import { spelledAt } from "../kit/characters.ts";
import { isSequence, nameOf } from "../kit/expect.ts";
import { expectLength, expectShape } from "../kit/expect_shape.ts";
import type { ScoreFormat } from "../kit/numbers.ts";
import { probabilityText } from "../kit/quantities.ts";
import { quoted, tokenLabel } from "../kit/token_text.ts";

/** A map over a whole text. */
export type Evidence = ClassSaliency | MaskedSaliency;

/** The scores of one class, or one masked token. */
export interface EvidenceRow {
  /** What is explained, in a few letters. */
  readonly name: string;
  /** The same as a heading, with its probability. */
  readonly heading: string;
  /** The masked position; none of a class. */
  readonly position?: number;
  /** `[T]`, the scores. */
  readonly scores: ArrayLike<number>;
  /** The largest absolute score that is a finite number, or 1 when all are zero. */
  readonly largest: number;
  /** The positions with a score that shows, largest first. */
  readonly ranked: readonly number[];
}

function isOfClasses(evidence: Evidence): evidence is ClassSaliency {
  return "classes" in evidence;
}

/**
 * The rows of a map.
 *
 * @throws {TypeError | RangeError} When it is none, or its parts do not fit each other.
 */
export function evidenceRows(evidence: Evidence): EvidenceRow[] {
  const fields = (evidence ?? {}) as Partial<ClassSaliency & MaskedSaliency>;
  const listed = fields.classes ?? fields.positions;
  if (!isSequence(fields.sequence) || !Array.isArray(listed) || fields.scores === undefined || !fields.options) {
    const calls = "await model.classSaliency() or await model.maskedSaliency() returned";
    throw new TypeError(`Cannot draw ${nameOf(evidence)} as a map over a whole text; pass what ${calls}`);
  }
  const what = "a map over a whole text";
  if (listed.length === 0) throw new RangeError(`Cannot draw ${what} as nothing is explained: []`);
  const T = evidence.sequence.tokens.length;
  expectShape({ what, field: "scores" }, evidence.scores, [listed.length, T]);
  const names = isOfClasses(evidence) ? classNames(evidence) : maskNames(evidence);
  return names.map((own, n) => ({ ...own, ...scoresOf(evidence, n, T) }));
}

function scoresOf({ scores }: Evidence, n: number, T: number): Pick<EvidenceRow, "scores" | "largest" | "ranked"> {
  const row: ArrayLike<number> = scores.data.slice(n * T, (n + 1) * T);
  const size = (i: number) => Math.abs(row[i] ?? 0);
  const all = Array.from(row, (_, i) => i);
  const largest = all.reduce((most, i) => size(i) < Infinity ? Math.max(most, size(i)) : most, 0) || 1;
  return {
    scores: row,
    largest,
    ranked: all.filter((i) => size(i) >= 0.005 * largest).sort((a, b) => size(b) - size(a)),
  };
}

type Named = Pick<EvidenceRow, "name" | "heading" | "position">;

function classNames({ classes, probabilities }: ClassSaliency): Named[] {
  expectShape({ what: "a map of classes", field: "probabilities" }, probabilities, [classes.length]);
  return classes.map((name, n) => {
    return { name, heading: `${name}, probability ${probabilityText(probabilities.data[n] ?? NaN)}` };
  });
}

function maskNames({ sequence, positions, targets }: MaskedSaliency): Named[] {
  expectLength({ what: "a map of masked tokens", field: "targets" }, targets, positions.length);
  return positions.map((position, n) => {
    if (sequence.tokens[position] === undefined) {
      throw new RangeError(
        `Cannot draw a map of position ${position} as the text holds ${sequence.tokens.length} tokens`,
      );
    }
    const { probability } = targets[n]!;
    const token = spelledAt(sequence, position, targets[n]!.token);
    const heading = `token ${position} as ${quoted(token)}, probability ${probabilityText(probability)}`;
    return { name: tokenLabel(token), heading, position };
  });
}

/** Whether scores are shares, and whether they have a sign. */
export function formatOf({ normalize, reduce }: WholeTextDefinition): ScoreFormat {
  return { percent: normalize, signed: reduce === "sum" };
}

/** What was computed, in one line. */
export function definitionLine(evidence: Evidence): string {
  const { method, of: scalar, reduce, normalize } = evidence.options;
  const name = { probability: "probability", logProb: "log-probability", logit: "logit" }[scalar];
  const what = isOfClasses(evidence)
    ? `each class, through the ${evidence.pooling === "mean" ? "mean of all tokens" : "first token"}`
    : "each token in the place of a mask";
  const sum = reduce === "l2" ? "L2 norm over the embedding" : "signed sum over the embedding";
  const scale = !normalize
    ? "not normalised"
    : reduce === "sum"
    ? "absolute values of a row sum to 1"
    : "each row sums to 1";
  return `${method === "gradient" ? "Gradient" : "Gradient × input"} of the ${name} of ${what}, ${sum}, ${scale}`;
}
