import type { LayerPredictions } from "../../src/ask/lens/layer_predictions.ts";
import type { Prediction } from "../../src/ask/prediction.ts";
import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import { MONOSPACE, PLAIN_ROW, SMALL_STYLE, textTable } from "../kit/chips.ts";
import { choiceForm, choiceHint, choiceRadio, choiceRules } from "../kit/choice.ts";
import { overlay } from "../kit/colours.ts";
import { type Css, cssJoined, styling } from "../kit/css.ts";
import { contentName } from "../kit/escape.ts";
import { spokenToken } from "../kit/glyphs.ts";
import { type Html, htmlText, markup, stacked } from "../kit/html.ts";
import { informationText, type InformationUnit, ordinalText, probabilityText, wholeText } from "../kit/quantities.ts";
import { probabilityLegend, probabilityShare } from "../kit/ramp.ts";
import { scrollRegion, STICKY } from "../kit/scroll_region.ts";
import { tokenHtml, tokenLabel, tokenName } from "../kit/token_text.ts";
import { liveCell } from "../kit/live.ts";
import { createView, type View } from "../kit/view.ts";
import { drawLayerPredictions } from "./chart.ts";
import { type LensModel, liveLens } from "./live.ts";
import { followedWords, layerDefinition, type LayerRow, type LayerTable, layerTable } from "./rows.ts";

/** How the predictions of layers are shown. */
export interface LayerPredictionsViewOptions {
  /** The id of the token that is followed through the layers; by default the one that the text has there. */
  readonly follow?: number;
  /**
   * The unit of entropy and divergence.
   *
   * @default {"bits"}
   */
  readonly unit?: InformationUnit;
  /** The title of a saved page. */
  readonly title?: string;
  /** The model that is asked again when somebody edits the text or the position, in a notebook whose kernel runs. */
  readonly live?: LensModel;
}

const OPTIONS: OptionTable<LayerPredictionsViewOptions> = {
  task: "draw the predictions of layers",
  kinds: { follow: "a number", unit: ["bits", "nats"], title: "a text", live: "an object" },
};

const HEAD = styling`padding:3px 6px 3px 2px;text-align:left;font-weight:normal;vertical-align:bottom`;

function titleOf({ token, probability, logit, rank }: Prediction, label: string): string {
  return `${spokenToken(token)}\n${label}: rank ${wholeText(rank)}\nprobability ${probabilityText(probability)}, ` +
    `logit ${logit.toFixed(2)}`;
}

/** A prediction that can be chosen: the same token is then marked in every layer. */
function cellHtml(prediction: Prediction, { label }: LayerRow, choice: number, followed: boolean): Html {
  const border = followed ? styling`border:2px solid` : styling`border:2px solid rgba(0,0,0,0)`;
  const number = markup`<span style="font-size:11px"> ${probabilityText(prediction.probability)}</span>`;
  return markup`<td style="padding:1px;text-align:left"><label class="o k${choice}" title="${
    titleOf(
      prediction,
      label,
    )
  }" style="display:block;padding:1px 4px;border-radius:3px;white-space:nowrap;background-color:${
    overlay(
      probabilityShare(prediction.probability),
    )
  };${border}">${choiceRadio(prediction.tokenId)}${tokenHtml(prediction.token)}${number}</label></td>`;
}

/** A number with a bar as long as it is large. */
function measureHtml(nats: number, largest: number, unit: InformationUnit): Html {
  const width = Math.round(40 * Math.max(0, Math.min(1, nats / largest))) || 0;
  return markup`<td style="padding:1px 6px;text-align:left;white-space:nowrap"><span style="display:inline-block;\
min-width:40px;text-align:right">${informationText(nats, unit)}</span> <span style="display:inline-block;height:8px;\
width:${width}px;background-color:rgba(128,128,128,0.7)"></span></td>`;
}

interface Measure {
  readonly name: string;
  readonly of: (row: LayerRow) => number;
  readonly largest: number;
}

function measuresOf({ rows }: LayerTable, unit: InformationUnit): Measure[] {
  const all = [
    { name: `entropy (${unit})`, of: ({ entropy }: LayerRow) => entropy },
    { name: `KL to the output (${unit})`, of: ({ divergence }: LayerRow) => divergence },
  ];
  return all.map((one) => ({ ...one, largest: rows.reduce((most, row) => Math.max(most, one.of(row)), 0) || 1 }));
}

/** Numbers for the distinct tokens, in the order in which they are met. */
function choicesOf({ rows }: LayerTable): Map<number, number> {
  const ids = new Set(rows.flatMap(({ predictions }) => predictions.map(({ tokenId }) => tokenId)));
  return new Map(Array.from(ids, (id, n) => [id, n]));
}

function tableHtml(table: LayerTable, choices: ReadonlyMap<number, number>, unit: InformationUnit): Html {
  const { rows, columns, followed } = table;
  const measures = measuresOf(table, unit);
  const ranks = Array.from({ length: columns }, (_, i) => ordinalText(i + 1));
  const heads = ["layer", ...ranks, ...measures.map(({ name }) => name)];
  const head = heads.map((name) => markup`<th scope="col" style="${HEAD};max-width:104px">${name}</th>`);
  const lines = rows.map((row) => {
    const cells = row.predictions.map((one) =>
      cellHtml(one, row, choices.get(one.tokenId) ?? 0, one.tokenId === followed)
    );
    const missing = Array.from(
      { length: columns - row.predictions.length },
      () => markup`<td style="padding:1px"></td>`,
    );
    const numbers = measures.map(({ of, largest }) => measureHtml(of(row), largest, unit));
    return markup`${PLAIN_ROW}<th scope="row" style="${HEAD};white-space:nowrap">${row.label}</th>${cells}${missing}${numbers}</tr>`;
  });
  return markup`<table style="border-collapse:collapse;${MONOSPACE};font-size:12px"><thead>${PLAIN_ROW}${head}</tr></thead><tbody>
${stacked(lines)}</tbody></table>`;
}

function rulesOf(name: string, choices: ReadonlyMap<number, number>): Css {
  const numbers = Array.from(choices.values());
  return cssJoined([
    STICKY.rule,
    choiceRules(name),
    styling`.${name} .o{display:flex!important;justify-content:space-between;gap:8px}`,
    styling`.${name}:has(:checked) .o,.${name}.h:has(.o:hover) .o{border-color:transparent!important}`,
    ...numbers.map((n) => styling`.${name}:has(.k${n} :checked) .k${n}{border-color:currentColor!important}`),
    ...numbers.map((n) => styling`.${name}.h:has(.k${n}:hover) .k${n}{border-color:currentColor!important}`),
  ], "\n");
}

function drawHtml(table: LayerTable, unit: InformationUnit, title: string): Html {
  const { topK, columns } = table;
  const choices = choicesOf(table);
  const body = tableHtml(table, choices, unit);
  const name = contentName(htmlText(body));
  const note = columns < topK
    ? `This page shows the ${columns} best of ${topK} predictions of each layer; the data of the view keeps all.`
    : "";
  const content = markup`<div style="${SMALL_STYLE}">${layerDefinition(table)}</div>
${scrollRegion(title, body)}
<div style="font-size:14px;margin:4px 0">${followedWords(table)}</div>
${probabilityLegend()}
<div style="${SMALL_STYLE}">Framed: the followed token. ${note}${
    choiceHint("Hover any token to follow it through the layers; click to keep it; arrow keys move.")
  }</div>`;
  return choiceForm({ name: `${name} ${STICKY.name}`, rules: rulesOf(name, choices), label: title, body: content });
}

function drawText(table: LayerTable, unit: InformationUnit): string {
  const measures = measuresOf(table, unit);
  const shown = Math.min(5, table.columns);
  const lines = table.rows.map((row) => [
    row.label,
    ...Array.from({ length: shown }, (_, i) => {
      const one = row.predictions[i];
      if (one === undefined) return "";
      return `${tokenLabel(one.token)} ${probabilityText(one.probability)}${
        one.tokenId === table.followed ? " ◀" : ""
      }`;
    }),
    ...measures.map(({ of }) => informationText(of(row), unit)),
  ]);
  const heads = [
    "layer",
    ...Array.from({ length: shown }, (_, i) => ordinalText(i + 1)),
    ...measures.map(({ name }) => name),
  ];
  return `${layerDefinition(table)}\n${textTable([heads, ...lines])}\n◀ ${followedWords(table)}`;
}

/**
 * Shows what each layer would predict at one position if it were the last: its best tokens with their probabilities.
 * The token that the text has there, or the one that the model prefers as the next, is framed, so that it can be followed through the layers; hovering or clicking
 * another follows that one.
 *
 * @param predictions What `LanguageModel.layerPredictions` gave.
 * @param options How they are shown.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} If `predictions` is something else.
 * @throws {RangeError} If its position is not in the sequence, or a layer has no predictions.
 *
 * @example
 * ```ts
 * import { LanguageModel, layerPredictionsView } from "@looking-glass/looking-glass";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const sequence = model.sequence("The keys to the cabinet");
 * console.log(layerPredictionsView(await model.layerPredictions(sequence, { topK: 3 })).text);
 * ```
 */
export function layerPredictionsView(
  predictions: LayerPredictions,
  options: LayerPredictionsViewOptions = {},
): View<LayerPredictions> {
  options = expectOptions(options, OPTIONS);
  const { unit = "bits" } = options;
  const table = layerTable(predictions, options.follow);
  const { live } = options;
  const following = live && liveLens(live, predictions, (next) => layerPredictionsView(next, { unit }));
  const title = options.title ??
    `Predictions of each layer for ${tokenName(predictions.sequence, predictions.position)}`;
  return createView({
    title,
    cell: following && liveCell(following),
    html: drawHtml(table, unit, title),
    drawSvg: () => drawLayerPredictions(table, unit, title),
    data: predictions,
    text: drawText(table, unit),
  });
}
