/**
 * Prompts, which are read in chunks.
 *
 * @module
 */
import { logitsRow } from "../base/numbers.ts";
import type { KVCache } from "./kv_cache.ts";
import type { PromptTokens } from "./requests.ts";
import type { ModelRunner } from "./runner.ts";

/** How many tokens are read in one run, so that long prompts can be stopped and take bounded memory. */
export const CHUNK_TOKENS = 256;

/** Reads a prompt in chunks, with its source if it has one, and returns the logits after its last token, `[V]`. */
export async function readPrompt(
  runner: ModelRunner,
  prompt: PromptTokens,
  cache: KVCache,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const [logits] = await readPrompts(runner, [prompt], cache, { signal });
  return logits!;
}

/**
 * Reads prompts one after another in chunks, those that fit into one chunk side by side, and returns the logits after
 * the last token of each, `[V]`. `texts` says which text each prompt belongs to, by default its index.
 */
export async function readPrompts(
  runner: ModelRunner,
  prompts: readonly PromptTokens[],
  cache: KVCache,
  { texts, signal }: { readonly texts?: readonly number[]; readonly signal?: AbortSignal | undefined } = {},
): Promise<Float32Array[]> {
  const ownerOf = (i: number) => texts?.[i] ?? i;
  const tokenIds = prompts.flatMap(({ tokenIds }) => tokenIds);
  const owners = prompts.flatMap(({ tokenIds }, i) => tokenIds.map(() => ownerOf(i)));
  const source = {
    tokenIds: prompts.flatMap(({ source }) => source?.tokenIds ?? []),
    texts: prompts.flatMap(({ source }, i) => (source?.tokenIds ?? []).map(() => ownerOf(i))),
  };
  const logits: Float32Array[] = [];
  for (let start = 0; start < tokenIds.length; start += CHUNK_TOKENS) {
    const chunk = tokenIds.slice(start, start + CHUNK_TOKENS);
    const own = owners.slice(start, start + CHUNK_TOKENS);
    const ends = chunk.keys().filter((t) => owners[start + t] !== owners[start + t + 1]).toArray();
    const rows = ends.length > 0 ? ends : [0]; // a run gives the logits of one row at least
    const [numbers] = await runner.read(chunk, cache, rows, {
      texts: own,
      source: start === 0 ? source : undefined,
      signal,
    });
    logits.push(...ends.map((_, r) => logitsRow(numbers!, r, rows.length)));
  }
  return logits;
}
