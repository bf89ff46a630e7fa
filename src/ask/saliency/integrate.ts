/**
 * Integrated gradients: Axiomatic Attribution for Deep Networks (Sundararajan, Taly, Yan 2017),
 * https://arxiv.org/abs/1703.01365, as captum's `IntegratedGradients` and Ecco's `ig` compute them.
 *
 * @module
 */
import { free, logitsRow, logSumExp } from "../../base/numbers.ts";
import type { Explanation } from "../../model/requests.ts";
import type { ModelRunner } from "../../model/runner.ts";
import type { SaliencyDefinition } from "./definition.ts";
import { gaussLegendre } from "./quadrature.ts";

/** The attributions of M explained rows over T tokens. */
export interface Integrated {
  /** `[M, T, C]`. */
  readonly vectors: Float64Array;
  /** Σ attributions − (f(x) − f(0)), M of them. */
  readonly gaps: readonly number[];
}

/**
 * The gradient's mean along the way from zero embeddings to those of the text, times the embeddings, and how far its
 * sum is from what it should add up to. `onStep` is called after each of the definition's steps.
 */
export async function integrate(
  runner: ModelRunner,
  explanation: Explanation,
  { of, steps = 1 }: SaliencyDefinition,
  { onStep, signal }: { readonly onStep: () => void; readonly signal?: AbortSignal | undefined },
): Promise<Integrated> {
  const { tokenIds, source = [], rows, mix } = explanation;
  const M = mix.length / rows.length;
  const T = source.length + tokenIds.length;
  const C = runner.config.nEmbd;
  const sums = new Float64Array(M * T * C);
  const { nodes, weights } = gaussLegendre(steps);
  for (let k = 0; k < steps; ++k) {
    const embeddingScale = Math.fround(nodes[k]!);
    const request = { ...explanation, embeddingScale, fetch: ["products"] } as const;
    const { numbers: [products], logits } = await runner.explain(request, signal);
    const factors = new Float64Array(M).fill(weights[k]! / embeddingScale); // products are g ⊙ (scale x)
    // dp = p dlogp
    if (of === "probability") factors.forEach((f, m) => factors[m] = f * rowValue(explanation, logits, of, m));
    for (let i = 0; i < sums.length; ++i) sums[i]! += factors[Math.floor(i / (T * C))]! * products![i]!;
    free(products!, logits);
    onStep();
  }
  const gained = await gain(runner, explanation, await runner.logits(explanation, signal), of, signal);
  const gaps = gained.map((value, m) => sums.subarray(m * T * C, (m + 1) * T * C).reduce((a, b) => a + b, 0) - value);
  return { vectors: sums, gaps };
}

/** One score for each C of the numbers. */
export function reduced(vectors: Float64Array, C: number, reduce: SaliencyDefinition["reduce"]): Float32Array {
  return Float32Array.from({ length: vectors.length / C }, (_, i) => {
    const numbers = vectors.subarray(i * C, (i + 1) * C);
    return reduce === "l2" ? Math.hypot(...numbers) : numbers.reduce((a, b) => a + b, 0);
  });
}

/** f(x) − f(0), what each of the M scalars gains from zero embeddings to those of the text, whose logits are given. */
export async function gain(
  runner: ModelRunner,
  explanation: Explanation,
  logits: Float32Array,
  of: SaliencyDefinition["of"],
  signal?: AbortSignal,
): Promise<number[]> {
  const start = scalars(explanation, await runner.logits({ ...explanation, embeddingScale: 0 }, signal), of);
  return scalars(explanation, logits, of).map((value, m) => value - start[m]!);
}

/** The M scalars that are explained, of the logits `[R, V]`. */
function scalars(explanation: Explanation, logits: Float32Array, of: SaliencyDefinition["of"]): number[] {
  const { rows, mix } = explanation;
  const R = rows.length;
  const values = rows.map((_, r) => rowValue(explanation, logits, of, r));
  return Array.from({ length: mix.length / R }, (_, m) => values.reduce((sum, v, r) => sum + mix[m * R + r]! * v, 0));
}

/** The logit, log-probability or probability of a row's target. */
export function rowValue(
  { rows, targets }: Pick<Explanation, "rows" | "targets">,
  logits: Float32Array,
  of: SaliencyDefinition["of"],
  r: number,
): number {
  const own = logitsRow(logits, r, rows.length);
  const logit = own[targets[r]!]!;
  if (of === "logit") return logit;
  return of === "logProb" ? logit - logSumExp(own) : Math.exp(logit - logSumExp(own));
}
