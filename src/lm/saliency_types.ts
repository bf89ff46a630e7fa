/**
 * What {@linkcode LanguageModel.saliency} takes and gives.
 *
 * @module
 */
import type { MemoryOptions } from "./cost_types.ts";
import type { FloatTensor, Progress, Sequence, Word } from "./types.ts";

/** A named definition of saliency, equal to another tool's. */
export type SaliencyPreset = "ecco" | "inseq" | "captum" | "lit";

/** What a saliency score is made of. */
export type SaliencyMethod = "gradientXInput" | "gradient" | "integratedGradients";

/** Options of {@linkcode LanguageModel.saliency}. A preset fills what is not given. */
export interface SaliencyOptions extends MemoryOptions {
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
   * How many gradients are averaged by integrated gradients, at the nodes of the Gauss-Legendre rule; 10,000 at most.
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
  /**
   * Whether the result says how far the map is from complete, at the price of one more reading: see
   * {@linkcode Saliency.convergenceGaps}. Integrated gradients always say so.
   *
   * @default {false}
   */
  readonly completeness?: boolean;
  /** The explained positions; by default every token after the prompt. */
  readonly positions?: readonly number[];
  /** Called after each chunk of explained tokens. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Whether a bar shows how far the call is when it takes more than a second, in a notebook or a terminal. It is taken
   * away when the call ends. Your own `onProgress` is called all the same.
   *
   * @default {true}
   */
  readonly progress?: boolean;
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
  /** What the tokens were grouped by since; their scores were added up. None when each token stands for itself. */
  readonly by?: "word" | "sentence" | "group";
  /** The word that each token was explained against, by the first of its tokens; none by default. */
  readonly contrast?: Word;
  /** How many gradients were averaged; only of integrated gradients. */
  readonly steps?: number;
  /** Where integrated gradients began. */
  readonly baseline?: "zero";
}

/** Tokens of a sequence that stand together. */
export interface TokenGroup {
  /** The index of the first token. */
  readonly start: number;
  /** The index after the last token. */
  readonly end: number;
  /** The text of the tokens. */
  readonly text: string;
}

/** The tokens that the groups of a map by groups are made of. */
export interface Grouping {
  /** The explained text, token by token. */
  readonly sequence: Sequence;
  /** The explained tokens. */
  readonly positions: readonly number[];
  /** What stands in the place of tokens, in reading order; each token is in one. */
  readonly groups: readonly TokenGroup[];
}

/** Which earlier tokens made each explained token. */
export interface Saliency {
  /** The explained text. Of a map by groups, each "token" is a group. */
  readonly sequence: Sequence;
  /** The explained positions, N of them; of a map by groups, those of groups. */
  readonly positions: readonly number[];
  /** `[N, T]`, zero at and after `positions[n]`; one row for all positions when they are explained together. */
  readonly scores: FloatTensor;
  /** The definition used. */
  readonly options: SaliencyDefinition;
  /**
   * How far each row is from complete, in the unit of the scalar f that was differentiated (see `options.of`): the sum
   * of all attributions, before they are reduced and normalised, less f(x) − f(0), what the scalar gained from the
   * baseline, embeddings of zeros with their positions, to the text. Captum calls it the convergence delta. More steps
   * make that of integrated gradients smaller. Gradient × input is complete only where the model is linear between the
   * two, so its gap is large; a map of the gradient alone claims no sum, and shows the gap of gradient × input.
   * Of integrated gradients, and with `completeness`.
   */
  readonly convergenceGaps?: readonly number[];
  /** What the groups are made of; only of a map by groups. */
  readonly grouping?: Grouping;
}

/** A map by groups of tokens, such as words: what `groupSaliency` makes of a map of tokens. */
export interface GroupedMap extends Saliency {
  /** The definition used, and what the tokens were grouped by. */
  readonly options: SaliencyDefinition & { readonly by: "word" | "sentence" | "group" };
  /** What the groups are made of. */
  readonly grouping: Grouping;
}
