import type { TensorEntry } from "../checkpoint/safetensors.ts";
import { firstNonFinite } from "../checkpoint/values.ts";
import type { GPT2Config } from "../gpt2/config.ts";
import type { Program, ScoreName } from "../gpt2/program.ts";
import type { Value } from "../onnx/mod.ts";
import type { Feed, Session } from "../runtime/session.ts";
import { KVCache } from "./kv_cache.ts";
import { firstNonFiniteIndex } from "./numbers.ts";

/** How many tokens are read in one run, so that long prompts can be stopped and take bounded memory. */
export const CHUNK_TOKENS = 256;

/** A program in a session: feeds it, fetches from it, and tells bad numbers from good ones. */
export class ModelRunner implements AsyncDisposable {
  /** The settings of the model. */
  readonly config: GPT2Config;
  /** What the session can be asked for. */
  readonly program: Program;
  /** Where the program runs. */
  readonly session: Session;
  readonly #weights: ReadonlyMap<string, TensorEntry>;

  /** Takes over `session` and the files of `weights`. */
  constructor(config: GPT2Config, program: Program, session: Session, weights: ReadonlyMap<string, TensorEntry>) {
    this.config = config;
    this.program = program;
    this.session = session;
    this.#weights = weights;
  }

  /** An empty cache. */
  emptyCache(): KVCache {
    return new KVCache(this.config.nLayer, this.config.nEmbd);
  }

  /**
   * Reads the next tokens after those in `cache`, appends them to it, and returns the logits at `rows` (`[R, V]`)
   * followed by the `fetches`.
   */
  async read(
    tokenIds: readonly number[],
    cache: KVCache,
    rows: readonly number[],
    options: { readonly fetches?: readonly Value[]; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Float32Array[]> {
    const { fetches = [], signal } = options;
    const { keys, values, logits } = this.program.outputs;
    const feeds = [
      ...this.#inputs(tokenIds, cache, rows),
      { value: this.program.inputs.targets, data: new BigInt64Array(rows.length), dims: [rows.length] },
      { value: this.program.inputs.mix, data: new Float32Array(0), dims: [0, rows.length] },
      { value: this.program.inputs.ofLogit, data: new Uint8Array(1), dims: [1] },
    ];
    const results = await this.session.run(feeds, [logits, ...fetches, ...keys, ...values], signal);
    const seen = 1 + fetches.length;
    cache.append(results.slice(seen, seen + keys.length), results.slice(seen + keys.length));
    await this.#expectFinite(results[0]!, "logits");
    return results.slice(0, seen);
  }

  /** Reads a prompt in chunks and returns the logits after its last token, `[V]`. */
  async readPrompt(tokenIds: readonly number[], cache: KVCache, signal?: AbortSignal): Promise<Float32Array> {
    let logits = new Float32Array(0);
    for (let start = 0; start < tokenIds.length; start += CHUNK_TOKENS) {
      const chunk = tokenIds.slice(start, start + CHUNK_TOKENS);
      [logits] = await this.read(chunk, cache, [chunk.length - 1], { signal }) as [Float32Array<ArrayBuffer>];
    }
    return logits;
  }

  /**
   * Differentiates the log-probability (or logit) of `targets[r]` at `rows[r]`, added up by `mix` `[N, R]`, with
   * respect to the embeddings of `tokenIds`. Returns the scores `[N, T]` and the logits `[R, V]`.
   */
  async explain(
    request: {
      readonly tokenIds: readonly number[];
      readonly rows: readonly number[];
      readonly targets: readonly number[];
      readonly mix: Float32Array;
      readonly ofLogit: boolean;
      readonly score: ScoreName;
    },
    signal?: AbortSignal,
  ): Promise<{ scores: Float32Array; logits: Float32Array }> {
    const { tokenIds, rows, targets, mix, ofLogit, score } = request;
    const { inputs, outputs } = this.program;
    const feeds = [
      ...this.#inputs(tokenIds, this.emptyCache(), rows),
      { value: inputs.targets, data: toInt64(targets), dims: [rows.length] },
      { value: inputs.mix, data: mix, dims: [mix.length / rows.length, rows.length] },
      { value: inputs.ofLogit, data: Uint8Array.of(Number(ofLogit)), dims: [1] },
    ];
    const [scores, logits] = await this.session.run(feeds, [outputs.scores[score], outputs.logits], signal);
    await this.#expectFinite(logits!, "logits");
    await this.#expectFinite(scores!, "gradient");
    return { scores: scores!, logits: logits! };
  }

  /** Frees the session and closes the files. */
  async dispose(): Promise<void> {
    await this.session.dispose();
    for (const { source } of this.#weights.values()) source.close();
  }

  /** The same as {@linkcode ModelRunner.dispose}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #inputs(tokenIds: readonly number[], cache: KVCache, rows: readonly number[]): Feed[] {
    const { inputs } = this.program;
    const dims = [cache.length, this.config.nEmbd];
    return [
      { value: inputs.inputIds, data: toInt64(tokenIds), dims: [tokenIds.length] },
      ...cache.keys.map((data, i) => ({ value: inputs.pastKeys[i]!, data, dims })),
      ...cache.values.map((data, i) => ({ value: inputs.pastValues[i]!, data, dims })),
      { value: inputs.rows, data: toInt64(rows), dims: [rows.length] },
    ];
  }

  /** Says which weight is broken when results are, as ONNX Runtime passes NaN on in silence. */
  async #expectFinite(numbers: Float32Array, what: string): Promise<void> {
    if (firstNonFiniteIndex(numbers) < 0) return;
    await expectFiniteWeights(this.#weights.values());
    throw new RangeError(`Cannot use the ${what} as they overflow float32, although all weights are finite`);
  }
}

/**
 * Checks the weights one by one.
 *
 * @throws {RangeError} When one holds a NaN or an infinity.
 */
export async function expectFiniteWeights(weights: Iterable<TensorEntry>): Promise<void> {
  for (const entry of weights) {
    const index = await firstNonFinite(entry);
    if (index !== undefined) {
      throw new RangeError(`Cannot use "${entry.name}" of ${entry.source.name} as element ${index} is NaN or infinite`);
    }
  }
}

function toInt64(numbers: readonly number[]): BigInt64Array {
  return BigInt64Array.from(numbers, BigInt);
}
