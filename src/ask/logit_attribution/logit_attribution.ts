import { argmax, free, logSumExp, rankOf } from "../../base/numbers.ts";
import type { OptionTable } from "../../base/options.ts";
import type { Progress } from "../../base/progress.ts";
import { type MemoryOptions, READING } from "../../model/cost.ts";
import { costOf, FLOAT, type Machine, memoryLimit, readBytes } from "../../model/memory.ts";
import { CHUNK_TOKENS } from "../../model/prompts.ts";
import type { ModelRunner } from "../../model/runner.ts";
import type { Sequence, Word } from "../../model/sequence.ts";
import type { Writers } from "../../models/family.ts";
import { predictedPosition } from "../positions.ts";
import { predict, type Prediction } from "../prediction.ts";
import type { AskedModel, Plan, Question, Watch } from "../question.ts";
import { readingOf } from "./direction.ts";
import { attributionOf, type Seen } from "./parts.ts";
import type { LogitAttribution } from "./types.ts";
import { largestMatrix, writersOf } from "./writers.ts";

/** Options of {@linkcode LanguageModel.logitAttribution}. */
export interface LogitAttributionOptions extends MemoryOptions {
  /**
   * The 0-based index of the token that is asked about: any but the first.
   *
   * @default That of the next token, `sequence.tokenIds.length`
   */
  readonly position?: number;
  /**
   * The token whose logit is taken apart, by text or id; of a text of several tokens the first. A text is read as it
   * stands, `" keys"` and `"keys"` are two words.
   *
   * @default The token that stands at the position; for the next token, the likeliest
   */
  readonly target?: string | number;
  /** The token whose logit is subtracted, alike. Then the parts say why the model prefers the one to the other. */
  readonly contrast?: string | number;
  /**
   * Whether each MLP is taken apart into its neurons.
   *
   * @default {false}
   */
  readonly neurons?: boolean;
  /**
   * Whether each head is taken apart into the tokens that it looks at.
   *
   * @default {false}
   */
  readonly tokens?: boolean;
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

const TASK = "take a logit apart";

const OPTIONS: OptionTable<LogitAttributionOptions> = {
  task: TASK,
  kinds: {
    position: "a number",
    target: "a text or a number",
    contrast: "a text or a number",
    neurons: "true or false",
    tokens: "true or false",
    ...READING,
  },
};

interface AttributionPlan extends Plan {
  readonly sequence: Sequence;
  readonly position: number;
  /** The token whose logit is taken apart; none for the likeliest. */
  readonly target?: number | undefined;
  readonly contrast?: number | undefined;
  readonly neurons: boolean;
  readonly tokens: boolean;
  /** How many tokens are read in one run. */
  readonly chunkTokens: number;
}

/** The question that {@linkcode LanguageModel.logitAttribution} asks. */
export const LOGIT_ATTRIBUTION: Question<Sequence, LogitAttributionOptions, AttributionPlan, LogitAttribution> = {
  label: "LogitAttribution",
  options: OPTIONS,
  needs: "next token",
  plan: planAttribution,
  run: attribute,
};

function planAttribution(
  { runner: machine, reader }: AskedModel,
  sequence: Sequence,
  options: LogitAttributionOptions,
): AttributionPlan {
  const writers = writersOf(TASK, machine);
  reader.expectOwnSequence(sequence);
  const position = predictedPosition("take a logit apart at", sequence, options.position);
  const word = (input: string | number | undefined) => input === undefined ? undefined : firstOf(reader.word(input));
  const target = word(options.target) ?? sequence.tokenIds[position];
  const contrast = word(options.contrast);
  if (contrast !== undefined && contrast === target) {
    throw new RangeError(`Cannot contrast token ${target} with itself; pass another token as contrast or target`);
  }
  const { neurons = false, tokens = false } = options;
  return {
    ...{ sequence, position, target, contrast, neurons, tokens },
    ...planRuns(machine, writers, { position, neurons, tokens }, options.maxMemory),
    task: `take a logit at position ${position} apart`,
    advice: "ask for an earlier position, or leave out neurons and tokens",
  };
}

function firstOf({ tokenIds }: Word): number {
  return tokenIds[0]!;
}

/** Halves what is read in one run until it fits. */
function planRuns(
  machine: Machine,
  writers: Writers,
  { position: T, neurons, tokens }: Pick<AttributionPlan, "position" | "neurons" | "tokens">,
  maxMemory?: number,
): Pick<AttributionPlan, "cost" | "maxMemory" | "chunkTokens"> {
  const { nLayer, nHead, nInner } = machine.config;
  const numbers = nLayer * (2 + nHead + (neurons ? nInner : 0) + (tokens ? nHead * T : 0));
  const fetched = nLayer * (nHead * T + nInner);
  const held = FLOAT * (fetched + largestMatrix(machine.config, writers));
  const limit = memoryLimit(machine, maxMemory);
  const costIn = (chunk: number) =>
    costOf(Math.ceil((T - 1) / chunk) + 1, readBytes(machine, { T: chunk, S: T, R: 1 }) + held, FLOAT * numbers);
  let chunkTokens = Math.min(Math.max(1, T - 1), CHUNK_TOKENS);
  while (chunkTokens > 1 && costIn(chunkTokens).bytes > limit) chunkTokens = Math.ceil(chunkTokens / 2);
  return { chunkTokens, cost: costIn(chunkTokens), maxMemory: limit };
}

/** Reads the text with its last token by itself, and takes apart what was written at that token. */
async function attribute(
  { runner, reader }: AskedModel<ModelRunner>,
  plan: AttributionPlan,
  { onProgress, signal }: Watch,
): Promise<LogitAttribution> {
  const { sequence, position, neurons, tokens } = plan;
  const writers = writersOf(TASK, runner);
  const { logits, ...seen } = await readLast(runner, plan, signal);
  const describe = (tokenId: number): Prediction => {
    const [prediction] = predict(reader, [tokenId], logits, logSumExp(logits));
    return { ...prediction!, rank: rankOf(logits, tokenId) };
  };
  const target = describe(plan.target ?? argmax(logits));
  const contrast = plan.contrast === undefined ? undefined : describe(plan.contrast);
  if (contrast?.tokenId === target.tokenId) {
    throw new RangeError(`Cannot contrast token ${target.tokenId} with itself, as it is the likeliest; pass a target`);
  }
  const asked = { target: target.tokenId, contrast: contrast?.tokenId };
  const reading = await readingOf(runner, writers, seen.residual, asked);
  const total = runner.config.nLayer;
  const onLayer = (completed: number) => {
    signal.throwIfAborted();
    onProgress?.({ task: "logitAttribution", completed, total, message: `Took apart ${completed} of ${total} layers` });
  };
  const logit = target.logit - (contrast?.logit ?? 0);
  const { sum, ...parts } = await attributionOf(runner, writers, seen, reading, { neurons, tokens, onLayer });
  expectWhole(sum, logit, Math.max(1, Math.abs(target.logit), Math.abs(contrast?.logit ?? 0)));
  return { sequence, position, target, ...contrast && { contrast }, logit, ...parts };
}

/** What the parts may be away from the logit, relative to the greater of the logits that it is made of where that is above 1. */
const GAP_BOUND = 1e-4;

/** The parts are all that there is; anything else would be a mistake of ours. */
function expectWhole(sum: number, logit: number, size: number): void {
  if (Math.abs(sum - logit) <= GAP_BOUND * size) return;
  throw new Error(`Cannot take the logit apart as its parts add up to ${sum}, and the model's own is ${logit}`);
}

/** The inside of the model at the token before the position, and the values of all up to it. */
async function readLast(
  runner: ModelRunner,
  { sequence, position, chunkTokens }: AttributionPlan,
  signal: AbortSignal,
): Promise<Seen & { readonly logits: Float32Array }> {
  using cache = runner.emptyCache();
  const row = position - 1;
  for (let start = 0; start < row; start += chunkTokens) {
    const ids = sequence.tokenIds.slice(start, Math.min(start + chunkTokens, row));
    free(...await runner.read(ids, cache, [ids.length - 1], { signal }));
  }
  const { attention, activations, hiddenStates } = runner.program.outputs;
  const fetches = [hiddenStates.at(-1)!, ...attention, ...activations];
  const tokenId = sequence.tokenIds[row]!;
  const [logits, residual, ...rest] = await runner.read([tokenId], cache, [0], { fetches, signal });
  const patterns = rest.slice(0, attention.length);
  const values = await cache.readValues();
  return { tokenId, row, logits: logits!, residual: residual!, patterns, neurons: rest.slice(patterns.length), values };
}
