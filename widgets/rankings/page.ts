/**
 * How tokens rank after each layer, as a page and as plain text.
 *
 * @module
 */
import { MONOSPACE, PLAIN_ROW, SMALL_STYLE, tableDetails, textTable } from "../kit/chips.ts";
import { choiceForm, choiceHint, choiceRadio, columnRules } from "../kit/choice.ts";
import { overlay } from "../kit/colours.ts";
import { cssJoined, styling } from "../kit/css.ts";
import { contentName } from "../kit/escape.ts";
import { attributes, type Html, htmlText, markup, stacked } from "../kit/html.ts";
import { layerGrid } from "../kit/layer_grid.ts";
import { COLUMNS_RULE } from "../kit/picture_labels.ts";
import { wholeText } from "../kit/quantities.ts";
import { rankShare, rankTicks } from "../kit/ranks.ts";
import { evenly, legendHtml } from "../kit/ramp.ts";
import { scrollRegion, STICKY } from "../kit/scroll_region.ts";
import { tokenHtml, tokenLabel } from "../kit/token_text.ts";
import { rootHtml } from "../kit/view.ts";
import { type RankingColumn, type RankingMatrix, rankWords, settledAt } from "./matrix.ts";

/** The most cells and columns of a table of all ranks, and the most lines of one of chosen layers. */
const MOST_CELLS = 2400;
const MOST_COLUMNS = 100;
const MOST_ROWS = 600;
const MOST_LINES = 200;

const HINT = "Hover a token to see its column; click to keep it; arrow keys move.";

const CELL = styling`padding:3px 6px;min-width:34px;text-align:right`;

/** What the page says above the matrix. */
export interface RankingWords {
  /** What was computed. */
  readonly definition: string;
  /** The title. */
  readonly title: string;
  /** What is worth knowing beside it. */
  readonly notes: readonly string[];
  /** Whether the columns are words for one position rather than the tokens of the text. */
  readonly watched: boolean;
}

function nameHtml({ token, words }: RankingColumn): Html {
  return token === undefined ? markup`${words}` : tokenHtml(token);
}

function rankCell(column: RankingColumn, layer: number, ceiling: number, titled = true): Html {
  const rank = column.ranks[layer] ?? NaN;
  const title = titled && `${column.words}\nlayer ${layer}: ${rankWords(column, layer)}`;
  const text = rank === 1 ? markup`<b>1</b>` : wholeText(rank);
  return markup`<td${attributes({ title })} style="${CELL};background-color:${
    overlay(rankShare(rank, ceiling))
  }">${text}</td>`;
}

function layerHead(layer: number): Html {
  return markup`<th scope="row" style="padding:3px 8px 3px 0;text-align:left;font-weight:normal;white-space:nowrap">layer ${layer}</th>`;
}

function columnHead(column: RankingColumn, watched: boolean): Html {
  const below = watched ? "" : markup`<br><span style="font-weight:normal;opacity:0.8">${column.position}</span>`;
  return markup`<th scope="col" title="${column.words}" style="padding:3px 6px;text-align:right;\
vertical-align:bottom;white-space:nowrap">${
    watched
      ? nameHtml(column)
      : markup`<label class="o o${column.position}" style="display:block">${
        choiceRadio(column.position, column.words)
      }${nameHtml(column)}${below}</label>`
  }</th>`;
}

const TABLE = markup`<table class="cs" style="border-collapse:collapse;${MONOSPACE};font-size:12px">`;

/** Layers down, tokens across: the table is the picture. */
function matrixTable({ columns, layers, ceiling }: RankingMatrix, watched: boolean): Html {
  const heads = columns.map((column) => columnHead(column, watched));
  const corner = watched ? "" : markup`<span style="font-weight:normal;opacity:0.8">position</span>`;
  const rows = Array.from(
    { length: layers },
    (_, layer) =>
      markup`${PLAIN_ROW}${layerHead(layer)}${columns.map((column) => rankCell(column, layer, ceiling))}</tr>`,
  );
  return markup`${TABLE}<thead>${PLAIN_ROW}<td style="padding:3px 8px 3px 0;text-align:left;vertical-align:bottom">${corner}</td>\
${heads}</tr></thead><tbody>\n${stacked(rows)}</tbody></table>`;
}

/** Tokens down, some of the layers across. */
function chosenTable(matrix: RankingMatrix): Html {
  const layers = evenly(matrix.layers, 7);
  const heads = ["token", ...layers.map((layer) => `layer ${layer}`), "rank 1 since"];
  const head = heads.map((name) => markup`<th scope="col" style="padding:1px 6px;text-align:right">${name}</th>`);
  const rows = matrix.columns.slice(0, MOST_ROWS).map((column) => {
    const cells = layers.map((layer) => rankCell(column, layer, matrix.ceiling, false));
    return markup`${PLAIN_ROW}<th scope="row" style="padding:1px 6px;text-align:left;font-weight:normal;white-space:nowrap">\
${column.position} ${nameHtml(column)}</th>${cells}<td style="${CELL}">${settledText(column)}</td></tr>`;
  });
  return markup`<thead>${PLAIN_ROW}${head}</tr></thead><tbody>${stacked(rows)}</tbody>`;
}

function settledText(column: RankingColumn): string {
  const layer = settledAt(column);
  return layer === undefined ? "" : `layer ${layer}`;
}

function bigPicture(matrix: RankingMatrix, words: RankingWords): Html {
  const { columns, layers, ceiling } = matrix;
  const shown = evenly(layers, 7).length;
  const rows = Math.min(columns.length, MOST_ROWS);
  const table = `Ranks after ${shown} of ${layers} layers as a table, for ${rows} of ${columns.length} tokens`;
  const picture = layerGrid({
    ...{ tokens: columns.map(({ token }) => token), layers },
    numberAt: (n) => columns[n]?.position ?? n,
    pictures: [{
      shareAt: (n, layer) => rankShare(columns[n]?.ranks[layer] ?? ceiling, ceiling),
      alt: `${words.title}: the table below holds the numbers`,
    }],
  });
  return markup`${scrollRegion(words.title, picture)}${tableDetails(table, chosenTable(matrix))}`;
}

/** The page of a matrix. */
export function rankingHtml(matrix: RankingMatrix, words: RankingWords): Html {
  const { columns, layers, ceiling } = matrix;
  const fits = columns.length <= MOST_COLUMNS && columns.length * layers <= MOST_CELLS;
  const notes = fits ? words.notes : [
    ...words.notes,
    `${columns.length} tokens after ${layers} layers are too many for one table: one pixel stands ` +
    "for each. The data of the view keeps every rank.",
  ];
  const swatches = rankTicks(ceiling).map((rank) => ({ share: rankShare(rank, ceiling), label: wholeText(rank) }));
  const choosing = fits && !words.watched;
  const body = markup`<div style="${SMALL_STYLE}">${words.definition}</div>
${fits ? scrollRegion(words.title, matrixTable(matrix, words.watched)) : bigPicture(matrix, words)}
${legendHtml("Rank, 1 is the most likely token:", swatches)}
${stacked(notes.map((note) => markup`<div style="${SMALL_STYLE}">${note}</div>`))}${
    choosing && markup`<div style="${SMALL_STYLE}">${choiceHint(HINT)}</div>`
  }`;
  const common = styling`${STICKY.rule}.${STICKY.name}{${COLUMNS_RULE}.i{image-rendering:pixelated}}`;
  if (!choosing) return rootHtml(STICKY.name, [body, markup`<style>${common}</style>`]);
  const places = columns.map(({ position }) => position);
  const name = contentName(htmlText(body));
  const rules = cssJoined([common, columnRules(name, places, (position) => 2 + places.indexOf(position))], "\n");
  const { sequence } = matrix.rankings;
  return choiceForm({ name: `${name} ${STICKY.name}`, rules, label: words.title, body, sequence });
}

/** Tokens down, layers across, as plain text. */
export function rankingText({ columns, layers }: RankingMatrix, { definition }: RankingWords): string {
  const chosen = evenly(layers, 13);
  const lines = columns.slice(0, MOST_LINES).map((column) => [
    String(column.position),
    column.token === undefined ? column.words : tokenLabel(column.token),
    ...chosen.map((layer) => wholeText(column.ranks[layer] ?? NaN)),
  ]);
  const more = columns.length > MOST_LINES ? `\n… and ${columns.length - MOST_LINES} more` : "";
  return `${definition}\n${
    textTable([["position", "token", ...chosen.map((layer) => `layer ${layer}`)], ...lines])
  }${more}`;
}
