/**
 * One change inside a model, as it is said and as it is checked.
 *
 * @module
 */
import type { FloatTensor } from "../base/tensor.ts";
import { shown } from "../base/words.ts";
import type { AttentionMask } from "../models/attention.ts";
import type { SiteName } from "../models/sites.ts";
import type { Shape } from "../onnx/mod.ts";

/** Numbers: a plain array, or what a trace holds. */
export type Numbers = readonly number[] | Float32Array | FloatTensor;

/**
 * One change inside a model: what is at a place is multiplied, added to or replaced; exactly one of `scale`, `add`, `set`
 * and `tokens` says how. Later changes of the same place come after earlier ones.
 */
export interface Change {
  /**
   * The place, by the names of TransformerLens's hooks: `embed` (token embeddings), `resid.3` (the residual stream that
   * enters layer 3), `resid_mid.3` (between its attention and its MLP), `z.3` (the sums of its heads before the output
   * projection), `attn_out.3` and `mlp_out.3` (what they add to the stream), `neurons.3`, and `pattern.3` (its attention
   * probabilities). {@linkcode LanguageModel.siteNames} lists them.
   */
  readonly site: string;
  /** The heads, of `z` and `pattern`; all by default. */
  readonly heads?: readonly number[];
  /** The neurons, of `neurons`; all by default. */
  readonly neurons?: readonly number[];
  /**
   * The positions of the tokens whose rows are changed; all by default, those that are written later too. A text that
   * ends before one is not changed there.
   */
  readonly positions?: readonly number[];
  /** What it is multiplied by: 0 turns it off. Not of `pattern`. */
  readonly scale?: number;
  /** What is added, one number for each of the width, or for each position too. Not of `pattern`. */
  readonly add?: Numbers;
  /**
   * What takes its place: one number for each of the width, or for each position too, `[positions, width]`. Of `pattern`
   * the rows of one text, `[T, T]` or for each head `[heads, T, T]`; tokens after these T keep the model's own. A tensor
   * must have such a shape; plain arrays are read row by row.
   */
  readonly set?: Numbers;
  /**
   * The tokens that are read in the places of those at `positions`, by text or id, one for each; at `embed` only. What is
   * replaced are the embeddings, so the text that results show, and tokens that are generated, stay what they are.
   * Positions of a prompt count what its tokenizer puts before it.
   */
  readonly tokens?: readonly (string | number)[];
}

/** A change whose place is known, with its numbers. */
export interface CheckedChange extends Omit<Change, "site" | "add" | "set"> {
  /** The place. */
  readonly site: SiteName;
  /** What is added. */
  readonly add?: FloatTensor;
  /** What takes its place. */
  readonly set?: FloatTensor;
}

/** What a model has, as its program says. */
export interface Changeable {
  /** Each place, with the shape of what is there. */
  readonly sites: ReadonlyMap<SiteName, Shape>;
  /** The longest text. */
  readonly nPositions: number;
  /** What a token of a text sees. */
  readonly mask: AttentionMask;
}

/** The width of a place, and of one of its units. */
export interface Widths {
  readonly width: number;
  /** What its units are, and how wide one is; none where it has no units. */
  readonly units?: { readonly name: "heads" | "neurons"; readonly size: number };
}

/** Whole numbers below a bound, each once. */
export function indices(what: string, list: readonly number[], count: number): readonly number[] {
  if (list.length === 0) {
    throw new RangeError(`Cannot change an empty list of ${what}s; name some, or leave them out for all`);
  }
  for (const index of list) {
    if (Number.isInteger(index) && index >= 0 && index < count) continue;
    throw new RangeError(`Cannot change ${what} ${shown(index)} as the model has ${what}s 0 to ${count - 1}`);
  }
  const twice = list.find((index, i) => list.indexOf(index) < i);
  if (twice !== undefined) throw new RangeError(`Cannot change ${what} ${twice} twice; name each ${what} once`);
  return [...list];
}
