/**
 * What the analyses through the logit lens take and give: {@linkcode LanguageModel.layerPredictions},
 * {@linkcode LanguageModel.rankings} and {@linkcode LanguageModel.rankingsWatch}.
 *
 * @module
 */
import type { MemoryOptions } from "./cost_types.ts";
import type { FloatTensor, Prediction, Progress, Sequence, Tensor, Word } from "./types.ts";

/**
 * Which norm stands between a layer and the unembedding: `final` applies `ln_f` to every layer, as it is applied to the
 * last one (the logit lens); `none` applies it to the last layer only, as Ecco does.
 */
export type LensNorm = "final" | "none";

/** Options of {@linkcode LanguageModel.layerPredictions}. */
export interface LayerPredictionsOptions extends MemoryOptions {
  /**
   * The 0-based index of the token that is predicted: any but the first, given or written.
   *
   * @default That of the next token, `sequence.tokenIds.length`
   */
  readonly position?: number;
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
  /**
   * Whether each layer is read twice, after its attention and at its end: 2L entries rather than L.
   *
   * @default {false}
   */
  readonly halves?: boolean;
  /** Called after each part. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Whether a bar shows how far the call is when it takes more than a second, in a notebook or a terminal. It is taken
   * away when the call ends. Your own `onProgress` is called all the same.
   *
   * @default {true}
   */
  readonly progress?: boolean;
  /** Stops between two runs. */
  readonly signal?: AbortSignal;
}

/** What one layer, or its attention half, would predict if it were the last. */
export interface LayerPrediction {
  /** The 0-based index of the layer. */
  readonly layer: number;
  /** Where in the layer: after its attention was added to the residual stream, or after its MLP, which ends it. */
  readonly after: "attention" | "block";
  /** The most likely tokens, best first. */
  readonly predictions: readonly Prediction[];
  /** The entropy of the whole distribution, in nats. */
  readonly entropy: number;
  /**
   * KL(final || this), in nats, as the tuned lens (Belrose et al. 2023) measures it: how far this distribution is from the
   * model's own; 0 after the last layer.
   */
  readonly divergence: number;
}

/** What each layer would predict at one position. */
export interface LayerPredictions {
  /** The text that was read. */
  readonly sequence: Sequence;
  /** The index of the predicted token, as large as the text is long when it is the next one. */
  readonly position: number;
  /** The norm before the unembedding. */
  readonly norm: LensNorm;
  /**
   * The first layer first: L entries, or with `halves` 2L, attention before layer. The last one is what the model itself
   * predicts.
   */
  readonly layers: readonly LayerPrediction[];
}

/** Options of {@linkcode LanguageModel.rankings}. */
export interface RankingsOptions extends MemoryOptions {
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
  /**
   * Whether a bar shows how far the call is when it takes more than a second, in a notebook or a terminal. It is taken
   * away when the call ends. Your own `onProgress` is called all the same.
   *
   * @default {true}
   */
  readonly progress?: boolean;
  /** Stops between two runs. */
  readonly signal?: AbortSignal;
}

/** Options of {@linkcode LanguageModel.rankingsWatch}. */
export interface RankingsWatchOptions extends MemoryOptions {
  /**
   * The 0-based index of the token in whose place the words are ranked: any but the first.
   *
   * @default That of the next token, `sequence.tokenIds.length`
   */
  readonly position?: number;
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
  /** Called after each part. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Whether a bar shows how far the call is when it takes more than a second, in a notebook or a terminal. It is taken
   * away when the call ends. Your own `onProgress` is called all the same.
   *
   * @default {true}
   */
  readonly progress?: boolean;
  /** Stops between two runs. */
  readonly signal?: AbortSignal;
}

/** How tokens rank in what each layer would predict. */
export interface Rankings {
  /** The text that was read. */
  readonly sequence: Sequence;
  /** The positions in whose place the tokens are ranked, N of them; of watched words that of the next token too. */
  readonly positions: readonly number[];
  /** The ranked tokens, N of them. */
  readonly tokenIds: readonly number[];
  /** Int32 `[L, N]`, 1 is the most likely: 1 + the number of tokens with a strictly greater logit. */
  readonly ranks: Tensor;
  /** `[L, N]`, the probability of each ranked token. */
  readonly probabilities: FloatTensor;
  /** `[L, N]`, the entropy of the whole distribution, in nats. */
  readonly entropies: FloatTensor;
  /** `[L, N]`, KL(final || layer) in nats: how far the layer's distribution is from the model's own; the last row is 0. */
  readonly divergences: FloatTensor;
  /** The norm before the unembedding. */
  readonly norm: LensNorm;
  /** The watched words, N of them, each ranked by its first token; only of {@linkcode LanguageModel.rankingsWatch}. */
  readonly words?: readonly Word[];
}
