/**
 * The averages of a corpus, from its tables.
 *
 * @module
 */
import { HEAD_SCORE_NAMES, type HeadScoreName } from "../../analysis/attention.ts";
import type { FloatTensor } from "../../base/tensor.ts";
import type { Sums } from "../types.ts";
import type { CorpusRow } from "./rows.ts";
import type { CorpusHeads, CorpusSettling, CorpusSurprise, DocumentSurprise } from "../../analysis/corpus_results.ts";

/** Ranges of a distribution. */
const RANGES = 24;

/** The scores of all heads, by the rows of their table. */
export function headsOf(rows: readonly CorpusRow[], sums: Sums): CorpusHeads {
  const { shape, counts } = sums as { shape: readonly [number, number]; counts: readonly number[] };
  const tensor = (name: HeadScoreName): FloatTensor => ({
    data: Float32Array.from(rows, (row) => row[name] === null ? NaN : Number(row[name])),
    shape: [...shape],
  });
  const scores = Object.fromEntries(HEAD_SCORE_NAMES.map((name) => [name, tensor(name)]));
  const counted = Object.fromEntries(HEAD_SCORE_NAMES.map((name, i) => [name, counts[i]!]));
  return { ...scores, counts: counted } as unknown as CorpusHeads;
}

/** When predictions settle, by the rows of the table. */
export function settlingOf(rows: readonly CorpusRow[], sums: Sums): CorpusSettling {
  const numbers = (name: string) => rows.map((row) => Number(row[name] ?? NaN));
  return {
    predictions: Number(sums.predictions),
    settled: numbers("settled"),
    divergence: numbers("divergence"),
    entropy: numbers("entropy"),
  };
}

/** How surprised the model was: documents come one by one, and those that surprised most and least are kept. */
export class SurpriseCount {
  readonly #kept: number;
  readonly #values: number[] = [];
  #tokens = 0;
  #sum = 0;
  #most: DocumentSurprise[] = [];
  #least: DocumentSurprise[] = [];

  /** `kept` is how many documents are kept at each end. */
  constructor(kept: number) {
    this.#kept = kept;
  }

  /** Counts a document; one without a measured token says nothing. */
  add(found: DocumentSurprise): void {
    if (!(found.measured > 0)) return;
    this.#tokens += found.measured;
    this.#sum += found.surprise * found.measured;
    this.#values.push(found.surprise);
    this.#most = this.#best([...this.#most, found], (a, b) => b.surprise - a.surprise);
    this.#least = this.#best([...this.#least, found], (a, b) => a.surprise - b.surprise);
  }

  /** The documents at both ends, and all else that was counted. */
  end(): Omit<CorpusSurprise, "most" | "least"> & Record<"most" | "least", readonly DocumentSurprise[]> {
    const surprise = this.#sum / this.#tokens;
    return {
      documents: this.#values.length,
      measured: this.#tokens,
      surprise,
      perplexity: Math.exp(surprise),
      distribution: distributionOf(this.#values),
      most: this.#most,
      least: this.#least,
    };
  }

  #best(found: DocumentSurprise[], order: (a: DocumentSurprise, b: DocumentSurprise) => number): DocumentSurprise[] {
    return found.sort((a, b) => order(a, b) || a.document - b.document).slice(0, this.#kept);
  }
}

function distributionOf(values: readonly number[]): CorpusSurprise["distribution"] {
  const least = values.reduce((a, b) => Math.min(a, b), Infinity);
  const greatest = values.reduce((a, b) => Math.max(a, b), -Infinity);
  if (values.length === 0) return [];
  const width = greatest > least ? (greatest - least) / RANGES : 1 / RANGES;
  const counts = new Array<number>(RANGES).fill(0);
  for (const value of values) ++counts[Math.min(RANGES - 1, Math.floor((value - least) / width))]!;
  return counts.map((count, i) => ({ from: least + i * width, to: least + (i + 1) * width, count }));
}
