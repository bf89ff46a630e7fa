import type { Capture } from "../ask/trace/recorders.ts";
import type { Trace } from "../ask/trace/trace.ts";
import { firstNonFiniteIndex } from "../base/numbers.ts";
import type { FloatTensor } from "../base/tensor.ts";
import type { Pace } from "./pace.ts";

/** How many numbers are looked at in one go. */
const CHUNK = 1 << 20;

/** The axis of a recording whose size is the number of tokens. */
const TOKEN_AXIS = {
  ...{ hiddenStates: 1, attention: 2, activations: 1, logits: 0 },
  ...{ crossAttention: 2, sourceAttention: 2, queries: 2, keys: 2, values: 2 },
  ...{ headSums: 1, attentionOutputs: 1, mlpOutputs: 1 },
} as const satisfies Record<Capture, number>;
const RANK = {
  ...{ hiddenStates: 3, attention: 4, activations: 3, logits: 2 },
  ...{ crossAttention: 4, sourceAttention: 4, queries: 4, keys: 4, values: 4 },
  ...{ headSums: 3, attentionOutputs: 3, mlpOutputs: 3 },
} as const satisfies Record<Capture, number>;

/**
 * A recording of a trace, found whole.
 *
 * @param task What it is needed for, to complete "Cannot ...".
 * @throws {TypeError} When it was not captured.
 * @throws {RangeError} When its shape does not fit its data or its text.
 */
export function recordedTensor(trace: Trace, capture: Capture, task: string): FloatTensor {
  const tensor = trace[capture];
  if (!tensor) {
    const remedy = `record it with model.trace(sequence, { capture: ["${capture}"] })`;
    throw new TypeError(`Cannot ${task} as the trace has no ${capture}; ${remedy}`);
  }
  const { data, shape } = tensor;
  const { sequence } = trace;
  const T = (capture === "sourceAttention" && sequence.source ? sequence.source : sequence).tokenIds.length;
  const expectedSize = shape.reduce((product, size) => product * size, 1);
  if (shape.length !== RANK[capture] || shape[TOKEN_AXIS[capture]] !== T || data.length !== expectedSize) {
    const found = `${data.length} numbers of shape [${shape.join(", ")}] as ${capture}`;
    throw new RangeError(`Cannot ${task} as the trace has ${found}, which does not fit a text of ${T} tokens`);
  }
  if (data.length === 0) throw new RangeError(`Cannot ${task} as the trace has empty ${capture}`);
  return tensor;
}

/**
 * The same, found finite too.
 *
 * @throws {RangeError} When it holds NaN or an infinite number.
 */
export async function finiteTensor(trace: Trace, capture: Capture, task: string, pace: Pace): Promise<FloatTensor> {
  const tensor = recordedTensor(trace, capture, task);
  for (let start = 0; start < tensor.data.length; start += CHUNK) {
    expectFinite(tensor, capture, task, start, start + CHUNK);
    if (pace.isDue(4 * CHUNK)) await pace.turn();
  }
  return tensor;
}

/**
 * Refuses numbers of a recording that are none, from `start` to before `end`.
 *
 * @throws {RangeError} When there is one.
 */
export function expectFinite(
  { data, shape }: FloatTensor,
  capture: Capture,
  task: string,
  start: number,
  end: number,
): void {
  const found = firstNonFiniteIndex(data.subarray(start, end));
  if (found < 0) return;
  const bad = start + found;
  const place = shape.map((_, axis) => {
    const stride = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
    return Math.floor(bad / stride) % shape[axis]!;
  });
  throw new RangeError(`Cannot ${task} as the trace has ${data[bad]} at ${capture}[${place.join(", ")}]`);
}

/**
 * The layers that the first axis of attention or activations stands for, in rising order.
 *
 * @throws {RangeError} When the trace names another number of layers than it holds.
 */
export function recordedLayers({ layers }: Trace, count: number): readonly number[] {
  if (!layers) return Array.from({ length: count }, (_, layer) => layer);
  if (layers.length !== count) {
    throw new RangeError(
      `Cannot read a trace of layers [${layers.join(", ")}] as the recording of layers has length ${count}`,
    );
  }
  return layers;
}

/**
 * Where the recording of a layer stands on the first axis.
 *
 * @throws {RangeError} When it was not recorded.
 */
export function indexOfLayer(layers: readonly number[], layer: number, task: string): number {
  const index = layers.indexOf(layer);
  if (index < 0) {
    throw new RangeError(`Cannot ${task} in layer ${layer} as the trace holds layers ${layers.join(", ")}`);
  }
  return index;
}
