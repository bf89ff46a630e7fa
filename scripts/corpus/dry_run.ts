/**
 * What a job would take, by a few of its documents.
 *
 * @module
 */
import { explainCorpus, type ExplainCorpusOptions, LanguageModel } from "../../mod.ts";
import { formatSeconds } from "../../src/base/duration.ts";
import { formatBytes } from "../../src/base/words.ts";
import { openSource } from "../../src/corpus/sources/open.ts";
import type { CorpusSource, CorpusStore } from "../../src/corpus/types.ts";

/** How many documents are tried. */
const TRIED = 32;
/** A page of a file that was read ahead, by which an estimate of the number of documents would be wrong. */
const LEAST_READ = 1 << 20;

/** A place that remembers how much was written, and no more than it must. */
class Scale implements CorpusStore {
  readonly name = "nowhere";
  readonly files = new Map<string, Uint8Array>();
  read = (name: string) => Promise.resolve(this.files.get(name));
  readRange = (name: string, start: number, end: number) => Promise.resolve(this.files.get(name)!.slice(start, end));
  size = (name: string) => Promise.resolve(this.files.get(name)?.length);
  list = (folder: string) =>
    Promise.resolve([...this.files.keys()].filter((name) => name.startsWith(`${folder}/`)).sort());
  write(name: string, bytes: Uint8Array): Promise<void> {
    this.files.set(name, bytes);
    return Promise.resolve();
  }
}

/** Says what a job would take: it explains some documents, and multiplies. */
export async function dryRun(source: string, { out: _, shard: __, workers = 1, ...options }: ExplainCorpusOptions) {
  const { read, load, model: id, signal, ...asked } = options;
  const opened = await openSource(source, { ...read, ...signal && { signal } });
  await using model = await LanguageModel.fromPretrained(id as string | undefined, load);
  const loaded = Deno.memoryUsage().rss;
  const limit = Math.min(TRIED, options.limit ?? Infinity);
  const begin = { ...asked, model, ...signal && { signal } };
  await explainCorpus(opened, { ...begin, out: new Scale(), limit: 1 }); // the first run of a model is slower
  const scaled = new Scale();
  const report = await explainCorpus(opened, { ...begin, out: scaled, limit });
  const { documents, tokens, problems } = report.there;
  const all = await documentsIn(opened, options.limit ?? Infinity, signal ?? new AbortController().signal);
  await opened.close();
  const times = documents + problems > 0 ? all.count / (documents + problems) : 0;
  const written = [...scaled.files].filter(([name]) => name.includes("/part-")).reduce(
    (sum, [, { length }]) => sum + length,
    0,
  );
  const seconds = report.tokensPerSecond > 0 ? tokens * times / report.tokensPerSecond : 0;
  return [
    `${source}: ${all.exact ? "" : "about "}${all.count} documents, about ${Math.round(tokens * times)} tokens`,
    `tried ${documents + problems} documents (${problems} of them problems) of ${tokens} tokens`,
    `one model: ${Math.round(report.tokensPerSecond)} tokens/s, about ${formatSeconds(seconds)}` +
    (workers > 1 ? `; ${workers} workers share the cores, so measure them on more documents` : ""),
    `memory: ${formatBytes(Deno.memoryUsage().rss)} resident, ${formatBytes(loaded)} of them before the first document`,
    `answers: ${formatBytes(written)} for the documents that were tried` +
    (asked.ask.includes("neurons") ? "; those of neurons are as large for each shard, whatever its size" : ""),
  ].join("\n");
}

/** How many documents there are: counted where that is quick, else by the bytes of those that were read. */
async function documentsIn(source: CorpusSource, limit: number, signal: AbortSignal) {
  let count = 0;
  const begun = performance.now();
  for await (const _ of source.records(0, signal)) {
    ++count;
    if (count >= limit) return { count, exact: true };
    const { read, total } = source.progress() ?? { read: 0, total: 0 };
    if (performance.now() - begun < 5000 || read < LEAST_READ) continue;
    return { count: Math.min(limit, Math.round(count * total / read)), exact: false };
  }
  return { count, exact: true };
}
