import type { Lens, LensOptions } from "../../src/ask/lens/lens.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import { editableText, expectNoSource, type LiveDrawing } from "../kit/live.ts";
import type { View } from "../kit/view.ts";

/** What a live lens asks: a `LanguageModel`. */
export interface WholeLensModel {
  /** Cuts a text into tokens. */
  sequence(text: string): Sequence;
  /** Says what each layer predicts at each position. */
  lens(sequence: Sequence, options?: LensOptions): Promise<Lens>;
}

/** A lens that follows its text, at all of its positions. */
export function liveWholeLens(
  model: WholeLensModel,
  { sequence, norm }: Lens,
  draw: (lens: Lens) => View,
): LiveDrawing {
  expectNoSource(sequence);
  return {
    label: "Edit the text of the lens",
    fields: [{ name: "text", label: "Text", kind: "text", value: editableText(model, sequence), hint: "" }],
    draw: async ({ text = "" }, { signal, onProgress }) =>
      draw(await model.lens(model.sequence(text), { norm, progress: false, signal, onProgress })),
  };
}
