/**
 * Beam search, step by step, as Hugging Face's `generate` does it with `num_beams`; `tests/ask/write/beams/search_test.ts` holds
 * it to that. Nothing here runs the model.
 * https://github.com/huggingface/transformers/blob/main/src/transformers/generation/utils.py (`_beam_search`)
 *
 * Scores are added and divided in single precision, as there. What may not be chosen is lowered by 1e9 rather than left
 * out, also as there: it fills the places of beams for which there is no other continuation.
 *
 * @module
 */
import { topK } from "../../../base/numbers.ts";

/** When a search ends: see {@linkcode DecodeOptions.earlyStopping}. */
export type EarlyStopping = boolean | "never";

/** What is searched for. */
export interface BeamRules {
  /** How many texts are continued at a time. */
  readonly beams: number;
  /** The sum of log-probabilities is divided by the number of written tokens to this power. */
  readonly lengthPenalty: number;
  /** When the search ends. */
  readonly earlyStopping: EarlyStopping;
  /** The most tokens that are written. */
  readonly limit: number;
  /** How many tokens of the vocabulary end a text. */
  readonly endings: number;
  /** Whether the last token of what has been written ends the text. */
  readonly ends: (written: readonly number[]) => boolean;
  /** Draws from [0, 1); given, continuations are drawn rather than the likeliest taken. */
  readonly random?: () => number;
}

/** What a token was chosen by. */
export interface Kept {
  /** The model's own scores, `[V]`. */
  readonly logits: Float32Array;
  /** What the settings made of them, where they change anything. */
  readonly scores?: Float32Array;
}

/** What the model says after a beam. */
export interface BeamRow {
  /** The log-probabilities of the vocabulary, as the settings have changed them, `[V]`. */
  readonly scores: Float32Array;
  /** ln p of a token by the model itself. */
  readonly logProb: (tokenId: number) => number;
  /** What is kept of that for each beam that goes on from here. */
  readonly kept?: Kept;
}

/** A text that is being written, or has been. */
export interface Beam {
  /** What stands after the prompt. */
  readonly written: readonly number[];
  /** The sum of the changed log-probabilities; of a text that has ended, divided by its length to the penalty. */
  readonly score: number;
  /** ln p of what was written, by the model itself. */
  readonly logProb: number;
  /** Which of the beams of the step before it continues. */
  readonly parent: number;
  /** What each token was chosen by, where it is kept. */
  readonly kept: readonly Kept[];
  /** Whether it is a text of its own, rather than one that fills a place. */
  readonly real: boolean;
}

interface Finished extends Beam {
  /** Whether it has ended; otherwise it only keeps a place. */
  readonly ended: boolean;
}

/** What lowers a score below all others. */
const BELOW = -1e9;

/** One search. */
export class Searcher {
  readonly #rules: BeamRules;
  #running: readonly Beam[];
  #finished: readonly Finished[];
  #length = 0;
  #improvable = true;
  #done = false;

  constructor(rules: BeamRules) {
    this.#rules = rules;
    const empty = { written: [], logProb: 0, parent: 0, kept: [] };
    const places = [...Array(rules.beams).keys()];
    this.#running = places.map((i) => ({ ...empty, score: i === 0 ? 0 : BELOW, real: i === 0 }));
    this.#finished = places.map(() => ({ ...empty, score: BELOW, real: false, ended: false }));
  }

  /** The beams that are continued, best first. They differ from the first step on; before it, all are empty. */
  get running(): readonly Beam[] {
    return this.#running;
  }

  /** How many tokens have been written. */
  get length(): number {
    return this.#length;
  }

  /** Whether the search is over. */
  get done(): boolean {
    return this.#done;
  }

  /** The texts that have ended, best first: as many as there are beams, or fewer where there were no others. */
  get found(): readonly Beam[] {
    return this.#finished.filter(({ ended, real, score }) => ended && real && score > -Infinity);
  }

  /** Writes one more token, by what the model says after each of the running beams. */
  advance(rows: readonly BeamRow[]): void {
    const { beams, limit, ends } = this.#rules;
    const length = ++this.#length;
    const candidates = this.#candidates(rows);
    const ended = candidates.map(({ written }) => length >= limit || ends(written));
    const lowered = candidates.map((beam, i) => ended[i] ? { ...beam, score: below(beam.score), real: false } : beam);
    this.#running = best(lowered, beams);
    this.#finish(candidates.map((beam, i) => ({ ...beam, ended: ended[i]! && i < beams })));
    this.#improvable &&= this.#mayImprove();
    const full = this.#rules.earlyStopping === true && this.#isFull();
    this.#done = !this.#improvable || full || ended.every(Boolean);
  }

  /** The best continuations of all beams: so many that enough of them go on when others end. */
  #candidates(rows: readonly BeamRow[]): readonly Beam[] {
    const { beams, endings, random } = this.#rules;
    const vocabulary = rows[0]!.scores.length;
    const totals = rows.map(({ scores }, i) => {
      const { score } = this.#running[i]!;
      return scores.map((own) => own + score);
    });
    const count = Math.max(2, 1 + endings) * beams;
    const chosen = random ? drawn(totals, count, random) : greatest(totals, count);
    return chosen.map((index) => {
      const [parent, tokenId] = [Math.floor(index / vocabulary), index % vocabulary];
      const { written, logProb, kept, real } = this.#running[parent]!;
      const row = rows[parent]!;
      return {
        written: [...written, tokenId],
        score: totals[parent]![tokenId]!,
        logProb: logProb + row.logProb(tokenId),
        parent,
        kept: row.kept ? [...kept, row.kept] : kept,
        real,
      };
    });
  }

  /** Keeps the best of those that had ended before and those that end now. */
  #finish(candidates: readonly Finished[]): void {
    const { beams, lengthPenalty, earlyStopping } = this.#rules;
    const divisor = Math.fround(this.#length ** lengthPenalty);
    const full = earlyStopping === true && this.#isFull();
    const scored = candidates.map((beam) => {
      let score = Math.fround(beam.score / divisor);
      if (full) score = below(score);
      if (!this.#improvable) score = below(score);
      if (!beam.ended) score = below(score);
      return { ...beam, score };
    });
    this.#finished = best([...this.#finished, ...scored], beams);
  }

  #isFull(): boolean {
    return this.#finished.every(({ ended }) => ended);
  }

  /** Whether the best running beam may become better than the worst that has ended, as far as that can be foreseen. */
  #mayImprove(): boolean {
    const { lengthPenalty, earlyStopping, limit } = this.#rules;
    const length = earlyStopping === "never" && lengthPenalty > 0 ? limit : this.#length;
    const possible = Math.fround(this.#running[0]!.score / Math.fround(length ** lengthPenalty));
    const worst = Math.min(...this.#finished.map(({ score }) => score));
    return this.#finished.some(({ ended }) => possible > (ended ? worst : BELOW));
  }
}

function below(score: number): number {
  return Math.fround(score + BELOW);
}

/** The `count` best, best first; of equal ones the earlier. */
function best<T extends { readonly score: number }>(beams: readonly T[], count: number): readonly T[] {
  return ranked(beams.map(({ score }) => score)).slice(0, count).map((i) => beams[i]!);
}

/** The indices of scores, the greatest first; of equal ones the earlier. */
function ranked(scores: readonly number[]): number[] {
  return [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b);
}

/** Where the `count` greatest numbers stand in rows laid end to end, the greatest first; those of −Infinity last. */
function greatest(rows: readonly Float32Array[], count: number): readonly number[] {
  const width = rows[0]!.length;
  const at = rows.flatMap((row, r) => topK(row, Math.min(count, width)).map((i) => r * width + i));
  const chosen = ranked(at.map((index) => rows[Math.floor(index / width)]![index % width]!)).slice(0, count)
    .map((i) => at[i]!);
  const taken = new Set(chosen);
  for (let index = 0; index < rows.length * width && chosen.length < count; ++index) {
    if (!taken.has(index)) chosen.push(index);
  }
  return chosen;
}

/**
 * Draws `count` places in rows laid end to end, none twice, each with the probability of its number's exponential among
 * those that are left: in the order of exponential variates with these rates, as PyTorch's `multinomial` draws, but by
 * logarithms, so that no rate is too small to count.
 */
function drawn(rows: readonly Float32Array[], count: number, random: () => number): readonly number[] {
  const late = (score: number) => score === -Infinity ? score : score - Math.log(-Math.log1p(-random()));
  return greatest(rows.map((row) => row.map(late)), count);
}
