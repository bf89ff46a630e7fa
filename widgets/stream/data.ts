/**
 * What each block adds to the stream of a token.
 *
 * @module
 */
import type { LayerPredictions } from "../../src/ask/lens/layer_predictions.ts";
import type { Lens } from "../../src/ask/lens/lens.ts";
import type { Prediction } from "../../src/ask/prediction.ts";
import type { Trace } from "../../src/ask/trace/trace.ts";
import type { FloatTensor } from "../../src/base/tensor.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import { spelled, spelledPredictions } from "../kit/characters.ts";
import { isSequence, nameOf } from "../kit/expect.ts";
import { expectShape } from "../kit/expect_shape.ts";
import { layersAround, recordedLayers } from "../kit/layers.ts";

/** How a token's way up the stack is shown. */
export interface StreamViewOptions {
  /** The token that is shown at first; by default the last. */
  readonly position?: number;
  /**
   * The likeliest word after each layer: what `LanguageModel.lens` gave, for every token that can be chosen, or what
   * `LanguageModel.layerPredictions` gave for the position after the token.
   */
  readonly predictions?: LayerPredictions | Lens;
  /** The title of a saved page. */
  readonly title?: string;
}

/** One block of the way. */
export interface StreamStep {
  /** The layer's number. */
  readonly layer: number;
  /** The length of what attention adds, of what the MLP adds, and of the stream after both. */
  readonly attention: number;
  readonly mlp: number;
  readonly after: number;
  /** The likeliest next word after it, where it is known. */
  readonly word?: Pick<Prediction, "token" | "probability"> | undefined;
}

/** The way of one token. */
export interface StreamWay {
  readonly position: number;
  /** The length of the embedding, with its position. */
  readonly embedding: number;
  readonly steps: readonly StreamStep[];
  /** Whether words are known. */
  readonly words: boolean;
}

/** What is drawn. */
export interface StreamShown {
  readonly sequence: Sequence;
  /** The way that is shown at first. */
  readonly first: StreamWay;
  /** Those that can be chosen, the first one among them, in the order of the text. */
  readonly ways: readonly StreamWay[];
}

const WHAT = "a token’s way";

/** The most numbers of a page; `data` keeps all. */
const MOST_NUMBERS = 1600;

/** The likeliest word by the number of the layer. */
type Words = ReadonlyMap<number, Pick<Prediction, "token" | "probability">>;
const NO_WORDS: Words = new Map();

/** The length of a row. */
function lengthOf({ data, shape }: FloatTensor, layer: number, position: number): number {
  const [, T = 0, width = 0] = shape;
  const start = (layer * T + position) * width;
  return Math.sqrt(data.subarray(start, start + width).reduce((sum, one) => sum + one * one, 0));
}

/** The words after a token, of predictions for one position. */
function wordsOfOne(predictions: LayerPredictions, position: number): (position: number) => Words {
  if (predictions.position !== position + 1) {
    throw new RangeError(
      `Cannot draw ${WHAT} at token ${position} with predictions for position ${predictions.position}; ask for ` +
        `position ${position + 1}, which token ${position} predicts`,
    );
  }
  const best = predictions.layers.flatMap(({ layer, predictions: [first] }) => first ? [[layer, first] as const] : []);
  return (other) => other === position ? new Map(best) : NO_WORDS;
}

/** The same of a lens over many positions. */
function wordsOfMany(lens: Lens, position: number): (position: number) => Words {
  const { positions, best, bestProbabilities, tokens } = lens;
  const [layers = 0] = Array.isArray(best.shape) ? best.shape : [];
  for (const field of ["best", "bestProbabilities"] as const) {
    expectShape({ what: WHAT, field: `predictions.${field}` }, lens[field], [layers, positions.length]);
  }
  if (!positions.includes(position + 1)) {
    throw new RangeError(
      `Cannot draw ${WHAT} at token ${position} with a lens at positions ${positions.join(", ")}; ask for position ` +
        `${position + 1}, which token ${position} predicts`,
    );
  }
  const tokenOf = new Map(tokens.map((token) => [token.id, token]));
  return (other) => {
    const n = positions.indexOf(other + 1);
    if (n < 0) return NO_WORDS;
    return new Map(
      Array.from({ length: layers }, (_, layer) => layer).flatMap((layer) => {
        const i = layer * positions.length + n;
        const token = tokenOf.get(best.data[i]!);
        return token === undefined ? [] : [[layer, { token, probability: bestProbabilities.data[i]! }]];
      }),
    );
  };
}

function wordsOf(predictions: LayerPredictions | Lens | undefined, position: number): (position: number) => Words {
  if (predictions === undefined) return () => NO_WORDS;
  const { layers, best, positions, tokens } = predictions as Partial<LayerPredictions & Lens>;
  if (Array.isArray(layers)) return wordsOfOne(predictions as LayerPredictions, position);
  if (best !== undefined && Array.isArray(positions) && Array.isArray(tokens)) {
    return wordsOfMany(predictions as Lens, position);
  }
  throw new TypeError(
    `Cannot draw ${
      nameOf(predictions)
    } as predictions; pass what await model.lens() or model.layerPredictions() returned`,
  );
}

/** What a stream is drawn of, checked. */
type Recorded = Required<Pick<Trace, "sequence" | "hiddenStates" | "attentionOutputs" | "mlpOutputs">>;

/** Refuses what lacks a part. */
function checkTrace(trace: Trace): Recorded {
  const { sequence, hiddenStates, attentionOutputs, mlpOutputs } = (trace ?? {}) as Partial<Trace>;
  if (!isSequence(sequence) || !sequence || !hiddenStates || !attentionOutputs || !mlpOutputs) {
    throw new TypeError(
      `Cannot draw ${nameOf(trace)} as ${WHAT}; pass what await model.trace(sequence, ` +
        `{ capture: ["hiddenStates", "attentionOutputs", "mlpOutputs"] }) returned`,
    );
  }
  const T = sequence.tokens.length;
  const [K = 0, , C = 0] = attentionOutputs.shape ?? [];
  for (
    const [field, tensor, count] of [
      ["attentionOutputs", attentionOutputs, K],
      ["mlpOutputs", mlpOutputs, K],
      ["hiddenStates", { ...hiddenStates, data: hiddenStates.data }, K + 1],
    ] as const
  ) expectShape({ what: WHAT, field: `trace.${field}` }, tensor, [count, T, C]);
  return { sequence, hiddenStates, attentionOutputs, mlpOutputs };
}

/** Checks what was given. */
export function streamShown(trace: Trace, { position: asked, predictions }: StreamViewOptions): StreamShown {
  const { sequence, hiddenStates, attentionOutputs, mlpOutputs } = checkTrace(trace);
  const T = sequence.tokens.length;
  const [K = 0] = attentionOutputs.shape;
  const position = asked ?? T - 1;
  if (!Number.isInteger(position) || position < 0 || position >= T) {
    throw new RangeError(`Cannot draw ${WHAT} at position ${position} as there are 0 to ${T - 1}`);
  }
  const wordsAt = wordsOf(predictions, position);
  const layers = recordedLayers(WHAT, trace, K);
  const wayOf = (position: number): StreamWay => {
    const words = wordsAt(position);
    const steps = layers.map((layer, k): StreamStep => ({
      layer,
      attention: lengthOf(attentionOutputs, k, position),
      mlp: lengthOf(mlpOutputs, k, position),
      after: lengthOf(hiddenStates, k + 1, position),
      word: spelledPredictions(sequence, position + 1, words.has(layer) ? [words.get(layer)!] : [])[0],
    }));
    return { position, embedding: lengthOf(hiddenStates, 0, position), steps, words: words.size > 0 };
  };
  const ways = layersAround(position, T, Math.floor(MOST_NUMBERS / (3 * K + 1))).map(wayOf);
  return { sequence: spelled(sequence), first: ways.find((way) => way.position === position)!, ways };
}
