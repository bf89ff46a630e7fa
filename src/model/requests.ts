/**
 * The inputs and outputs of the runs of a {@linkcode ModelRunner}.
 *
 * @module
 */
import type { GradientRequest, ScoreName } from "../models/gradient_question.ts";
import type { LENS, LensRequest } from "../models/lens.ts";
import type { ProgramRequest } from "../models/program.ts";
import type { EditRequest } from "../models/site_edits.ts";
import type { Value } from "../onnx/mod.ts";
import type { KVCache } from "./kv_cache.ts";

/** The scalars that one backward pass differentiates. */
export interface Explanation extends GradientRequest {
  /** The tokens that are read. */
  readonly tokenIds: readonly number[];
  /** Of which type each is; all of type 0 by default. */
  readonly tokenTypes?: readonly number[] | undefined;
  /** Those of the source, where an encoder reads one. */
  readonly source?: readonly number[] | undefined;
  /** What the embeddings are multiplied by, 1 by default. */
  readonly embeddingScale?: number;
}

/** Source tokens that are read in one run. */
export interface SourceTokens {
  /** The tokens of one source after another. */
  readonly tokenIds: readonly number[];
  /** Which text each is the source of. */
  readonly texts: readonly number[];
}

/** What stands before what is written: a prompt, and the source where an encoder reads one. */
export interface PromptTokens {
  readonly tokenIds: readonly number[];
  readonly source?: { readonly tokenIds: readonly number[] } | undefined;
}

/** The outputs of a backward pass: a score of each token, the cotangents of the embeddings, or their products. */
export type ScoreKind = ScoreName | "gradients" | "products";

/** Texts that are read side by side, T tokens in all. */
export interface Reading {
  /** The tokens of one text after another. */
  readonly tokenIds: readonly number[];
  /** The tokens of the source, where an encoder reads one; of several texts, with the text of each. */
  readonly source?: readonly number[] | SourceTokens | undefined;
  /** Where the logits are wanted, R indices into the tokens. */
  readonly rows: readonly number[];
  /** Which text each token belongs to, `[T]`; by default they are all one text. */
  readonly texts?: readonly number[] | undefined;
  /** Of which type each is; all of type 0 by default. */
  readonly tokenTypes?: readonly number[] | undefined;
  /** What the embedding of each token is multiplied by, `[T]`, or of all tokens; 1 by default. */
  readonly embeddingScale?: number | Float32Array;
  /** What was read before, which stays as it is. */
  readonly past?: KVCache;
  /** What is changed inside, in the place of the model's own changes. */
  readonly edits?: EditRequest | undefined;
}

/** What a run is fed: of one text, unless `texts` says otherwise, and nothing before it, unless there is a `past`. */
export interface RunRequest extends Omit<ProgramRequest, "texts" | "past" | "source"> {
  readonly texts?: readonly number[] | undefined;
  readonly past?: KVCache;
  readonly source?: readonly number[] | SourceTokens | undefined;
}

/** The numbers of the logit lens, by name. */
export type LensNumbers = Readonly<Record<typeof LENS[number], Float32Array>>;

/** Tokens that are read after those in a cache, and what is looked at on the way. */
export interface Survey {
  readonly tokenIds: readonly number[];
  readonly cache: KVCache;
  /** Where the lens looks, R of the tokens; one at least, though it is not asked. */
  readonly rows: readonly number[];
  /** Which text each token belongs to, `[T]`; by default they are all one text. */
  readonly texts?: readonly number[] | undefined;
  readonly tokenTypes?: readonly number[] | undefined;
  readonly source?: SourceTokens | undefined;
  /** What the lens is asked; nothing by default. */
  readonly lens?: LensRequest | undefined;
  /** What else is fetched. */
  readonly fetches?: readonly Value[];
}

/** What a survey saw. */
export interface Surveyed {
  readonly lens?: LensNumbers;
  readonly fetched: readonly Float32Array[];
}
