import type { GPT2Config } from "../gpt2/config.ts";
import { findModelFiles } from "../hub/model_files.ts";
import type { Backend } from "../runtime/backend.ts";
import { interruptSignal } from "../runtime/kernel.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { type Choice, choose, type DecodeOptions, type Decoder, describe, type Prompt } from "./decode.ts";
import { downloadOptions } from "./download.ts";
import { predictLayers, rankSequence, rankWords } from "./lens.ts";
import { expectLoadOptions, type LoadedModel, loadModel, type LoadOptions } from "./load.ts";
import { explainSequence } from "./saliency.ts";
import { Reader } from "./sequence.ts";
import { traceSequence } from "./trace.ts";
import type {
  LayerPredictions,
  LayerPredictionsOptions,
  Rankings,
  RankingsOptions,
  RankingsWatchOptions,
} from "./lens_types.ts";
import type { Saliency, SaliencyOptions } from "./saliency_types.ts";
import type { Trace, TraceOptions } from "./trace_types.ts";
import type { Sequence, Step } from "./types.ts";

/**
 * GPT-2, open to view: it writes text token by token, and shows what it computes and why.
 *
 * In a script, `await using` frees the memory at the end of the scope. A notebook never leaves its scope: call
 * {@linkcode LanguageModel.dispose} there.
 *
 * @example Write and explain
 * ```ts
 * import { LanguageModel } from "@looking-glass/looking-glass";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const sequence = await model.generate("The keys to the cabinet", { maxNewTokens: 4 });
 * const saliency = await model.saliency(sequence);
 * console.log(sequence.text, saliency.scores.shape);
 * ```
 */
export class LanguageModel implements AsyncDisposable {
  /** What the model is called: the id or the path that it was loaded by. */
  readonly id: string;
  /** Its settings. */
  readonly config: GPT2Config;
  /** Its tokenizer. */
  readonly tokenizer: Tokenizer;
  /** Where it runs. */
  readonly backend: Backend;
  /** Why it runs there. */
  readonly backendReason: string;
  readonly #model: LoadedModel;
  readonly #reader: Reader;
  #disposed: Promise<void> | undefined;

  private constructor(id: string, model: LoadedModel) {
    this.id = id;
    this.config = model.runner.config;
    this.tokenizer = model.tokenizer;
    this.backend = model.runner.session.backend;
    this.backendReason = model.runner.session.reason;
    this.#model = model;
    this.#reader = new Reader(model.tokenizer, this.config);
  }

  /**
   * Loads a model: from a hub by its id, as in `gpt2` or `openai-community/gpt2-xl`, downloading what is not in the
   * cache that Python's `huggingface_hub` uses too; from a directory in Hugging Face's layout (`config.json`,
   * `model.safetensors`, `tokenizer.json` or `vocab.json` and `merges.txt`), by its path or `file:` URL; or, without an
   * id, the model that comes with this package.
   *
   * @throws {Error} When a file is missing and cannot be downloaded, or the backend is not available.
   * @throws {TypeError | RangeError | SyntaxError} When a file does not hold what it should; the message names it.
   */
  static async fromPretrained(id?: string | URL, options: LoadOptions = {}): Promise<LanguageModel> {
    expectLoadOptions(options);
    const name = id instanceof URL ? id.href : id;
    const stopping = { ...options, signal: stoppable(options.signal) };
    stopping.signal.throwIfAborted();
    const files = await findModelFiles(name, downloadOptions(name ?? "", stopping));
    const model = await loadModel(files, stopping);
    return new LanguageModel(files.id, model);
  }

  /**
   * Makes a sequence of a text that the model did not write.
   *
   * @param text The text, or its token ids.
   * @param options `promptLength` says how many of the tokens count as given, 1 by default: all others can be
   * explained without naming their positions.
   * @throws {RangeError} When an id is not in the vocabulary, the context is too short or `promptLength` does not fit.
   */
  sequence(text: string | readonly number[], options: { readonly promptLength?: number } = {}): Sequence {
    const { tokenIds, text: spelled } = this.#reader.read(text);
    const { promptLength = 1 } = options;
    if (!Number.isInteger(promptLength) || promptLength < 1 || promptLength > tokenIds.length) {
      const range = `the sequence has ${tokenIds.length} tokens`;
      throw new RangeError(`Cannot take ${promptLength} tokens as the prompt as ${range} and at least 1 must be given`);
    }
    return this.#reader.sequence(tokenIds, promptLength, spelled);
  }

  /**
   * Decodes step by step. Nothing is computed before a step is asked for, and leaving the loop stops the decoding.
   * An empty prompt starts with `<|endoftext|>`. Ends at an end-of-text token, at `stop`, after `maxNewTokens`, or
   * when the context is full.
   *
   * @throws {RangeError} When an option is out of range, or the prompt leaves no room in the context.
   *
   * @example Watch the candidates
   * ```ts
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained();
   * for await (const { token, candidates } of model.steps("One, two,", { maxNewTokens: 3 })) {
   *   console.log(token.text, candidates.map(({ token, probability }) => [token.text, probability]));
   * }
   * ```
   */
  async *steps(prompt: string | readonly number[], options: DecodeOptions = {}): AsyncGenerator<Step> {
    const { candidates = 5 } = options;
    const read = this.#reader.read(prompt);
    yield* describe(this.#decoder(), read, candidates, this.#choices(read, { ...options, candidates }));
  }

  /** Decodes to the end, with the rules of {@linkcode LanguageModel.steps}, and returns prompt and continuation. */
  async generate(prompt: string | readonly number[], options: DecodeOptions = {}): Promise<Sequence> {
    const written: number[] = [];
    const read = this.#reader.read(prompt);
    for await (const { tokenId } of this.#choices(read, options)) written.push(tokenId);
    return this.#reader.continuation(read.tokenIds, read.text, written);
  }

  /**
   * Reads a sequence and records what the model computes on the way.
   *
   * @throws {TypeError} When a capture does not exist.
   */
  async trace(sequence: Sequence, options: TraceOptions = {}): Promise<Trace> {
    this.#expectUsable();
    this.#reader.expectSequence(sequence);
    return await traceSequence(this.#model.runner, sequence, { ...options, signal: stoppable(options.signal) });
  }

  /**
   * Explains tokens of a sequence: how much each earlier token made the model write them. By default this is Ecco's
   * gradient x input: with x_i the embedding of token i and g_i the gradient of the target's probability with respect
   * to it, score_i = ||g_i * x_i||_2, and each row sums to 1.
   *
   * @throws {RangeError} When a position has no tokens before it, `maxMemory` is too small for a single target, or
   * `contrast` is not in the vocabulary.
   * @throws {TypeError} When an option has a value that does not exist, or that does not go with the others.
   *
   * @example Why "are" rather than "is"?
   * ```ts
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained();
   * const sequence = model.sequence("The keys to the cabinet are");
   * const positions = [sequence.tokenIds.length - 1];
   * const { scores } = await model.saliency(sequence, { preset: "captum", positions, contrast: " is" });
   * console.log(scores.data); // above 0: speaks for " are"; below: for " is"
   * ```
   *
   * @example Integrated gradients
   * ```ts
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained();
   * const sequence = await model.generate("The keys to the cabinet", { maxNewTokens: 2 });
   * const options = { preset: "captum", method: "integratedGradients", steps: 20 } as const;
   * const { scores, convergenceGaps } = await model.saliency(sequence, options);
   * console.log(scores.shape, convergenceGaps);
   * ```
   */
  async saliency(sequence: Sequence, options: SaliencyOptions = {}): Promise<Saliency> {
    this.#expectUsable();
    this.#reader.expectSequence(sequence);
    const stop = { ...options, signal: stoppable(options.signal) };
    return await explainSequence(this.#model.runner, this.#reader, sequence, stop);
  }

  /**
   * What each block would predict at one position if it were the last: its hidden state, by default with `ln_f`
   * applied, times the unembedding. The last block's predictions are the model's own, which is checked on each call to
   * 1e-4 of the best logit.
   *
   * @throws {RangeError} When the position has no tokens before it, or `topK` is not in the vocabulary's size.
   * @throws {TypeError} When `norm` is neither `"final"` nor `"none"`.
   *
   * @example When does the model make up its mind?
   * ```ts
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained();
   * const sequence = model.sequence("The keys to the cabinet are");
   * const { layers } = await model.layerPredictions(sequence, { position: sequence.tokenIds.length - 1, topK: 3 });
   * for (const { layer, predictions } of layers) console.log(layer, predictions.map(({ token }) => token.text));
   * ```
   */
  async layerPredictions(sequence: Sequence, options: LayerPredictionsOptions): Promise<LayerPredictions> {
    this.#expectUsable();
    this.#reader.expectSequence(sequence);
    const stop = { ...options, signal: stoppable(options.signal) };
    return await predictLayers(this.#model.runner, this.#reader, sequence, stop);
  }

  /**
   * How the tokens of a sequence rank in what each block would predict: by default every token after the prompt.
   *
   * @throws {RangeError} When a position has no tokens before it.
   * @throws {TypeError} When `norm` is neither `"final"` nor `"none"`.
   *
   * @example The rank of each written token after the last block
   * ```ts
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained();
   * const { ranks } = await model.rankings(await model.generate("The keys to the cabinet", { maxNewTokens: 4 }));
   * console.log(ranks.data.slice(-4)); // greedy decoding writes what ranks first: 1, 1, 1, 1
   * ```
   */
  async rankings(sequence: Sequence, options: RankingsOptions = {}): Promise<Rankings> {
    this.#expectUsable();
    this.#reader.expectSequence(sequence);
    return await rankSequence(this.#model.runner, sequence, { ...options, signal: stoppable(options.signal) });
  }

  /**
   * How chosen words rank in what each block would predict at one position. A word of several tokens is ranked by its
   * first; `words` in the result lists the tokens of each.
   *
   * @throws {RangeError} When the position has no tokens before it, or a word is empty or not in the vocabulary.
   * @throws {TypeError} When `watch` is no array, or `norm` is neither `"final"` nor `"none"`.
   *
   * @example Singular or plural?
   * ```ts
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained();
   * const sequence = model.sequence("The keys to the cabinet are");
   * const position = sequence.tokenIds.length - 1;
   * const { ranks, words } = await model.rankingsWatch(sequence, { position, watch: [" is", " are"] });
   * console.log(words!.map(({ tokens }) => tokens.length), ranks.shape); // [layers, 2]
   * ```
   */
  async rankingsWatch(sequence: Sequence, options: RankingsWatchOptions): Promise<Rankings> {
    this.#expectUsable();
    this.#reader.expectSequence(sequence);
    const stop = { ...options, signal: stoppable(options.signal) };
    return await rankWords(this.#model.runner, this.#reader, sequence, stop);
  }

  /** Frees the memory, after the runs that were asked for have ended. Disposing twice does nothing. */
  dispose(): Promise<void> {
    return this.#disposed ??= this.#model.runner.dispose();
  }

  /** The same as {@linkcode LanguageModel.dispose}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** What `console.log` and a notebook show. */
  [Symbol.for("Deno.customInspect")](): string {
    const { nLayer, nEmbd, nHead, vocabSize, nPositions } = this.config;
    const shape = `${nLayer} layers x ${nEmbd}, ${nHead} heads, ${vocabSize} tokens, context ${nPositions}`;
    return `LanguageModel ${this.id} (GPT-2, ${shape}) on ${this.backend}: ${this.backendReason}`;
  }

  #decoder(): Decoder {
    const { runner, eosTokenIds } = this.#model;
    return { runner, reader: this.#reader, eosTokenIds };
  }

  #choices(prompt: Prompt, options: DecodeOptions): AsyncGenerator<Choice> {
    this.#expectUsable();
    const { sampling } = this.#model;
    return choose(this.#decoder(), prompt, { ...sampling, ...options, signal: stoppable(options.signal) });
  }

  #expectUsable(): void {
    if (this.#disposed) throw new Error(`Cannot use ${this.id} as it is disposed; load it again`);
  }
}

/** A signal that the caller's signal aborts, and the Stop button of a notebook. */
function stoppable(signal?: AbortSignal): AbortSignal {
  return signal ? AbortSignal.any([signal, interruptSignal()]) : interruptSignal();
}
