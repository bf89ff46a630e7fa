import type { Cost } from "./cost_types.ts";
import { costOf, explainBytes, FLOAT, type Machine, memoryLimit } from "./memory.ts";
import { checkedPositions } from "./positions.ts";
import { saliencyDefinition } from "./presets.ts";
import type { SaliencyDefinition, SaliencyOptions } from "./saliency_types.ts";
import type { Reader } from "./sequence.ts";
import { type Chunk, groupTargets, mostRows, type RunSize, runSize } from "./target_groups.ts";
import type { Sequence } from "./types.ts";

/** The most logits of one run, 32 MiB for each of the tensors of that size. */
const CHUNK_LOGITS = 2 ** 23;

/** How a map is computed. */
export interface SaliencyPlan {
  readonly positions: readonly number[];
  readonly definition: SaliencyDefinition;
  /** Whether completeness gaps are wanted. */
  readonly completeness: boolean;
  readonly chunks: readonly Chunk[];
  /** What that takes. */
  readonly cost: Cost;
  /** What it may take. */
  readonly maxMemory: number;
}

/**
 * Checks what is asked for and groups the targets, early ones first as they need fewer tokens, so that no run takes
 * more memory than it may, if that can be done.
 *
 * @throws {TypeError | RangeError} When an option makes no sense; the message says what does.
 * @throws {Error} When the weights are in 8 bits.
 */
export function planSaliency(
  machine: Machine,
  reader: Reader,
  sequence: Sequence,
  options: SaliencyOptions,
): SaliencyPlan {
  machine.expectDifferentiable?.();
  const contrast = options.contrast === undefined ? undefined : reader.word(options.contrast);
  const definition = saliencyDefinition(options, contrast);
  const { together, method, steps = 0 } = definition;
  const { nEmbd, vocabSize } = machine.config;
  const integrated = method === "integratedGradients";
  const completeness = integrated || options.completeness === true;
  const positions = checkedPositions("explain", sequence, options.positions);
  const maxMemory = memoryLimit(machine, options.maxMemory);
  const result = FLOAT * sequence.tokenIds.length * (together ? 1 : positions.length);
  const bytes = ({ count, length: T, rows }: RunSize) => {
    const N = together ? 1 : count;
    const sums = integrated ? 3 * FLOAT * N * T * nEmbd : 0; // products, added up in float64
    return explainBytes(machine.config, { N, T, R: contrast ? 2 * count : count, M: rows + 1 }) + sums;
  };
  // Targets that are explained together go back through the model as one row, whatever their number.
  const fits = (size: RunSize) => {
    const few = together ? size.count * vocabSize <= CHUNK_LOGITS : size.rows <= mostRows(size.length, machine.backend);
    return few && bytes(size) + result <= maxMemory;
  };
  const chunks = groupTargets(positions, together, fits);
  const most = Math.max(...chunks.map((chunk) => bytes(runSize(chunk, positions, together))));
  const runs = integrated ? steps + 2 : completeness ? 2 : 1;
  return { positions, definition, completeness, chunks, cost: costOf(chunks.length * runs, most, result), maxMemory };
}
