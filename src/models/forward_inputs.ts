/**
 * What the forward pass of a model is fed.
 *
 * @module
 */
import { type Feed, idsFeed } from "../onnx/feed.ts";
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
}

/**
 * Declares the inputs of a model of `blocks` blocks whose cache holds `width` numbers of a token in each, and whose tokens
 * may have types.
 */
export function declareInputs(g: Graph, blocks: number, width: number, types = 0): ForwardInputs {
  const past = (name: string) =>
    Array.from({ length: blocks }, (_, i) => g.input(`${name}.${i}`, g.float, ["P", width]));
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
  /** What the embedding of each token is multiplied by, or of all. */
  readonly embeddingScale?: number | Float32Array;
}

/** P tokens that were read before. */
export interface Past {
  /** P. */
  readonly length: number;
  /** The keys of each block, `[P, width]`. */
  readonly keys: readonly Float32Array[];
  /** The values of each block, `[P, width]`. */
  readonly values: readonly Float32Array[];
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
  const cached = (values: readonly Value[], numbers: readonly Float32Array[]) =>
    values.map((value, i) => {
      return { value, data: numbers[i]!, dims: [past.length, value.shape[1] as number], lineage: past.lineage };
    });
  return [
    idsFeed(inputs.inputIds, tokenIds),
    ...cached(inputs.pastKeys, past.keys),
    ...cached(inputs.pastValues, past.values),
    idsFeed(inputs.pastTexts, past.texts),
    idsFeed(inputs.pastLastTexts, past.lastTexts),
    idsFeed(inputs.texts, texts),
    idsFeed(inputs.positions, past.nextPositions(texts)),
    ...(inputs.tokenTypes ? [idsFeed(inputs.tokenTypes, request.tokenTypes ?? tokenIds.map(() => 0))] : []),
    { value: inputs.embeddingScale, data: scale, dims: [T, 1] },
    idsFeed(inputs.rows, rows),
  ];
}
