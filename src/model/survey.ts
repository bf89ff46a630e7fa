/**
 * What is seen while tokens are read after those in a cache: by the lens, and at any places.
 *
 * @module
 */
import { LENS, type LensRequest } from "../models/lens.ts";
import type { KVCache } from "./kv_cache.ts";
import type { LensNumbers, SourceTokens, Survey, Surveyed } from "./requests.ts";
import type { ModelRunner } from "./runner.ts";

/**
 * Reads the next tokens after those in `cache`, appends them to it, and looks at `rows` through the lens: how many
 * tokens each depth prefers to `targets[r]`, its `best` tokens, and more. See {@linkcode LENS}. The last depth is what
 * the others are compared with. Where there is an encoder, the first tokens of a text bring its source.
 */
export async function lookThroughLens(
  runner: ModelRunner,
  request: LensRequest & {
    readonly tokenIds: readonly number[];
    readonly cache: KVCache;
    readonly rows: readonly number[];
    readonly source?: SourceTokens | undefined;
  },
  signal?: AbortSignal,
): Promise<LensNumbers> {
  const { lens } = await survey(runner, { ...request, lens: request }, signal);
  return lens!;
}

/**
 * Reads the next tokens after those in `cache`, appends them to it, and returns what the lens sees at `rows`, if it is
 * asked, as {@linkcode lookThroughLens} does, and the `fetches`. `texts` says which text each token belongs to.
 */
export async function survey(
  runner: ModelRunner,
  { tokenIds, cache, rows, texts, tokenTypes, source, lens, fetches = [] }: Survey,
  signal?: AbortSignal,
): Promise<Surveyed> {
  const { lens: outputs } = runner.program.outputs;
  if (lens && !outputs) throw new Error(`Cannot look through the lens as ${runner.family.name} predicts no next token`);
  const seen = lens ? LENS.map((name) => outputs![name]) : [];
  const request = { tokenIds, past: cache, rows, texts, tokenTypes, source, lens };
  const results = await runner.readOn(request, [...seen, ...fetches], signal);
  for (const [i, numbers] of results.entries()) {
    await runner.expectFinite(numbers, i < seen.length ? "logits" : "numbers inside of the model");
  }
  const numbers = lens && Object.fromEntries(LENS.map((name, i) => [name, results[i]!]));
  return {
    ...numbers && { lens: numbers as Record<typeof LENS[number], Float32Array> },
    fetched: results.slice(seen.length),
  };
}
