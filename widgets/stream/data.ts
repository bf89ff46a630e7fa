/**
 * What each block adds to the stream of a token.
 *
 * @module
 */
import type { LayerPredictions } from "../../src/ask/lens/layer_predictions.ts";
import type { Prediction } from "../../src/ask/prediction.ts";
import type { Trace } from "../../src/ask/trace/trace.ts";
import type { FloatTensor } from "../../src/base/tensor.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import { spelled } from "../kit/characters.ts";
import { isSequence, nameOf } from "../kit/expect.ts";
import { expectShape } from "../kit/expect_shape.ts";
import { recordedLayers } from "../kit/layers.ts";

/** How a token's way up the stack is shown. */
export interface StreamViewOptions {
  /** The token; by default the last. */
  readonly position?: number;
  /** What `LanguageModel.layerPredictions` gave for the position after the token: the likeliest word after each layer. */
  readonly predictions?: LayerPredictions;
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
  readonly word?: Prediction | undefined;
}

/** What is drawn. */
export interface StreamShown {
  readonly sequence: Sequence;
  readonly position: number;
  /** The length of the embedding, with its position. */
  readonly embedding: number;
  readonly steps: readonly StreamStep[];
  /** Whether words are known. */
  readonly words: boolean;
}

const WHAT = "a token’s way";

/** The length of a row. */
function lengthOf({ data, shape }: FloatTensor, layer: number, position: number): number {
  const [, T = 0, width = 0] = shape;
  const start = (layer * T + position) * width;
  return Math.sqrt(data.subarray(start, start + width).reduce((sum, one) => sum + one * one, 0));
}

function wordsOf(predictions: LayerPredictions | undefined, position: number): ReadonlyMap<number, Prediction> {
  if (predictions === undefined) return new Map();
  if (!Array.isArray(predictions.layers)) {
    throw new TypeError(
      `Cannot draw ${nameOf(predictions)} as predictions; pass what await model.layerPredictions() returned`,
    );
  }
  if (predictions.position !== position + 1) {
    throw new RangeError(
      `Cannot draw ${WHAT} at token ${position} with predictions for position ${predictions.position}; ask for ` +
        `position ${position + 1}, which token ${position} predicts`,
    );
  }
  const best = predictions.layers.flatMap(({ layer, predictions: [first] }) => first ? [[layer, first] as const] : []);
  return new Map(best);
}

/** Checks what was given. */
export function streamShown(trace: Trace, { position: asked, predictions }: StreamViewOptions): StreamShown {
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
  const position = asked ?? T - 1;
  if (!Number.isInteger(position) || position < 0 || position >= T) {
    throw new RangeError(`Cannot draw ${WHAT} at position ${position} as there are 0 to ${T - 1}`);
  }
  const words = wordsOf(predictions, position);
  const steps = recordedLayers(WHAT, trace, K).map((layer, k): StreamStep => ({
    layer,
    attention: lengthOf(attentionOutputs, k, position),
    mlp: lengthOf(mlpOutputs, k, position),
    after: lengthOf(hiddenStates, k + 1, position),
    word: words.get(layer),
  }));
  return {
    sequence: spelled(sequence),
    position,
    embedding: lengthOf(hiddenStates, 0, position),
    steps,
    words: words.size > 0,
  };
}
