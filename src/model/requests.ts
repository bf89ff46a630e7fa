/**
 * The inputs and outputs of the runs of a {@linkcode ModelRunner}.
 *
 * @module
 */
import type { LENS } from "../models/gpt2/lens.ts";
import type { ScoreName } from "../models/gpt2/program.ts";

/** The inputs of a run besides its tokens; a branch whose inputs are left out is not computed. */
export interface RunInputs {
  readonly targets?: readonly number[];
  readonly mix?: Float32Array;
  readonly ofLogit?: boolean;
  readonly embeddingScale?: number | Float32Array;
  readonly texts?: readonly number[] | undefined;
  readonly best?: number;
  readonly depths?: readonly Depth[];
}

/** Where the logit lens reads the residual stream. */
export interface Depth {
  /** 2i after the attention of layer i, 2i + 1 after its MLP. */
  readonly index: number;
  /** Whether `ln_f` is applied. */
  readonly normed: boolean;
}

/** The scalars that one backward pass differentiates. */
export interface Explanation {
  /** The tokens that are read. */
  readonly tokenIds: readonly number[];
  /** Where the scalars are taken, R of them. */
  readonly rows: readonly number[];
  /** The token at each of them. */
  readonly targets: readonly number[];
  /** `[N, R]`, how they add up. */
  readonly mix: Float32Array;
  /** Whether the scalar is the logit rather than the log-probability. */
  readonly ofLogit: boolean;
  /** What the embeddings are multiplied by, 1 by default. */
  readonly embeddingScale?: number;
}

/** The outputs of a backward pass: a score of each token, the cotangents of the embeddings, or their products. */
export type ScoreKind = ScoreName | "gradients" | "products";

/** Texts that are read side by side, T tokens in all. */
export interface Reading {
  /** The tokens of one text after another. */
  readonly tokenIds: readonly number[];
  /** Where the logits are wanted, R indices into the tokens. */
  readonly rows: readonly number[];
  /** Which text each token belongs to, `[T]`; by default they are all one text. */
  readonly texts?: readonly number[];
  /** What the embedding of each token is multiplied by, `[T]`, or of all tokens; 1 by default. */
  readonly embeddingScale?: number | Float32Array;
}

/** The numbers of the logit lens, by name. */
export type LensNumbers = Readonly<Record<typeof LENS[number], Float32Array>>;
