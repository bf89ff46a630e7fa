/**
 * Runs that read on from a cache, which then has what they read too.
 *
 * @module
 */
import { free } from "../base/numbers.ts";
import type { ProgramOutputs } from "../models/program.ts";
import type { Feed } from "../onnx/feed.ts";
import type { Value } from "../onnx/mod.ts";
import type { Growth } from "../runtime/resident_rows.ts";
import type { KVCache } from "./kv_cache.ts";
import type { Started } from "./late_program.ts";
import type { SourceTokens } from "./requests.ts";

/** A run over tokens that follow those in a cache. */
export interface CachedRun {
  /** What it is fed, with the cache. */
  readonly feeds: readonly Feed[];
  /** What is wanted of it. */
  readonly fetches: readonly Value[];
  /** Which text each new token belongs to, `[T]`. */
  readonly texts: readonly number[];
  /** The new tokens of sources, where an encoder reads them. */
  readonly source: SourceTokens;
  readonly signal: AbortSignal | undefined;
}

/** The keys and values of each block that a run gives. */
interface CacheOutputs {
  readonly keys: readonly Value[];
  readonly values: readonly Value[];
}

/** Runs a program, appends to `cache` what was read, and returns what is fetched. */
export async function readInto(
  { program: { outputs }, session }: Started,
  cache: KVCache,
  { feeds, fetches, texts, source, signal }: CachedRun,
): Promise<Float32Array[]> {
  if (cache.resident) {
    const growths = growthsOf(outputs, cache, texts.length, source.tokenIds.length);
    const results = await session.run(feeds, fetches, signal, growths);
    cache.grown(texts);
    if (source.tokenIds.length > 0) cache.source?.grown(source.texts);
    return results;
  }
  const { keys, values, encoder } = outputs;
  const made = [...keys, ...values, ...(encoder ? [...encoder.keys, ...encoder.values] : [])];
  const results = await session.run(feeds, [...fetches, ...made], signal);
  const seen = fetches.length;
  const [ownKeys, ownValues, sourceKeys, sourceValues] = inParts(results.slice(seen), keys.length);
  cache.append(ownKeys!, ownValues!, texts);
  if (source.tokenIds.length > 0) cache.source?.append(sourceKeys!, sourceValues!, source.texts);
  const wanted = new Set(results.slice(0, seen)); // keys and values may be asked for too
  free(...results.slice(seen).filter((one) => !wanted.has(one)));
  return results.slice(0, seen);
}

/** What a run adds to a cache that is on the device of the session. */
function growthsOf(
  { keys, values, encoder }: ProgramOutputs,
  cache: KVCache,
  tokens: number,
  sourceTokens: number,
): readonly Growth[] {
  const grow = (cache: KVCache, { keys, values }: CacheOutputs, count: number) =>
    cache.growth([...keys, ...values].map(({ name }) => name), count) ?? [];
  const ofSource = encoder && sourceTokens > 0 ? grow(cache.source!, encoder, sourceTokens) : [];
  return [grow(cache, { keys, values }, tokens), ofSource].flat();
}

/** A list in parts of a length. */
function inParts<T>(list: readonly T[], length: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(list.length / length) }, (_, i) => list.slice(i * length, (i + 1) * length));
}
