/**
 * What maps over a whole text take, and what they are computed with.
 *
 * @module
 */
import type { Kind } from "../../base/options.ts";
import type { Progress } from "../../base/progress.ts";
import { type MemoryOptions, READING } from "../../model/cost.ts";
import { expectNormalizable } from "../saliency/definition.ts";

/** How a map over a whole text was computed. */
export interface WholeTextDefinition {
  /** What is scored: the gradient, or the gradient times the embedding. */
  readonly method: "gradientXInput" | "gradient";
  /** The scalar that is differentiated. */
  readonly of: "probability" | "logProb" | "logit";
  /** How the C numbers of a token become one. */
  readonly reduce: "l2" | "sum";
  /** Whether each row is divided by its sum of absolute values. */
  readonly normalize: boolean;
}

/** Options of maps over a whole text. */
export interface WholeTextOptions extends MemoryOptions {
  /**
   * What is scored: the gradient, or the gradient times the embedding.
   *
   * @default {"gradientXInput"}
   */
  readonly method?: WholeTextDefinition["method"];
  /**
   * The scalar that is differentiated.
   *
   * @default {"probability"}
   */
  readonly of?: WholeTextDefinition["of"];
  /**
   * How the C numbers of a token become one: their length, or their sum, which is above 0 for what speaks for the
   * prediction.
   *
   * @default {"l2"}
   */
  readonly reduce?: WholeTextDefinition["reduce"];
  /**
   * Whether each row is divided by its sum of absolute values.
   *
   * @default {true}
   */
  readonly normalize?: boolean;
  /** Called after each row. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Whether a bar shows how far the call is when it takes more than a second, in a notebook or a terminal. It is taken
   * away when the call ends. Your own `onProgress` is called all the same.
   *
   * @default {true}
   */
  readonly progress?: boolean;
  /** Stops between two rows. */
  readonly signal?: AbortSignal;
}

/** What each option may be. */
export const WHOLE_TEXT: { readonly [Name in keyof Required<WholeTextOptions>]: Kind } = {
  method: ["gradientXInput", "gradient"],
  of: ["probability", "logProb", "logit"],
  reduce: ["l2", "sum"],
  normalize: "true or false",
  ...READING,
};

/**
 * The definition that `options` ask for.
 *
 * @throws {TypeError} When they do not go together.
 */
export function wholeTextDefinition(options: WholeTextOptions): WholeTextDefinition {
  const { method = "gradientXInput", of: scalar = "probability", reduce = "l2", normalize = true } = options;
  expectNormalizable({ method, reduce, normalize });
  return { method, of: scalar, reduce, normalize };
}
