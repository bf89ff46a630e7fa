import { free } from "../../base/numbers.ts";
import type { OptionTable } from "../../base/options.ts";
import type { Progress } from "../../base/progress.ts";
import type { FloatTensor } from "../../base/tensor.ts";
import { shown } from "../../base/words.ts";
import { type MemoryOptions, READING } from "../../model/cost.ts";
import { costOf, FLOAT, memoryLimit, readBytes, secondProgramBytes } from "../../model/memory.ts";
import { CHUNK_TOKENS } from "../../model/prompts.ts";
import type { ModelRunner } from "../../model/runner.ts";
import type { Sequence } from "../../model/sequence.ts";
import type { ModelConfig } from "../../models/config.ts";
import { familyOf } from "../../models/families.ts";
import { type AskedModel, expectHead, type Plan, type Question, type Watch } from "../question.ts";
import { sourceTokens } from "../../model/sources.ts";
import { type Capture, createRecorder, product, shapeOf } from "./recorders.ts";

/** Options of {@linkcode LanguageModel.trace}. */
export interface TraceOptions extends MemoryOptions {
  /**
   * What to record. `"attentionSteps"` stands for all that attention computes on its way: queries, keys, values,
   * attention, head sums and attention outputs.
   *
   * @default {["hiddenStates"]}
   */
  readonly capture?: readonly (Capture | "attentionSteps")[];
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
   * `[K+1, T, C]`, the residual stream before the last norm (`ln_f` in GPT-2): 0 is the embeddings, with positions, that enter the first layer,
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
  /**
   * `[K, H, T, D]`, the queries of each head, before they are scaled; where positions turn queries and keys, as in Llama,
   * both are the turned ones. With grouped heads there are fewer heads of keys and values.
   */
  readonly queries?: FloatTensor;
  /** `[K, Hk, T, D]`, the keys of each head. */
  readonly keys?: FloatTensor;
  /** `[K, Hk, T, D]`, the values of each head. */
  readonly values?: FloatTensor;
  /** What the products of queries and keys are multiplied by in each recorded layer; there if queries are. */
  readonly attentionScales?: readonly number[];
  /** `[K, T, H D]`, the sums of values by attention, the heads side by side (`z`): what the projection reads. */
  readonly headSums?: FloatTensor;
  /** `[K, T, C]`, what attention adds to the stream, after its projection (`attn_out`). */
  readonly attentionOutputs?: FloatTensor;
  /** `[K, T, C]`, what the MLP adds to the stream (`mlp_out`). */
  readonly mlpOutputs?: FloatTensor;
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
  "queries",
  "keys",
  "values",
  "headSums",
  "attentionOutputs",
  "mlpOutputs",
];
/** All that attention computes on its way. */
const ATTENTION_STEPS: readonly Capture[] = ["queries", "keys", "values", "attention", "headSums", "attentionOutputs"];
/** Those that only a program shows which was asked to, a second one over the same files. */
const INNER: readonly Capture[] = ["queries", "headSums", "attentionOutputs", "mlpOutputs"];
/** Those that need an encoder. */
const OF_SOURCES: readonly Capture[] = ["crossAttention", "sourceAttention"];

/** What is recorded, and in how long pieces. */
interface TracePlan extends Plan {
  readonly sequence: Sequence;
  /** Without repetition. */
  readonly capture: readonly Capture[];
  /** In numeric order, without repetition. */
  readonly layers: readonly number[];
  /** How many tokens are read in one run. */
  readonly chunkTokens: number;
  /** Whether a program is needed that shows what stands between the parts of a block. */
  readonly inner: boolean;
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
  const capture = checkedCapture(options.capture ?? ["hiddenStates"], config);
  if (capture.includes("logits")) expectHead("capture logits", machine);
  expectEncoder(capture, config);
  const E = sequence.source?.tokenIds.length ?? 0;
  const layers = checkedLayers(config, options.layers);
  const numbers = (rows: number) =>
    capture.reduce((sum, name) => sum + product(shapeOf(config, name, layers.length, { T, E })) / T * rows, 0);
  const inner = capture.some((name) => INNER.includes(name));
  const second = inner ? secondProgramBytes(machine) : 0;
  const costIn = (chunk: number) => {
    const read = second + readBytes(machine, { T: chunk, S: T, E, R: capture.includes("logits") ? chunk : 1 });
    // What was fetched in one run may not have been collected by the next.
    return costOf(Math.ceil(T / chunk), read + 2 * FLOAT * numbers(chunk), FLOAT * numbers(T));
  };
  const whole = familyOf(config).mask === "full"; // each token sees all others, which must be read with it
  let chunkTokens = whole ? T : Math.min(T, CHUNK_TOKENS);
  while (!whole && chunkTokens > 1 && costIn(chunkTokens).bytes > maxMemory) chunkTokens = Math.ceil(chunkTokens / 2);
  return {
    ...{ sequence, capture, layers, chunkTokens, inner, maxMemory },
    task: `record ${capture.join(", ")} of ${T} tokens in ${layers.length} layers`,
    cost: costIn(chunkTokens),
    advice: "record fewer layers or a shorter text",
  };
}

/** Reads a sequence in chunks and records what the model computes on the way. */
async function traceSequence(
  model: AskedModel<ModelRunner>,
  { sequence, capture, layers, chunkTokens, inner }: TracePlan,
  { onProgress, signal }: Watch,
): Promise<Trace> {
  const runner = inner ? await model.inside({ inner }) : model.runner;
  const T = sequence.tokenIds.length;
  const source = sequence.source && sourceTokens(sequence.source.tokenIds);
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
  const tensors = Object.fromEntries(recorders.map(({ capture, tensor }) => [capture, tensor]));
  const scaled = capture.includes("queries");
  return {
    ...{ sequence, layers, ...tensors },
    ...scaled && { attentionScales: layers.map((layer) => runner.program.attentionScales[layer]!) },
  };
}

function checkedCapture(asked: NonNullable<TraceOptions["capture"]>, config: ModelConfig): readonly Capture[] {
  if (!Array.isArray(asked)) {
    throw new TypeError(`Cannot capture ${shown(asked)}; pass an array such as ["hiddenStates"]`);
  }
  const capture: readonly Capture[] = asked.flatMap((name) => name === "attentionSteps" ? ATTENTION_STEPS : [name]);
  for (const name of capture) {
    if (!CAPTURES.includes(name)) {
      const { hasSource } = familyOf(config);
      const known = CAPTURES.filter((one) => hasSource || !OF_SOURCES.includes(one));
      throw new TypeError(`Cannot capture ${shown(name)}; use "${[...known, "attentionSteps"].join('", "')}"`);
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
