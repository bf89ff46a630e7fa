import type { Cost } from "./cost_types.ts";
import type { Faithfulness, FaithfulnessOptions } from "./faithfulness_types.ts";
import { costOf, expectWithin, FLOAT, type Machine, memoryLimit, readBytes } from "./memory.ts";
import { CHUNK_TOKENS, type ModelRunner } from "./model_runner.ts";
import { firstNonFiniteIndex, free, logitsRow, logSumExp } from "./numbers.ts";
import { createRandom, expectSeed } from "./sampling.ts";
import type { Reader } from "./sequence.ts";
import type { Saliency } from "./saliency_types.ts";
import type { FloatTensor } from "./types.ts";

/** What is tried, and how. */
export interface FaithfulnessPlan {
  readonly positions: readonly number[];
  /** The row of the map that orders the tokens before each position. */
  readonly rows: readonly Float32Array[];
  /** S - 1. */
  readonly steps: number;
  readonly randomOrders: number;
  readonly seed: number;
  /** The most texts that are read side by side, for each position. */
  readonly batches: readonly number[];
  /** What that takes. */
  readonly cost: Cost;
  /** What it may take. */
  readonly maxMemory: number;
}

/** Takes the tokens of a map away and brings them back, and watches the explained token. */
export async function tryMap(
  runner: ModelRunner,
  reader: Reader,
  saliency: Saliency,
  options: FaithfulnessOptions,
): Promise<Faithfulness> {
  const plan = planFaithfulness(runner, reader, saliency, options);
  const { positions, steps, cost, maxMemory } = plan;
  expectWithin(`try position ${Math.max(...positions)}`, cost, maxMemory, "try earlier positions");
  const N = positions.length;
  const S = steps + 1;
  const curves = [0, 1, 2, 3].map((): FloatTensor => ({ data: new Float32Array(N * S), shape: [N, S] }));
  for (let n = 0; n < N; ++n) {
    const own = await curvesOf(runner, saliency, plan, n, (done, all) => {
      const completed = n + done / all;
      const message = `Tried ${Math.floor(completed)} of ${N} tokens`;
      options.onProgress?.({ task: "faithfulness", completed, total: N, message });
    }, options.signal);
    curves.forEach(({ data }, i) => data.set(own[i]!, n * S));
  }
  const [deletion, insertion, randomDeletion, randomInsertion] = curves as [
    FloatTensor,
    FloatTensor,
    FloatTensor,
    FloatTensor,
  ];
  const gain = (above: FloatTensor, below: FloatTensor) =>
    positions.map((_, n) => area(above.data.subarray(n * S, n * S + S)) - area(below.data.subarray(n * S, n * S + S)));
  return {
    saliency,
    positions,
    shares: Array.from({ length: S }, (_, j) => j / steps),
    ...{ deletion, insertion, randomDeletion, randomInsertion },
    deletionGain: gain(randomDeletion, deletion),
    insertionGain: gain(insertion, randomInsertion),
  };
}

/**
 * Checks what is asked for and says what it takes.
 *
 * @throws {TypeError | RangeError} When the map or an option makes no sense; the message says what does.
 */
export function planFaithfulness(
  machine: Machine,
  reader: Reader,
  saliency: Saliency,
  options: FaithfulnessOptions,
): FaithfulnessPlan {
  const { randomOrders = 5, seed = 0 } = options;
  expectMap(reader, saliency);
  const positions = checkedTrials(saliency, options.positions);
  const longest = Math.max(...positions);
  const steps = Math.min(atLeastOne("steps", options.steps ?? 10), longest);
  atLeastOne("randomOrders", randomOrders);
  expectSeed(seed);
  const rows = positions.map((position) => orderingRow(saliency, position));
  const maxMemory = memoryLimit(machine, options.maxMemory);
  const result = 4 * FLOAT * positions.length * (steps + 1);
  // No cache is kept, but the logits of a batch are, in JavaScript.
  const bytes = (texts: number, T: number) => readBytes(machine, { T: texts * T, R: texts });
  const batches = positions.map((position) => {
    let texts = Math.max(1, Math.floor(CHUNK_TOKENS / position));
    while (texts > 1 && bytes(texts, position) + result > maxMemory) --texts;
    return texts;
  });
  const trials = positions.map((T) => 2 + (2 + randomOrders) * innerCounts(T, steps).length);
  const runs = trials.reduce((sum, count, n) => sum + Math.ceil(count / batches[n]!), 0);
  const most = Math.max(...positions.map((T, n) => bytes(Math.min(batches[n]!, trials[n]!), T)));
  return { positions, rows, steps, randomOrders, seed, batches, cost: costOf(runs, most, result), maxMemory };
}

/** The four curves of one position: deletion, insertion, and both in random order. */
async function curvesOf(
  runner: ModelRunner,
  saliency: Saliency,
  { positions, rows, steps, randomOrders, seed, batches }: FaithfulnessPlan,
  n: number,
  onBatch: (done: number, all: number) => void,
  signal: AbortSignal | undefined,
): Promise<readonly (readonly number[])[]> {
  const T = positions[n]!;
  const order = mostSalientFirst(rows[n]!);
  const high = Math.floor(seed / 2 ** 32) * 2 ** 32;
  const random = createRandom(high + ((Math.imul(seed, 0x9E3779B1) + T) >>> 0));
  const orders = Array.from({ length: randomOrders }, () => shuffled(T, random));
  const inner = innerCounts(T, steps);
  const trials = [
    ...[order.slice(0, 0), order],
    ...inner.flatMap((k) => [order.slice(T - k), order.slice(0, k), ...orders.map((other) => other.slice(0, k))]),
  ];
  const seen: number[] = [];
  while (seen.length < trials.length) {
    const batch = trials.slice(seen.length, seen.length + batches[n]!);
    seen.push(...await probabilities(runner, saliency, T, batch, signal));
    onBatch(seen.length, trials.length);
  }
  const [none, all] = seen as [number, number];
  /** With k tokens left: the least salient, the most salient, or the mean of random ones. */
  const left = (k: number, which: 0 | 1 | 2) => {
    if (k === 0 || k === T) return k === 0 ? none : all;
    const at = 2 + (2 + randomOrders) * inner.indexOf(k);
    if (which < 2) return seen[at + which]!;
    return seen.slice(at + 2, at + 2 + randomOrders).reduce((sum, p) => sum + p, 0) / randomOrders;
  };
  const counts = leftCounts(T, steps);
  const deletion = counts.map((k) => left(k, 0));
  const insertion = counts.toReversed().map((k) => left(k, 1));
  const drawn = counts.map((k) => left(k, 2));
  return [deletion, insertion, drawn, drawn.toReversed()];
}

/** The probability of the token at position T, once for each set of the tokens before it that is kept. */
async function probabilities(
  runner: ModelRunner,
  { sequence: { tokenIds }, options: { contrast } }: Saliency,
  T: number,
  batch: readonly (readonly number[])[],
  signal: AbortSignal | undefined,
): Promise<number[]> {
  const embeddingScale = new Float32Array(batch.length * T);
  batch.forEach((kept, b) => kept.forEach((t) => embeddingScale[b * T + t] = 1));
  const before = tokenIds.slice(0, T);
  const reading = {
    tokenIds: batch.flatMap(() => before),
    texts: batch.flatMap((_, b) => before.map(() => b)),
    rows: batch.map((_, b) => (b + 1) * T - 1),
    embeddingScale,
  };
  const logits = await runner.logits(reading, signal);
  const found = batch.map((_, b) => {
    const own = logitsRow(logits, b, batch.length);
    const logit = own[tokenIds[T]!]!;
    if (contrast) return 1 / (1 + Math.exp(own[contrast.tokenIds[0]!]! - logit));
    return Math.exp(logit - logSumExp(own));
  });
  free(logits);
  return found;
}

/** How many of n tokens are left at each of `steps + 1` shares, from all to none. */
function leftCounts(n: number, steps: number): number[] {
  return Array.from({ length: steps + 1 }, (_, j) => n - Math.round(j * n / steps));
}

/** Those of them that are neither all nor none, without repetition. */
function innerCounts(n: number, steps: number): number[] {
  return [...new Set(leftCounts(n, steps))].filter((k) => k > 0 && k < n);
}

/** The tokens by their scores, greatest first; of equal ones the earlier. */
function mostSalientFirst(scores: Float32Array): number[] {
  return [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b);
}

/** 0 to n - 1 in random order, by Fisher and Yates. */
function shuffled(n: number, random: () => number): number[] {
  const order = [...Array(n).keys()];
  for (let i = n - 1; i > 0; --i) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** The area under a curve over [0, 1], by trapezoids. */
function area(values: Float32Array): number {
  const inner = values.reduce((sum, value) => sum + value, 0) - (values[0]! + values.at(-1)!) / 2;
  return inner / (values.length - 1);
}

/** The scores that order the tokens before a position; of maps whose scalar is a loss, with the other sign. */
function orderingRow({ positions, scores, sequence, options }: Saliency, position: number): Float32Array {
  const T = sequence.tokenIds.length;
  const n = options.together ? 0 : positions.indexOf(position);
  const row = scores.data.subarray(n * T, n * T + position);
  const index = firstNonFiniteIndex(row);
  if (index >= 0) throw new RangeError(`Cannot order tokens by the score ${row[index]} of position ${position}`);
  return options.together && options.reduce === "sum" ? row.map((score) => -score) : row;
}

function expectMap(reader: Reader, saliency: Saliency): void {
  const { sequence, scores, positions: explained, options } = (saliency ?? {}) as Partial<Saliency>;
  if (!sequence || !(scores?.data instanceof Float32Array) || !explained || !options) {
    const found = saliency instanceof Promise ? "a promise" : saliency === null ? "null" : typeof saliency;
    throw new TypeError(`Cannot use ${found} as a map; pass what await saliency() returned`);
  }
  reader.expectSequence(sequence);
  const rows = options.together ? 1 : explained.length;
  if (scores.data.length !== rows * sequence.tokenIds.length) {
    const expected = `[${rows}, ${sequence.tokenIds.length}]`;
    throw new RangeError(`Cannot try a map of the shape [${scores.shape.join(", ")}]; its rows need ${expected}`);
  }
}

function checkedTrials({ positions: explained }: Saliency, positions?: readonly number[]): readonly number[] {
  const tried = positions ?? explained;
  if (tried.length === 0) throw new RangeError("Cannot try an empty list of positions");
  for (const position of tried) {
    if (!explained.includes(position)) {
      throw new RangeError(`Cannot try position ${position} as the map explains ${explained.join(", ")}`);
    }
  }
  return [...tried];
}

function atLeastOne(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new RangeError(`Cannot try a map with ${name} ${value} as it must be a whole number >= 1`);
}
