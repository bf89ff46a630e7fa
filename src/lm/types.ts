/**
 * The records that a {@linkcode LanguageModel} takes and gives: plain data, no methods, nothing that holds memory
 * outside JavaScript.
 *
 * @module
 */
import type { Token } from "../tokenizer/token.ts";

/** An array of numbers with a shape, in row-major order. */
export interface Tensor {
  /** The numbers. */
  readonly data: Float32Array | Int32Array;
  /** The size of each axis; their product is `data.length`. */
  readonly shape: readonly number[];
}

/** A tensor of real numbers. */
export interface FloatTensor extends Tensor {
  /** The numbers. */
  readonly data: Float32Array;
}

/** A tokenized text: a prompt and what follows it. */
export interface Sequence {
  /** The token ids, in reading order. */
  readonly tokenIds: readonly number[];
  /** The tokens, one for each id. */
  readonly tokens: readonly Token[];
  /** How many of the tokens were given rather than written. */
  readonly promptLength: number;
  /** The whole text; token offsets point into it. */
  readonly text: string;
}

/** How likely one token is as the next one. */
export interface Prediction {
  /** The predicted token id. */
  readonly tokenId: number;
  /** The predicted token. */
  readonly token: Token;
  /** The model's own probability, before temperature, top-k or top-p. */
  readonly probability: number;
  /** The unnormalised score. */
  readonly logit: number;
  /** 1 + the number of tokens with a strictly greater logit. */
  readonly rank: number;
}

/** One decoded token, with what stood beside it. */
export interface Step {
  /** The 0-based index of the new token in the sequence. */
  readonly position: number;
  /** The chosen token id. */
  readonly tokenId: number;
  /** The chosen token. */
  readonly token: Token;
  /** The natural logarithm of the model's own probability of the chosen token. */
  readonly logProb: number;
  /** The most likely tokens, best first, by the model's own distribution. */
  readonly candidates: readonly Prediction[];
  /** The scores of the whole vocabulary. Shape `[V]`. */
  readonly logits: Float32Array;
}

/** What a long call has done so far. */
export interface Progress {
  /** What is being done. */
  readonly task: "download" | "load" | "trace" | "saliency" | "rankings";
  /** How many units are done; bytes, for a download. */
  readonly completed: number;
  /** How many units there are. */
  readonly total: number;
  /** A sentence for human eyes. */
  readonly message: string;
  /** The speed of a download, once it is known. */
  readonly bytesPerSecond?: number;
  /** How long a download will still take at this speed, once it is known. */
  readonly secondsLeft?: number;
}

/** What {@linkcode LanguageModel.trace} can record. */
export type Capture = "hiddenStates" | "attention" | "activations" | "logits";

/** Options of {@linkcode LanguageModel.trace}. */
export interface TraceOptions {
  /**
   * What to record.
   *
   * @default {["hiddenStates"]}
   */
  readonly capture?: readonly Capture[];
  /** Called after each part. */
  readonly onProgress?: (progress: Progress) => void;
  /** Stops between two runs. */
  readonly signal?: AbortSignal;
}

/** The inside of the model while it read a sequence of T tokens. */
export interface Trace {
  /** The text that was read. */
  readonly sequence: Sequence;
  /** `[L+1, T, C]`, the residual stream: 0 is the embeddings, i is after block i, before `ln_f`. */
  readonly hiddenStates?: FloatTensor;
  /** `[L, H, T, T]`, the attention probabilities: layer, head, from (query), to (key). */
  readonly attention?: FloatTensor;
  /** `[L, T, 4C]`, the neurons of each MLP after the activation function. */
  readonly activations?: FloatTensor;
  /** `[T, V]`, the scores of the next token at each position. */
  readonly logits?: FloatTensor;
}

/**
 * Which norm stands between a block and the unembedding: `final` applies `ln_f` to every block, as it is applied to the
 * last one (the logit lens); `none` applies it to the last block only, as Ecco does.
 */
export type LensNorm = "final" | "none";

/** Options of {@linkcode LanguageModel.layerPredictions}. */
export interface LayerPredictionsOptions {
  /** The 0-based index of the token that is predicted: any but the first, given or written. */
  readonly position: number;
  /**
   * How many tokens each layer lists.
   *
   * @default {10}
   */
  readonly topK?: number;
  /**
   * The norm before the unembedding.
   *
   * @default {"final"}
   */
  readonly norm?: LensNorm;
  /** Stops between two runs. */
  readonly signal?: AbortSignal;
}

/** What one block would predict if it were the last. */
export interface LayerPrediction {
  /** The 0-based index of the block. */
  readonly layer: number;
  /** The most likely tokens, best first. */
  readonly predictions: readonly Prediction[];
}

/** What each block would predict at one position. */
export interface LayerPredictions {
  /** The text that was read. */
  readonly sequence: Sequence;
  /** The index of the predicted token. */
  readonly position: number;
  /** The norm before the unembedding. */
  readonly norm: LensNorm;
  /** L entries, the first block first. The last one is what the model itself predicts. */
  readonly layers: readonly LayerPrediction[];
}

/** Options of {@linkcode LanguageModel.rankings}. */
export interface RankingsOptions {
  /** The positions whose tokens are ranked; by default every token after the prompt. */
  readonly positions?: readonly number[];
  /**
   * The norm before the unembedding.
   *
   * @default {"final"}
   */
  readonly norm?: LensNorm;
  /** Called after each part. */
  readonly onProgress?: (progress: Progress) => void;
  /** Stops between two runs. */
  readonly signal?: AbortSignal;
}

/** Options of {@linkcode LanguageModel.rankingsWatch}. */
export interface RankingsWatchOptions {
  /** The 0-based index of the token in whose place the words are ranked: any but the first. */
  readonly position: number;
  /**
   * The words, by text or token id. A text is read as it stands, `" keys"` and `"keys"` are two words; one of several
   * tokens is ranked by its first.
   */
  readonly watch: readonly (string | number)[];
  /**
   * The norm before the unembedding.
   *
   * @default {"final"}
   */
  readonly norm?: LensNorm;
  /** Stops between two runs. */
  readonly signal?: AbortSignal;
}

/** A word that is asked about. It stands for its first token, as that is what the model would write next. */
export interface Word {
  /** The word. */
  readonly text: string;
  /** The ids of all of its tokens; the first one is asked about. */
  readonly tokenIds: readonly number[];
  /** All of its tokens. */
  readonly tokens: readonly Token[];
}

/** How tokens rank in what each block would predict. */
export interface Rankings {
  /** The text that was read. */
  readonly sequence: Sequence;
  /** The positions in whose place the tokens are ranked, N of them. */
  readonly positions: readonly number[];
  /** The ranked tokens, N of them. */
  readonly tokenIds: readonly number[];
  /** Int32 `[L, N]`, 1 is the most likely: 1 + the number of tokens with a strictly greater logit. */
  readonly ranks: Tensor;
  /** The norm before the unembedding. */
  readonly norm: LensNorm;
  /** The watched words, N of them, each ranked by its first token; only of {@linkcode LanguageModel.rankingsWatch}. */
  readonly words?: readonly Word[];
}

/** A named definition of saliency, equal to another tool's. */
export type SaliencyPreset = "ecco" | "inseq" | "captum" | "lit";

/** What a saliency score is made of. */
export type SaliencyMethod = "gradientXInput" | "gradient" | "integratedGradients";

/** Options of {@linkcode LanguageModel.saliency}. A preset fills what is not given. */
export interface SaliencyOptions {
  /**
   * Another tool's definition.
   *
   * @default {"ecco"}
   */
  readonly preset?: SaliencyPreset;
  /**
   * What is scored: the gradient, the gradient times the embedding, or integrated gradients, the embedding times the
   * mean of the gradient on the way from the baseline to it.
   */
  readonly method?: SaliencyMethod;
  /** The scalar that is differentiated. */
  readonly of?: "probability" | "logProb" | "logit";
  /** How the C numbers of a token become one. */
  readonly reduce?: "l2" | "sum";
  /** Whether each row is divided by its sum of absolute values. */
  readonly normalize?: boolean;
  /**
   * Explains why each token was written rather than this one: the scalar is the difference of their logits, which is
   * that of their log-probabilities too. A text is read as it stands, `" is"` and `"is"` are two words; one of several
   * tokens stands for its first. A token is not explained against itself: its scores are 0.
   */
  readonly contrast?: string | number;
  /**
   * How many gradients are averaged by integrated gradients, at the nodes of the Gauss-Legendre rule.
   *
   * @default {50}
   */
  readonly steps?: number;
  /**
   * Where integrated gradients begin: at embeddings of zeros; positions are added as ever.
   *
   * @default {"zero"}
   */
  readonly baseline?: "zero";
  /** The explained positions; by default every token after the prompt. */
  readonly positions?: readonly number[];
  /** The most memory, in bytes, that one run may take for activations and gradients. */
  readonly maxMemory?: number;
  /** Called after each chunk of explained tokens. */
  readonly onProgress?: (progress: Progress) => void;
  /** Stops between two chunks. */
  readonly signal?: AbortSignal;
}

/** The definition that a saliency map was computed with. */
export interface SaliencyDefinition {
  /** The preset that filled what was not given. */
  readonly preset: SaliencyPreset;
  /** What is scored. */
  readonly method: SaliencyMethod;
  /** The scalar that is differentiated. */
  readonly of: "probability" | "logProb" | "logit";
  /** How the C numbers of a token become one. */
  readonly reduce: "l2" | "sum";
  /** Whether each row is divided by its sum of absolute values. */
  readonly normalize: boolean;
  /** Whether the targets were explained together, as one row. */
  readonly together: boolean;
  /** The word that each token was explained against, by the first of its tokens; none by default. */
  readonly contrast?: Word;
  /** How many gradients were averaged; only of integrated gradients. */
  readonly steps?: number;
  /** Where integrated gradients began. */
  readonly baseline?: "zero";
}

/** Which earlier tokens made each explained token. */
export interface Saliency {
  /** The explained text. */
  readonly sequence: Sequence;
  /** The explained positions, N of them. */
  readonly positions: readonly number[];
  /** `[N, T]`, zero at and after `positions[n]`; one row for all positions when they are explained together. */
  readonly scores: FloatTensor;
  /** The definition used. */
  readonly options: SaliencyDefinition;
  /**
   * How far integrated gradients are from complete, for each row: the sum of all attributions, before they are reduced
   * and normalised, less what the scalar gained from the baseline to the text. More steps make it smaller.
   */
  readonly convergenceGaps?: readonly number[];
}
