import { firstNonFiniteIndex, free, logitsRow } from "../base/numbers.ts";
import type { FloatTensor } from "../base/tensor.ts";
import type { TensorEntry } from "../checkpoint/safetensors.ts";
import { type AnyConfig, familyOf } from "../models/families.ts";
import type { Family } from "../models/family.ts";
import type { SiteName } from "../models/sites.ts";
import type { GradientOutputs } from "../models/gradient_question.ts";
import { LENS, type LensRequest } from "../models/lens.ts";
import { isQuantized } from "../models/weights.ts";
import type { Program, ProgramRequest } from "../models/program.ts";
import type { Feed } from "../onnx/feed.ts";
import type { InHalves, Value } from "../onnx/mod.ts";
import type { Backend } from "../runtime/backend.ts";
import type { CompiledChanges } from "./changes.ts";
import type { Growth } from "../runtime/resident_rows.ts";
import type { Session } from "../runtime/session.ts";
import { KeptReading } from "./kept_reading.ts";
import { KVCache, type MakeResident } from "./kv_cache.ts";
import { editsOf, eitherOf } from "./edit_request.ts";
import type {
  Explanation,
  LensNumbers,
  PromptTokens,
  Reading,
  ScoreKind,
  SourceTokens,
  Survey,
  Surveyed,
} from "./requests.ts";
import { StoredWeights } from "./stored_weights.ts";
import { joinRows, NO_SOURCE, NO_TEXT, sourceTokens } from "./sources.ts";

/** How many tokens are read in one run, so that long prompts can be stopped and take bounded memory. */
export const CHUNK_TOKENS = 256;

/** The keys and values of each block that a run gives. */
interface CacheOutputs {
  readonly keys: readonly Value[];
  readonly values: readonly Value[];
}

/** A program where it runs. */
export interface Started {
  /** The graph that the session runs, with its inputs and its outputs. */
  readonly program: Program;
  /** Where the program runs. */
  readonly session: Session;
}

/** What a run is fed. */
type FedRequest = Omit<ProgramRequest, "texts" | "past" | "source"> & {
  readonly texts?: readonly number[] | undefined;
  readonly past?: KVCache;
  readonly source?: SourceTokens;
};

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

/** A program in a session: feeds it, fetches from it, and tells bad numbers from good ones. */
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
  readonly #halves: InHalves | undefined;
  readonly #stored: StoredWeights;
  readonly #released: (() => void) | undefined;
  readonly #startGradient: (() => Promise<Started>) | undefined;
  #gradient: Promise<Started> | undefined;

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
    this.#startGradient = startGradient;
    this.keepsReadings = keepsReadings;
    this.#halves = halves;
    this.program = program;
    this.session = session;
    this.family = familyOf(config);
    this.#stored = new StoredWeights(config, weights, !isQuantized(weights));
  }

  /** The names of the weights that can be read, as the checkpoint has them. */
  get weightNames(): readonly string[] {
    return this.#stored.names;
  }

  /**
   * Reads a weight from its file, in single precision.
   *
   * @throws {RangeError} When there is no weight of that name.
   */
  weight(name: string): Promise<FloatTensor> {
    return this.#stored.read(name);
  }

  /** Reads some rows of a matrix, by default one, and leaves the others where they are; see {@linkcode ModelRunner.weight}. */
  weightRows(name: string, row: number, end = row + 1): Promise<Float32Array> {
    return this.#stored.readRows(name, row, end);
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
    const { texts = tokenIds.map(() => 0), tokenTypes, source = NO_SOURCE, fetches = [], signal } = options;
    const { logits } = this.program.outputs;
    const feeds = this.#feeds({ tokenIds, past: cache, rows, texts, tokenTypes, source });
    const results = await this.#extend(cache, feeds, [logits, ...fetches], { texts, source, signal });
    await this.#expectFinite(results[0]!, "logits");
    return results;
  }

  /** Runs with feeds that have `cache` in them, appends to it what was read, and returns what is fetched. */
  async #extend(
    cache: KVCache,
    feeds: readonly Feed[],
    fetches: readonly Value[],
    { texts, source, signal }: {
      readonly texts: readonly number[];
      readonly source: SourceTokens;
      readonly signal: AbortSignal | undefined;
    },
  ): Promise<Float32Array[]> {
    const growths = this.#growthsOf(cache, texts.length, source.tokenIds.length);
    if (cache.resident) {
      const results = await this.session.run(feeds, fetches, signal, growths);
      cache.grown(texts);
      if (source.tokenIds.length > 0) cache.source?.grown(source.texts);
      return results;
    }
    const { keys, values, encoder } = this.program.outputs;
    const made = [...keys, ...values, ...(encoder ? [...encoder.keys, ...encoder.values] : [])];
    const results = await this.session.run(feeds, [...fetches, ...made], signal);
    const seen = fetches.length;
    const [ownKeys, ownValues, sourceKeys, sourceValues] = inParts(results.slice(seen), keys.length);
    cache.append(ownKeys!, ownValues!, texts);
    if (source.tokenIds.length > 0) cache.source?.append(sourceKeys!, sourceValues!, source.texts);
    const wanted = new Set(results.slice(0, seen)); // keys and values may be asked for too
    free(...results.slice(seen).filter((one) => !wanted.has(one)));
    return results.slice(0, seen);
  }

  /** What a run adds to a cache that is on the device of the session; nothing where it is in memory. */
  #growthsOf(cache: KVCache, tokens: number, sourceTokens: number): readonly Growth[] {
    const { keys, values, encoder } = this.program.outputs;
    const grow = (cache: KVCache, { keys, values }: CacheOutputs, count: number) =>
      cache.growth([...keys, ...values].map(({ name }) => name), count) ?? [];
    const ofSource = encoder && sourceTokens > 0 ? grow(cache.source!, encoder, sourceTokens) : [];
    return [grow(cache, { keys, values }, tokens), ofSource].flat();
  }

  /**
   * Reads the next tokens after those in `cache`, appends them to it, and looks at `rows` through the lens: how many
   * tokens each depth prefers to `targets[r]`, its `best` tokens, and more. See {@linkcode LENS}. The last depth is what
   * the others are compared with. Where there is an encoder, the first tokens of a text bring its source.
   */
  async look(
    request: LensRequest & {
      readonly tokenIds: readonly number[];
      readonly cache: KVCache;
      readonly rows: readonly number[];
      readonly source?: SourceTokens | undefined;
    },
    signal?: AbortSignal,
  ): Promise<LensNumbers> {
    const { lens } = await this.survey({ ...request, lens: request }, signal);
    return lens!;
  }

  /**
   * Reads the next tokens after those in `cache`, appends them to it, and returns what the lens sees at `rows`, if it is
   * asked, as {@linkcode ModelRunner.look} does, and the `fetches`. `texts` says which text each token belongs to.
   */
  async survey(survey: Survey, signal?: AbortSignal): Promise<Surveyed> {
    const { tokenIds, cache, rows, tokenTypes, source = NO_SOURCE, lens, fetches = [] } = survey;
    const { texts = tokenIds.map(() => 0) } = survey;
    const { lens: outputs } = this.program.outputs;
    if (lens && !outputs) throw new Error(`Cannot look through the lens as ${this.family.name} predicts no next token`);
    const feeds = this.#feeds({ tokenIds, past: cache, rows, texts, tokenTypes, source, lens });
    const seen = lens ? LENS.map((name) => outputs![name]) : [];
    const results = await this.#extend(cache, feeds, [...seen, ...fetches], { texts, source, signal });
    for (const [i, numbers] of results.entries()) {
      await this.#expectFinite(numbers, i < seen.length ? "logits" : "numbers inside of the model");
    }
    const numbers = lens && Object.fromEntries(LENS.map((name, i) => [name, results[i]!]));
    return {
      ...numbers && { lens: numbers as Record<typeof LENS[number], Float32Array> },
      fetched: results.slice(seen.length),
    };
  }

  /** Reads a prompt in chunks, with its source if it has one, and returns the logits after its last token, `[V]`. */
  async readPrompt(prompt: PromptTokens, cache: KVCache, signal?: AbortSignal): Promise<Float32Array> {
    const [logits] = await this.readPrompts([prompt], cache, { signal });
    return logits!;
  }

  /**
   * Reads prompts one after another in chunks, those that fit into one chunk side by side, and returns the logits after
   * the last token of each, `[V]`. `texts` says which text each prompt belongs to, by default its index.
   */
  async readPrompts(
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
      const [numbers] = await this.read(chunk, cache, rows, {
        texts: own,
        source: start === 0 ? source : undefined,
        signal,
      });
      logits.push(...ends.map((_, r) => logitsRow(numbers!, r, rows.length)));
    }
    return logits;
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
    const { tokenIds, tokenTypes, texts, source, rows, fetch, kept, embeddingScale = 1 } = explanation;
    this.expectDifferentiable();
    const { program, session } = await this.#withGradient();
    const { source: sourceOutputs, ...outputs } = program.outputs;
    const request = {
      tokenIds,
      tokenTypes,
      texts,
      source: sourceTokens(source),
      rows,
      embeddingScale,
      gradient: explanation,
    };
    const feeds = kept ? this.#halfFeeds(request, kept) : this.#feeds(request);
    const namesIn = (from: GradientOutputs) => {
      const vectors = { gradients: from.gradients, products: from.products };
      return fetch.map((name) => ({ ...from.scores, ...vectors })[name]);
    };
    const wanted = [...namesIn(outputs), ...(sourceOutputs ? namesIn(sourceOutputs) : [])];
    const seen = explanation.given ? [] : [outputs.logits];
    const numbers = [...await session.run(feeds, [...seen, ...wanted], signal)];
    const logits = explanation.given ? new Float32Array(0) : numbers.shift()!;
    await this.#expectFinite(logits, "logits");
    for (const own of numbers) await this.#expectFinite(own, "gradient");
    if (!sourceOutputs) return { numbers, logits };
    const [own, ofSource] = inParts(numbers, fetch.length);
    const N = explanation.mix.length / rows.length;
    const joined = own!.map((rows, i) => joinRows(ofSource![i]!, rows, N));
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
    this.expectDifferentiable();
    const kept = this.#halves?.kept ?? [];
    const feeds = this.#halfFeeds({ tokenIds, rows: [0] });
    const reading = new KeptReading(kept, await this.session.run(feeds, kept.map(({ made }) => made), signal));
    await this.session.settle();
    return reading;
  }

  /** The feeds of one half of the program: of the second where there is something `kept`. */
  #halfFeeds(request: FedRequest, kept?: KeptReading): Feed[] {
    if (!this.#halves) throw new Error("Cannot read a text once for several runs as the program is not in halves");
    const { graph, isFirst, kept: values } = this.#halves;
    const names = new Set(graph.inputs.map(({ name }) => name));
    return [
      { value: isFirst, data: Uint8Array.of(Number(!kept)), dims: [1] },
      ...this.#feeds(request).filter(({ value }) => names.has(value.name)),
      ...(kept ? kept.feeds(request.tokenIds.length) : new KeptReading(values).feeds(0)),
    ];
  }

  /** What has the gradient. A start that fails is tried again the next time. */
  async #withGradient(): Promise<Started> {
    if (!this.#startGradient) return this;
    try {
      return await (this.#gradient ??= this.#startGradient());
    } catch (error) {
      this.#gradient = undefined;
      throw error;
    }
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

  /**
   * Refuses what needs a gradient, or the weights themselves.
   *
   * @throws {Error} When the weights are in 8 bits.
   */
  expectDifferentiable(task = "explain", needs = "gradients need float32", instead = ""): void {
    if (this.program.differentiable) return;
    throw new Error(`Cannot ${task} with 8-bit weights as ${needs}; ${instead}load without dtype "q8"`);
  }

  /** The logits at some rows of some texts, `[R, V]`. */
  async logits(reading: Reading, signal?: AbortSignal): Promise<Float32Array> {
    const [logits] = await this.#look(reading, [], signal);
    return logits!;
  }

  /** What is at some places while some texts are read, `[T, W]` each, and the logits at some rows, `[R, V]`. */
  async seen(
    reading: Reading,
    sites: readonly SiteName[],
    signal?: AbortSignal,
  ): Promise<{ values: Float32Array[]; logits: Float32Array }> {
    const [logits, ...values] = await this.#look(reading, sites.map((site) => this.#seenAt(site)), signal);
    return { values, logits: logits! };
  }

  /**
   * The gradient of the scalars of an explanation with respect to what is at some places, `[N, T, W]` each, the logits at
   * its rows, and what is at these places, `[T, W]` each, if that is to be `seen`.
   */
  async differentiate(
    explanation: Explanation,
    sites: readonly SiteName[],
    { seen = false, signal }: { readonly seen?: boolean; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<{ gradients: Float32Array[]; logits: Float32Array; values: Float32Array[] }> {
    this.expectDifferentiable();
    const { tokenIds, rows, source } = explanation;
    const wanted = sites.map((site) => expectSeen(site, this.program.outputs.sites?.get(site)));
    const feeds = this.#feeds({ tokenIds, rows, source: sourceTokens(source), gradient: explanation });
    const places = seen ? sites.map((site) => this.#seenAt(site)) : [];
    const fetches = [this.program.outputs.logits, ...places, ...wanted];
    const [logits, ...numbers] = await this.session.run(feeds, fetches, signal);
    await this.#expectFinite(logits!, "logits");
    const gradients = numbers.splice(places.length);
    for (const own of gradients) await this.#expectFinite(own, "gradient");
    return { gradients, logits: logits!, values: numbers };
  }

  /**
   * How much the scalar of an explanation changes to first order where what each block's heads send, `[T, H D]`, is added to
   * what one later head reads: `[R, J]` each, as `head_edges.ts` says.
   */
  async edges(
    explanation: Explanation,
    sent: readonly Float32Array[],
    signal?: AbortSignal,
  ): Promise<readonly Float32Array[]> {
    this.expectDifferentiable();
    const { tokenIds, rows } = explanation;
    const feeds = this.#feeds({ tokenIds, rows, gradient: explanation, sent });
    const { logits, edges = [] } = this.program.outputs;
    const [found, ...numbers] = await this.session.run(feeds, [logits, ...edges], signal);
    await this.#expectFinite(found!, "logits");
    for (const own of numbers) await this.#expectFinite(own, "gradient");
    return numbers;
  }

  #seenAt(site: SiteName): Value {
    return expectSeen(site, this.program.outputs.seen.get(site));
  }

  /** Reads texts and keeps nothing of them: the logits, and what is fetched. */
  async #look(reading: Reading, fetches: readonly Value[], signal?: AbortSignal): Promise<Float32Array[]> {
    const { source, embeddingScale = 1, ...request } = reading;
    const feeds = this.#feeds({ ...request, source: sourceTokens(source), embeddingScale });
    const results = await this.session.run(feeds, [this.program.outputs.logits, ...fetches], signal);
    await this.#expectFinite(results[0]!, "logits");
    return results;
  }

  /** The residual stream that leaves the last block, of all tokens of some texts, `[T, C]`. */
  async stream({ tokenIds, tokenTypes, texts }: Omit<Reading, "rows">, signal?: AbortSignal): Promise<Float32Array> {
    const feeds = this.#feeds({ tokenIds, tokenTypes, texts, rows: [0] });
    const [states] = await this.session.run(feeds, [this.program.outputs.hiddenStates.at(-1)!], signal);
    await this.#expectFinite(states!, "hidden states");
    return states!;
  }

  /** Frees the session and closes the files. */
  async dispose(): Promise<void> {
    await this.session.dispose();
    await (await this.#gradient?.catch(() => undefined))?.session.dispose(); // a failed start is the error of who asked
    if (this.#released) this.#released();
    else this.#stored.close();
  }

  /** The same as {@linkcode ModelRunner.dispose}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** The feeds of a run: of one text, unless `texts` says otherwise, and nothing before it, unless there is a past. */
  #feeds(
    { texts, past = this.emptyCache(), source = NO_SOURCE, ...request }: FedRequest,
  ): Feed[] {
    if (past.source && past.source.length + source.tokenIds.length === 0) {
      throw new TypeError(`Cannot run ${this.family.name} without a source`);
    }
    const sourceTokens = source.tokenIds.length === 0 ? NO_TEXT : source;
    const full = {
      ...request,
      ...(past.source && { source: { ...sourceTokens, past: past.source } }),
      texts: texts ?? request.tokenIds.map(() => 0),
      past,
    };
    const own = this.changes && editsOf(this.changes, full);
    const { edits } = request;
    return this.program.feeds({ ...full, edits: edits && own ? eitherOf(edits, own) : edits ?? own });
  }

  /** Says which weight is broken when results are, as ONNX Runtime passes NaN on in silence. */
  async #expectFinite(numbers: Float32Array, what: string): Promise<void> {
    if (firstNonFiniteIndex(numbers) < 0) return;
    await this.#stored.expectFinite();
    throw new RangeError(`Cannot use the ${what} as they overflow float32, although all weights are finite`);
  }
}

/** What a program shows of a place. */
function expectSeen(site: SiteName, value: Value | undefined): Value {
  if (value) return value;
  throw new RangeError(`Cannot look at "${site}" as the program was not written to show it`);
}

/** A list in parts of a length. */
function inParts<T>(list: readonly T[], length: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(list.length / length) }, (_, i) => list.slice(i * length, (i + 1) * length));
}
