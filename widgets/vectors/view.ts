import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import { spelled } from "../kit/characters.ts";
import { createView, type View } from "../kit/view.ts";
import { drawVectors } from "./chart.ts";
import { blocksOf, type Vectors, type VectorsViewOptions } from "./data.ts";
import { vectorsHtml } from "./page.ts";
import { vectorsText } from "./table.ts";

export type { Vectors, VectorsShown, VectorsViewOptions } from "./data.ts";

const OPTIONS: OptionTable<VectorsViewOptions> = {
  task: "draw vectors",
  kinds: { sequence: "an object", title: "a text" },
};

/**
 * Shows vectors and matrices as coloured cells, orange above zero and blue below: embeddings, positions, queries, keys,
 * values, neurons, any weight or recording. Up to 1,200 numbers are cells, with the numbers written into them where a row
 * has up to 16; more are pictures with a pixel for each number, all at the same scale, so that neurons are four times as
 * wide as the stream. Of more than 1,024 columns or 512 rows several numbers share a pixel, and the view says so.
 *
 * Colours are by matrix. Of more than 200 numbers, the hundredth that is farthest from zero shares the strongest colour.
 *
 * @param vectors A tensor, or several by name; `{ tensor, at, rows, names, parts }` says what of it is drawn: `at` is the
 * place in the leading axes, `rows` are the rows, and `parts` draws what stands side by side apart. A tensor of three axes
 * is drawn as matrices side by side, such as the heads of a layer.
 * @param options The text whose tokens the rows stand for, and the title.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} If there is no tensor.
 * @throws {RangeError} If a place, a row or a number of parts does not fit its shape.
 *
 * @example What enters the first layer
 * ```ts
 * import { LanguageModel, vectorsView } from "@looking-glass/looking-glass";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const sequence = model.sequence("The keys to the cabinet");
 * const trace = await model.trace(sequence);
 * const view = vectorsView({
 *   "token embeddings": { tensor: await model.weight("wte.weight"), rows: sequence.tokenIds },
 *   "positions": { tensor: await model.weight("wpe.weight"), rows: sequence.tokenIds.map((_, position) => position) },
 *   "their sum": { tensor: trace.hiddenStates!, at: [0] },
 * }, { sequence });
 * console.log(view.text);
 * ```
 */
export function vectorsView(vectors: Vectors, options: VectorsViewOptions = {}): View<Vectors> {
  options = expectOptions(options, OPTIONS);
  const { sequence } = options;
  const blocks = blocksOf(vectors, { ...options, ...sequence && { sequence: spelled(sequence) } });
  const names = blocks.slice(0, 4).map(({ name }) => name).join(", ");
  const title = options.title ?? `Vectors: ${names}${blocks.length > 4 ? ", …" : ""}`;
  return createView({
    title,
    html: vectorsHtml(blocks),
    drawSvg: () => drawVectors(blocks, title),
    data: vectors,
    text: vectorsText(blocks),
  });
}
