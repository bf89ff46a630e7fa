import type { LayerPredictions, LayerPredictionsOptions } from "../../src/ask/lens/layer_predictions.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import { editableText, expectNoSource, type LiveDrawing, numberIn } from "../kit/live.ts";
import type { View } from "../kit/view.ts";

/** What live predictions of layers ask: a `LanguageModel`. */
export interface LensModel {
  /** Cuts a text into tokens. */
  sequence(text: string): Sequence;
  /** Says what each layer predicts. */
  layerPredictions(sequence: Sequence, options?: LayerPredictionsOptions): Promise<LayerPredictions>;
}

/** Predictions of layers that follow their text, at a position of it or for the next token. */
export function liveLens(
  model: LensModel,
  { sequence, position, norm, layers }: LayerPredictions,
  draw: (predictions: LayerPredictions) => View,
): LiveDrawing {
  expectNoSource(sequence);
  const halves = layers.some(({ after }) => after === "attention");
  const topK = layers[0]?.predictions.length ?? 1;
  const place = position === sequence.tokenIds.length ? "" : `${position}`;
  return {
    label: "Edit the text of the predictions",
    fields: [
      { name: "text", label: "Text", kind: "text", value: editableText(model, sequence), hint: "" },
      { name: "position", label: "Position", kind: "word", value: place, hint: "the next token's" },
    ],
    draw: async ({ text = "", position = "" }, { signal, onProgress }) =>
      draw(
        await model.layerPredictions(model.sequence(text), {
          ...position.trim() !== "" && { position: numberIn(position, "position") },
          ...{ norm, halves, topK, progress: false, signal, onProgress },
        }),
      ),
  };
}
