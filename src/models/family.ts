/**
 * The contract of a family: what a page such as `gpt2.ts` says about its models, and all that the rest of the package
 * knows of them.
 *
 * @module
 */
import type { Value } from "../onnx/mod.ts";
import type { ModelBuilder } from "./builder.ts";
import type { Fields, ModelConfig } from "./config.ts";
import type { WeightSpec } from "./weight_list.ts";

/** How a family's checkpoints name what they hold. */
export interface CheckpointNames {
  /** What may stand before a name, and is not part of it here: `transformer.` for GPT-2. */
  readonly prefix: string;
  /** What stands before the number of a block: `h` for `h.0.ln_1.weight`. */
  readonly blocks: string;
  /** The field of config.json with the number of blocks. */
  readonly blocksField: string;
  /** The token embeddings, `[V, C]`. */
  readonly embedding: string;
  /** The matrix that logits are read with where it is not the token embeddings, `[V, C]`. */
  readonly unembedding: string;
  /** What is added to the logits, `[V]`; none where nothing is. */
  readonly unembeddingBias?: string;
  /** What else some files call a weight. */
  readonly otherName?: (name: string) => string;
  /** What is read in place of a weight where a file has both, as transformers does. */
  readonly preferredName?: (name: string) => string;
}

/** What a file holds. */
export interface HeldWeights {
  /** Whether it has a weight of that name. */
  readonly has: (name: string) => boolean;
  /** Whether it has both, with the same numbers. */
  readonly same: (name: string, other: string) => Promise<boolean>;
}

/** Columns of a linear layer that make the numbers of one head; where heads are side by side, the first of them. */
export interface HeadColumns {
  /** The name of the linear layer. */
  readonly layer: string;
  /** The first of a head's columns, counted among the numbers that come out. */
  readonly start: (head: number) => number;
}

/**
 * What is added up in the residual stream, and the norm that reads the sum: what a logit can be taken apart by. Beside
 * the token embeddings these are the ends of each block's two halves, by the names of their linear layers.
 */
export interface Writers {
  /** The table of the embeddings of positions, and the row of a text's first position; none where there is no table. */
  readonly positions?: { readonly table: string; readonly first: number };
  /** The layer of block i that adds what the heads found, side by side. */
  readonly attention: (block: number) => string;
  /** The layer of block i that adds what the neurons say. */
  readonly mlp: (block: number) => string;
  /** Where the queries, keys and values of block i's heads of queries come from. */
  readonly heads: (block: number) => Readonly<Record<"query" | "key" | "value", HeadColumns>>;
  /** The norm that reads the sum. */
  readonly norm: { readonly name: string; readonly kind: "layerNorm" | "rmsNorm"; readonly epsilon: number };
}

/** A family of models, which share a page. */
export interface Family<Config extends ModelConfig = ModelConfig> {
  /** What messages call it. */
  readonly name: string;
  /** The `model_type` of its models. */
  readonly modelTypes: readonly string[];
  /** The `architectures` of its models, by which files are known that have no `model_type`. */
  readonly architectures: readonly string[];
  /** What a token sees: those up to itself, so that it can predict the next one, or all of its text. */
  readonly mask: "causal" | "full";
  /** Whether an encoder reads a source text, at which the blocks that write look. */
  readonly hasSource?: boolean;
  /** How its checkpoints name what they hold. */
  readonly names: CheckpointNames;

  /**
   * Reads the fields of a config.json. Missing ones have Hugging Face's defaults.
   *
   * @throws {TypeError} When a field has the wrong type, or asks for what this package does not compute.
   * @throws {RangeError} When the numbers do not fit together.
   */
  parseConfig(fields: Fields): Config;

  /** The settings as the weights have them, where files may hold more or less than config.json tells. */
  settle?(config: Config, file: HeldWeights): Promise<Config>;

  /**
   * How a block is laid out, for its picture: with a norm before attention and MLP, unless this says otherwise, or after
   * what they add to the stream, or with both side by side.
   */
  layout?(config: Config): "norms after" | "norms before" | "parallel";

  /**
   * What adds to the residual stream; nothing where a block normalises what the others wrote, so that its end is no sum of
   * parts.
   */
  writers?(config: Config): Writers;

  /** Whether there are logits; there always are unless this says otherwise. */
  hasHead?(config: Config): boolean;

  /** How many types of tokens there are; none unless this says otherwise. */
  tokenTypes?(config: Config): number;

  /** Every weight by its checkpoint name, in the order in which a token passes them. */
  weights(config: Config): ReadonlyMap<string, WeightSpec>;

  /** How many numbers a block's keys of one token are, and its values: what a cache holds. */
  cacheWidth(config: Config): number;

  /** How many numbers of a token the forward pass of one block keeps to its end, beside attention and the cache. */
  keptNumbers(config: Config): number;

  /** How many numbers the forward pass keeps of a source of E tokens, and of attention to it from T tokens. */
  sourceNumbers?(config: Config, lengths: { readonly T: number; readonly E: number }): number;

  /** The same settings for a model of two blocks that is small enough to be checked in no time. */
  tiny(config: Config): Config;

  /** Writes the forward pass, from the tokens to the residual stream that leaves the last block, `[T, C]`. */
  forward(m: ModelBuilder, config: Config): Value;

  /** Writes what the logits are read from, `[..., C]`, where the residual stream is `x`, `[..., C]`. */
  readout(m: ModelBuilder, config: Config, x: Value): Value;
}

/** The sizes of a model that is small enough to be checked in no time. */
export const TINY = { vocabSize: 97, nPositions: 8, nEmbd: 64, nLayer: 2, nHead: 4, nInner: 132 } as const;

/** The name of the matrix that logits are read with; none where there are no logits. */
export function unembeddingName(family: Family, config: ModelConfig): string | undefined {
  if (!hasHead(family, config)) return undefined;
  return config.tieWordEmbeddings ? family.names.embedding : family.names.unembedding;
}

/** The name of a weight without what may stand before it in a file. */
export function ownName({ prefix }: CheckpointNames, name: string): string {
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}

/** Whether a text is read with all that its tokenizer puts around it, as an encoder's. */
export function readsWhole({ mask, hasSource = false }: Family): boolean {
  return mask === "full" || hasSource;
}

/** Whether a model has logits. */
export function hasHead(family: Family, config: ModelConfig): boolean {
  return family.hasHead?.(config) ?? true;
}
