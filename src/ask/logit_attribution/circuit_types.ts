import type { Token } from "../../tokenizer/token.ts";

/** How much something adds to the logit of a token. */
export interface LogitChange {
  /** The id of the token. */
  readonly tokenId: number;
  /** The token. */
  readonly token: Token;
  /** What is added to its logit; below 0, what is taken away. */
  readonly change: number;
}

/** What is done to the vocabulary. */
export interface VocabularyChange {
  /** The tokens whose logits it raises most, or lowers least, most first. */
  readonly raised: readonly LogitChange[];
  /** The tokens whose logits it lowers most, or raises least, lowest first. */
  readonly lowered: readonly LogitChange[];
}

/**
 * What a head does with two tokens, by its weights alone: TransformerLens's full circuits (Elhage et al. 2021,
 * https://transformer-circuits.pub/2021/framework/index.html), without positions, biases and norms.
 */
export interface HeadCircuit extends VocabularyChange {
  /** The 0-based index of the layer. */
  readonly layer: number;
  /** The 0-based index of the head. */
  readonly head: number;
  /** The token that is looked at. */
  readonly from: Token;
  /** The token that looks, for `qk`; the one that is written, for `ov`. */
  readonly to: Token;
  /**
   * How much `to` looks at `from`: their entry of W_E W_Q W_Kᵀ W_Eᵀ, not divided by the root of the head's size. Where
   * queries and keys are turned by their positions, as in Llama and GPT-NeoX, it is as at one position, a distance of 0.
   */
  readonly qk: number;
  /** How much `from`, when all attention is on it, adds to the logit of `to`: their entry of W_E W_V W_O W_U. */
  readonly ov: number;
}

/**
 * What a neuron writes to the vocabulary by its weights alone when it fires by 1: its row of the MLP's last matrix, through
 * the final norm without its scale and its bias, times the unembedding.
 */
export interface NeuronWrites extends VocabularyChange {
  /** The 0-based index of the layer. */
  readonly layer: number;
  /** The 0-based index of the neuron. */
  readonly neuron: number;
}
