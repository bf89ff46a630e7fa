import type { Patching } from "../../src/ask/patching/types.ts";
import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import { counted } from "../kit/numbers.ts";
import { createView, type View } from "../kit/view.ts";
import { patchingDrawing, type PatchingShown } from "./data.ts";
import { drawPatching, patchingHtml, patchingText } from "./page.ts";

/** How patching is shown. */
export interface PatchingViewOptions {
  /**
   * What is shown: the metric of a run for each cell, its estimate, or both with how much they agree. By default all
   * that is there.
   */
  readonly show?: PatchingShown;
  /** The title of a saved page. */
  readonly title?: string;
}

const OPTIONS: OptionTable<PatchingViewOptions> = {
  task: "draw patching",
  kinds: { show: ["values", "estimate", "both"], title: "a text" },
};

/**
 * Shows which parts of a model carry what makes two texts differ: layers down, positions (or heads) across. A cell says how
 * much of the gap between the metric of the corrupted text and that of the clean one comes back when that part of the clean
 * run is put into the corrupted one: orange up to 100%, blue where the metric moves away. The metric itself is on hover
 * and in the table. Where patching and its estimate are there, both are drawn in the same colours, with their correlation.
 * Too many cells for numbers are drawn as a grid of pixels.
 *
 * @param patching What `LanguageModel.patch` gave.
 * @param options What of it is shown.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} If `patching` is something else.
 * @throws {RangeError} If its parts do not fit each other, or it does not hold what is to be shown.
 *
 * @example
 * ```ts
 * import { patchingView } from "@looking-glass/looking-glass/widgets";
 *
 * const bytes = new TextEncoder().encode("Hi");
 * const token = { id: 17250, piece: "Hi", bytes, start: 0, end: 2, text: "Hi" };
 * const clean = { tokenIds: [17250], tokens: [token], promptLength: 1, text: "Hi" };
 * const other = { ...token, id: 19, text: "Ho", piece: "Ho" };
 * const view = patchingView({
 *   clean,
 *   corrupted: { ...clean, tokenIds: [19], tokens: [other], text: "Ho" },
 *   position: 1,
 *   at: "resid",
 *   layers: [0, 1],
 *   columns: "positions",
 *   indices: [0],
 *   metric: { name: "kl" },
 *   cleanValue: 0,
 *   corruptedValue: 2,
 *   values: { data: new Float32Array([0, 0.5]), shape: [2, 1] },
 * });
 * console.log(view.text); // ... layer 0, token 0 “Hi”: 100%; layer 1, token 0 “Hi”: 75%.
 * ```
 */
export function patchingView(patching: Patching, options: PatchingViewOptions = {}): View<Patching> {
  options = expectOptions(options, OPTIONS);
  const drawing = patchingDrawing(patching, options.show);
  const { layers, indices, columns } = patching;
  const title = options.title ??
    `Patching of ${counted(layers.length, "layer")} and ${counted(indices.length, columns.slice(0, -1))}`;
  return createView({
    title,
    html: patchingHtml(drawing),
    drawSvg: () => drawPatching(drawing, title),
    data: patching,
    text: patchingText(drawing),
  });
}
