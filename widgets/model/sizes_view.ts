import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import type { ModelConfig } from "../../src/models/config.ts";
import { familyOf } from "../../src/models/families.ts";
import { type ModelSummary, modelSummary } from "../../src/models/summary.ts";
import { dataTable, SMALL_STYLE, tableDetails, textTable } from "../kit/chips.ts";
import { styling } from "../kit/css.ts";
import { nameOf } from "../kit/expect.ts";
import { visibleText } from "../kit/glyphs.ts";
import { type Html, markup, stacked } from "../kit/html.ts";
import { counted } from "../kit/numbers.ts";
import { wholeText } from "../kit/quantities.ts";
import { scrollRegion } from "../kit/scroll_region.ts";
import { createView, rootHtml, type View } from "../kit/view.ts";
import { PART_FILLS } from "./chart.ts";
import { checkModel, type DrawnModel } from "./data.ts";
import { megabytes, PART_NAMES, PARTS, percent, swatch } from "./parts.ts";
import { drawSizes } from "./sizes_chart.ts";
import { barOf, boxesOf, boxWords, LAYER, partsOf, widthOf } from "./stacks.ts";

/** How sizes are shown. */
export interface SizesViewOptions {
  /** The title of a saved page. */
  readonly title?: string;
}

/** One of the models, and what it is made of. */
export interface ModelSize extends ModelSummary {
  /** How it is called. */
  readonly name: string;
}

const OPTIONS: OptionTable<SizesViewOptions> = { task: "draw sizes of models", kinds: { title: "a text" } };

/** The most stacks beside each other. */
const MOST = 24;

const NAMES = ["model", "layers", "width", "heads", "neurons", "vocabulary", "context"];

function checkModels(models: readonly (DrawnModel | ModelConfig)[]): ModelSize[] {
  if (!Array.isArray(models)) {
    const call = "[model, ...GPT2_SIZES]";
    throw new TypeError(
      `Cannot draw ${nameOf(models)} as sizes; pass a list of models or of their settings, such as ${call}`,
    );
  }
  if (models.length < 1 || models.length > MOST) {
    throw new RangeError(`Cannot draw the sizes of ${counted(models.length, "model")}; pass a list of 1 to ${MOST}`);
  }
  return models.map((model, i) => {
    const { id, config } = checkModel(model);
    return { ...modelSummary(config), name: id === undefined ? `model ${i + 1}` : visibleText(String(id)) };
  });
}

/** The numbers below a stack. */
function factsHtml({ name, config, parameters }: ModelSize): Html {
  const lines = [
    counted(config.nLayer, "layer"),
    `width ${wholeText(config.nEmbd)}`,
    counted(config.nHead, "head"),
    `${wholeText(parameters)} parameters`,
  ];
  return markup`<div style="font-size:12px;font-weight:bold;margin:6px 0 0;overflow-wrap:anywhere">${
    name.split("/").at(-1)
  }</div>\
${lines.map((line) => markup`<div style="font-size:12px">${line}</div>`)}`;
}

/** A stack: a box for each layer, the first at the bottom, as wide as the stream of vectors is. */
function stackHtml(size: ModelSize, widest: number): Html {
  const width = widthOf(size, widest);
  const boxes = boxesOf(size).map((box) => {
    const words = boxWords(size, box);
    const parts = partsOf(size).map(({ part, share }) =>
      markup`<span style="display:inline-block;height:${LAYER.height}px;width:${
        (100 * share).toFixed(1)
      }%;background-color:${PART_FILLS[part]}"></span>`
    );
    return markup`<div title="${words}" style="height:${LAYER.height}px;width:${width}px;margin:0 0 ${LAYER.gap}px;\
overflow:hidden;white-space:nowrap;line-height:0;outline:1px solid #888">${parts}</div>`;
  });
  const label = `${size.name}: ${counted(size.config.nLayer, "layer")}, width ${wholeText(size.config.nEmbd)}`;
  return markup`<div style="margin:0 0 8px;width:148px"><div role="img" aria-label="${label}">
${stacked(boxes.toReversed())}
</div>${factsHtml(size)}</div>`;
}

/** All parameters as a bar that is as long as there are many, cut where its parts begin. */
function barHtml(size: ModelSize, most: number): Html {
  const parts = PARTS.filter((part) => size.parametersOf[part] > 0);
  const words = parts.map((part) => `${PART_NAMES[part]} ${percent(size.parametersOf[part] / size.parameters)}`);
  const pieces = barOf(size, most).map(({ part, share }) =>
    markup`<span style="display:inline-block;height:14px;width:${(100 * share).toFixed(2)}%;background-color:${
      PART_FILLS[part]
    }"></span>`
  );
  return markup`<div style="font-size:12px;margin:6px 0 0;overflow-wrap:anywhere">${size.name}: ${
    words.join(", ")
  }</div><div aria-hidden="true" style="max-width:720px;overflow:hidden;white-space:nowrap;line-height:0">${pieces}</div>`;
}

function tableRows(sizes: readonly ModelSize[]): string[][] {
  const some = PARTS.filter((part) => sizes.some(({ parametersOf }) => parametersOf[part] > 0));
  const names = [...NAMES, ...some.map((part) => PART_NAMES[part]), "in each layer", "parameters", "MB"];
  return [
    names,
    ...sizes.map(({ name, config, parametersOf, parametersPerBlock, parameters }) => [
      name,
      ...[config.nLayer, config.nEmbd, config.nHead, config.nInner, config.vocabSize, config.nPositions].map(wholeText),
      ...some.map((part) => wholeText(parametersOf[part])),
      ...[wholeText(parametersPerBlock), wholeText(parameters), megabytes(parameters)],
    ]),
  ];
}

function introWords(sizes: readonly ModelSize[]): string {
  const families = [...new Set(sizes.map(({ config }) => familyOf(config).name))].join(", ");
  const grouped = sizes.some((size) => boxesOf(size).length < size.config.nLayer)
    ? " A box of a model of more than 96 layers stands for several."
    : "";
  return `${
    counted(sizes.length, "model")
  } of ${families} as stacks: a box for each layer, the first one below, as wide ` +
    `as the vectors are that go through.${grouped}`;
}

function sizesHtml(sizes: readonly ModelSize[]): Html {
  const widest = Math.max(...sizes.map(({ config }) => config.nEmbd));
  const most = Math.max(...sizes.map(({ parameters }) => parameters));
  const legend = PARTS.filter((part) => part !== "unembedding" || sizes.some((one) => one.parametersOf[part] > 0))
    .map((part) =>
      markup`<span style="display:inline-block;margin:0 12px 0 0">${swatch(part)}${PART_NAMES[part]}</span>`
    );
  const row = styling`display:flex;flex-wrap:wrap;align-items:flex-end;gap:12px;padding:4px`;
  const [names = [], ...rows] = tableRows(sizes);
  return markup`<div style="${SMALL_STYLE}">${introWords(sizes)} The colours are the shares of its parameters.</div>
${scrollRegion("Stacks", markup`<div style="${row}">${sizes.map((size) => stackHtml(size, widest))}</div>`)}
<div style="font-size:12px;margin:8px 0">${legend}</div>
<div style="${SMALL_STYLE}">Where the parameters are; a bar is as long as there are many:</div>
${sizes.map((size) => barHtml(size, most))}
${tableDetails("Sizes as a table", dataTable(names, rows, { isNumber: (column) => column > 0 }))}`;
}

/**
 * Shows models of several sizes as stacks beside each other: a box for each layer, as wide as the vectors are, with the
 * layers, width, heads and parameters of each, and where their parameters are. All numbers are counted from the names and
 * shapes of the weights, so no weights are needed: settings are enough, as those of the published models in
 * {@linkcode GPT2_SIZES}.
 *
 * @param models Models, or their settings, in the order in which they stand; 1 to 24.
 * @param options The title.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} If it is no list of models.
 * @throws {RangeError} If the list is empty or too long, or a size is not a whole number of at least 1.
 *
 * @example
 * ```ts
 * import { LanguageModel } from "@looking-glass/looking-glass";
 * import { GPT2_SIZES, sizesView } from "@looking-glass/looking-glass/widgets";
 *
 * await using model = await LanguageModel.fromPretrained();
 * console.log(sizesView([model, ...GPT2_SIZES]).text);
 * ```
 */
export function sizesView(
  models: readonly (DrawnModel | ModelConfig)[],
  options: SizesViewOptions = {},
): View<readonly ModelSize[]> {
  options = expectOptions(options, OPTIONS);
  const sizes = checkModels(models);
  const title = options.title ?? `Sizes of ${counted(sizes.length, "model")}`;
  return createView({
    title,
    html: rootHtml(undefined, [sizesHtml(sizes)]),
    drawSvg: () => drawSizes(sizes, introWords(sizes), title),
    data: sizes,
    text: `${introWords(sizes)}\n${textTable(tableRows(sizes))}`,
  });
}
