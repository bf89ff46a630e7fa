/**
 * Which explained tokens share a run. A run reads the text before its last target once, forwards, and goes back from
 * each target over the tokens before it, so that targets at p_1 ... p_n cost about p_n + (p_1 + ... + p_n) rows. The
 * fewer the runs, the less often the text is read; but a run cannot be stopped. Where the text is read once for all of
 * them, the same runs go back only.
 *
 * @module
 */
import type { Backend } from "../../runtime/backend.ts";

/** Targets that are explained in one run, over the first `length` tokens. */
export interface Chunk {
  /** How many tokens are read. */
  readonly length: number;
  /** Indices into the list of positions. */
  readonly targets: readonly number[];
}

/** How large a run is. */
export interface RunSize {
  /** How many targets are explained. */
  readonly count: number;
  /** How many tokens are read. */
  readonly length: number;
  /** How many rows go back. */
  readonly rows: number;
}

/** What beginning a run costs, in rows: reading all weights, and multiplying by the unembedding. */
const RUN = 64;

/**
 * The most rows that go back in one run: more is hardly faster, takes more memory and cannot be stopped. 2048 take 1.5 s
 * on 2 cores; wasm is several times slower.
 */
export function mostRows(length: number, backend: Backend): number {
  return Math.max(backend === "native" ? 2048 : 1024, 4 * length);
}

/** How large the run of some targets is. */
export function runSize({ length, targets }: Chunk, positions: readonly number[], together: boolean): RunSize {
  const rows = together ? length : targets.reduce((sum, target) => sum + positions[target]!, 0);
  return { count: targets.length, length, rows };
}

/**
 * Groups targets into the runs that together take the fewest rows, by dynamic programming over the targets in order.
 *
 * @param positions How many tokens stand before each target.
 * @param together Whether targets go back as one, whatever their number.
 * @param fits Whether targets may share a run of such a size. A single one always has its run.
 * @returns The runs, early targets first.
 */
export function groupTargets(
  positions: readonly number[],
  together: boolean,
  fits: (size: RunSize) => boolean,
): readonly Chunk[] {
  const order = [...positions.keys()].sort((a, b) => positions[a]! - positions[b]!);
  const best = [{ cost: 0, start: 0 }];
  for (let end = 1; end <= order.length; ++end) {
    const length = positions[order[end - 1]!]!;
    best[end] = { cost: Infinity, start: 0 };
    let rows = together ? length : 0;
    for (let start = end - 1; start >= 0; --start) {
      if (!together) rows += positions[order[start]!]!;
      if (end - start > 1 && !fits({ count: end - start, length, rows })) break;
      const cost = best[start]!.cost + RUN + length + rows;
      if (cost < best[end]!.cost) best[end] = { cost, start };
    }
  }
  const chunks: Chunk[] = [];
  for (let end = order.length; end > 0; end = best[end]!.start) {
    chunks.unshift({ length: positions[order[end - 1]!]!, targets: order.slice(best[end]!.start, end) });
  }
  return chunks;
}
