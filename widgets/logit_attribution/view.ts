import type { LogitAttribution } from "../../src/ask/logit_attribution/types.ts";
import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import { asSentence } from "../../src/base/words.ts";
import {
  chipHtml,
  dataTable,
  isRead,
  placeWords,
  SMALL_STYLE,
  tableDetails,
  textTable,
  underlineNote,
} from "../kit/chips.ts";
import { overlay } from "../kit/colours.ts";
import { styling } from "../kit/css.ts";
import { attributes, type Html, markup, stacked } from "../kit/html.ts";
import { scoreText } from "../kit/numbers.ts";
import { legendHtml } from "../kit/ramp.ts";
import { scrollRegion, textRegion } from "../kit/scroll_region.ts";
import { createView, rootHtml, type View } from "../kit/view.ts";
import { drawAttribution } from "./chart.ts";
import { headsHtml, isNumbered, largestHead, shownLayers } from "./heads.ts";
import {
  type AttributionRows,
  attributionRows,
  finite,
  largestOf,
  logitName,
  MEANING,
  type Part,
  placeLine,
} from "./rows.ts";
import { allSteps, partsHtml, SIGNED, waterfallHtml } from "./waterfall.ts";

/** How a logit taken apart is shown. */
export interface LogitAttributionViewOptions {
  /** The title of a saved page. */
  readonly title?: string;
}

const OPTIONS: OptionTable<LogitAttributionViewOptions> = {
  task: "draw a logit taken apart",
  kinds: { title: "a text" },
};

/** The most tokens of a page; the data keeps all. */
const MOST_CHIPS = 1024;

/** What gives most of a kind. */
interface Top {
  readonly name: string;
  readonly heading: string;
  readonly parts: readonly Part[];
}

/** The lists of what counts most, those that there are. */
function listsOf({ topHeads, topNeurons, topLooks }: AttributionRows): readonly Top[] {
  const lists = [
    { name: "head", heading: "Heads that give most", parts: topHeads },
    { name: "neuron", heading: "Neurons that give most", parts: topNeurons },
    { name: "head by token", heading: "Heads that give most by one token", parts: topLooks },
  ];
  return lists.filter(({ parts }) => parts.length > 0);
}

function headingHtml(text: string): Html {
  return markup`<div style="font-size:13px;margin:10px 0 2px"><b>${text}</b></div>`;
}

/** The text up to the token before, coloured by what all heads give by each token. */
function tokensHtml({ attribution, byToken }: AttributionRows): Html {
  const { sequence } = attribution;
  const largest = largestOf(byToken);
  const first = Math.max(0, byToken.length - MOST_CHIPS);
  const chips = byToken.slice(first).map((value, i) => {
    const position = first + i;
    const title = `${placeWords(sequence, position)}\n${scoreText(value, SIGNED)} by all heads`;
    const style = styling`background-color:${overlay(finite(value) / largest)}`;
    return chipHtml(sequence, { position, title, style, bare: isRead(sequence) });
  });
  const roles = attributes({ role: "group", "aria-label": "Tokens that heads look at" });
  const some = first > 0 ? ` The page shows the last ${MOST_CHIPS} of ${byToken.length} tokens.` : "";
  return markup`${headingHtml("What all heads give by each token that they look at")}
${textRegion(roles, stacked(chips), chips.length)}
<div style="${SMALL_STYLE}">The largest is ${scoreText(largest, SIGNED).slice(1)}.${some} ${
    underlineNote(sequence)
  }</div>`;
}

function gridHtml(rows: AttributionRows): Html {
  const shown = shownLayers(rows).length;
  const largest = largestHead(rows);
  const swatches = [-1, -0.5, 0, 0.5, 1].map((share) => ({ share, label: scoreText(share * largest, SIGNED) }));
  const notes = [
    ...(isNumbered(rows) ? [] : ["Hover a cell to see its number."]),
    ...(shown < rows.layers ? [`The page shows the last ${shown} of ${rows.layers} layers; the data keeps all.`] : []),
  ];
  return markup`${headingHtml("What each head gives: layers down, heads across")}
${scrollRegion("Heads", headsHtml(rows))}
${legendHtml("A head gives:", swatches)}
${notes.length > 0 && markup`<div style="${SMALL_STYLE}">${notes.join(" ")}</div>`}`;
}

function tableRows(rows: AttributionRows): string[][] {
  return allSteps(rows).map(({ name, value, start }) => [
    name,
    scoreText(value, SIGNED),
    scoreText(start + finite(value), SIGNED),
  ]);
}

const COLUMNS = ["part", "adds", "in all"];

function drawHtml(rows: AttributionRows): Html {
  const { attribution, byToken } = rows;
  const table = dataTable(COLUMNS, tableRows(rows), { isNumber: (column) => column > 0 });
  const lists = listsOf(rows).map(({ name, heading, parts }) =>
    markup`${headingHtml(heading)}
${scrollRegion(heading, partsHtml(name, parts))}`
  );
  const content = markup`<div style="font-size:14px;margin:4px 0"><b>${logitLine(rows)}</b></div>
<div style="${SMALL_STYLE}">${placeLine(attribution)}</div>
${scrollRegion("From 0 to the logit", waterfallHtml(rows))}
<div style="${SMALL_STYLE}">${MEANING}</div>
${gridHtml(rows)}
${stacked(lists)}
${byToken.length > 0 && tokensHtml(rows)}
${tableDetails("Parts as a table", table)}`;
  return rootHtml(undefined, [content]);
}

/** `The logit of “are” is +5.95`. */
function logitLine({ attribution, logit }: AttributionRows): string {
  return asSentence(`${logitName(attribution)} is ${scoreText(logit, SIGNED)}`);
}

function drawText(rows: AttributionRows): string {
  const lists = listsOf(rows).map(({ name, parts }) =>
    textTable([[name, "adds"], ...parts.map(({ name, value }) => [name, scoreText(value, SIGNED)])])
  );
  const tables = [textTable([COLUMNS, ...tableRows(rows)]), ...lists];
  return `${logitLine(rows)}.\n${placeLine(rows.attribution)}\n${MEANING}\n${tables.join("\n\n")}`;
}

/**
 * Shows who wrote a logit: bars from 0 to the logit, each part of the model beginning where the one before ended, then the
 * heads as a grid, and those heads, neurons and tokens that give most.
 *
 * @param attribution What `LanguageModel.logitAttribution` gave.
 * @param options How it is shown.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} If `attribution` is something else.
 * @throws {RangeError} If its parts do not fit each other.
 *
 * @example
 * ```ts
 * import { logitAttributionView } from "@looking-glass/looking-glass/widgets";
 *
 * const token = { id: 1, piece: "Hi", bytes: new TextEncoder().encode("Hi"), start: 0, end: 2, text: "Hi" };
 * const view = logitAttributionView({
 *   sequence: { tokenIds: [1], tokens: [token], promptLength: 1, text: "Hi" },
 *   position: 1,
 *   target: { tokenId: 1, token, probability: 0.5, logit: 3, rank: 1 },
 *   logit: 3,
 *   embedding: 1,
 *   heads: { data: new Float32Array([0.5, -0.25]), shape: [1, 2] },
 *   attentionBiases: { data: new Float32Array([0.25]), shape: [1] },
 *   mlps: { data: new Float32Array([1.5]), shape: [1] },
 *   bias: 0,
 * });
 * console.log(view.text); // The logit of “Hi” is +3.00.
 * ```
 */
export function logitAttributionView(
  attribution: LogitAttribution,
  options: LogitAttributionViewOptions = {},
): View<LogitAttribution> {
  options = expectOptions(options, OPTIONS);
  const rows = attributionRows(attribution);
  const title = options.title ?? `Who wrote ${logitName(rows.attribution)}`;
  return createView({
    title,
    html: drawHtml(rows),
    drawSvg: () => drawAttribution(rows, title),
    data: attribution,
    text: drawText(rows),
  });
}
