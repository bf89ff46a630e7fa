/**
 * Factors as rows: how active each is at each token of all texts.
 *
 * @module
 */
import type { ErrorCurve, Factors } from "../../src/analysis/factors/types.ts";
import { isSequence, nameOf } from "../kit/expect.ts";
import { expectLength, expectShape } from "../kit/expect_shape.ts";
import { counted } from "../kit/numbers.ts";

/** The most factors and tokens in a page; `data` keeps all. */
export const MOST_FACTORS = 24;
export const MOST_TOKENS = 600;

/** A factor. */
export interface FactorRow {
  readonly index: number;
  /** `[N]`. */
  readonly activity: ArrayLike<number>;
  /** The largest activity, or 1 when all are zero. */
  readonly largest: number;
}

/**
 * Checks factors and cuts them into rows.
 *
 * @throws {TypeError} When they are none.
 * @throws {RangeError} When shapes do not fit together.
 */
export function factorRows(factors: Factors): FactorRow[] {
  const fields = (factors ?? {}) as Partial<Factors>;
  if (!Array.isArray(fields.sequences) || !fields.sequences.every(isSequence) || fields.activity === undefined) {
    throw new TypeError(`Cannot draw ${nameOf(factors)} as factors; pass what await neuronFactors() returned`);
  }
  const { sequences, activity, topNeurons, topTokens } = factors;
  const N = sequences.reduce((sum, { tokens }) => sum + tokens.length, 0);
  const [K = 0] = activity.shape ?? [];
  if (K === 0 || N === 0) {
    throw new RangeError(`Cannot draw factors as there are ${counted(K, "factor")} of ${counted(N, "token")}`);
  }
  expectShape({ what: "the factors", field: "activity" }, activity, [K, N]);
  expectLength({ what: "the factors", field: "topNeurons" }, topNeurons, K);
  expectLength({ what: "the factors", field: "topTokens" }, topTokens, K);
  return Array.from({ length: K }, (_, index) => {
    const row = activity.data.slice(index * N, (index + 1) * N);
    return { index, activity: row, largest: row.reduce((most, one) => Math.max(most, one || 0), 0) || 1 };
  });
}

/**
 * Checks an error curve.
 *
 * @throws {TypeError} When it is none.
 * @throws {RangeError} When it has no points or its lists differ in length.
 */
export function expectCurve(curve: ErrorCurve | undefined): void {
  if (curve === undefined) return;
  if (!Array.isArray(curve.factors) || !Array.isArray(curve.relativeErrors)) {
    throw new TypeError(`Cannot draw ${nameOf(curve)} as an error curve; pass numbers of factors and relative errors`);
  }
  const { length } = curve.factors;
  if (length === 0) throw new RangeError("Cannot draw an error curve without points: []");
  expectLength({ what: "the error curve", field: "relativeErrors" }, curve.relativeErrors, length);
}

/** A share of the largest activity, in percent. */
export function shareOf({ activity, largest }: FactorRow, token: number): number {
  return Math.round(100 * (activity[token] || 0) / largest);
}

/** The factor that is nearest to its largest activity at a token, if any is at least at 5% of it. */
export function strongestFactor(rows: readonly FactorRow[], token: number): FactorRow | undefined {
  const best = rows.reduce((most, row) => shareOf(row, token) > shareOf(most, token) ? row : most);
  return shareOf(best, token) >= 5 ? best : undefined;
}

/** Layers that follow each other by the first and the last. */
function layerWords(layers: readonly number[]): string {
  const [first = 0] = layers;
  const rising = layers.length > 2 && layers.every((layer, i) => layer === first + i);
  return rising ? `${first} to ${layers.at(-1)}` : layers.join(", ");
}

/** What was factored and how well, in one line. */
export function factorsLine(
  { activity, neurons, layers, sequences, relativeError, converged, iterations }: Factors,
): string {
  const [K = 0, N = 0] = activity.shape;
  const blocks = `${layers.length === 1 ? "layer" : "layers"} ${layerWords(layers)}`;
  const texts = sequences.length === 1 ? "" : ` of ${counted(sequences.length, "text")}`;
  const end = converged ? "" : `; the error was still falling after ${counted(iterations, "iteration")}`;
  return `${counted(K, "factor")} of ${counted(neurons?.shape[1] ?? 0, "neuron")} (${blocks}) over ${
    counted(N, "token")
  }${texts} ` +
    `leave ${(100 * relativeError).toFixed(1)}% of the activations unexplained${end}.`;
}
