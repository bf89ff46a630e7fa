/**
 * What a trace records, and in what shape.
 *
 * @module
 */
import type { FloatTensor } from "../../base/tensor.ts";
import { formatBytes } from "../../base/words.ts";
import { FLOAT } from "../../model/memory.ts";
import type { ModelRunner } from "../../model/runner.ts";
import type { BartConfig } from "../../models/bart.ts";
import type { ModelConfig } from "../../models/config.ts";
import { familyOf } from "../../models/families.ts";
import type { LlamaConfig } from "../../models/llama.ts";
import type { Value } from "../../onnx/mod.ts";

/** What {@linkcode LanguageModel.trace} can record. */
export type Capture =
  | "hiddenStates"
  | "attention"
  | "activations"
  | "logits"
  | "crossAttention"
  | "sourceAttention"
  | "queries"
  | "keys"
  | "values"
  | "headSums"
  | "attentionOutputs"
  | "mlpOutputs";

/** How far the sum of an attention row may be from 1. Float32 is off by less than 1e-5 over 1,024 tokens. */
const ROW_SUM_BOUND = 1e-4;

/** One recording: the values to fetch, and the tensor that their rows are gathered in. */
export interface Recorder {
  readonly capture: Capture;
  readonly fetches: readonly Value[];
  readonly tensor: FloatTensor;
  /** Takes `count` rows of each fetched value, the first of which is row `start` of the sequence. */
  readonly take: (parts: readonly Float32Array[], start: number, count: number) => void;
}

/** How many tokens a text has, and its source. */
export interface Lengths {
  readonly T: number;
  readonly E: number;
}

/** The shape of a recording of K layers. */
export function shapeOf(config: ModelConfig, capture: Capture, K: number, { T, E }: Lengths): readonly number[] {
  switch (capture) {
    case "hiddenStates":
      return [K + 1, T, config.nEmbd];
    case "attention":
      return [K, config.nHead, T, T];
    case "activations":
      return [K, T, config.nInner];
    case "logits":
      return [T, config.vocabSize];
    case "queries":
      return [K, config.nHead, T, headSize(config)];
    case "keys":
    case "values":
      return [K, familyOf(config).cacheWidth(config) / headSize(config), T, headSize(config)];
    case "headSums":
      return [K, T, config.nHead * headSize(config)];
    case "attentionOutputs":
    case "mlpOutputs":
      return [K, T, config.nEmbd];
    case "crossAttention":
      return [K, config.nHead, T, E];
    case "sourceAttention": {
      const { encoderLayers, encoderAttentionHeads } = config as BartConfig;
      return [encoderLayers, encoderAttentionHeads, E, E];
    }
  }
}

/** How many numbers a head has. */
function headSize(config: ModelConfig): number {
  return "headDim" in config ? (config as LlamaConfig).headDim : config.nEmbd / config.nHead;
}

export function createRecorder(
  { config, program: { outputs } }: ModelRunner,
  capture: Capture,
  layers: readonly number[],
  lengths: Lengths,
): Recorder {
  const shape = shapeOf(config, capture, layers.length, lengths);
  switch (capture) {
    case "hiddenStates":
      return rowRecorder(capture, [0, ...layers.map((i) => i + 1)].map((i) => outputs.hiddenStates[i]!), shape);
    case "activations":
      return rowRecorder(capture, layers.map((i) => outputs.activations[i]!), shape);
    case "logits":
      return { ...rowRecorder(capture, [outputs.logits], shape), fetches: [] };
    case "attention":
      return attentionRecorder(layers.map((i) => outputs.attention[i]!), layers, shape);
    case "keys":
    case "values":
      return headRecorder(capture, layers.map((i) => outputs[capture][i]!), shape);
    case "queries":
      return headRecorder(capture, layers.map((i) => outputs.inner!.queries[i]!), shape);
    case "headSums":
    case "attentionOutputs":
    case "mlpOutputs":
      return rowRecorder(capture, layers.map((i) => outputs.inner![capture][i]!), shape);
    case "crossAttention":
      return crossRecorder(capture, layers.map((i) => outputs.encoder!.crossAttention[i]!), shape);
    case "sourceAttention":
      return crossRecorder(capture, outputs.encoder!.attention, shape);
  }
}

/** Gathers `[T, width]` values, one after another. */
function rowRecorder(capture: Capture, fetches: readonly Value[], shape: readonly number[]): Recorder {
  const data = allocate(capture, shape);
  const width = shape.at(-1)!;
  const T = shape.at(-2)!;
  const take = (parts: readonly Float32Array[], start: number) =>
    parts.forEach((part, layer) => data.set(part, (layer * T + start) * width));
  return { capture, fetches, tensor: { data, shape }, take };
}

/** Gathers `[count, H D]` values, whose heads stand side by side, into `[K, H, T, D]`. */
function headRecorder(capture: Capture, fetches: readonly Value[], shape: readonly number[]): Recorder {
  const data = allocate(capture, shape);
  const [, H, T, D] = shape as [number, number, number, number];
  const take = (parts: readonly Float32Array[], start: number, count: number) =>
    parts.forEach((part, k) => {
      for (let i = 0; i < count * H; ++i) {
        const [row, head] = [Math.floor(i / H), i % H];
        data.set(part.subarray(i * D, (i + 1) * D), ((k * H + head) * T + start + row) * D);
      }
    });
  return { capture, fetches, tensor: { data, shape }, take };
}

/** Gathers `[H, count, start + count]` patterns into the lower triangles of `[K, H, T, T]`. */
function attentionRecorder(fetches: readonly Value[], layers: readonly number[], shape: readonly number[]): Recorder {
  const data = allocate("attention", shape);
  const [, H, T] = shape as [number, number, number, number];
  const take = (parts: readonly Float32Array[], start: number, count: number) => {
    const width = start + count;
    parts.forEach((part, k) => {
      for (let row = 0; row < H * count; ++row) {
        const head = Math.floor(row / count);
        const from = start + row % count;
        const pattern = part.subarray(row * width, (row + 1) * width);
        expectRowSum(pattern, layers[k]!, head, from);
        data.set(pattern, ((k * H + head) * T + from) * T);
      }
    });
  };
  return { capture: "attention", fetches, tensor: { data, shape }, take };
}

/** Gathers `[H, count, E]` patterns into `[K, H, T, E]`. */
function crossRecorder(capture: Capture, fetches: readonly Value[], shape: readonly number[]): Recorder {
  const data = allocate(capture, shape);
  const [, H, T, E] = shape as [number, number, number, number];
  const take = (parts: readonly Float32Array[], start: number, tokens: number) =>
    parts.forEach((part, k) => {
      const count = capture === "sourceAttention" ? E : tokens;
      const width = part.length / (H * count); // in later runs with a column of no text behind the source's
      for (let row = 0; row < H * count; ++row) {
        const at = (k * H + Math.floor(row / count)) * T + start + row % count;
        data.set(part.subarray(row * width, row * width + E), at * E);
      }
    });
  return { capture, fetches, tensor: { data, shape }, take };
}

/**
 * Refuses an attention row that is no distribution, which would be a mistake of ours or of ONNX Runtime.
 *
 * @throws {Error} When it does not sum to 1.
 */
export function expectRowSum(pattern: Float32Array, layer: number, head: number, from: number): void {
  let sum = 0;
  for (const weight of pattern) sum += weight;
  if (Math.abs(sum - 1) <= ROW_SUM_BOUND) return;
  throw new Error(
    `Cannot trust the attention of layer ${layer}, head ${head}: the row of token ${from} sums to ${sum} instead of 1`,
  );
}

function allocate(capture: Capture, shape: readonly number[]): Float32Array {
  try {
    return new Float32Array(product(shape));
  } catch {
    const size = `[${shape}] takes ${formatBytes(FLOAT * product(shape))}`;
    throw new RangeError(`Cannot capture ${capture} as ${size}, more than can be allocated; shorten the sequence`);
  }
}

export function product(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
