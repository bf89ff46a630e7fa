/**
 * What is tried of a map, and what that takes.
 *
 * @module
 */
import { firstNonFiniteIndex } from "../../base/numbers.ts";
import { expectSeed } from "../../base/random.ts";
import { costOf, FLOAT, memoryLimit, readBytes } from "../../model/memory.ts";
import type { Reader } from "../../model/reader.ts";
import { CHUNK_TOKENS } from "../../model/prompts.ts";
import { expectOwnEmbeddings, expectUnplaced } from "../changed.ts";
import type { AskedModel, Plan } from "../question.ts";
import type { Saliency } from "../saliency/definition.ts";
import { expectMap, unitOf } from "../saliency/map.ts";
import type { FaithfulnessOptions } from "./types.ts";

/** What is tried, and how. */
export interface FaithfulnessPlan extends Plan {
  readonly saliency: Saliency;
  readonly positions: readonly number[];
  readonly trials: readonly Trial[];
  /** S - 1. */
  readonly steps: number;
  readonly randomOrders: number;
  readonly seed: number;
  /** The most texts that are read side by side, for each position. */
  readonly batches: readonly number[];
}

/** An explained token, or group of tokens, and the n tokens or groups before it, which are taken away. */
export interface Trial {
  /** The tokens that are read: all before the last explained one. */
  readonly tokenIds: readonly number[];
  /** The first token of each of the n, and the one after the last of them. */
  readonly bounds: readonly number[];
  /** What orders them, `[n]`. */
  readonly scores: Float32Array;
  /** The explained tokens, and where each is predicted. */
  readonly targets: readonly { readonly row: number; readonly tokenId: number }[];
}

/**
 * Checks what is asked for and says what it takes.
 *
 * @throws {TypeError | RangeError} When the map or an option makes no sense; the message says what does.
 */
export function planFaithfulness(
  { runner: machine, reader }: AskedModel,
  saliency: Saliency,
  options: FaithfulnessOptions,
): FaithfulnessPlan {
  const { randomOrders = 5, seed = 0 } = options;
  expectTriable(reader, saliency);
  expectUnplaced("try a map", machine);
  expectOwnEmbeddings("try a map", machine, 'change "resid.0" instead');
  const positions = checkedTrials(saliency, options.positions);
  const trials = positions.map((position) => trialOf(saliency, position));
  const steps = Math.min(
    atLeastOne("steps", options.steps ?? 10),
    Math.max(...trials.map(({ scores: { length } }) => length)),
  );
  atLeastOne("randomOrders", randomOrders);
  expectSeed(seed);
  const maxMemory = memoryLimit(machine, options.maxMemory);
  const result = 4 * FLOAT * positions.length * (steps + 1);
  // No cache is kept, but the logits of a batch are, in JavaScript.
  const bytes = (texts: number, { tokenIds, targets }: Trial) =>
    readBytes(machine, { T: texts * tokenIds.length, R: texts * targets.length });
  const batches = trials.map((trial) => {
    let texts = Math.max(1, Math.floor(CHUNK_TOKENS / trial.tokenIds.length));
    while (texts > 1 && bytes(texts, trial) + result > maxMemory) --texts;
    return texts;
  });
  const sets = trials.map(({ scores }) => 2 + (2 + randomOrders) * innerCounts(scores.length, steps).length);
  const runs = sets.reduce((sum, count, n) => sum + Math.ceil(count / batches[n]!), 0);
  const most = Math.max(...trials.map((trial, n) => bytes(Math.min(batches[n]!, sets[n]!), trial)));
  return {
    ...{ saliency, positions, trials, steps, randomOrders, seed, batches, maxMemory },
    task: `try position ${Math.max(...positions)}`,
    cost: costOf(runs, most, result),
    advice: "try earlier positions",
  };
}

/** How many of n are left at each of `steps + 1` shares, from all to none. */
export function leftCounts(n: number, steps: number): number[] {
  return Array.from({ length: steps + 1 }, (_, j) => n - Math.round(j * n / steps));
}

/** Those of them that are neither all nor none, without repetition. */
export function innerCounts(n: number, steps: number): number[] {
  return [...new Set(leftCounts(n, steps))].filter((k) => k > 0 && k < n);
}

function trialOf(saliency: Saliency, position: number): Trial {
  const { grouping, sequence } = saliency;
  const scores = orderingRow(saliency, position);
  const { tokenIds } = grouping?.sequence ?? sequence;
  const { start, end } = grouping?.groups[position] ?? { start: position, end: position + 1 };
  const explained = (grouping?.positions ?? [position]).filter((token) => token >= start && token < end);
  const starts = grouping?.groups.slice(0, position).map((group) => group.start) ?? [...Array(position).keys()];
  return {
    tokenIds: tokenIds.slice(0, Math.max(...explained)),
    bounds: [...starts, start],
    scores,
    targets: [...new Set(explained)].map((token) => ({ row: token - 1, tokenId: tokenIds[token]! })),
  };
}

/** The scores that order what stands before a position; of maps whose scalar is a loss, with the other sign. */
function orderingRow({ positions, scores, sequence, options }: Saliency, position: number): Float32Array {
  const T = sequence.tokenIds.length;
  const n = options.together ? 0 : positions.indexOf(position);
  const row = scores.data.subarray(n * T, n * T + position);
  const index = firstNonFiniteIndex(row);
  if (index >= 0) {
    throw new RangeError(
      `Cannot order ${options.by ?? "token"}s by the score ${row[index]} of position ${position}`,
    );
  }
  return options.together && options.reduce === "sum" ? row.map((score) => -score) : row;
}

/** A map can be tried when its tokens are known, and are this model's. */
function expectTriable(reader: Reader, saliency: Saliency): void {
  expectMap("try", saliency);
  if ((saliency.grouping?.sequence ?? saliency.sequence).sourceLength !== undefined) {
    throw new TypeError(
      "Cannot try a map of a source and a text as that is not built; try one of a model without encoder",
    );
  }
  const unit = unitOf(saliency);
  if (unit !== "token" && !saliency.grouping) {
    throw new TypeError(
      `Cannot try a map by ${unit} without its tokens; make it with groupSaliency() of a map of tokens`,
    );
  }
  const { tokenIds, tokens } = saliency.grouping?.sequence ?? saliency.sequence;
  reader.expectSequence({ ...saliency.sequence, tokenIds });
  tokenIds.forEach((id, t) => {
    const [piece, own] = [tokens[t]?.piece, reader.token(id).piece];
    if (piece === undefined || piece === own) return;
    const found = `token ${t} is ${JSON.stringify(piece)} and this model's is ${JSON.stringify(own)}`;
    throw new RangeError(`Cannot try a map of another tokenizer: its ${found}; make it with a model of this tokenizer`);
  });
}

function checkedTrials(saliency: Saliency, positions?: readonly number[]): readonly number[] {
  const { positions: explained } = saliency;
  const tried = positions ?? explained;
  if (tried.length === 0) throw new RangeError("Cannot try an empty list of positions");
  for (const position of tried) {
    if (!explained.includes(position)) {
      throw new RangeError(`Cannot try position ${position} as the map explains ${explained.join(", ")}`);
    }
    if (position === 0) {
      throw new RangeError(
        `Cannot try the first ${unitOf(saliency)} as none stands before it; pass positions of the others`,
      );
    }
  }
  return [...tried];
}

function atLeastOne(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new RangeError(`Cannot try a map with ${name} ${value} as it must be a whole number >= 1`);
}
