import type { Trace } from "../../ask/trace/trace.ts";
import type { Pace } from "../pace.ts";
import { finiteTensor, indexOfLayer, recordedLayers } from "../recorded.ts";

/**
 * Neuron activations of several texts, N tokens x M neurons, with only those above 0: about half of them with random
 * weights, fewer in a trained model. The entries of neuron m are those from `starts[m]` to `starts[m + 1]`, in the order
 * of the tokens.
 */
export interface ClippedActivations {
  /** N, the tokens of all texts one after the other. */
  readonly tokens: number;
  /** M, the neurons of all layers one after the other. */
  readonly neurons: number;
  /** How many neurons each layer has. */
  readonly width: number;
  /** The layers that take part, in rising order. */
  readonly layers: readonly number[];
  /** Where the entries of each neuron begin; M + 1 of them. */
  readonly starts: Uint32Array;
  /** The token of each entry. */
  readonly token: Uint32Array;
  /** The activation of each entry, above 0. */
  readonly value: Float32Array;
}

/** A recording, cut to what takes part. */
interface Part {
  readonly data: Float32Array;
  readonly T: number;
  /** Where each layer that takes part stands. */
  readonly indices: readonly number[];
}

/**
 * Gathers the activations above 0 of some texts.
 *
 * @param layers The layers that take part; all recorded ones when undefined.
 * @throws {TypeError} When a trace has no activations.
 * @throws {RangeError} When there is no text or layer, a layer was not recorded, or the traces are of different models.
 */
export async function clippedActivations(
  traces: readonly Trace[],
  layers: readonly number[] | undefined,
  pace: Pace,
): Promise<ClippedActivations> {
  const task = "factor neurons";
  if (traces.length === 0) throw new RangeError(`Cannot ${task} of no text; give at least one trace`);
  const recorded = [];
  for (const trace of traces) {
    const { data, shape } = await finiteTensor(trace, "activations", task, pace);
    recorded.push({ data, T: shape[1]!, width: shape[2]!, layers: recordedLayers(trace, shape[0]!) });
  }
  const { width, layers: all } = recorded[0]!;
  for (const other of recorded) {
    if (other.width !== width || `${other.layers}` !== `${all}`) {
      const found = `layers ${all.join(", ")} of ${width} neurons and layers ${
        other.layers.join(", ")
      } of ${other.width}`;
      throw new RangeError(`Cannot ${task} of traces with ${found} together; record the same layers of one model`);
    }
  }
  const chosen = [...new Set(layers ?? all)].sort((a, b) => a - b);
  if (chosen.length === 0) throw new RangeError(`Cannot ${task} of no layer; name at least one`);
  const indices = chosen.map((layer) => indexOfLayer(all, layer, task));
  return await gather(recorded.map(({ data, T }) => ({ data, T, indices })), chosen, width, pace);
}

async function gather(
  parts: readonly Part[],
  layers: readonly number[],
  width: number,
  pace: Pace,
): Promise<ClippedActivations> {
  const neurons = layers.length * width;
  const starts = new Uint32Array(neurons + 1);
  for (const { row, first } of rowsOf(parts, width)) {
    for (let f = 0; f < width; ++f) if (row[f]! > 0) ++starts[first + f + 1]!;
    if (pace.isDue(4 * width)) await pace.turn();
  }
  for (let m = 0; m < neurons; ++m) starts[m + 1]! += starts[m]!;
  const count = starts[neurons]!;
  if (count === 0) throw new RangeError("Cannot factor neurons that are nowhere active above 0");
  const next = starts.slice(0, neurons);
  const token = new Uint32Array(count);
  const value = new Float32Array(count);
  for (const { row, first, token: own } of rowsOf(parts, width)) {
    for (let f = 0; f < width; ++f) {
      const activation = row[f]!;
      if (!(activation > 0)) continue;
      const entry = next[first + f]!++;
      token[entry] = own;
      value[entry] = activation;
    }
    if (pace.isDue(8 * width)) await pace.turn();
  }
  const tokens = parts.reduce((sum, { T }) => sum + T, 0);
  return { tokens, neurons, width, layers, starts, token, value };
}

/** The activations of each token in each layer, and the index of the layer's first neuron. */
function* rowsOf(parts: readonly Part[], width: number) {
  let before = 0;
  for (const { data, T, indices } of parts) {
    for (const [place, index] of indices.entries()) {
      for (let t = 0; t < T; ++t) {
        const from = (index * T + t) * width;
        yield { row: data.subarray(from, from + width), first: place * width, token: before + t };
      }
    }
    before += T;
  }
}
