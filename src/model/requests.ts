/**
 * The inputs and outputs of the runs of a {@linkcode ModelRunner}.
 *
 * @module
 */
import type { GradientRequest, ScoreName } from "../models/gradient_question.ts";
import type { LENS } from "../models/lens.ts";

/** The scalars that one backward pass differentiates. */
export interface Explanation extends GradientRequest {
  /** The tokens that are read. */
  readonly tokenIds: readonly number[];
  /** Of which type each is; all of type 0 by default. */
  readonly tokenTypes?: readonly number[] | undefined;
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
