import type { ClassSaliency, MaskedSaliency } from "../../../mod.ts";
import type { Sequence } from "../../../src/model/sequence.ts";
import { KEYS } from "../fixtures.ts";
import { generator } from "../lens_fixtures.ts";

/** Scores of rows whose absolute values sum to 1, signed or not. */
function scoresOf(rows: number, T: number, signed: boolean) {
  const next = generator(5);
  const data = Array.from({ length: rows }, () => {
    const row = Array.from({ length: T }, () => (next() - (signed ? 0.4 : 0)) ** 3);
    const sum = row.reduce((a, b) => a + Math.abs(b), 0);
    return row.map((score) => score / sum);
  });
  return { data: Float32Array.from(data.flat()), shape: [rows, T] };
}

/** A map of classes. */
export function classSaliencyOf(
  sequence: Sequence = KEYS,
  classes: readonly string[] = ["complaint", "praise"],
  signed = false,
): ClassSaliency {
  const probabilities = Float32Array.from(classes, (_, k) => 2 ** k / (2 ** classes.length - 1));
  return {
    sequence,
    classes,
    probabilities: { data: probabilities, shape: [classes.length] },
    scores: scoresOf(classes.length, sequence.tokens.length, signed),
    options: { method: "gradientXInput", of: "probability", reduce: signed ? "sum" : "l2", normalize: true },
    pooling: "mean",
  };
}

/** A map of masked tokens, each explained as the token that stands there. */
export function maskedSaliencyOf(sequence: Sequence = KEYS, positions: readonly number[] = [0, 2]): MaskedSaliency {
  return {
    sequence,
    positions,
    targets: positions.map((position, n) => {
      const token = sequence.tokens[position]!;
      return { tokenId: token.id, token, probability: 1 / (n + 2), logit: 3 - n, rank: n + 1 };
    }),
    scores: scoresOf(positions.length, sequence.tokens.length, true),
    options: { method: "gradientXInput", of: "logProb", reduce: "sum", normalize: true },
  };
}
