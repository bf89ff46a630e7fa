import { type CostEstimator, costsOf } from "./ask/cost_estimator.ts";
import { CLASS_SALIENCY, type ClassSaliency, type ClassSaliencyOptions } from "./ask/encode/class_saliency.ts";
import type { Classifier } from "./ask/encode/classifier.ts";
import { type Embeddings, ENCODE, type EncodeOptions } from "./ask/encode/encode.ts";
import { FILL_MASK, type FilledMasks, type FillMaskOptions } from "./ask/encode/fill_mask.ts";
import { MASKED_SALIENCY, type MaskedSaliency, type MaskedSaliencyOptions } from "./ask/encode/masked_saliency.ts";
import { FAITHFULNESS } from "./ask/faithfulness/faithfulness.ts";
import type { Faithfulness, FaithfulnessOptions } from "./ask/faithfulness/types.ts";
import {
  LAYER_PREDICTIONS,
  type LayerPredictions,
  type LayerPredictionsOptions,
} from "./ask/lens/layer_predictions.ts";
import { LENS, type Lens, type LensOptions } from "./ask/lens/lens.ts";
import {
  RANKINGS,
  type Rankings,
  RANKINGS_WATCH,
  type RankingsOptions,
  type RankingsWatchOptions,
} from "./ask/lens/rankings.ts";
import type { HeadCircuit, NeuronWrites } from "./ask/logit_attribution/circuit_types.ts";
import {
  HEAD_CIRCUIT,
  type HeadCircuitOptions,
  type HeadPlace,
  NEURON_WRITES,
  type NeuronPlace,
  type NeuronWritesOptions,
} from "./ask/logit_attribution/circuits.ts";
import { LOGIT_ATTRIBUTION, type LogitAttributionOptions } from "./ask/logit_attribution/logit_attribution.ts";
import type { LogitAttribution } from "./ask/logit_attribution/types.ts";
import { EDGES, type EdgesOptions } from "./ask/patching/edges.ts";
import { PATCH } from "./ask/patching/patching.ts";
import type { PatchOptions } from "./ask/patching/plan.ts";
import {
  IMPORTANCE,
  type ImportanceOptions,
  IMPORTANCES,
  type ImportancesOptions,
  isOfSeveral,
} from "./ask/patching/importance.ts";
import type { HeadEdges, Importance, ImportanceSite, Patching } from "./ask/patching/types.ts";
import { ask, ASKED, type AskedModel } from "./ask/question.ts";
import { CANDIDATES } from "./ask/reading/candidates.ts";
import { beginReading } from "./ask/reading/reading.ts";
import type { Candidates, CandidatesOptions, TextReading } from "./ask/reading/types.ts";
import type { Saliency, SaliencyOptions } from "./ask/saliency/definition.ts";
import { SALIENCY } from "./ask/saliency/saliency.ts";
import { SURPRISE, type Surprise, type SurpriseOptions } from "./ask/surprise.ts";
import { TRACE, type Trace, type TraceOptions } from "./ask/trace/trace.ts";
import { BEAMS } from "./ask/write/beams/beams.ts";
import type { BeamSearch, BeamSearchOptions } from "./ask/write/beams/types.ts";
import { GENERATE, GENERATE_BATCH, writeSteps } from "./ask/write/generate.ts";
import { type GenerationDefaults, readGenerationConfig } from "./ask/write/generation_config.ts";
import { DECODE, type DecodeOptions } from "./ask/write/options.ts";
import type { Step } from "./ask/write/step.ts";
import { growTree } from "./ask/write/tree.ts";
import type { GrowingTree } from "./ask/write/tree_types.ts";
import { stoppable } from "./base/kernel.ts";
import { expectOptions } from "./base/options.ts";
import type { FloatTensor } from "./base/tensor.ts";
import { findModelFiles } from "./hub/model_files.ts";
import { identify, IDENTITY, type IdentityOptions, type ModelIdentity } from "./model/identity.ts";
import type { Change } from "./model/change.ts";
import { compileChanges, editedSites } from "./model/changes.ts";
import { downloadOptions } from "./model/load/download.ts";
import { withEmbeddings } from "./model/token_change.ts";
import { type LoadedModel, loadModel } from "./model/load/load.ts";
import { expectLoadOptions, LOAD, type LoadOptions } from "./model/load/options.ts";
import { reasonWith } from "./model/load/unkept.ts";
import { Reader, SEQUENCE, type SequenceOptions, type WholeText } from "./model/reader.ts";
import type { ModelRunner } from "./model/runner.ts";
import type { Sequence } from "./model/sequence.ts";
import { watched } from "./model/watch.ts";
import { type AnyConfig, familyOf } from "./models/families.ts";
import type { ProgramOptions } from "./models/program.ts";
import type { Backend } from "./runtime/backend.ts";
import { showing } from "./show/showing.ts";
import { displayOf } from "./show/view_of.ts";
import type { Tokenizer } from "./tokenizer/tokenizer.ts";

/**
 * A language model, open to view: it writes text token by token, and shows what it computes and why. Models of the GPT-2
 * and Llama families are read, and others that `docs/families.md` names; encoders such as BERT write nothing, and have
 * questions of their own.
 *
 * In a script, `await using` frees the memory at the end of the scope. A notebook never leaves its scope: call
 * {@linkcode LanguageModel.dispose} there.
 *
 * Every call checks its options first: one of a wrong type, `null`, or a name that does not exist is a `TypeError`.
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
  readonly config: AnyConfig;
  /** Its tokenizer. */
  readonly tokenizer: Tokenizer;
  /** Where it runs. */
  readonly backend: Backend;
  /** What each call will take, said beforehand. */
  readonly cost: CostEstimator;
  /** What is changed inside, in the order in which it was; nothing unless {@linkcode LanguageModel.with} made it. */
  readonly changes: readonly Change[];
  readonly #model: LoadedModel<GenerationDefaults>;
  readonly #asked: AskedModel<ModelRunner>;
  readonly #made = new Set<LanguageModel>();
  readonly #making = new Set<Promise<ModelRunner>>();
  readonly #inside = new Map<string, Promise<ModelRunner>>();
  readonly #maker: LanguageModel | undefined;
  #disposed: Promise<void> | undefined;
  #identity: ModelIdentity | undefined;
  /** How many files of matrices for the way back it is of. */
  #identified = 0;

  private constructor(model: LoadedModel<GenerationDefaults>, maker?: LanguageModel) {
    this.#maker = maker;
    this.changes = model.runner.changes?.changes ?? [];
    this.id = model.opened.files.id;
    this.config = model.runner.config;
    this.tokenizer = model.tokenizer;
    this.backend = model.runner.session.backend;
    this.#model = model;
    this.#asked = {
      ...model.writing,
      runner: model.runner,
      reader: new Reader(model.tokenizer, this.config),
      expectUsable: () => this.#expectUsable(),
      inside: (options, say) => this.#runInside(options, say),
    };
    this.cost = costsOf(this.#asked);
  }

  /**
   * Why it runs there; and, from when it is found out, which weights in another form are held in memory or done without,
   * as no file of them can be kept in their folder beside the cache, and what helps.
   */
  get backendReason(): string {
    return reasonWith(this.#model.runner.session.reason, this.#model.notices);
  }

  /**
   * Loads a model: from a hub by its id, as in `gpt2` or `openai-community/gpt2-xl`, downloading what is not in the
   * cache that Python's `huggingface_hub` uses too; from a directory in Hugging Face's layout (`config.json`,
   * `model.safetensors`, `tokenizer.json` or `vocab.json` and `merges.txt`), by its path or its `file:`, `https:` or
   * `http:` URL; of the files themselves, as a page has them of a folder that was chosen or dropped; or, without an id,
   * the model that comes with this package. The same works in a page: `docs/browser.md`.
   *
   * @throws {Error} When a file is missing and cannot be downloaded, or the backend is not available.
   * @throws {TypeError | RangeError | SyntaxError} When a file does not hold what it should; the message names it.
   */
  static async fromPretrained(
    id?: string | URL | readonly File[],
    options: LoadOptions = {},
  ): Promise<LanguageModel> {
    options = expectOptions(options, LOAD);
    expectLoadOptions(options);
    const name = id instanceof URL ? id.href : id;
    const stopping = { ...options, signal: stoppable(options.signal) };
    stopping.signal.throwIfAborted();
    const files = await findModelFiles(name, downloadOptions(typeof name === "string" ? name : "", stopping));
    return new LanguageModel(await watched(stopping, (stopping) => loadModel(files, stopping, readGenerationConfig)));
  }

  /**
   * Makes a sequence of a text that the model did not write.
   *
   * @param text The text, or its token ids.
   * @param options `promptLength` says how many of the tokens count as given, 1 by default: all others can be
   * explained without naming their positions. `tokenTypes` are those of ids for encoders that have types.
   * `source` is what a model with an encoder read before it wrote the text, and that one needs.
   * @throws {RangeError} When an id is not in the vocabulary, the context is too short or `promptLength` does not fit.
   */
  sequence(text: string | readonly number[], options: SequenceOptions = {}): Sequence {
    options = expectOptions(options, SEQUENCE);
    const { promptLength = 1, tokenTypes, source } = options;
    const { reader } = this.#asked;
    const read = source === undefined ? reader.whole(text) : reader.written(text, reader.source(source));
    const { length } = read.tokenIds;
    if (!Number.isInteger(promptLength) || promptLength < 1 || promptLength > length) {
      const range = `the sequence has ${length} tokens`;
      throw new RangeError(`Cannot take ${promptLength} tokens as the prompt as ${range} and at least 1 must be given`);
    }
    const sequence = { ...read, promptLength, ...tokenTypes && { tokenTypes: [...tokenTypes] } };
    reader.expectSequence(sequence);
    return showing("Sequence", sequence);
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
    options = expectOptions(options, DECODE);
    yield* writeSteps(this.#asked, prompt, options);
  }

  /**
   * Decodes to the end, with the rules of {@linkcode LanguageModel.steps}, and returns prompt and continuation. A model
   * that talks answers a conversation that {@linkcode Tokenizer.applyChatTemplate} of its `tokenizer` wrote:
   *
   *     model.generate(model.tokenizer.applyChatTemplate(messages, { addGenerationPrompt: true }))
   */
  async generate(prompt: string | readonly number[], options: DecodeOptions = {}): Promise<Sequence> {
    return await ask(this.#asked, GENERATE, prompt, options);
  }

  /**
   * Decodes several prompts to their ends, with the rules of {@linkcode LanguageModel.generate}, and returns for each, in
   * their order, what that would return for it alone: the same options and the same seed hold for each. A run reads one
   * token of every text that has not ended, so the weights are read once for all of them: `bench/README.md`
   * says how much faster eight prompts are. Prompts that are too long to gain by that, or too many for `maxMemory`, are
   * written in groups, one after another.
   *
   * Sums are taken in another order than for a single text, so logits differ by rounding, 3e-6 of the greatest at most
   * where it was measured; in 8 bits, which rounding can tip over, by 2e-2. Where two tokens are closer than that, or a
   * draw falls between them, another one may be chosen.
   *
   * @throws {TypeError} When `prompts` is no array, or holds what is no prompt.
   * @throws {RangeError} When `prompts` is empty, an option is out of range, a prompt leaves no room in the context, or
   * one of them alone takes more than `maxMemory`.
   *
   * @example Three stories at once
   * ```ts
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained();
   * const prompts = ["The keys to the cabinet", "Once upon a time", "One, two,"];
   * for (const { text } of await model.generateBatch(prompts, { maxNewTokens: 5 })) console.log(text);
   * ```
   */
  async generateBatch(
    prompts: readonly (string | readonly number[])[],
    options: DecodeOptions = {},
  ): Promise<readonly Sequence[]> {
    return await ask(this.#asked, GENERATE_BATCH, prompts, options);
  }

  /**
   * Searches with beams, and returns the best texts that were found, best first, with their scores: what Hugging Face's
   * `generate` returns with `num_beams` and `num_return_sequences`, token by token, and its `sequences_scores`. The same
   * search with the same options is what {@linkcode LanguageModel.generate} takes its text from when it is asked for
   * `beams`. The result is a tree too, which `treeView` draws.
   *
   * Where tokens are drawn, as with `temperature`, the continuations are drawn without replacement from the same
   * distribution as in Hugging Face, by this package's own random numbers.
   *
   * @throws {RangeError} When an option is out of range, the prompt leaves no room in the context, the search takes more
   * than `maxMemory`, or every continuation is forbidden.
   *
   * @example The three best continuations
   * ```ts
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained();
   * const { branches } = await model.beams("The keys to the cabinet", { beams: 5, best: 3, maxNewTokens: 6 });
   * for (const { score, logProb, sequence } of branches) console.log(score, logProb, sequence.text);
   * ```
   */
  async beams(prompt: string | readonly number[], options: BeamSearchOptions = {}): Promise<BeamSearch> {
    return await ask(this.#asked, BEAMS, prompt, options);
  }

  /**
   * Decodes as {@linkcode LanguageModel.generate} does, and remembers what the model has read, so that the text can be
   * continued from any of its tokens in other ways: see {@linkcode GrowingTree.fork}.
   *
   * @throws {RangeError} When an option is out of range, or the prompt leaves no room in the context.
   *
   * @example The second likeliest word in each place
   * ```ts
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained();
   * const tree = await model.tree("Once upon a time", { maxNewTokens: 3 });
   * for (const step of tree.data.branches[0]!.steps) {
   *   const { sequence, logProb } = await tree.fork(step, step.candidates[1]!.tokenId);
   *   console.log(logProb, sequence.text);
   * }
   * ```
   */
  async tree(prompt: string | readonly number[], options: DecodeOptions = {}): Promise<GrowingTree> {
    options = expectOptions(options, DECODE);
    return await growTree(this.#asked, { prompt: this.#asked.reader.prompt(prompt), options });
  }

  /**
   * What the model expects after a sequence: the likeliest next tokens, the entropy, and the logits of the whole
   * vocabulary, by the model's own distribution. Nothing is written; to go on with one of them, append it to the text.
   *
   * @throws {RangeError} When `topK` is not in the vocabulary's size, or the call takes more than `maxMemory`.
   *
   * @example What comes next?
   * ```ts
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained();
   * const { predictions } = await model.candidates(model.sequence("The keys to the cabinet"), { topK: 3 });
   * for (const { token, probability } of predictions) console.log(token.text, probability);
   * ```
   */
  async candidates(sequence: Sequence, options: CandidatesOptions = {}): Promise<Candidates> {
    return await ask(this.#asked, CANDIDATES, sequence, options);
  }

  /**
   * Begins to read a text that will be edited: of each text that it is asked about, the reading computes only what follows
   * the longest beginning in common with the last one, and says how much that was. Dispose it when the editing is over.
   *
   * @throws {TypeError} When the model predicts no next token, or reads a source with an encoder.
   *
   * @example What comes next, while somebody types
   * ```ts
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained();
   * using reading = model.reading();
   * await reading.candidates("The keys to the cabinet");
   * const { predictions, read } = await reading.candidates("The keys to the cabinet are on");
   * console.log(predictions[0]!.token.text, read); // two tokens computed, the others reused
   * ```
   */
  reading(): TextReading {
    return beginReading(this.#asked);
  }

  /**
   * Reads a sequence and records what the model computes on the way, in all layers or in some.
   *
   * @throws {TypeError} When a capture does not exist.
   * @throws {RangeError} When there is no such layer, or the recording takes more than `maxMemory`.
   */
  async trace(sequence: Sequence, options: TraceOptions = {}): Promise<Trace> {
    return await ask(this.#asked, TRACE, sequence, options);
  }

  /**
   * Explains tokens of a sequence: how much each earlier token made the model write them. By default this is Ecco's
   * gradient x input: with x_i the embedding of token i and g_i the gradient of the target's probability with respect
   * to it, score_i = ||g_i * x_i||_2, and each row sums to 1.
   *
   * @throws {RangeError} When a position has no tokens before it, `maxMemory` is too small for a single target, or
   * `contrast` or `next` is not in the vocabulary, `next` is several tokens, or the context has no room for it.
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
   * @example Why would "are" come next?
   * ```ts
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained();
   * const { sequence, scores } = await model.saliency(model.sequence("The keys to the cabinet"), { next: " are" });
   * console.log(sequence.text, scores.data);
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
    return await ask(this.#asked, SALIENCY, sequence, options);
  }

  /**
   * Tries a map: takes the tokens before each explained one away, the most salient first, and brings them back, and
   * compares its probability with random orders; see {@linkcode Faithfulness}. All sets of tokens of a position are
   * read side by side in few runs; with its defaults, a position takes as long as reading its text 65 times.
   *
   * @throws {RangeError} When a position is not in the map, or a number is out of its range.
   * @throws {TypeError} When `saliency` is no map.
   *
   * @example Does it matter what the map says matters?
   * ```ts
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained();
   * const saliency = await model.saliency(await model.generate("The keys to the cabinet", { maxNewTokens: 2 }));
   * const { deletionGain, insertionGain } = await model.faithfulness(saliency, { randomOrders: 3 });
   * console.log(deletionGain, insertionGain); // above 0: better than chance
   * ```
   */
  async faithfulness(saliency: Saliency, options: FaithfulnessOptions = {}): Promise<Faithfulness> {
    return await ask(this.#asked, FAITHFULNESS, saliency, options);
  }

  /**
   * What each layer would predict as the next token, or at another position, if it were the last: its hidden state, by
   * default with the last norm applied (`ln_f` in GPT-2), times the unembedding. The last layer's predictions are the model's own, which is checked on each call to
   * 1e-4 of the best logit. Each entry has the entropy of its distribution, and how far that is from the model's own,
   * KL(final || layer), in nats. With `halves` the residual stream is also read after the attention of each layer.
   *
   * @throws {RangeError} When the position has no tokens before it or is beyond the next token's, or `topK` is not in the vocabulary's size.
   * @throws {TypeError} When `norm` is neither `"final"` nor `"none"`.
   *
   * @example When does the model make up its mind?
   * ```ts
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained();
   * const { layers } = await model.layerPredictions(model.sequence("The keys to the cabinet"), { topK: 3 });
   * for (const { layer, predictions, divergence } of layers) {
   *   console.log(layer, predictions.map(({ token }) => token.text), divergence);
   * }
   * ```
   */
  async layerPredictions(sequence: Sequence, options: LayerPredictionsOptions = {}): Promise<LayerPredictions> {
    return await ask(this.#asked, LAYER_PREDICTIONS, sequence, options);
  }

  /**
   * What each layer would predict at every position of a sequence, the next token's among them: the likeliest token with
   * its probability, and of the token that the text has there the rank and ln p. For the next token, what the model itself
   * prefers stands in the place of that of the text. This is the logit lens (nostalgebraist 2020, "interpreting GPT: the
   * logit lens") over the whole text; {@linkcode LanguageModel.layerPredictions} lists more tokens at one position.
   *
   * @throws {RangeError} When a position has no tokens before it or is beyond the next token's.
   * @throws {TypeError} When `positions` is no array, or `norm` is neither `"final"` nor `"none"`.
   *
   * @example All positions, all layers
   * ```ts
   * import { LanguageModel, lensView } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained();
   * const lens = await model.lens(model.sequence("The keys to the cabinet"));
   * console.log(lens.best.shape); // [layers, positions]
   * console.log(lensView(lens).text);
   * ```
   */
  async lens(sequence: Sequence, options: LensOptions = {}): Promise<Lens> {
    return await ask(this.#asked, LENS, sequence, options);
  }

  /**
   * How the tokens of a sequence rank in what each layer would predict: by default every token after the prompt. Beside
   * the ranks stand the probabilities of the tokens, and of each layer's distribution the entropy and KL(final || layer).
   *
   * @throws {RangeError} When a position has no tokens before it.
   * @throws {TypeError} When `norm` is neither `"final"` nor `"none"`.
   *
   * @example The rank of each written token after the last layer
   * ```ts
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained();
   * const { ranks } = await model.rankings(await model.generate("The keys to the cabinet", { maxNewTokens: 4 }));
   * console.log(ranks.data.slice(-4)); // greedy decoding writes what ranks first: 1, 1, 1, 1
   * ```
   */
  async rankings(sequence: Sequence, options: RankingsOptions = {}): Promise<Rankings> {
    return await ask(this.#asked, RANKINGS, sequence, options);
  }

  /**
   * How chosen words rank in what each layer would predict as the next token, or at another position. A word of several tokens is ranked by its
   * first; `words` in the result lists the tokens of each.
   *
   * @throws {RangeError} When the position has no tokens before it or is beyond the next token's, or a word is empty or not in the vocabulary.
   * @throws {TypeError} When `watch` is no array, or `norm` is neither `"final"` nor `"none"`.
   *
   * @example Singular or plural?
   * ```ts
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained();
   * const sequence = model.sequence("The keys to the cabinet");
   * const { ranks, words } = await model.rankingsWatch(sequence, { watch: [" is", " are"] });
   * console.log(words!.map(({ tokens }) => tokens.length), ranks.shape); // [layers, 2]
   * ```
   */
  async rankingsWatch(sequence: Sequence, options: RankingsWatchOptions): Promise<Rankings> {
    return await ask(this.#asked, RANKINGS_WATCH, sequence, options);
  }

  /**
   * Who wrote a logit: takes the logit of a token, or the difference of two, apart into what each part of the model added
   * to the residual stream at the token before it (direct logit attribution): the embeddings, each head and each MLP of
   * each layer and biases; each neuron, and each token that a head looks at, where asked for. The scale of the final norm
   * is held at what it was. Then the sum is exact, and it is compared with the model's own logit on each call. All of it
   * is what parts wrote themselves: what a later part made of that counts as the later part's.
   *
   * @throws {RangeError} When the position has no tokens before it or is beyond the next token's, a word is empty or not
   * in the vocabulary, or the call takes more than `maxMemory`.
   * @throws {TypeError} When blocks of the family normalise the residual stream, as those of BERT, BART and Marian do.
   * @throws {Error} When the weights are in 8 bits, or the parts do not add up to the logit.
   *
   * @example Which heads prefer "are" to "is"?
   * ```ts
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained();
   * const sequence = model.sequence("The keys to the cabinet");
   * const { logit, heads, mlps } = await model.logitAttribution(sequence, { target: " are", contrast: " is" });
   * console.log(logit, heads.shape, heads.data, mlps.data); // above 0: speaks for " are"; below: for " is"
   * ```
   */
  async logitAttribution(sequence: Sequence, options: LogitAttributionOptions = {}): Promise<LogitAttribution> {
    return await ask(this.#asked, LOGIT_ATTRIBUTION, sequence, options);
  }

  /**
   * What a head does with two tokens by its weights alone, whatever the text: how much `to` looks at `from` (the QK
   * circuit), how much `from` then adds to the logit of `to` (the OV circuit), and the tokens that `from` makes likelier
   * or less likely through this head. These are TransformerLens's full circuits, without positions, biases and norms; of
   * heads in later layers they leave out what earlier layers made of the tokens.
   *
   * @throws {RangeError} When there is no such head, or a word is empty or not in the vocabulary.
   * @throws {TypeError} When blocks of the family normalise the residual stream, as those of BERT, BART and Marian do.
   * @throws {Error} When the weights are in 8 bits.
   *
   * @example Does a head copy?
   * ```ts
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained();
   * const { qk, ov, raised } = await model.headCircuit({ layer: 4, head: 0 }, { from: " keys", to: " keys" });
   * console.log(qk, ov, raised.map(({ token, change }) => [token.text, change]));
   * ```
   */
  async headCircuit(head: HeadPlace, options: HeadCircuitOptions): Promise<HeadCircuit> {
    return await ask(this.#asked, HEAD_CIRCUIT, head, options);
  }

  /**
   * What a neuron writes to the vocabulary by its weights alone: the tokens whose logits it raises and lowers most when it
   * fires, through the final norm but for its scale. A neuron that fires below 0 does the opposite.
   *
   * @throws {RangeError} When there is no such neuron, or `topK` is not in the vocabulary's size.
   * @throws {TypeError} When blocks of the family normalise the residual stream, as those of BERT, BART and Marian do.
   * @throws {Error} When the weights are in 8 bits.
   *
   * @example
   * ```ts
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained();
   * const { raised, lowered } = await model.neuronWrites({ layer: 5, neuron: 12 }, { topK: 3 });
   * console.log(raised.map(({ token }) => token.text), lowered.map(({ token }) => token.text));
   * ```
   */
  async neuronWrites(neuron: NeuronPlace, options: NeuronWritesOptions = {}): Promise<NeuronWrites> {
    return await ask(this.#asked, NEURON_WRITES, neuron, options);
  }

  /**
   * How much each token of a sequence surprised the model: ln p of the token that stands there, the entropy of what the
   * model expected, the rank of the token and the likeliest alternatives; by default at every position but the first, in
   * the prompt too. The perplexity is exp of the mean of −ln p, as Hugging Face's guide computes it for one window,
   * https://huggingface.co/docs/transformers/perplexity
   *
   * The scores of the vocabulary are reduced inside the graph: `[T, V]` of them are never held.
   *
   * @throws {RangeError} When a position has no tokens before it, the sequence has a single token, or `topK` is not in
   * the vocabulary's size.
   *
   * @example Which token was the least expected?
   * ```ts
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained();
   * const sequence = model.sequence("The keys to the cabinet are on the moon");
   * const { positions, logProbs, alternatives, perplexity } = await model.surprise(sequence);
   * const n = logProbs.data.indexOf(Math.min(...logProbs.data));
   * console.log(sequence.tokens[positions[n]!]!.text, -logProbs.data[n]!, "nats; likelier:", alternatives[n]![0]!.token.text);
   * console.log("perplexity", perplexity);
   * ```
   */
  async surprise(sequence: Sequence, options: SurpriseOptions = {}): Promise<Surprise> {
    return await ask(this.#asked, SURPRISE, sequence, options);
  }

  /**
   * Makes a vector of each text, by an encoder such as BERT or MiniLM: the mean of its tokens' last hidden states, or the
   * state of its first token. Texts are read side by side, in runs of some 256 tokens, and do not see each other, so that
   * each has the vector that it has alone; they are not padded. Models that write have no such vector, as their tokens do
   * not see what follows them.
   *
   * @param texts The texts, their token ids, or sequences.
   * @returns `[N, C]` vectors, of length 1 by default: a product of two is their cosine.
   * @throws {TypeError} When the model is no encoder, or `texts` no array of texts.
   * @throws {RangeError} When `texts` is empty, one is longer than the context, or takes more than `maxMemory`.
   *
   * @example How alike are two sentences?
   * ```ts ignore
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained("sentence-transformers/all-MiniLM-L6-v2");
   * const { vectors: { data, shape: [, width] } } = await model.encode(["A man eats.", "Someone has a meal."]);
   * const [a, b] = [data.slice(0, width), data.slice(width)];
   * console.log(a.reduce((sum, x, i) => sum + x * b[i]!, 0)); // their cosine
   * ```
   */
  async encode(texts: readonly WholeText[], options: EncodeOptions = {}): Promise<Embeddings> {
    return await ask(this.#asked, ENCODE, texts, options);
  }

  /**
   * Says what may stand in the place of each `[MASK]` of a text (`<mask>` for RoBERTa), by an encoder that has a head for
   * that, as `BertForMaskedLM` does.
   *
   * @throws {TypeError} When the model is no encoder, has no such head, or its tokenizer no mask.
   * @throws {RangeError} When the text has no mask, is too long, or `topK` is not in the vocabulary's size.
   *
   * @example
   * ```ts ignore
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained("bert-base-uncased");
   * const { masks } = await model.fillMask("Paris is the [MASK] of France.", { topK: 3 });
   * for (const { token, probability } of masks[0]!.predictions) console.log(token.text, probability);
   * ```
   */
  async fillMask(text: WholeText, options: FillMaskOptions = {}): Promise<FilledMasks> {
    return await ask(this.#asked, FILL_MASK, text, options);
  }

  /**
   * Explains what an encoder predicts at masked tokens: how much each token, before and after it, made the token at a
   * position likely. Tokens that are no masks are masked while they are explained, one position at a time. Scores are
   * those of {@linkcode LanguageModel.saliency}, of the word embeddings of the whole text.
   *
   * @throws {TypeError} When the model is no encoder, has no head for that, or its tokenizer no mask.
   * @throws {RangeError} When there is no such position, or a run takes more than `maxMemory`.
   *
   * @example Which words make it "capital"?
   * ```ts ignore
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained("bert-base-uncased");
   * const sequence = model.sequence("Paris is the [MASK] of France.");
   * const { targets, scores } = await model.maskedSaliency(sequence, { targets: ["capital"], reduce: "sum" });
   * console.log(targets[0]!.probability, scores.data);
   * ```
   */
  async maskedSaliency(sequence: Sequence, options: MaskedSaliencyOptions = {}): Promise<MaskedSaliency> {
    return await ask(this.#asked, MASKED_SALIENCY, sequence, options);
  }

  /**
   * Explains what a classifier on top of an encoder says of a text: how much each token made each class, by the gradient
   * of the class's logit, log-probability or probability, through the pooling and the division by the length, with respect
   * to the word embeddings. Beside the class itself nothing is needed: the classifier is that of `trainClassifier`.
   *
   * @param sequence The text; `encode` gives the sequences that it read.
   * @param classifier What `trainClassifier` returned, trained with vectors of this model.
   * @throws {TypeError} When the model is no encoder, or `classifier` is none.
   * @throws {RangeError} When it was trained with vectors of another width, there is no such class, or a run takes more
   * than `maxMemory`.
   *
   * @example Which words made it praise?
   * ```ts ignore
   * import { LanguageModel } from "@looking-glass/looking-glass";
   * import { trainClassifier } from "@looking-glass/looking-glass/analysis";
   *
   * await using model = await LanguageModel.fromPretrained("sentence-transformers/all-MiniLM-L6-v2");
   * const embeddings = await model.encode(["What a lovely film.", "It was a waste of time."]);
   * const classifier = await trainClassifier(embeddings, ["praise", "complaint"]);
   * const { scores } = await model.classSaliency(embeddings.sequences[0]!, classifier, { classes: ["praise"] });
   * console.log(scores.data);
   * ```
   */
  async classSaliency(
    sequence: Sequence,
    classifier: Classifier,
    options: ClassSaliencyOptions = {},
  ): Promise<ClassSaliency> {
    return await ask(this.#asked, CLASS_SALIENCY, { sequence, classifier }, options);
  }

  /**
   * Makes a model that behaves as changed, in every question: heads, neurons, attention or MLPs turned off or scaled, a
   * vector added to the residual stream, activations replaced by those of a trace or by any others, a pattern of attention
   * held. It is a program of its own, made in about the time of a load, over the same files: native maps the weights once
   * more and takes no memory for them; wasm and webgpu hold them twice. Nothing of it touches this model. Dispose it when
   * it is no longer needed; it ends with this model at the latest.
   *
   * A model of changes can be changed again; the later changes come after the earlier ones. Estimates of
   * {@linkcode LanguageModel.cost} leave out the tables of the changes. `faithfulness` refuses changes at positions and of
   * patterns, which stay where a token is taken away; it and `saliency` with `integratedGradients` or `completeness`
   * refuse changes of `embed`, as these begin at embeddings of zeros.
   *
   * @param changes What is changed, as plain data; see {@linkcode Change}.
   * @throws {TypeError | RangeError} When there is no such place, head, neuron or position, or numbers do not fit; the
   * message says which change it is about and what there is.
   *
   * @example Without one head
   * ```ts
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained();
   * await using without = await model.with([{ site: "z.0", heads: [3], scale: 0 }]);
   * for (const one of [model, without]) console.log((await one.generate("The keys to the cabinet")).text);
   * ```
   *
   * @example Steering
   * ```ts
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained();
   * const states = async (text: string) => (await model.trace(model.sequence(text))).hiddenStates!;
   * const { shape: [, , width], data } = await states("yes");
   * const other = await states("no");
   * const vector = data.slice(2 * width!, 3 * width!).map((x, c) => 4 * (x - other.data[2 * width! + c]!)); // leaves layer 1
   * await using steered = await model.with([{ site: "resid.2", add: vector }]);
   * console.log((await steered.generate("I think that")).text);
   * ```
   */
  async with(changes: readonly Change[]): Promise<LanguageModel> {
    this.#expectUsable();
    const stop = stoppable();
    stop.throwIfAborted();
    const { config, program } = this.#model.runner;
    const model = { sites: program.sites, nPositions: config.nPositions, mask: familyOf(config).mask };
    const own = await withEmbeddings(changes, this.#asked.reader, this.#model.runner);
    this.#expectUsable();
    const compiled = compileChanges(own, model, this.changes);
    const making = this.#model.another({ edits: editedSites(compiled) }, compiled);
    this.#making.add(making);
    const runner = await making.finally(() => this.#making.delete(making));
    if (this.#disposed || stop.aborted) await runner.dispose();
    this.#expectUsable();
    stop.throwIfAborted();
    const made = new LanguageModel({ ...this.#model, runner }, this);
    this.#made.add(made);
    return made;
  }

  /**
   * Says which parts of a run carry what makes its prediction: runs the corrupted text with each part replaced by that of
   * the clean one, at every layer and position or of every head, and measures what the next token would be, or the one at
   * another position (activation patching, or causal tracing: Meng et al. 2022, https://arxiv.org/abs/2202.05262). Both
   * texts have as many tokens, as in "The keys to the cabinet" and "The key to the cabinet". Where there is an encoder,
   * either stack is patched. `method: "estimate"` takes the first-order estimate of all
   * of it from one backward pass (attribution patching: Nanda 2023), and `both` shows where it can be trusted.
   *
   * It runs in a program of its own, which is made at the first call for a kind of place and kept until the model is
   * disposed: wasm and webgpu hold the weights once more for it.
   *
   * @throws {RangeError} When the texts differ in length, or their sources where those are patched, or there is no such
   * layer, position or head.
   * @throws {TypeError} When an option makes no sense, or both texts are continued with the same token and none is named.
   *
   * @example Where the number of the keys is
   * ```ts
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained();
   * const [clean, corrupted] = ["The keys to the cabinet", "The lock to the cabinet"].map((text) => model.sequence(text));
   * const { values, cleanValue, corruptedValue } = await model.patch(clean!, corrupted!, { target: " are", contrast: " is" });
   * console.log(values!.shape, cleanValue, corruptedValue);
   * ```
   */
  async patch(clean: Sequence, corrupted: Sequence, options: PatchOptions = {}): Promise<Patching> {
    return await ask(this.#asked, PATCH, { clean, corrupted }, options);
  }

  /**
   * Judges all heads, neurons or positions of every layer in one forward and one backward pass: what each adds to a
   * prediction, to first order, the sum of its activations times their gradients. Turn the best off with
   * {@linkcode LanguageModel.with} to see whether it is so. Several kinds of parts, `at: ["z", "neurons"]`, take no more
   * passes than one, and give a list of results. Where no `target` is given, a pass before says what is likeliest.
   *
   * It runs in a program of its own, as {@linkcode LanguageModel.patch} does.
   *
   * @throws {RangeError} When there is no such layer or position.
   * @throws {TypeError} When the model has no gradient, or no encoder where one is named.
   *
   * @example The heads that make it "are" rather than "is"
   * ```ts
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained();
   * const sequence = model.sequence("The keys to the cabinet");
   * const { scores } = await model.importance(sequence, { target: " are", contrast: " is" });
   * console.log(scores.shape, Math.max(...scores.data));
   * ```
   */
  async importance(sequence: Sequence, options?: ImportanceOptions): Promise<Importance>;
  /** The same of several sites: a result for each, in their order. One run does where the words of the metric are known. */
  async importance<const Sites extends readonly ImportanceSite[]>(
    sequence: Sequence,
    options: ImportancesOptions & { readonly at: Sites },
  ): Promise<{ readonly [Index in keyof Sites]: Importance }>;
  async importance(
    sequence: Sequence,
    options: ImportanceOptions | ImportancesOptions = {},
  ): Promise<Importance | readonly Importance[]> {
    if (isOfSeveral(options)) return await ask(this.#asked, IMPORTANCES, sequence, options);
    return await ask(this.#asked, IMPORTANCE, sequence, options);
  }

  /**
   * Says which head works through which: how much what one head writes moves a prediction by way of what a head of a later
   * layer reads, as its queries, keys or values, to first order, for all pairs of heads in one backward pass (edge
   * attribution patching: Syed et al. 2023, https://arxiv.org/abs/2310.10348). As in {@linkcode LanguageModel.patch},
   * what heads wrote in the clean text is put into the corrupted one; see {@linkcode HeadEdges} for the definition.
   *
   * It runs in a program of its own, as {@linkcode LanguageModel.patch} does.
   *
   * @throws {RangeError} When the texts differ in length, or there is no such position.
   * @throws {TypeError} When an option makes no sense, blocks of the family normalise the residual stream, as those of
   * BERT, BART and Marian do, or the model is changed where the stream would not be what was written to it.
   * @throws {Error} When the weights are in 8 bits.
   *
   * @example The strongest edge
   * ```ts
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained();
   * const [clean, corrupted] = ["The keys to the cabinet", "The lock to the cabinet"].map((text) => model.sequence(text));
   * const { value } = await model.edges(clean!, corrupted!, { target: " are", contrast: " is" });
   * console.log(value.shape, Math.max(...value.data)); // [layers, heads, layers, heads]
   * ```
   */
  async edges(clean: Sequence, corrupted: Sequence, options: EdgesOptions = {}): Promise<HeadEdges> {
    return await ask(this.#asked, EDGES, { clean, corrupted }, options);
  }

  /** The places that {@linkcode LanguageModel.with} can change. */
  get siteNames(): readonly string[] {
    const names = [...this.#model.runner.program.sites.keys()];
    return showing("Sites", names.filter((site) => !site.startsWith("cross_pattern.")));
  }

  /**
   * The names of the weights, as checkpoints of the family have them: `wte.weight`, `h.0.attn.c_attn.weight` and so on in
   * GPT-2, `embed_tokens.weight`, `layers.0.self_attn.q_proj.weight` and so on in Llama.
   */
  get weightNames(): readonly string[] {
    return showing("Weights", this.#model.runner.weights.names);
  }

  /**
   * Reads a weight from the checkpoint, in single precision and as it is stored. Matrices of linear layers are
   * `[in, out]` in GPT-2, whose `c_attn` holds queries, keys and values side by side, `[C, 3C]`, and `[out, in]` in all
   * other families. When the embeddings are tied, as they are in GPT-2, the unembedding is the token embeddings.
   *
   * @param name A name of {@linkcode LanguageModel.weightNames}, with or without the family's prefix, such as
   * `transformer.`, before it.
   * @throws {RangeError} When there is no weight of that name, or it is in 8 bits.
   *
   * @example The embedding of a token
   * ```ts
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained();
   * const { data, shape: [, width] } = await model.weight("wte.weight");
   * const [id] = model.sequence(" keys").tokenIds;
   * console.log(data.slice(id! * width!, (id! + 1) * width!));
   * ```
   */
  async weight(name: string): Promise<FloatTensor> {
    this.#expectUsable();
    return showing(name, await this.#model.runner.weights.read(name));
  }

  /**
   * Says which model this is: its files by their SHA-256, and the commit where it comes from a hub. The hashes are of
   * what was loaded: of files on disk, those that were opened then are read when this is first asked, whatever has taken
   * their places. Weights in another form (`dtype: "q8"`, half precision on native, or what a map in int8 was computed
   * with) are compared with what is made of the files that are named.
   *
   * @throws {Error} When a file has been modified since the model was loaded, weights in another form are not those of
   * the checkpoint, or the model was disposed before this was first asked.
   *
   * @example
   * ```ts
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained();
   * const { id, files } = await model.identity();
   * console.log(id, files.map(({ name, bytes, sha256 }) => `${name}, ${bytes} bytes: ${sha256}`));
   * ```
   */
  async identity(options: IdentityOptions = {}): Promise<ModelIdentity> {
    options = expectOptions(options, IDENTITY);
    const { backs } = this.#model;
    if (this.#identity && this.#identified === backs.length) return this.#identity;
    this.#expectUsable();
    this.#identified = backs.length;
    const stop = { ...options, signal: stoppable(options.signal) };
    return this.#identity = showing("ModelIdentity", await watched(stop, (stop) => identify(this.#model, stop)));
  }

  /** Frees the memory, after the runs that were asked for have ended. Disposing twice does nothing. */
  dispose(): Promise<void> {
    return this.#disposed ??= this.#dispose();
  }

  /** A runner of a program that can do more, made once. */
  #runInside(options: ProgramOptions, say?: (message: string) => void): Promise<ModelRunner> {
    this.#expectUsable();
    const key = JSON.stringify(options);
    const { changes } = this.#model.runner;
    const edits = [...new Set([...options.edits ?? [], ...editedSites(changes)])];
    const runner = this.#inside.get(key) ?? this.#model.another({ ...options, edits }, changes, say);
    this.#inside.set(key, runner);
    runner.catch(() => this.#inside.delete(key));
    return runner;
  }

  async #dispose(): Promise<void> {
    try {
      await Promise.allSettled(this.#making); // with() disposes of what comes too late
      await Promise.all([...this.#made].map((made) => made.dispose()));
      for (const runner of this.#inside.values()) await runner.then((runner) => runner.dispose(), () => {});
      await this.#model.runner.dispose();
    } finally {
      if (this.#maker) this.#maker.#made.delete(this);
      else {
        this.#model.backs.forEach(({ source }) => source.close());
        this.#model.opened[Symbol.dispose]();
      }
    }
  }

  /** The same as {@linkcode LanguageModel.dispose}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** What a notebook shows: the parts of the model. */
  [Symbol.for("Jupyter.display")](): Promise<object> {
    return displayOf(this.id, this);
  }

  /** What `console.log` shows. */
  [Symbol.for("Deno.customInspect")](): string {
    const { nLayer, nEmbd, nHead, vocabSize, nPositions } = this.config;
    const shape = `${nLayer} layers x ${nEmbd}, ${nHead} heads, ${vocabSize} tokens, context ${nPositions}`;
    return `LanguageModel ${this.id} (${
      familyOf(this.config).name
    }, ${shape}) on ${this.backend}: ${this.backendReason}`;
  }

  /**
   * What questions about many texts ask.
   *
   * @ignore
   */
  get [ASKED](): AskedModel<ModelRunner> {
    this.#expectUsable();
    return this.#asked;
  }

  #expectUsable(): void {
    if (this.#disposed) throw new Error(`Cannot use ${this.id} as it is disposed; load it again`);
  }
}
