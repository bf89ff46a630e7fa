/**
 * What the forward pass of a model is fed.
 *
 * @module
 */
import { type Feed, idsFeed, type Resident } from "../onnx/feed.ts";
import type { Graph, Value } from "../onnx/mod.ts";

/** The inputs of the forward pass. */
export interface ForwardInputs {
  /** The new tokens, int64 `[T]`. */
  readonly inputIds: Value;
  /** The cached keys of each block, `[P, cache width]`. */
  readonly pastKeys: readonly Value[];
  /** The cached values of each block, `[P, cache width]`. */
  readonly pastValues: readonly Value[];
  /** The first text that each cached token belongs to, int64 `[P]`: all to 0, unless several are read side by side. */
  readonly pastTexts: Value;
  /** The last text that each cached token belongs to, int64 `[P]`: the first one, unless several begin alike. */
  readonly pastLastTexts: Value;
  /** Which text each new token belongs to, int64 `[T]`. */
  readonly texts: Value;
  /** Where in its text each new token stands, int64 `[T]`. */
  readonly positions: Value;
  /** Of which type each new token is, int64 `[T]`, where a model has types of tokens. */
  readonly tokenTypes?: Value;
  /** What the embedding of each token is multiplied by, `[T, 1]`: 1, or less on the way from a zero baseline. */
  readonly embeddingScale: Value;
  /** The rows of the new tokens whose logits are wanted, int64 `[R]`. */
  readonly rows: Value;
  /** What a decoder looks at, where there is an encoder. */
  readonly source?: SourceInputs;
}

/** The inputs of an encoder whose decoder looks at what it makes of a source text. */
export interface SourceInputs {
  /** The new source tokens, int64 `[E]`; none in later runs. */
  readonly inputIds: Value;
  /** Which text each of them is the source of, int64 `[E]`. */
  readonly texts: Value;
  /** Where in its text each of them stands, int64 `[E]`. */
  readonly positions: Value;
  /** What the embedding of each of them is multiplied by, `[E, 1]`. */
  readonly embeddingScale: Value;
  /** The keys of each block's attention to the source tokens that were read before, `[Z, cache width]`. */
  readonly pastKeys: readonly Value[];
  /** The values, alike. */
  readonly pastValues: readonly Value[];
  /** The first text that each of those is the source of, int64 `[Z]`. */
  readonly pastTexts: Value;
  /** The last one, int64 `[Z]`. */
  readonly pastLastTexts: Value;
}

/** What the inputs of a model depend on. */
export interface InputOptions {
  /** The number of blocks. */
  readonly blocks: number;
  /** How many numbers of a token its cache holds in each. */
  readonly width: number;
  /** How many types of tokens there are. */
  readonly types?: number | undefined;
  /** Whether there is an encoder for source texts. */
  readonly source?: boolean | undefined;
}

/** Declares the inputs of a model. */
export function declareInputs(g: Graph, { blocks, width, types = 0, source = false }: InputOptions): ForwardInputs {
  const past = (name: string, dim = "P") =>
    Array.from({ length: blocks }, (_, i) => g.input(`${name}.${i}`, g.float, [dim, width]));
  return {
    inputIds: g.input("input_ids", "int64", ["T"]),
    pastKeys: past("past_key"),
    pastValues: past("past_value"),
    pastTexts: g.input("past_texts", "int64", ["P"]),
    pastLastTexts: g.input("past_last_texts", "int64", ["P"]),
    texts: g.input("texts", "int64", ["T"]),
    positions: g.input("positions", "int64", ["T"]),
    ...(types > 0 && { tokenTypes: g.input("token_types", "int64", ["T"]) }),
    embeddingScale: g.input("embedding_scale", g.float, ["T", 1]),
    rows: g.input("rows", "int64", ["R"]),
    ...(source && {
      source: {
        inputIds: g.input("source_ids", "int64", ["E"]),
        texts: g.input("source_texts", "int64", ["E"]),
        positions: g.input("source_positions", "int64", ["E"]),
        embeddingScale: g.input("source_scale", g.float, ["E", 1]),
        pastKeys: past("past_source_key", "Z"),
        pastValues: past("past_source_value", "Z"),
        pastTexts: g.input("past_source_texts", "int64", ["Z"]),
        pastLastTexts: g.input("past_source_last_texts", "int64", ["Z"]),
      },
    }),
  };
}

/** What is read in one run. */
export interface ReadRequest {
  /** The new tokens. */
  readonly tokenIds: readonly number[];
  /** The rows of them whose logits are wanted. */
  readonly rows: readonly number[];
  /** Which text each belongs to. */
  readonly texts: readonly number[];
  /** Of which type each is; all of type 0 by default. */
  readonly tokenTypes?: readonly number[] | undefined;
  /** What was read before. */
  readonly past: Past;
  /** What the embedding of each token is multiplied by, or of all; of source tokens too where it is one number. */
  readonly embeddingScale?: number | Float32Array;
  /** The source tokens that are read in this run, and those that were read before. */
  readonly source?: SourceRequest | undefined;
}

/** Source tokens of one run. */
export interface SourceRequest {
  /** The new ones. */
  readonly tokenIds: readonly number[];
  /** Which text each of them is the source of. */
  readonly texts: readonly number[];
  /** What was read before. */
  readonly past: Past;
}

/** P tokens that were read before. */
export interface Past {
  /** P. */
  readonly length: number;
  /** The keys of each block, `[P, width]`, unless they are resident. */
  readonly keys: readonly Float32Array[];
  /** The values of each block, `[P, width]`, unless they are resident. */
  readonly values: readonly Float32Array[];
  /** Where they stand when they stay on the device that the model runs on. */
  readonly resident?: { readonly keys: readonly Resident[]; readonly values: readonly Resident[] } | undefined;
  /** The first text that each token belongs to, `[P]`. */
  readonly texts: readonly number[];
  /** The last text that each token belongs to, `[P]`. */
  readonly lastTexts: readonly number[];
  /** The same object while rows are only added; see {@linkcode Feed}. */
  readonly lineage: object;
  /** Where the next tokens of `texts` stand in them. */
  nextPositions(texts: readonly number[]): readonly number[];
}

/** The feeds of a run. */
export function readFeeds(inputs: ForwardInputs, request: ReadRequest): Feed[] {
  const { tokenIds, rows, texts, past, embeddingScale = 1 } = request;
  const T = tokenIds.length;
  const scale = typeof embeddingScale === "number" ? new Float32Array(T).fill(embeddingScale) : embeddingScale;
  return [
    idsFeed(inputs.inputIds, tokenIds),
    ...cacheFeeds(inputs.pastKeys, past, "keys"),
    ...cacheFeeds(inputs.pastValues, past, "values"),
    idsFeed(inputs.pastTexts, past.texts),
    idsFeed(inputs.pastLastTexts, past.lastTexts),
    idsFeed(inputs.texts, texts),
    idsFeed(inputs.positions, past.nextPositions(texts)),
    ...(inputs.tokenTypes ? [idsFeed(inputs.tokenTypes, request.tokenTypes ?? tokenIds.map(() => 0))] : []),
    { value: inputs.embeddingScale, data: scale, dims: [T, 1] },
    idsFeed(inputs.rows, rows),
    ...(inputs.source ? sourceFeeds(inputs.source, request) : []),
  ];
}

/** What was read before, of each block. */
function cacheFeeds(values: readonly Value[], past: Past, kind: "keys" | "values"): Feed[] {
  const dims = (value: Value) => [past.length, value.shape[1] as number];
  const resident = past.resident?.[kind];
  if (resident) {
    return values.map((value, i) => ({ value, data: new Float32Array(0), dims: dims(value), resident: resident[i]! }));
  }
  const numbers = past[kind];
  return values.map((value, i) => ({ value, data: numbers[i]!, dims: dims(value), lineage: past.lineage }));
}

/** The feeds of an encoder. */
function sourceFeeds(inputs: SourceInputs, { source, embeddingScale }: ReadRequest): Feed[] {
  if (!source) throw new TypeError("Cannot run an encoder and a decoder without a source");
  const { tokenIds, texts, past } = source;
  const scale = typeof embeddingScale === "number" ? embeddingScale : 1;
  return [
    idsFeed(inputs.inputIds, tokenIds),
    idsFeed(inputs.texts, texts),
    idsFeed(inputs.positions, past.nextPositions(texts)),
    { value: inputs.embeddingScale, data: new Float32Array(tokenIds.length).fill(scale), dims: [tokenIds.length, 1] },
    ...cacheFeeds(inputs.pastKeys, past, "keys"),
    ...cacheFeeds(inputs.pastValues, past, "values"),
    idsFeed(inputs.pastTexts, past.texts),
    idsFeed(inputs.pastLastTexts, past.lastTexts),
  ];
}
