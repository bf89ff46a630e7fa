import type { FloatTensor } from "../../base/tensor.ts";
import type { Sequence } from "../../model/sequence.ts";
import type { Prediction } from "../prediction.ts";

/** What a change inside of a model adds by itself, such as a vector that steers. */
export interface AddedPart {
  /** The place that is changed. */
  readonly site: string;
  /** What the numbers that are added, or set, give. */
  readonly value: number;
}

/**
 * Who wrote a logit: the logit of a token, or the difference of two, as an exact sum over what the parts of the model added
 * to the residual stream, with the scale of the final norm held at what it was (direct logit attribution).
 */
export interface LogitAttribution {
  /** The text that was read, T tokens. */
  readonly sequence: Sequence;
  /** The position of the token that is asked about; T is the next one. What the token before it wrote is taken apart. */
  readonly position: number;
  /** The token whose logit is taken apart. */
  readonly target: Prediction;
  /** The token whose logit is subtracted, where there is one. */
  readonly contrast?: Prediction;
  /** The logit, or the difference of two, as the model computes it. */
  readonly logit: number;
  /** What the token embedding gives. */
  readonly embedding: number;
  /** What the embedding of the position gives; none where positions are not embedded. */
  readonly positionEmbedding?: number;
  /** `[L, H]`, what each head of each layer gives. */
  readonly heads: FloatTensor;
  /** `[L]`, what the bias of each layer's attention gives; zeros where there is none. */
  readonly attentionBiases: FloatTensor;
  /** `[L]`, what each layer's MLP gives, its bias included. */
  readonly mlps: FloatTensor;
  /** `[L, I]`, what each neuron of each MLP gives; where asked for. */
  readonly neurons?: FloatTensor;
  /** `[L, H, T']`, what each head gives by each token that it looks at, T' of them up to `position - 1`; where asked for. */
  readonly tokens?: FloatTensor;
  /**
   * What changes add by themselves, of a model that `with` made, in the order of the places; none where nothing is added or
   * set. What parts wrote counts as what later scales and sets leave of it.
   */
  readonly added?: readonly AddedPart[];
  /** What the bias of the final norm gives; 0 where there is none. */
  readonly bias: number;
}
