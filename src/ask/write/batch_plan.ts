import type { Cost } from "../../model/cost.ts";
import { cacheBytes, costOf, FLOAT, type Machine, memoryLimit, readBytes } from "../../model/memory.ts";
import { CHUNK_TOKENS } from "../../model/prompts.ts";
import type { ModelConfig } from "../../models/config.ts";
import { packsOf } from "../texts.ts";
import { UNUSED } from "./beams/rows.ts";
import { expectCount } from "./decode.ts";
import type { DecodeOptions } from "./options.ts";
import { mostNewTokens } from "./scores/lengths.ts";

/** Which prompts are continued together, and what that takes. */
export interface BatchPlan {
  /** The indices of the prompts of each group; the groups are written one after another. */
  readonly groups: readonly (readonly number[])[];
  /** What all of it takes. */
  readonly cost: Cost;
  /** What it may take. */
  readonly maxMemory: number;
}

/** A prompt of P tokens, with a source of E, which is continued until there are `end`, in as many ways as there are beams. */
interface Extent {
  readonly P: number;
  readonly E: number;
  readonly end: number;
  readonly beams: number;
}

/** What a call is asked for, as far as it decides what it takes. */
export interface BatchOptions extends Pick<DecodeOptions, "maxNewTokens" | "maxLength" | "maxMemory" | "beams"> {
  /** How many tokens the source of each prompt has, where an encoder reads them. */
  readonly sources?: readonly number[];
  /** Whether the scores of the vocabulary are kept for each token of each beam. */
  readonly keepLogits?: boolean;
}

/**
 * Divides prompts of the given lengths into groups that are written together.
 *
 * @throws {RangeError} When an option is out of range.
 */
export function planBatch(
  machine: Machine,
  lengths: readonly number[],
  options: BatchOptions,
): BatchPlan {
  const { maxMemory: given, beams = 1, keepLogits = false } = options;
  if (options.maxNewTokens !== undefined) expectCount("maxNewTokens", options.maxNewTokens, 1);
  const { config } = machine;
  const maxMemory = memoryLimit(machine, given);
  const extents = lengths.map((P, i): Extent => {
    return { P, E: options.sources?.[i] ?? 0, end: Math.min(P + mostNewTokens(options, P), config.nPositions), beams };
  });
  const kept = keepLogits ? KEPT * FLOAT * beams * config.vocabSize : 0; // for each step
  const resultBytes = extents.reduce((sum, { P, end }) => sum + 8 * end + kept * (end - P), 0);
  const groups: number[][] = [];
  const of = (group: readonly number[]) => group.map((index) => extents[index]!);
  for (const index of lengths.keys()) {
    const last = groups.at(-1);
    const more = last && of([...last, index]);
    const fits = more && isWorthwhile(config, more) && groupCost(machine, more).runBytes + resultBytes <= maxMemory;
    if (fits) last.push(index);
    else groups.push([index]);
  }
  const costs = groups.map((group) => groupCost(machine, of(group)));
  const runs = costs.reduce((sum, cost) => sum + cost.runs, 0);
  return { groups, cost: costOf(runs, Math.max(...costs.map(({ runBytes }) => runBytes)), resultBytes), maxMemory };
}

/**
 * How many pairs of tokens are compared, in all heads of a layer, in the time in which as many weights are read as a
 * layer has for each column of the residual stream: 3 on native and 2.1 on wasm, with GPT-2 small on one thread.
 */
const PAIRS_PER_WEIGHT = 2.5;

/**
 * Whether a group takes less time together than in two halves. The new token of each text is compared with the tokens
 * of all texts, most of it in vain; halves would spare half of that and read the weights once more.
 */
function isWorthwhile({ nEmbd, nInner, nLayer, vocabSize }: ModelConfig, group: readonly Extent[]): boolean {
  const pairs = group.reduce((sum, { beams }) => sum + beams, 0) *
    group.reduce((sum, extent) => sum + rowsOf(extent), 0);
  const weights = 4 * nEmbd + 2 * nInner + vocabSize / nLayer; // by column and block
  return pairs / 2 <= PAIRS_PER_WEIGHT * weights;
}

function groupCost(machine: Machine, group: readonly Extent[]): { runs: number; runBytes: number } {
  const S = group.reduce((sum, extent) => sum + rowsOf(extent), 0);
  const R = group.reduce((sum, { beams }) => sum + beams, 0); // a token of each beam, in runs of as many as may be
  const searches = R > group.length;
  const T = searches ? Math.min(R, CHUNK_TOKENS) : R;
  const scores = searches ? SCORES * FLOAT * R * machine.config.vocabSize : 0;
  const Z = group.reduce((sum, { E }) => sum + E, 0);
  let [runs, runBytes, read] = [0, readBytes(machine, { T, S, Z, R }) + scores, 0];
  for (const pack of packsOf(group, ({ P, E }) => P + E)) {
    const P = pack.reduce((sum, extent) => sum + extent.P, 0);
    const E = pack.reduce((sum, extent) => sum + extent.E, 0);
    const bytes = readBytes(machine, { T: Math.min(P, CHUNK_TOKENS), S: P, E, R: pack.length });
    runBytes = Math.max(runBytes, bytes + cacheBytes(machine, read));
    runs += Math.ceil(P / CHUNK_TOKENS);
    read += P + E;
  }
  return { runs: runs + Math.ceil(R / T) * Math.max(...group.map(({ P, end }) => end - P - 1)), runBytes };
}

/** How many numbers are kept for each token of the vocabulary: its score, and what settings make of it. */
const KEPT = 2;

/** How many copies of the scores of a beam there are while the next beams are chosen. */
const SCORES = 4;

/** The most rows of the cache that a prompt and what is written after it take: beams may part at the first token. */
function rowsOf({ P, end, beams }: Extent): number {
  return beams === 1 ? end : Math.ceil((1 + UNUSED) * (P + beams * (end - P)));
}
