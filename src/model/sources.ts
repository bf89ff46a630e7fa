/**
 * The sources that an encoder reads for the texts that its decoder writes.
 *
 * @module
 */
import type { SourceTokens } from "./requests.ts";

/** No source tokens. */
export const NO_SOURCE: SourceTokens = { tokenIds: [], texts: [] };

/**
 * A source token of no text, at which none looks. It is read where there is no other: ONNX Runtime's kernels divide by the
 * size of an axis, and native ends the process when that is 0.
 */
export const NO_TEXT: SourceTokens = { tokenIds: [0], texts: [-1] };

/** The source of a single text, or those of several as they are. */
export function sourceTokens(source: readonly number[] | SourceTokens = []): SourceTokens {
  return "tokenIds" in source ? source : { tokenIds: source, texts: source.map(() => 0) };
}

/** N rows of one list, each followed by that of another: `[N, a]` and `[N, b]` as `[N, a + b]`. */
export function joinRows(before: Float32Array, after: Float32Array, N: number): Float32Array {
  const [a, b] = [before.length / N, after.length / N];
  const joined = new Float32Array(N * (a + b));
  for (let n = 0; n < N; ++n) {
    joined.set(before.subarray(n * a, (n + 1) * a), n * (a + b));
    joined.set(after.subarray(n * b, (n + 1) * b), n * (a + b) + a);
  }
  return joined;
}
