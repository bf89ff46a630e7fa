import { firstNonFiniteIndex, free } from "../base/numbers.ts";
import type { TensorEntry } from "../checkpoint/safetensors.ts";
import { type AnyConfig, familyOf } from "../models/families.ts";
import type { Family } from "../models/family.ts";
import type { GradientOutputs } from "../models/gradient_question.ts";
import type { Program } from "../models/program.ts";
import { isQuantized } from "../models/weights.ts";
import type { Feed } from "../onnx/feed.ts";
import type { InHalves, Value } from "../onnx/mod.ts";
import type { Backend } from "../runtime/backend.ts";
import type { Session } from "../runtime/session.ts";
import { readInto } from "./cached_run.ts";
import type { CompiledChanges } from "./changes.ts";
import { editsOf, eitherOf } from "./edit_request.ts";
import { halfFeeds, KeptReading } from "./kept_reading.ts";
import { KVCache, type MakeResident } from "./kv_cache.ts";
import { LateProgram, type Started } from "./late_program.ts";
import type { Explanation, Reading, RunRequest, ScoreKind, SourceTokens } from "./requests.ts";
import { joinRows, NO_SOURCE, NO_TEXT, sourceTokens } from "./sources.ts";
import { StoredWeights } from "./stored_weights.ts";

/** What a runner can be made with beside its program. */
export interface RunnerOptions {
  /** What is changed inside. */
  readonly changes?: CompiledChanges | undefined;
  /** Hears of its end, where the files are another runner's. */
  readonly released?: (() => void) | undefined;
  /** Starts another program that has a gradient, where this has none although the model has one. */
  readonly startGradient?: (() => Promise<Started>) | undefined;
  /** Whether the model can be started in halves too. */
  readonly keepsReadings?: boolean;
  /** The halves of the program, where the session runs those. */
  readonly halves?: InHalves | undefined;
}

/**
 * A program in a session: feeds it, fetches from it, and tells bad numbers from good ones. What is looked at in a run is
 * asked by functions beside it: `prompts.ts`, `survey.ts` and `places.ts`.
 */
export class ModelRunner implements AsyncDisposable {
  /** The settings of the model. */
  readonly config: AnyConfig;
  /** The graph that the session runs, with its inputs and its outputs. */
  readonly program: Program;
  /** Where the program runs. */
  readonly session: Session;
  /** What the model is made of. */
  readonly family: Family;
  /** What is changed inside; nothing by default. */
  readonly changes: CompiledChanges | undefined;
  /** Whether the model can also be run by a program in halves, see {@linkcode ModelRunner.keep}. */
  readonly keepsReadings: boolean;
  /** Its weights, as they are stored. */
  readonly weights: StoredWeights;
  readonly #halves: InHalves | undefined;
  readonly #released: (() => void) | undefined;
  readonly #gradient: LateProgram | undefined;

  /**
   * Takes over `session` and the files of `weights`, unless they are another runner's. What `startGradient` starts is
   * started when a gradient is first asked for.
   */
  constructor(
    config: AnyConfig,
    program: Program,
    session: Session,
    weights: ReadonlyMap<string, TensorEntry>,
    { changes, released, startGradient, keepsReadings = false, halves }: RunnerOptions = {},
  ) {
    this.config = config;
    this.changes = changes;
    this.#released = released;
    this.#gradient = startGradient && new LateProgram(startGradient);
    this.keepsReadings = keepsReadings;
    this.#halves = halves;
    this.program = program;
    this.session = session;
    this.family = familyOf(config);
    this.weights = new StoredWeights(config, weights, !isQuantized(weights));
  }

  /** Whether products are computed in 8 bits. */
  get quantized(): boolean {
    return this.program.quantized;
  }

  /** Where the session runs. */
  get backend(): Backend {
    return this.session.backend;
  }

  /** Whether it runs in a worker. */
  get worker(): boolean {
    return this.session.worker;
  }

  /** An empty cache. */
  emptyCache(): KVCache {
    const { hasSource } = this.family;
    const makeResident: MakeResident = (tensors, width) => this.session.residentRows(tensors, width);
    return new KVCache(this.config.nLayer, this.family.cacheWidth(this.config), { hasSource, makeResident });
  }

  /** Runs the program over texts that nothing is kept of, and returns the `fetches`. */
  async run(request: RunRequest, fetches: readonly Value[], signal?: AbortSignal): Promise<Float32Array[]> {
    return await this.session.run(this.#feeds(request), fetches, signal);
  }

  /**
   * Reads the next tokens after those in `past`, appends them to it, and returns the `fetches`. Where there is an encoder,
   * the first tokens of a text bring its source.
   */
  async readOn(
    request: RunRequest & { readonly past: KVCache; readonly source?: SourceTokens | undefined },
    fetches: readonly Value[],
    signal?: AbortSignal,
  ): Promise<Float32Array[]> {
    const { tokenIds, past, texts = tokenIds.map(() => 0), source = NO_SOURCE } = request;
    const feeds = this.#feeds({ ...request, texts, source });
    return await readInto(this, past, { feeds, fetches, texts, source, signal });
  }

  /**
   * Reads the next tokens after those in `cache`, appends them to it, and returns the logits at `rows` (`[R, V]`)
   * followed by the `fetches`. `texts` says which text each token belongs to, `[T]`; by default they are all one text.
   * Where there is an encoder, the first tokens of a text bring its source.
   */
  async read(
    tokenIds: readonly number[],
    cache: KVCache,
    rows: readonly number[],
    options: {
      readonly texts?: readonly number[];
      readonly tokenTypes?: readonly number[] | undefined;
      readonly source?: SourceTokens | undefined;
      readonly fetches?: readonly Value[];
      readonly signal?: AbortSignal | undefined;
    } = {},
  ): Promise<Float32Array[]> {
    const { texts, tokenTypes, source, fetches = [], signal } = options;
    const { logits } = this.program.outputs;
    const request = { tokenIds, past: cache, rows, texts, tokenTypes, source };
    const results = await this.readOn(request, [logits, ...fetches], signal);
    await this.expectFinite(results[0]!, "logits");
    return results;
  }

  /** The logits at some rows of some texts, `[R, V]`. */
  async logits(reading: Reading, signal?: AbortSignal): Promise<Float32Array> {
    const [logits] = await this.run(reading, [this.program.outputs.logits], signal);
    await this.expectFinite(logits!, "logits");
    return logits!;
  }

  /**
   * Differentiates the log-probability (or logit) of `targets[r]` at `rows[r]`, added up by `mix` `[N, R]`, with
   * respect to the embeddings of `tokenIds`. Returns what is fetched, scores `[N, T]`, or gradients or their products
   * with the embeddings `[N, T, C]`, and the logits `[R, V]`. Where there is an encoder, the tokens of the source stand
   * before those of the text, E + T in all. Where a text was `kept`, the tokens are its first, and are not read again.
   */
  async explain(
    explanation: Explanation & { readonly fetch: readonly ScoreKind[]; readonly kept?: KeptReading | undefined },
    signal?: AbortSignal,
  ): Promise<{ numbers: Float32Array[]; logits: Float32Array }> {
    const { tokenIds, tokenTypes, texts, source, rows, fetch, kept, given, embeddingScale = 1 } = explanation;
    // Once disposed, nobody would end what is started; a run says that there is none any more.
    const { program: { outputs }, session } = await (this.session.disposed ? this : this.#gradient?.started() ?? this);
    const request = { tokenIds, tokenTypes, texts, source, rows, embeddingScale, gradient: explanation };
    const feeds = kept
      ? halfFeeds(this.#inHalves(), this.#feeds(request), { T: tokenIds.length, kept })
      : this.#feeds(request);
    const parts = outputs.source ? [outputs, outputs.source] : [outputs];
    const wanted = parts.flatMap((part) => scoresIn(part, fetch));
    const numbers = [...await session.run(feeds, given ? wanted : [outputs.logits, ...wanted], signal)];
    const logits = given ? new Float32Array(0) : numbers.shift()!;
    await this.expectFinite(logits, "logits");
    for (const own of numbers) await this.expectFinite(own, "gradient");
    if (!outputs.source) return { numbers, logits };
    const N = explanation.mix.length / rows.length;
    const joined = fetch.map((_, i) => joinRows(numbers[fetch.length + i]!, numbers[i]!, N));
    free(...numbers);
    return { numbers: joined, logits };
  }

  /**
   * Reads a text once for explanations of it, or of its beginning, each of which then goes back only. It is held until
   * {@linkcode KeptReading.free} is called.
   *
   * @throws {Error} When the session does not run the halves of a program.
   */
  async keep({ tokenIds }: Pick<Explanation, "tokenIds">, signal?: AbortSignal): Promise<KeptReading> {
    const halves = this.#inHalves();
    const feeds = halfFeeds(halves, this.#feeds({ tokenIds, rows: [0] }), { T: tokenIds.length });
    const numbers = await this.session.run(feeds, halves.kept.map(({ made }) => made), signal);
    const reading = new KeptReading(halves.kept, numbers);
    await this.session.settle();
    return reading;
  }

  #inHalves(): InHalves {
    if (this.#halves) return this.#halves;
    throw new Error("Cannot read a text once for several runs as the program is not in halves");
  }

  /** What a call gives, once the memory that its runs have left behind has been given back. */
  async settled<T>(call: Promise<T>): Promise<T> {
    const result = await call;
    await this.settle();
    return result;
  }

  /** Gives back the memory that the runs of a call have left behind, once it has its results. */
  async settle(): Promise<void> {
    await this.session.settle(); // sessions of one backend share a heap
  }

  /** Says which weight is broken when results are, as ONNX Runtime passes NaN on in silence. */
  async expectFinite(numbers: Float32Array, what: string): Promise<void> {
    if (firstNonFiniteIndex(numbers) < 0) return;
    await this.weights.expectFinite();
    throw new RangeError(`Cannot use the ${what} as they overflow float32, although all weights are finite`);
  }

  /** Frees the session and closes the files. */
  async dispose(): Promise<void> {
    await this.session.dispose();
    await this.#gradient?.dispose();
    if (this.#released) this.#released();
    else this.weights.close();
  }

  /** The same as {@linkcode ModelRunner.dispose}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** The feeds of a run, with the changes of the model at the places that the run leaves as they are. */
  #feeds({ texts, past = this.emptyCache(), source: given, ...request }: RunRequest): Feed[] {
    const source = sourceTokens(given);
    if (past.source && past.source.length + source.tokenIds.length === 0) {
      throw new TypeError(`Cannot run ${this.family.name} without a source`);
    }
    const asRead = source.tokenIds.length === 0 ? NO_TEXT : source;
    const full = {
      ...request,
      ...(past.source && { source: { ...asRead, past: past.source } }),
      texts: texts ?? request.tokenIds.map(() => 0),
      past,
    };
    const own = this.changes && editsOf(this.changes, full);
    const { edits } = request;
    return this.program.feeds({ ...full, edits: edits && own ? eitherOf(edits, own) : edits ?? own });
  }
}

/** The scores of a gradient, or the gradient itself, as they are asked for. */
function scoresIn({ scores, gradients, products }: GradientOutputs, names: readonly ScoreKind[]): readonly Value[] {
  const all = { ...scores, gradients, products };
  return names.map((name) => all[name]);
}
