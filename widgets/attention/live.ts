import type { Trace } from "../../src/ask/trace/trace.ts";
import { editableText, expectNoSource, type LiveDrawing } from "../kit/live.ts";
import type { View } from "../kit/view.ts";
import type { AttentionModel } from "./data.ts";

/** Attention that follows its text. */
export function liveAttention(
  model: AttentionModel,
  { sequence, layers }: Trace,
  draw: (trace: Trace) => View,
): LiveDrawing {
  expectNoSource(sequence);
  const looked = { capture: ["attention"] as const, ...layers && { layers } };
  return {
    label: "Edit the text of the attention",
    fields: [{ name: "text", label: "Text", kind: "text", value: editableText(model, sequence), hint: "" }],
    draw: async ({ text = "" }, { signal, onProgress }) =>
      draw(await model.trace(model.sequence(text), { ...looked, progress: false, signal, onProgress })),
  };
}
