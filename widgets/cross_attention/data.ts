/**
 * What a view of attention to a source shows of a trace: every head, and their mean, between the tokens of the source and
 * those that were written.
 *
 * @module
 */
import type { Trace } from "../../src/ask/trace/trace.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import { spelled } from "../kit/characters.ts";
import { isSequence, nameOf } from "../kit/expect.ts";
import { expectShape } from "../kit/expect_shape.ts";
import { layerIndex, layersAround, type LookedAt, recordedLayers, strongestWeights } from "../kit/layers.ts";
import { counted } from "../kit/numbers.ts";

/** How the attention to a source is shown. */
export interface CrossAttentionViewOptions {
  /** The 0-based index of the layer that is shown at first; by default the last that was recorded. */
  readonly layer?: number;
  /**
   * The 0-based index of the head that is shown at first, or the mean of all heads of the layer.
   *
   * @default {"mean"}
   */
  readonly head?: number | "mean";
  /** The title of a saved page. */
  readonly title?: string;
}

/** The most pictures in a page, and the most weights; `data` keeps all. */
const MOST_PICTURES = 240;
const MOST_WEIGHTS = 2 ** 21;

/** One picture: a head, or the mean of all heads of a layer. */
export interface Picture {
  /** The index of the layer among those that were recorded. */
  readonly layer: number;
  /** The head; none for the mean. */
  readonly head: number | undefined;
}

/** What is drawn. */
export interface CrossShown {
  readonly source: Sequence;
  readonly sequence: Sequence;
  /** E. */
  readonly columns: number;
  /** The positions of the written tokens, one a row: what a token looks at is what its predecessor's row holds. */
  readonly written: readonly number[];
  /** The layer that each index stands for. */
  readonly blocks: readonly number[];
  /** H. */
  readonly heads: number;
  /** The pictures in the page: of each open layer the mean, then the heads. */
  readonly pictures: readonly Picture[];
  /** The index of the picture that is shown at first. */
  readonly first: number;
  /** How much of its attention a written token gives to a token of the source. */
  readonly weight: (picture: Picture, row: number, column: number) => number;
}

const WHAT = "attention to the source";

/** The attention, of a known shape. */
function attentionOf(trace: Trace) {
  const fields = (trace ?? {}) as Partial<Trace>;
  if (!isSequence(fields.sequence)) {
    throw new TypeError(`Cannot draw ${nameOf(trace)} as ${WHAT}; pass what await model.trace() returned`);
  }
  const { crossAttention, sequence: { source, tokens } } = trace;
  if (crossAttention === undefined || source === undefined || !isSequence(source)) {
    throw new TypeError(
      `Cannot draw ${WHAT} as the trace holds none; load a model with an encoder, such as BART, and call ` +
        'model.trace(sequence, { capture: ["crossAttention"] })',
    );
  }
  const [layers = 0, heads = 0] = crossAttention.shape ?? [];
  expectShape({ what: WHAT, field: "crossAttention" }, crossAttention, [
    layers,
    heads,
    tokens.length,
    source.tokens.length,
  ]);
  if (layers * heads * source.tokens.length === 0) throw new RangeError(`Cannot draw ${WHAT} as its shape has a 0`);
  if (tokens.length < 2) throw new RangeError(`Cannot draw ${WHAT} of a text of one token as nothing was written`);
  return { data: crossAttention.data, layers, heads, source };
}

/** The pictures that fit into a page: those of the chosen layer, then of its neighbours. */
function picturesOf(layers: number, heads: number, weights: number, layer: number): readonly Picture[] {
  const most = Math.min(MOST_PICTURES, Math.floor(MOST_WEIGHTS / weights));
  const open = layersAround(layer, layers, Math.floor(most / (heads + 1)));
  const all = [undefined, ...Array.from({ length: heads }, (_, head) => head)];
  return open.flatMap((layer) => all.map((head) => ({ layer, head })));
}

/**
 * Checks a trace and decides what of it is shown.
 *
 * @throws {TypeError} When it is no trace, or one without attention to a source.
 * @throws {RangeError} When a shape does not fit, or an option is out of range.
 */
export function crossShown(trace: Trace, options: CrossAttentionViewOptions): CrossShown {
  const { data, layers, heads, source } = attentionOf(trace);
  const { sequence } = trace;
  const blocks = recordedLayers(WHAT, trace, layers);
  const { layer: block = blocks.at(-1), head: chosen = "mean" } = options;
  const layer = layerIndex(blocks, block);
  const head = chosen === "mean" ? undefined : chosen;
  if (head !== undefined && !(Number.isInteger(head) && head >= 0 && head < heads)) {
    throw new RangeError(
      `Cannot show head ${head} as the trace holds ${counted(heads, "head")}, counted from 0; or pass "mean"`,
    );
  }
  const [T, E] = [sequence.tokens.length, source.tokens.length];
  const pictures = picturesOf(layers, heads, T * E, layer);
  const one = (layer: number, head: number, row: number, column: number) =>
    data[((layer * heads + head) * T + row) * E + column] ?? 0;
  return {
    ...{ source: spelled(source), sequence: spelled(sequence), blocks, heads, pictures, columns: E },
    written: Array.from({ length: T - 1 }, (_, row) => row + 1),
    first: pictures.findIndex((picture) => picture.layer === layer && picture.head === head),
    weight: ({ layer, head }, row, column) => {
      if (head !== undefined) return one(layer, head, row, column);
      let sum = 0;
      for (let head = 0; head < heads; ++head) sum += one(layer, head, row, column);
      return sum / heads;
    },
  };
}

/** The tokens of the source that a written token looks at most, strongest first; weights below a half percent are left out. */
export function strongest(
  { columns, weight }: CrossShown,
  picture: Picture,
  row: number,
  count: number,
): LookedAt[] {
  return strongestWeights(columns, (column) => weight(picture, row, column), count);
}

/** A picture in words. */
export function pictureWords({ blocks, heads }: CrossShown, { layer, head }: Picture): string {
  return `Layer ${blocks[layer]}, ${head === undefined ? `mean of ${counted(heads, "head")}` : `head ${head}`}`;
}
