import type { Saliency, SaliencyOptions } from "../../src/ask/saliency/definition.ts";
import type { LiveWatch } from "../../src/live/host.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import { editableText, expectNoSource, type LiveDrawing } from "../kit/live.ts";
import type { View } from "../kit/view.ts";

/** What a live map asks: a `LanguageModel`. */
export interface SaliencyModel {
  /** Cuts a text into tokens. */
  sequence(text: string): Sequence;
  /** Explains its tokens. */
  saliency(sequence: Sequence, options?: SaliencyOptions): Promise<Saliency>;
}

/** The most tokens that are explained while somebody types: the last ones. */
const MOST_EXPLAINED = 32;

/**
 * A map that follows its text: what would come next, and rather than what, can be asked too.
 *
 * @throws {TypeError} When the map is one of groups, or of a text with a source.
 */
export function liveSaliency(
  model: SaliencyModel,
  { sequence, options: { preset, method, of, reduce, normalize, steps, contrast, by } }: Saliency,
  draw: (map: Saliency, position: number) => View,
): LiveDrawing {
  if (by !== undefined) {
    throw new TypeError("Cannot draw a live map of groups; pass a map of tokens, and `by` beside live");
  }
  expectNoSource(sequence);
  const definition = { preset, method, reduce, normalize, ...steps !== undefined && { steps } };
  const words = { text: editableText(model, sequence), next: "", contrast: contrast?.text ?? "" };
  return {
    label: "Edit the text of the map",
    fields: [
      { name: "text", label: "Text", kind: "text", value: words.text, hint: "" },
      { name: "next", label: "If this came next", kind: "word", value: "", hint: " are" },
      { name: "contrast", label: "rather than", kind: "word", value: words.contrast, hint: " is" },
    ],
    async draw(values, { signal, onProgress }: LiveWatch) {
      const { text = "", next = "", contrast = "" } = values;
      const read = model.sequence(text);
      const T = read.tokenIds.length;
      const map = await model.saliency(read, {
        ...definition,
        ...(contrast === "" || of !== "probability") && { of },
        ...contrast !== "" && { contrast },
        ...next === "" ? { positions: [...Array(T).keys()].slice(1).slice(-MOST_EXPLAINED) } : { next },
        ...{ progress: false, signal, onProgress },
      });
      return draw(map, map.positions.at(-1)!);
    },
  };
}
