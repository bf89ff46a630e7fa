import type { CorpusCounts } from "../analysis/corpus_results.ts";
import { inPage } from "../base/platform.ts";
import { ASKED } from "../ask/question.ts";
import { stoppable } from "../base/kernel.ts";
import { expectOptions } from "../base/options.ts";
import { shown } from "../base/words.ts";
import { LanguageModel } from "../language_model.ts";
import { expectLoadOptions, LOAD, type LoadOptions } from "../model/load/options.ts";
import { watched } from "../model/watch.ts";
import { familyOf } from "../models/families.ts";
import { showing } from "../show/showing.ts";
import { asksOf } from "./asks/all.ts";
import { beginOrGoOn, manifestOf } from "./job/manifest.ts";
import { Pacer } from "./job/pacer.ts";
import { type Executor, type Job, runJob } from "./job/run.ts";
import { type Explainer, explainShard } from "./job/shard.ts";
import { computeShared } from "./queue/shared_job.ts";
import { EXPLAIN_CORPUS, type ExplainCorpusOptions, queueOf, settingsOf, shareOf, workersOf } from "./settings.ts";
import { folderStore } from "./store/folder.ts";
import type { GivenDocument } from "./sources/array_source.ts";
import { openSource } from "./sources/open.ts";
import type { CorpusSettings, CorpusSource, CorpusStore, Total } from "./types.ts";
import type { WorkerLoad } from "./workers/messages.ts";
import { WorkerPool } from "./workers/pool.ts";

/** What came of a job. */
export interface CorpusReport {
  /** Where its files are. */
  readonly out: string;
  /** What was computed by this call. */
  readonly computed: CorpusCounts & { readonly shards: number };
  /** What is there in all. */
  readonly there: CorpusCounts & { readonly shards: number };
  /** Shards that could not be read any more and were computed once more, each with what was wrong. */
  readonly mended: readonly string[];
  /** How long the call took, in seconds. */
  readonly seconds: number;
  /** How many tokens were explained in a second, without the time before the first. */
  readonly tokensPerSecond: number;
  /** All shards together; absent while others are still to be computed elsewhere. */
  readonly total?: Total;
}

/**
 * Asks a model about all documents of a corpus, and writes what it says as Parquet files. Documents are read side by
 * side, and cut into windows where they are long; the numbers are those of the calls for a single text, to 1e-5. A job is
 * cut into shards, each of which is written whole or not at all: a job that ended early, for whatever reason, is begun
 * again by the same call and goes on, and several machines can share it. `docs/corpus.md` describes the files.
 *
 * @param source The documents: a path, an address or an array of texts, or what `openSource` gave.
 * @param options What is asked, and where the answers go.
 * @returns What was computed, and the sums of all shards once they are there.
 * @throws {TypeError | RangeError} When an option makes no sense, or the model cannot be asked.
 * @throws {Error} When another job was begun in the same place, a document is bad and `onError` is `"stop"`, or a file
 * cannot be written.
 * @throws The signal's reason, when it is aborted.
 *
 * @example How surprised is the model, text by text?
 * ```ts
 * import { explainCorpus } from "@looking-glass/looking-glass";
 *
 * const out = await Deno.makeTempDir();
 * const texts = ["The keys to the cabinet are on the table.", "Once upon a time there was a fox."];
 * const { computed, total } = await explainCorpus(texts, { ask: "surprise", out });
 * console.log(computed.documents, total!.sums.surprise);
 * await Deno.remove(out, { recursive: true });
 * ```
 */
export async function explainCorpus(
  source: string | URL | readonly GivenDocument[] | CorpusSource,
  options: ExplainCorpusOptions,
): Promise<CorpusReport> {
  options = expectOptions(options, EXPLAIN_CORPUS);
  if (inPage) throw new Error("Cannot explain a corpus in a page as it has no files; run it under Deno");
  asksOf(options.ask);
  shareOf(options.shard);
  workersOf(options);
  const queue = queueOf(options);
  const store = storeOf(options.out);
  options = { ...options, signal: stoppable(options.signal) };
  const opened = await sourceOf(source, options);
  try {
    const loaded = await modelOf(options);
    try {
      return showing("CorpusReport", await explain(opened, store, loaded, { ...options, shared: queue }));
    } finally {
      await loaded.release();
    }
  } finally {
    if (opened !== source) await opened.close();
  }
}

/** The documents: the caller's source, or one that is opened. */
async function sourceOf(
  source: string | URL | readonly GivenDocument[] | CorpusSource,
  { read, signal }: ExplainCorpusOptions,
): Promise<CorpusSource> {
  const isSource = typeof source === "object" && source !== null && "records" in source && "fingerprint" in source;
  if (!isSource) return await openSource(source as string, { ...read, ...signal && { signal } });
  if (read === undefined) return source as CorpusSource;
  throw new TypeError("Cannot explain a corpus with read as its source is open already; leave it out");
}

/** The place that is written to. */
function storeOf(out: unknown): CorpusStore {
  if (typeof out === "string" && out !== "" || out instanceof URL) return folderStore(out);
  if (typeof out === "object" && out !== null && "write" in out && "list" in out) return out as CorpusStore;
  throw new TypeError(`Cannot explain a corpus into ${shown(out)}; pass the path of a folder as out`);
}

interface Loaded {
  readonly model: LanguageModel;
  readonly release: () => Promise<void>;
}

/** The model that is asked: the caller's, or one that is loaded and released. */
async function modelOf({ model, load = {}, workers, signal }: ExplainCorpusOptions): Promise<Loaded> {
  if (model instanceof LanguageModel) {
    if (workers === undefined || workers === 1) return { model, release: () => Promise.resolve() };
    throw new TypeError(
      `Cannot share a loaded model with ${workers} workers as each loads its own; pass its id or its path as model`,
    );
  }
  if (model !== undefined && typeof model !== "string" && !(model instanceof URL)) {
    throw new TypeError(`Cannot explain a corpus with ${shown(model)} as model; pass a model, or its id or path`);
  }
  const options = expectOptions<LoadOptions>(load, LOAD);
  expectLoadOptions(options);
  const own = await LanguageModel.fromPretrained(model, { ...options, ...signal && { signal } });
  return { model: own, release: () => own.dispose() };
}

async function explain(
  source: CorpusSource,
  store: CorpusStore,
  { model, release }: Loaded,
  options: ExplainCorpusOptions & { readonly shared: ReturnType<typeof queueOf> },
): Promise<CorpusReport> {
  const begun = performance.now();
  const signal = stoppable(options.signal);
  const settings = settingsOf(options, model.config);
  expectAskable(model, settings);
  const identity = await model.identity({ signal, progress: options.progress ?? true });
  const { quantized } = model[ASKED].runner.program;
  const manifest = await manifestOf(source, identity, quantized ? "q8" : "float32", settings);
  await beginOrGoOn(store, manifest);
  const share = shareOf(options.shard);
  if (workersOf(options) > 1) await release(); // they load their own
  await using executor = await executorOf(model, settings, options, signal);
  return await watched(options, async ({ onProgress }) => {
    const pacer = new Pacer({ source, settings, share, onProgress });
    const { shared } = options;
    const compute: Job["compute"] = shared && ((job, done) => computeShared(job, done, shared));
    const own = { source, store, manifest, executor, share, signal, ...pacer.listeners() };
    const job: Job = { ...own, ...compute && { compute } };
    const { computed, there, mended, total } = await runJob(job);
    const seconds = (performance.now() - begun) / 1000;
    const { tokensPerSecond } = pacer;
    return { out: store.name, computed, there, mended, seconds, tokensPerSecond, ...total && { total } };
  });
}

/** Refuses a model that cannot be asked, before anything is written. */
function expectAskable(model: LanguageModel, settings: CorpusSettings): void {
  const asked = model[ASKED];
  const { hasSource, name } = familyOf(model.config);
  if (hasSource) {
    throw new TypeError(`Cannot explain a corpus with ${name} as each text needs its source; load a model without one`);
  }
  for (const one of asksOf(settings.ask)) one.expect(asked, settings);
}

/** Explains in this thread, or in workers that load the model by its name. */
async function executorOf(
  model: LanguageModel,
  settings: CorpusSettings,
  options: ExplainCorpusOptions,
  signal: AbortSignal,
): Promise<Executor & AsyncDisposable> {
  const { onError = "skip", model: id } = options;
  const workers = workersOf(options);
  if (workers === 1) {
    const explainer: Explainer = { model: model[ASKED], tokenizer: model.tokenizer, settings, onError };
    return {
      width: 1,
      explain: (shard, watch) => explainShard(shard, explainer, watch),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const { onProgress: _, progress: __, signal: ___, ...given } = options.load ?? {};
  const threads = Math.max(1, Math.floor(navigator.hardwareConcurrency / workers));
  const load: WorkerLoad = { threads, ...given, backend: model.backend };
  const name = id === undefined || id instanceof LanguageModel ? undefined : String(id);
  return await WorkerPool.start(workers, { model: name, load, settings, onError }, signal);
}
