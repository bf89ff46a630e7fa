/**
 * Continues several prompts at once. Each run reads one token of every text that has not ended, so that the weights,
 * which take most of the time of a single text, are read once for all of them.
 *
 * @module
 */
import { free, logitsRow } from "../../base/numbers.ts";
import type { KVCache } from "../../model/kv_cache.ts";
import type { Machine } from "../../model/memory.ts";
import type { Reader } from "../../model/reader.ts";
import { readPrompts } from "../../model/prompts.ts";
import type { PromptTokens } from "../../model/requests.ts";
import type { ModelRunner } from "../../model/runner.ts";
import type { Prompt } from "../../model/sequence.ts";
import type { ModelConfig } from "../../models/config.ts";
import type { Watch } from "../question.ts";
import { packsOf, readEach } from "../texts.ts";
import { type BatchPlan, planBatch } from "./batch_plan.ts";
import { createWriter, type Decoder, expectRoomAfter, tellWritten, type Writer, type WritingPlan } from "./decode.ts";
import type { DecodeOptions } from "./options.ts";
import { mostNewTokens } from "./scores/lengths.ts";

/** One text of those that are written together. */
interface Text {
  /** What it is called in the cache. */
  readonly id: number;
  readonly prompt: Prompt;
  readonly writer: Writer;
}

/**
 * Checks the prompts of a batch.
 *
 * @throws {TypeError | RangeError} When one cannot be read or continued; the message says which.
 */
export function readBatch(
  reader: Reader,
  config: ModelConfig,
  prompts: readonly (string | readonly number[])[],
  options: DecodeOptions,
): readonly Prompt[] {
  if (!Array.isArray(prompts)) {
    const found = prompts === null ? "null" : typeof prompts;
    throw new TypeError(`Cannot take ${found} as prompts; pass an array of them, or use generate() for a single one`);
  }
  if (prompts.length === 0) throw new RangeError("Cannot continue an empty list of prompts; pass one at least");
  return readEach("prompts", prompts, (input) => {
    const prompt = reader.prompt(input);
    expectRoomAfter(prompt.tokenIds, config);
    mostNewTokens(options, prompt.tokenIds.length);
    return prompt;
  });
}

/** How prompts are continued in groups. */
export interface GroupedPlan extends WritingPlan, Pick<BatchPlan, "groups"> {}

/** The lengths of prompts, and the options with those of their sources. */
export function lengthsOf<Options>(prompts: readonly Prompt[], options: Options) {
  const sources = prompts.map(({ source }) => source?.tokenIds.length ?? 0);
  return [prompts.map(({ tokenIds }) => tokenIds.length), { ...options, sources }] as const;
}

/** Plans to continue prompts together. Only a limit that is given holds, but groups are made by the default too. */
export function planTogether(machine: Machine, prompts: readonly Prompt[], options: DecodeOptions): GroupedPlan {
  const plan = planBatch(machine, ...lengthsOf(prompts, options));
  return {
    ...plan,
    ...{ prompts, options },
    task: `continue ${prompts.length} prompts`,
    maxMemory: options.maxMemory === undefined ? Infinity : plan.maxMemory,
    advice: "ask for fewer tokens",
  };
}

/** What is written after each prompt. */
export async function continueBatch(
  decoder: Decoder,
  plan: GroupedPlan,
  watch: Watch,
): Promise<readonly (readonly number[])[]> {
  const { prompts, options } = plan;
  const texts = prompts.map((prompt, id): Text => {
    return { id, prompt, writer: createWriter(decoder, { before: prompt.tokenIds, source: prompt.source }, options) };
  });
  const total = texts.reduce((sum, { writer }) => sum + writer.most, 0);
  const tell = () => {
    const completed = texts.reduce((sum, { writer }) => sum + writer.written.length, 0);
    tellWritten(watch, completed, total);
  };
  for (const group of plan.groups) {
    await writeTogether(decoder, group.map((index) => texts[index]!), { tell, signal: watch.signal });
  }
  return texts.map(({ writer }) => writer.written);
}

function write({ writer }: Text, logits: Float32Array): void {
  const { scores } = writer.choose(logits);
  if (scores) free(scores);
}

async function writeTogether(
  { runner }: Decoder,
  texts: readonly Text[],
  { tell, signal }: { readonly tell: () => void; readonly signal: AbortSignal | undefined },
): Promise<void> {
  using cache = runner.emptyCache();
  for await (const { text, logits } of readPacks(runner, cache, texts, signal)) {
    write(text, logits);
    tell();
  }
  const unended = (some: readonly Text[]) => some.filter(({ writer }) => !writer.ended());
  for (let open = unended(texts); open.length > 0; open = unended(open)) {
    const ids = open.map(({ id }) => id);
    cache.keep(new Set(ids));
    const last = open.map(({ writer }) => writer.written.at(-1)!);
    const [logits] = await runner.read(last, cache, [...last.keys()], { texts: ids, signal });
    open.forEach((text, i) => write(text, logitsRow(logits!, i, open.length)));
    free(logits!);
    tell();
  }
}

/** Reads prompts into one cache, in few runs, each as the text of its `id`. Gives the scores after each of them, `[V]`. */
export async function* readPacks<T extends { readonly id: number; readonly prompt: PromptTokens }>(
  runner: ModelRunner,
  cache: KVCache,
  texts: readonly T[],
  signal: AbortSignal | undefined,
): AsyncGenerator<{ readonly text: T; readonly logits: Float32Array }> {
  for (
    const pack of packsOf(texts, ({ prompt: { tokenIds, source } }) => tokenIds.length + (source?.tokenIds.length ?? 0))
  ) {
    const logits = await readPack(runner, pack, cache, signal);
    for (const [i, text] of pack.entries()) yield { text, logits: logits[i]! };
  }
}

/** Reads the prompts of a run into a cache: by themselves, as what was read before would be compared in vain. */
async function readPack(
  runner: ModelRunner,
  pack: readonly { readonly id: number; readonly prompt: PromptTokens }[],
  cache: KVCache,
  signal: AbortSignal | undefined,
): Promise<Float32Array[]> {
  const prompts = pack.map(({ prompt }) => prompt);
  const request = { texts: pack.map(({ id }) => id), signal };
  if (cache.length === 0) return await readPrompts(runner, prompts, cache, request);
  using own = runner.emptyCache();
  const logits = await readPrompts(runner, prompts, own, request);
  cache.appendFrom(own, 0, own.length);
  return logits;
}
