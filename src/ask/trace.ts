import { free } from "../base/numbers.ts";
import type { OptionTable } from "../base/options.ts";
import type { Progress } from "../base/progress.ts";
import type { FloatTensor } from "../base/tensor.ts";
import { formatBytes, shown } from "../base/words.ts";
import { type MemoryOptions, READING } from "../model/cost.ts";
import { costOf, FLOAT, memoryLimit, readBytes } from "../model/memory.ts";
import { CHUNK_TOKENS, type ModelRunner } from "../model/runner.ts";
import type { SourceTokens } from "../model/requests.ts";
import type { Sequence } from "../model/sequence.ts";
import type { BartConfig } from "../models/bart.ts";
import type { ModelConfig } from "../models/config.ts";
import { familyOf } from "../models/families.ts";
import type { Value } from "../onnx/mod.ts";
import { type AskedModel, expectHead, type Plan, type Question, type Watch } from "./question.ts";

/** What {@linkcode LanguageModel.trace} can record. */
export type Capture = "hiddenStates" | "attention" | "activations" | "logits" | "crossAttention" | "sourceAttention";

/** Options of {@linkcode LanguageModel.trace}. */
export interface TraceOptions extends MemoryOptions {
  /**
   * What to record.
   *
   * @default {["hiddenStates"]}
   */
  readonly capture?: readonly Capture[];
  /** The layers that are recorded, by their 0-based indices; all by default. The result has them in numeric order. */
  readonly layers?: readonly number[];
  /** Called after each part. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Whether a bar shows how far the call is when it takes more than a second, in a notebook or a terminal. It is taken
   * away when the call ends. Your own `onProgress` is called all the same.
   *
   * @default {true}
   */
  readonly progress?: boolean;
  /** Stops between two runs. */
  readonly signal?: AbortSignal;
}

const OPTIONS: OptionTable<TraceOptions> = {
  task: "trace",
  kinds: { capture: "anything", layers: "anything", ...READING },
};

/** The inside of the model while it read a sequence of T tokens. */
export interface Trace {
  /** The text that was read. */
  readonly sequence: Sequence;
  /** The K layers that were recorded, by their 0-based indices in rising order: `[0, 1, ..., L-1]` by default. */
  readonly layers?: readonly number[];
  /**
   * `[K+1, T, C]`, the residual stream before `ln_f`: 0 is the embeddings, with positions, that enter the first layer,
   * and `i + 1` is what leaves layer `layers[i]`. Encoders such as BERT normalise after each layer: theirs are the
   * normalised ones, as in transformers.
   */
  readonly hiddenStates?: FloatTensor;
  /**
   * `[K, H, T, T]`, the attention probabilities: layer, head, from (query), to (key). Each row sums to 1, which is
   * checked as they are recorded, and sees nothing after its own token; of an encoder, it sees all tokens.
   */
  readonly attention?: FloatTensor;
  /** `[K, T, 4C]`, the neurons of each MLP after the activation function. */
  readonly activations?: FloatTensor;
  /** `[T, V]`, the scores of the next token at each position; of an encoder, of the token that stands there. */
  readonly logits?: FloatTensor;
  /**
   * `[K, H, T, E]`, the attention to the source, of models with an encoder: layer, head, from (token of the text), to
   * (token of the source). Each row sums to 1.
   */
  readonly crossAttention?: FloatTensor;
  /** `[Le, H, E, E]`, the attention within the source, in all layers of the encoder. */
  readonly sourceAttention?: FloatTensor;
}

const CAPTURES: readonly Capture[] = [
  "hiddenStates",
  "attention",
  "activations",
  "logits",
  "crossAttention",
  "sourceAttention",
];
/** Those that need an encoder. */
const OF_SOURCES: readonly Capture[] = ["crossAttention", "sourceAttention"];

/** How far the sum of an attention row may be from 1. Float32 is off by less than 1e-5 over 1,024 tokens. */
const ROW_SUM_BOUND = 1e-4;

/** What is recorded, and in how long pieces. */
interface TracePlan extends Plan {
  readonly sequence: Sequence;
  /** Without repetition. */
  readonly capture: readonly Capture[];
  /** In numeric order, without repetition. */
  readonly layers: readonly number[];
  /** How many tokens are read in one run. */
  readonly chunkTokens: number;
}

/** One recording: the values to fetch, and the tensor that their rows are gathered in. */
interface Recorder {
  readonly capture: Capture;
  readonly fetches: readonly Value[];
  readonly tensor: FloatTensor;
  /** Takes `count` rows of each fetched value, the first of which is row `start` of the sequence. */
  readonly take: (parts: readonly Float32Array[], start: number, count: number) => void;
}

/** The question that {@linkcode LanguageModel.trace} asks. */
export const TRACE: Question<Sequence, TraceOptions, TracePlan, Trace> = {
  label: "Trace",
  options: OPTIONS,
  plan: planTrace,
  run: traceSequence,
};

/** Cuts the reading so that it takes no more than it may. */
function planTrace({ runner: machine, reader }: AskedModel, sequence: Sequence, options: TraceOptions): TracePlan {
  reader.expectSequence(sequence);
  const { config } = machine;
  const T = sequence.tokenIds.length;
  const maxMemory = memoryLimit(machine, options.maxMemory);
  const capture = checkedCapture(options.capture ?? ["hiddenStates"]);
  if (capture.includes("logits")) expectHead("capture logits", machine);
  expectEncoder(capture, config);
  const E = sequence.source?.tokenIds.length ?? 0;
  const layers = checkedLayers(config, options.layers);
  const numbers = (rows: number) =>
    capture.reduce((sum, name) => sum + product(shapeOf(config, name, layers.length, { T, E })) / T * rows, 0);
  const costIn = (chunk: number) => {
    const read = readBytes(machine, { T: chunk, S: T, E, R: capture.includes("logits") ? chunk : 1 });
    // What was fetched in one run may not have been collected by the next.
    return costOf(Math.ceil(T / chunk), read + 2 * FLOAT * numbers(chunk), FLOAT * numbers(T));
  };
  const whole = familyOf(config).mask === "full"; // each token sees all others, which must be read with it
  let chunkTokens = whole ? T : Math.min(T, CHUNK_TOKENS);
  while (!whole && chunkTokens > 1 && costIn(chunkTokens).bytes > maxMemory) chunkTokens = Math.ceil(chunkTokens / 2);
  return {
    ...{ sequence, capture, layers, chunkTokens, maxMemory },
    task: `record ${capture.join(", ")} of ${T} tokens in ${layers.length} layers`,
    cost: costIn(chunkTokens),
    advice: "record fewer layers or a shorter text",
  };
}

/** Reads a sequence in chunks and records what the model computes on the way. */
async function traceSequence(
  { runner }: AskedModel<ModelRunner>,
  { sequence, capture, layers, chunkTokens }: TracePlan,
  { onProgress, signal }: Watch,
): Promise<Trace> {
  const T = sequence.tokenIds.length;
  const source = sequence.source && sourceOf(sequence.source.tokenIds);
  const recorders = capture.map((name) => createRecorder(runner, name, layers, { T, E: source?.tokenIds.length ?? 0 }));
  using cache = runner.emptyCache();
  const typed = sequence.tokenTypes && { tokenTypes: sequence.tokenTypes }; // of encoders, which read all in one run
  for (let start = 0; start < T; start += chunkTokens) {
    const tokenIds = sequence.tokenIds.slice(start, start + chunkTokens);
    const rows = capture.includes("logits") ? [...tokenIds.keys()] : [tokenIds.length - 1];
    const now = recorders.filter(({ capture }) => start === 0 || capture !== "sourceAttention");
    const fetches = now.flatMap((recorder) => recorder.fetches);
    const given = { ...typed, ...(start === 0 && source && { source }) };
    const [logits, ...seen] = await runner.read(tokenIds, cache, rows, { ...given, fetches, signal });
    let taken = 0;
    for (const { capture, fetches, take } of now) {
      take(capture === "logits" ? [logits!] : seen.slice(taken, taken += fetches.length), start, tokenIds.length);
    }
    free(logits!, ...seen);
    const completed = start + tokenIds.length;
    onProgress?.({ task: "trace", completed, total: T, message: `Read ${completed} of ${T} tokens` });
  }
  return { sequence, layers, ...Object.fromEntries(recorders.map(({ capture, tensor }) => [capture, tensor])) };
}

function checkedCapture(capture: readonly Capture[]): readonly Capture[] {
  if (!Array.isArray(capture)) {
    throw new TypeError(`Cannot capture ${shown(capture)}; pass an array such as ["hiddenStates"]`);
  }
  for (const name of capture) {
    if (!CAPTURES.includes(name)) {
      throw new TypeError(`Cannot capture ${JSON.stringify(name)}; use "${CAPTURES.join('", "')}"`);
    }
  }
  return [...new Set(capture)];
}

function checkedLayers({ nLayer: L }: ModelConfig, layers?: readonly number[]): readonly number[] {
  if (layers === undefined) return [...Array(L).keys()];
  if (!Array.isArray(layers)) {
    throw new TypeError(`Cannot record layers ${JSON.stringify(layers)}; pass an array such as [0, ${L - 1}]`);
  }
  if (layers.length === 0) {
    throw new RangeError("Cannot record an empty list of layers; pass some, or leave layers out for all");
  }
  for (const layer of layers) {
    if (!Number.isInteger(layer) || layer < 0 || layer >= L) {
      throw new RangeError(`Cannot record layer ${layer} as the model has the layers 0 to ${L - 1}`);
    }
  }
  return [...new Set(layers)].sort((a, b) => a - b);
}

/** Refuses what only models with an encoder have. */
function expectEncoder(capture: readonly Capture[], config: ModelConfig): void {
  const { name, hasSource } = familyOf(config);
  const found = capture.find((one) => OF_SOURCES.includes(one));
  if (found && !hasSource) throw new TypeError(`Cannot capture ${found} as ${name} has no encoder; leave it out`);
}

/** The source of a single text. */
function sourceOf(tokenIds: readonly number[]): SourceTokens {
  return { tokenIds, texts: tokenIds.map(() => 0) };
}

/** How many tokens a text has, and its source. */
interface Lengths {
  readonly T: number;
  readonly E: number;
}

/** The shape of a recording of K layers. */
function shapeOf(config: ModelConfig, capture: Capture, K: number, { T, E }: Lengths): readonly number[] {
  switch (capture) {
    case "hiddenStates":
      return [K + 1, T, config.nEmbd];
    case "attention":
      return [K, config.nHead, T, T];
    case "activations":
      return [K, T, config.nInner];
    case "logits":
      return [T, config.vocabSize];
    case "crossAttention":
      return [K, config.nHead, T, E];
    case "sourceAttention": {
      const { encoderLayers, encoderAttentionHeads } = config as BartConfig;
      return [encoderLayers, encoderAttentionHeads, E, E];
    }
  }
}

function createRecorder(
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

function product(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
