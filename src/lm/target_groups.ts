/**
 * Which explained tokens share a run. A run reads the text before its last target once, forwards, and goes back over it
 * once for each target, so n targets of which the last has T tokens before it cost about (n + 1) T rows. Few targets in
 * a run read the text too often; many go back over tokens that the early ones of them do not need.
 *
 * @module
 */

/** Targets that are explained in one run, over the first `length` tokens. */
export interface Chunk {
  /** How many tokens are read. */
  readonly length: number;
  /** Indices into the list of positions. */
  readonly targets: readonly number[];
}

/** What beginning a run costs, in rows. */
const RUN = 16;

/** The most rows, targets times tokens, of one run: more is hardly faster, takes more memory and cannot be stopped. */
export function mostRows(length: number): number {
  return Math.max(512, 4 * length);
}

/**
 * Groups targets into the runs that together take the fewest rows, by dynamic programming over the targets in order.
 *
 * @param positions How many tokens stand before each target.
 * @param together Whether targets go back as one row, whatever their number.
 * @param fits Whether so many targets over so many tokens may share a run. A single one always may.
 * @returns The runs, early targets first.
 */
export function groupTargets(
  positions: readonly number[],
  together: boolean,
  fits: (count: number, length: number) => boolean,
): readonly Chunk[] {
  const order = [...positions.keys()].sort((a, b) => positions[a]! - positions[b]!);
  const best = [{ cost: 0, start: 0 }];
  for (let end = 1; end <= order.length; ++end) {
    const length = positions[order[end - 1]!]!;
    best[end] = { cost: Infinity, start: 0 };
    for (let start = end - 1; start >= 0 && (end - start === 1 || fits(end - start, length)); --start) {
      const cost = best[start]!.cost + RUN + (together ? 2 : end - start + 1) * length;
      if (cost < best[end]!.cost) best[end] = { cost, start };
    }
  }
  const chunks: Chunk[] = [];
  for (let end = order.length; end > 0; end = best[end]!.start) {
    chunks.unshift({ length: positions[order[end - 1]!]!, targets: order.slice(best[end]!.start, end) });
  }
  return chunks;
}
