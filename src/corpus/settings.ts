/**
 * What a job may be asked with.
 *
 * @module
 */
import { saliencyDefinition, type SaliencyOptions } from "../ask/saliency/definition.ts";
import type { DecodeOptions } from "../ask/write/options.ts";
import type { EncodeOptions } from "../ask/encode/encode.ts";
import { POOLINGS } from "../ask/encode/pooling.ts";
import { expectOptions, LONG_WORK, type OptionTable } from "../base/options.ts";
import type { Progress } from "../base/progress.ts";
import { shown } from "../base/words.ts";
import type { FactorsOptions } from "../analysis/factors/types.ts";
import type { LanguageModel } from "../language_model.ts";
import type { LoadOptions } from "../model/load/options.ts";
import type { ModelConfig } from "../models/config.ts";
import { asksOf } from "./asks/all.ts";
import type { Share } from "./job/shards.ts";
import type { SourceOptions } from "./sources/open.ts";
import type { AskName, CorpusSettings, CorpusStore } from "./types.ts";

/** Options of {@linkcode explainCorpus}. */
export interface ExplainCorpusOptions {
  /** What is asked: one question, or several, which are answered by one reading where that can be done. */
  readonly ask: AskName | readonly AskName[];
  /** The folder that is written to, or another place. A job that was cut goes on there. */
  readonly out: string | URL | CorpusStore;
  /**
   * The model, or how it is called and loaded; several workers load one each, so they need its name.
   *
   * @default The model that comes with this package.
   */
  readonly model?: LanguageModel | string | URL;
  /** How the model is loaded where it is given by its name. */
  readonly load?: LoadOptions;
  /** How the source is read where it is given by its name: its format, the field of the text and more. */
  readonly read?: Omit<SourceOptions, "signal">;
  /**
   * How many models work side by side, each in a worker.
   *
   * @default {1}, in no worker
   */
  readonly workers?: number;
  /**
   * The part of the shards that is computed here, as in `"0/4"`: those whose number leaves 0 when divided by 4. Whoever
   * finds all shards there puts them together.
   *
   * @default {"0/1"}
   */
  readonly shard?: string;
  /**
   * A Redis server whose queue gives shards to all machines that begin the same job with the same `out`: its address, and
   * after how many milliseconds a machine that says nothing counts as dead, 30,000 by default.
   *
   * @default None: shards are computed here, in their order.
   */
  readonly queue?: string | { readonly url: string; readonly lease?: number };
  /**
   * How many documents a shard has: what is lost when a job is cut, and what is in memory at a time.
   *
   * @default {1000}
   */
  readonly shardSize?: number;
  /** How many documents are taken; all by default. */
  readonly limit?: number;
  /**
   * The most tokens that are read together.
   *
   * @default {1024}, or what the context of the model holds
   */
  readonly window?: number;
  /**
   * How many tokens a window has in common with the one before; they count where they were read first.
   *
   * @default A quarter of the window.
   */
  readonly overlap?: number;
  /**
   * The longest document in UTF-16 code units; a longer one is a problem.
   *
   * @default {1_000_000}
   */
  readonly maxCharacters?: number;
  /**
   * What happens at a document that cannot be read: the job stops, or names it in the table `problems` and goes on.
   *
   * @default {"skip"}
   */
  readonly onError?: "stop" | "skip";
  /**
   * For `neurons`: how many documents are kept for each neuron.
   *
   * @default {20}
   */
  readonly examples?: number;
  /**
   * For `saliency`: how many tokens are kept for each document.
   *
   * @default {10}
   */
  readonly sources?: number;
  /** For `saliency`: its definition. */
  readonly saliency?: Pick<SaliencyOptions, "preset" | "method" | "of" | "reduce" | "normalize" | "steps">;
  /**
   * For `factors`: how many of each document (10, or as many as it has tokens), of which layers (all), and how many
   * neurons are kept for each (10).
   */
  readonly factors?: Pick<FactorsOptions, "factors" | "layers" | "top">;
  /** For `generated`: how texts are written. */
  readonly generate?: Omit<DecodeOptions, "onProgress" | "progress" | "signal" | "maxMemory">;
  /** For `embeddings`: how texts become vectors. */
  readonly embed?: Pick<EncodeOptions, "pooling" | "normalize">;
  /** Called now and then, with how many documents are explained. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Whether a bar shows how far the job is, in a notebook or a terminal. Your own `onProgress` is called all the same.
   *
   * @default {true}
   */
  readonly progress?: boolean;
  /** Stops the job; so does the Stop button of a notebook. What is done stays, and another start goes on. */
  readonly signal?: AbortSignal;
}

const TASK = "explain a corpus";

export const EXPLAIN_CORPUS: OptionTable<ExplainCorpusOptions> = {
  task: TASK,
  kinds: {
    ask: "anything",
    out: "anything",
    model: "anything",
    load: "an object",
    read: "an object",
    workers: "a number",
    shard: "a text",
    queue: "anything",
    shardSize: "a number",
    limit: "a number",
    window: "a number",
    overlap: "a number",
    maxCharacters: "a number",
    onError: ["stop", "skip"],
    examples: "a number",
    sources: "a number",
    saliency: "an object",
    factors: "an object",
    generate: "an object",
    embed: "an object",
    ...LONG_WORK,
  },
  required: ["ask", "out"],
};

function whole(name: string, value: number, least: number, most: number): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`Cannot ${TASK} with ${name} ${value} as it must be a whole number from ${least} to ${most}`);
}

/** How many models work side by side. */
export function workersOf({ workers = 1 }: ExplainCorpusOptions): number {
  return whole("workers", workers, 1, 256);
}

/** What must not be in the options of a question, as it would change nothing or is not plain. */
const PLAIN: Readonly<Record<string, readonly string[]>> = {
  saliency: ["preset", "method", "of", "reduce", "normalize", "steps"],
  embed: ["pooling", "normalize"],
};

/**
 * What decides what a job computes, for a model.
 *
 * @throws {TypeError | RangeError} When something makes no sense, or is for a question that is not asked.
 */
export function settingsOf(options: ExplainCorpusOptions, { nPositions }: ModelConfig): CorpusSettings {
  const ask = asksOf(options.ask).map(({ name }) => name);
  const window = whole("window", options.window ?? Math.min(nPositions, 1024), 4, nPositions);
  const { limit, saliency = {}, generate = {}, embed: given = {} } = options;
  expectAsked(ask, options);
  expectPlain("saliency", saliency);
  expectPlain("embed", given);
  saliencyDefinition(saliency);
  const embed = expectOptions(given, { task: TASK, kinds: { pooling: POOLINGS, normalize: "true or false" } });
  return {
    ask,
    shardSize: whole("shardSize", options.shardSize ?? 1000, 1, 1e6),
    ...limit !== undefined && { limit: whole("limit", limit, 1, Number.MAX_SAFE_INTEGER) },
    ...{ window, overlap: whole("overlap", options.overlap ?? Math.floor(window / 4), 0, Math.floor(window / 2)) },
    maxCharacters: whole("maxCharacters", options.maxCharacters ?? 1e6, 1, 2 ** 28),
    examples: whole("examples", options.examples ?? 20, 1, 1000),
    sources: whole("sources", options.sources ?? 10, 1, 10_000),
    ...ask.includes("factors") && { factors: factorsOf(options.factors ?? {}) },
    ...{ saliency: plain(saliency), generate: plain(generate), embed: plain(embed) },
  };
}

/** What belongs to a question that is not asked would be ignored. */
function expectAsked(ask: readonly AskName[], options: ExplainCorpusOptions): void {
  const belongs = {
    examples: "neurons",
    sources: "saliency",
    saliency: "saliency",
    factors: "factors",
    generate: "generated",
    embed: "embeddings",
  } as const;
  for (const [name, question] of Object.entries(belongs)) {
    if (options[name as keyof typeof belongs] === undefined || ask.includes(question)) continue;
    throw new TypeError(`Cannot ${TASK} with ${name} as it is not asked for ${question}; ask for it, or leave it out`);
  }
}

function factorsOf(given: object): Readonly<Record<string, unknown>> {
  const kinds = { factors: "a number", layers: "an array", top: "a number" } as const;
  const { factors, layers, top } = expectOptions<Pick<FactorsOptions, "factors" | "layers" | "top">>(given, {
    task: TASK,
    kinds,
  });
  if (factors !== undefined) whole("factors", factors, 1, 1000);
  if (top !== undefined) whole("top", top, 1, 10_000);
  layers?.forEach((layer, i) => whole("layers", layer, i === 0 ? 0 : layers[i - 1]! + 1, 100_000));
  if (layers?.length !== 0) return plain(given);
  throw new RangeError(`Cannot ${TASK} with layers [] as no neurons are in none; leave it out for all`);
}

function expectPlain(name: string, given: object): void {
  const unknown = Object.keys(given).find((key) => !PLAIN[name]!.includes(key));
  if (unknown === undefined) return;
  throw new TypeError(`Cannot ${TASK} with ${shown(unknown)} in ${name}; it may have ${PLAIN[name]!.join(", ")}`);
}

/** What can be written into the manifest, and compared. */
function plain(given: object): Readonly<Record<string, unknown>> {
  const values = Object.entries(given).filter(([, value]) => value !== undefined);
  const wrong = values.find(([, value]) => !isPlain(value));
  if (!wrong) return Object.fromEntries(values);
  throw new TypeError(`Cannot ${TASK} with ${wrong[0]} ${shown(wrong[1])} as it is no text, number or list of them`);
}

function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isPlain);
  return ["string", "number", "boolean"].includes(typeof value) || value === null;
}

/**
 * The part of the shards that is meant by `"i/n"`.
 *
 * @throws {RangeError} When it is none.
 */
export function shareOf(text = "0/1"): Share {
  const [, i, n] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const [index, count] = [Number(i), Number(n)];
  if (Number.isSafeInteger(count) && count >= 1 && index < count) return { index, count };
  throw new RangeError(`Cannot ${TASK} with shard ${shown(text)}; pass i/n with i from 0 to n - 1, as in "0/4"`);
}

/** Reads the option `queue`. */
export function queueOf(
  { queue, shard }: ExplainCorpusOptions,
): { readonly url: string; readonly lease: number } | undefined {
  if (queue === undefined) return undefined;
  const given: unknown = queue;
  const { url, lease = 30_000 } = typeof given === "string"
    ? { url: given }
    : expectOptions<{ url: string; lease?: number }>(given, QUEUE);
  if (!URL.canParse(url) || !/^rediss?:$/.test(new URL(url).protocol)) {
    throw new TypeError(
      `Cannot ${TASK} with the queue ${shown(url)}; pass the address of a server, as redis://host:6379`,
    );
  }
  if (!Number.isSafeInteger(lease) || lease < 100 || lease > 86_400_000) {
    throw new RangeError(`Cannot ${TASK} with a lease of ${shown(lease)}; pass 100 to 86,400,000 milliseconds`);
  }
  if (shard === undefined) return { url, lease };
  throw new TypeError(
    `Cannot ${TASK} with both queue and shard ${shown(shard)} as the queue gives shards; leave one out`,
  );
}

const QUEUE: OptionTable<{ url: string; lease?: number }> = {
  task: "share a corpus over a queue",
  kinds: { url: "a text", lease: "a number" },
  required: ["url"],
};
