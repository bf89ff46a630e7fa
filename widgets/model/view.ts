import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import type { ModelConfig } from "../../src/models/config.ts";
import { familyOf } from "../../src/models/families.ts";
import { type ModelSummary, modelSummary } from "../../src/models/summary.ts";
import type { ModelPart } from "../../src/models/weight_list.ts";
import { SMALL_STYLE, textTable } from "../kit/chips.ts";
import { styling } from "../kit/css.ts";
import { visibleText } from "../kit/glyphs.ts";
import { type Html, markup, stacked } from "../kit/html.ts";
import { imageHtml } from "../kit/image.ts";
import { counted } from "../kit/numbers.ts";
import { wholeText } from "../kit/quantities.ts";
import { scrollRegion } from "../kit/scroll_region.ts";
import { createView, rootHtml, type View } from "../kit/view.ts";
import { anatomyOf } from "./anatomy.ts";
import { drawModel, PART_FILLS } from "./chart.ts";
import { checkModel, type DrawnModel } from "./data.ts";
import { megabytes, PART_NAMES, PARTS, percent, swatch } from "./parts.ts";

/** How a model is shown. */
export interface ModelViewOptions {
  /** The title of a saved page. */
  readonly title?: string;
}

const OPTIONS: OptionTable<ModelViewOptions> = { task: "draw a model", kinds: { title: "a text" } };

/** A row of the table: what stands once, or once in every layer. */
interface Row {
  readonly name: string;
  readonly shape: string;
  readonly parameters: number;
  readonly times: number;
  readonly part: ModelPart;
}

/** The weights outside the layers, and those of one layer for all. */
function rowsOf({ weights, config }: ModelSummary): Row[] {
  return weights.filter(({ block }) => block === undefined || block === 0).map((
    { name, shape, parameters, part, block },
  ) => ({
    name: block === undefined ? name : name.replace(".0.", ".*."),
    shape: `[${shape.join(", ")}]`,
    parameters,
    times: block === undefined ? 1 : config.nLayer,
    part,
  }));
}

/** Where the parameters are, as a bar whose parts are named below it. */
function sharesHtml({ parameters, parametersOf }: ModelSummary): Html {
  const some = PARTS.filter((part) => parametersOf[part] > 0);
  const share = (part: ModelPart) => parametersOf[part] / parameters;
  const bar = some.map((part) =>
    markup`<span style="display:inline-block;height:16px;width:${(100 * share(part)).toFixed(2)}%;background-color:${
      PART_FILLS[part]
    }"></span>`
  );
  const names = some.map((part) =>
    markup`<span style="display:inline-block;margin:0 12px 0 0">${swatch(part)}${PART_NAMES[part]} ${
      percent(share(part))
    }</span>`
  );
  return markup`<div aria-hidden="true" style="max-width:560px;overflow:hidden;white-space:nowrap;line-height:0;margin:8px 0 4px">${bar}</div>\
<div style="font-size:12px;margin:0 0 8px">${names}</div>`;
}

function tableHtml(summary: ModelSummary): Html {
  const style = (column: number) => styling`padding:1px 8px;text-align:${column < 2 ? "left" : "right"}`;
  const names = ["weight", "shape", "parameters", "times", "in all", "share"];
  const head = names.map((name, i) => markup`<th scope="col" style="${style(i)}">${name}</th>`);
  const row = (texts: readonly (string | Html)[]) =>
    markup`<tr>${texts.map((text, i) => markup`<td style="${style(i)}">${text}</td>`)}</tr>`;
  const rows = rowsOf(summary).map(({ name, shape, parameters, times, part }) => {
    const all = parameters * times;
    const share = percent(all / summary.parameters);
    return row([
      markup`${swatch(part)}${name}`,
      shape,
      wholeText(parameters),
      times === 1 ? "" : `× ${times}`,
      wholeText(all),
      share,
    ]);
  });
  const total = row([markup`<b>total</b>`, "", "", "", markup`<b>${wholeText(summary.parameters)}</b>`, ""]);
  return markup`<table style="border-collapse:collapse;font-size:12px"><thead><tr>${head}</tr></thead><tbody>${
    stacked([...rows, total])
  }</tbody></table>`;
}

/** The family, and which of those that are made alike. */
function familyName(config: ModelConfig): string {
  const { name, modelTypes } = familyOf(config);
  return config.modelType === modelTypes[0] ? name : `${name} (${config.modelType})`;
}

/** The model in one line. */
function lineOf(id: string | undefined, { config, parameters, parametersPerBlock }: ModelSummary): string {
  const { nLayer, nHead, nEmbd, vocabSize, nPositions } = config;
  const name = id === undefined ? "" : `${visibleText(id)}: `;
  return `${name}${familyName(config)} with ${counted(nLayer, "layer")} of ${
    counted(nHead, "head")
  }, width ${nEmbd}, a vocabulary of ${wholeText(vocabSize)} tokens and a context of ${nPositions}. ` +
    `${wholeText(parameters)} parameters, ${wholeText(parametersPerBlock)} in each layer; ${
      megabytes(parameters)
    } MB at 4 bytes each.`;
}

function drawHtml(line: string, summary: ModelSummary): Html {
  const tied = summary.config.tieWordEmbeddings
    ? "The logits are read with the token embeddings, so these are counted once. "
    : "";
  const { hasSource, names } = familyOf(summary.config);
  const source = hasSource ? "The picture is of the decoder; the table has the encoder too. " : "";
  const ends = anatomyOf(summary);
  const last = [...ends.ends.map(({ lines }) => lines[0]!), ends.result].map((line) => line.split("  ")[0]).join(", ");
  const alt = "The stack: token ids, embeddings, the layers with attention and MLP beside the residual stream, " + last;
  const content = markup`<div style="font-size:14px;margin:4px 0">${line}</div>
${imageHtml(drawModel(summary, alt, true), alt)}
${sharesHtml(summary)}
${scrollRegion("Weights", tableHtml(summary))}
<div style="${SMALL_STYLE}">${source}${tied}${names.blocks}.* stands for each layer. T is the number of tokens that are read.</div>`;
  return rootHtml(undefined, [content]);
}

function drawText(line: string, summary: ModelSummary): string {
  const rows = rowsOf(summary).map(({ name, shape, parameters, times }) => [
    name,
    shape,
    wholeText(parameters),
    times === 1 ? "" : `× ${times}`,
    wholeText(parameters * times),
  ]);
  const total = ["total", "", "", "", wholeText(summary.parameters)];
  return `${line}\n${textTable([["weight", "shape", "parameters", "times", "in all"], ...rows, total])}`;
}

/**
 * Shows what a model is made of: the stack as a picture with the shapes, where its parameters are, and each weight.
 *
 * @param model A model, or its settings.
 * @param options The title.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} If it is no model.
 * @throws {RangeError} If a size is not a whole number of at least 1.
 *
 * @example
 * ```ts
 * import { LanguageModel } from "@looking-glass/looking-glass";
 * import { modelView } from "@looking-glass/looking-glass/widgets";
 *
 * await using model = await LanguageModel.fromPretrained();
 * console.log(modelView(model).text);
 * ```
 */
export function modelView(model: DrawnModel | ModelConfig, options: ModelViewOptions = {}): View<ModelSummary> {
  options = expectOptions(options, OPTIONS);
  const { id, config } = checkModel(model);
  const summary = modelSummary(config);
  const line = lineOf(id, summary);
  const title = options.title ?? (id === undefined ? `A ${familyName(config)} model` : visibleText(id));
  return createView({
    title,
    html: drawHtml(line, summary),
    drawSvg: () => drawModel(summary, title, false),
    data: summary,
    text: drawText(line, summary),
  });
}
