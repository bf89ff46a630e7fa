/**
 * The lens over a whole text as a page: a table of words, or where they do not fit, a pixel for each.
 *
 * @module
 */
import { dataTable, MONOSPACE, PLAIN_ROW, SMALL_STYLE, tableDetails } from "../kit/chips.ts";
import { choiceForm, choiceHint, choiceRadio, columnRules } from "../kit/choice.ts";
import { overlay, overlayOfVariable } from "../kit/colours.ts";
import { type Css, cssJoined, styling } from "../kit/css.ts";
import { contentName } from "../kit/escape.ts";
import { attributes, type Html, htmlText, markup, stacked } from "../kit/html.ts";
import { layerGrid } from "../kit/layer_grid.ts";
import { COLUMNS_RULE } from "../kit/picture_labels.ts";
import { informationText, type InformationUnit, inUnit, probabilityText, wholeText } from "../kit/quantities.ts";
import { legendHtml, probabilityLegend, roundTicks } from "../kit/ramp.ts";
import { rankShare, rankTicks } from "../kit/ranks.ts";
import { scrollRegion, STICKY } from "../kit/scroll_region.ts";
import {
  cellShare,
  cellWords,
  COLOURS,
  colourWords,
  columnWords,
  frameWords,
  type LensColour,
  type LensColumn,
  lensDefinition,
  type LensTable,
} from "./data.ts";

/** The most cells of a table of words, and the most lines of the table of numbers. */
const MOST_CELLS = 3000;
const MOST_LINES = 240;
/** The most tokens that can be chosen. */
const MOST_CHOICES = 256;

const HINT = "Hover a token of the text to see its column; click to keep it; arrow keys move.";

/** How a lens is shown. */
export interface LensPage {
  readonly table: LensTable;
  readonly colour: LensColour;
  readonly unit: InformationUnit;
  readonly title: string;
}

/** Whether there is room for the words. */
export function hasRoom({ columns, layers }: LensTable): boolean {
  return columns.length * layers <= MOST_CELLS;
}

function cellHtml({ table, colour, unit }: LensPage, column: LensColumn, layer: number): Html {
  const cell = column.cells[layer]!;
  const shares = COLOURS.map((one) => cellShare(table, cell, one));
  const numbers = cssJoined(shares.map((share, n) => styling`--${n}:${Math.round(100 * share)}`), ";");
  const title = [columnWords(table, column), ...cellWords(cell, layer, column.word, unit)].join("\n");
  const frame = cell.right ? styling`;border:2px solid` : undefined;
  return markup`<td class="c" title="${title}" style="padding:1px 4px;text-align:left;white-space:nowrap;\
background-color:${overlay(shares[COLOURS.indexOf(colour)]!)};${numbers}${frame}">${cell.word}</td>`;
}

function headHtml(table: LensTable, column: LensColumn, isChoice: boolean): Html {
  const { position, word } = column;
  const next = position === table.lens.sequence.tokens.length ? ", next" : "";
  const words = columnWords(table, column);
  const name = markup`<span style="font-weight:normal;opacity:0.8">${position}${next}</span><br>${word}`;
  const head = isChoice
    ? markup`<label class="o o${position}" style="display:block">${choiceRadio(position, words)}${name}</label>`
    : name;
  return markup`<th scope="col" title="${words}" style="padding:1px 4px;text-align:left;white-space:nowrap">${head}</th>`;
}

/** Layers down, positions across: the table is the picture. */
function wordsTable(page: LensPage): Html {
  const { columns, layers } = page.table;
  const heads = columns.map((column, n) => headHtml(page.table, column, n < MOST_CHOICES));
  const corner = styling`padding:1px 8px 1px 0;text-align:left;font-weight:normal;white-space:nowrap`;
  const rows = Array.from({ length: layers }, (_, layer) => {
    const cells = columns.map((column) => cellHtml(page, column, layer));
    return markup`${PLAIN_ROW}<th scope="row" style="${corner}">layer ${layer}</th>${cells}</tr>`;
  });
  return markup`<table class="cs" style="border-collapse:collapse;${MONOSPACE};font-size:12px"><thead>${PLAIN_ROW}\
<td style="${corner}">position<br>the text has</td>${heads}</tr></thead><tbody>\n${stacked(rows)}</tbody></table>`;
}

/** A pixel for each cell, by each colour. */
function pixelGrid({ table, colour, unit }: LensPage): Html {
  const { columns, layers } = table;
  const pictures = COLOURS.map((one, n) => ({
    shareAt: (column: number, layer: number) => cellShare(table, columns[column]!.cells[layer]!, one),
    alt: `${colourWords(one, unit)} ${columns.length} positions after ${layers} layers; the table below holds numbers`,
    className: `i y${n}`,
    style: one === colour ? styling`display:block` : styling`display:none`,
  }));
  return layerGrid({
    ...{ tokens: columns.map(({ token }) => token), layers, pictures },
    numberAt: (n) => columns[n]?.position ?? n,
  });
}

function legendOf({ table, unit }: LensPage, colour: LensColour): Html {
  const words = colourWords(colour, unit);
  if (colour === "probability") return probabilityLegend(words);
  if (colour === "rank") {
    const ticks = rankTicks(table.ceiling);
    return legendHtml(words, ticks.map((rank) => ({ share: rankShare(rank, table.ceiling), label: wholeText(rank) })));
  }
  const largest = inUnit(table.largest, unit);
  return legendHtml(words, roundTicks(largest, 6).map((tick) => ({ share: tick / largest, label: String(tick) })));
}

/** The colours to choose from, and the legend of each. */
function coloursHtml(page: LensPage): Html {
  const choices = COLOURS.map((colour, n) =>
    markup`<label class="g g${n}" style="display:inline-block;padding:2px 8px;margin:2px;border:1px solid;border-radius:4px">\
<span class="r" style="display:none"><input type="radio" name="colour"${
      attributes({ checked: colour === page.colour })
    }></span>${colour}</label>`
  );
  const legends = COLOURS.map((colour, n) =>
    markup`<div class="y y${n}"${attributes({ style: colour !== page.colour && styling`display:none` })}>${
      legendOf(page, colour)
    }</div>`
  );
  return markup`<div class="x" role="radiogroup" aria-label="Colour" style="display:none;font-size:12px">colour ${choices}</div>
${stacked(legends)}`;
}

/** The rules; tokens are chosen where there is room for their words. */
function rulesOf(name: string, table: LensTable): Css {
  const places = table.columns.slice(0, MOST_CHOICES).map(({ position }) => position);
  return cssJoined([
    STICKY.rule,
    ...hasRoom(table) ? [columnRules(name, places, (position) => 2 + places.indexOf(position))] : [],
    styling`.${name}{.c{background-color:${
      overlayOfVariable(false)
    }!important}.x{display:revert!important}.g{position:relative;cursor:pointer}
.g:has(:checked){outline:2px solid}.g:has(:focus-visible){outline:3px double}.r{display:contents!important}
.r input{position:absolute;inset:0;width:100%;height:100%;margin:0;opacity:0;cursor:pointer}
.i{image-rendering:pixelated}.i,div.y{display:none!important}${COLUMNS_RULE}}`,
    ...COLOURS.map((_, n) =>
      styling`.${name}:has(.g${n} :checked){.c{--s:var(--${n})}.i.y${n},div.y${n}{display:block!important}}`
    ),
  ], "\n");
}

/** The numbers, position by position. */
function numbersTable({ table: { columns, layers }, unit }: LensPage): Html {
  const all = columns.length * layers;
  const rows = columns.slice(0, Math.ceil(MOST_LINES / layers)).flatMap(({ position, word, cells }) =>
    cells.map((cell, layer) => [
      ...[String(position), word, String(layer), cell.word, probabilityText(cell.probability), wholeText(cell.rank)],
      ...[cell.surprise, cell.entropy, cell.divergence].map((nats) => informationText(nats, unit)),
    ])
  ).slice(0, MOST_LINES);
  const measures = ["surprise", "entropy", "KL to the output"].map((name) => `${name} (${unit})`);
  const names = ["position", "the text has", "layer", "likeliest", "probability", "rank of the text’s", ...measures];
  const shown = rows.length < all ? `, the first ${rows.length} of ${wholeText(all)} places` : "";
  return tableDetails(`Numbers as a table${shown}`, dataTable(names, rows, { isNumber: (column) => column >= 4 }));
}

/** The whole view. */
export function lensHtml(page: LensPage): Html {
  const { table, title } = page;
  const { columns, layers } = table;
  const fits = hasRoom(table);
  const note = fits
    ? frameWords(table)
    : `${columns.length} positions after ${layers} layers are too many for words: one pixel stands for each. ` +
      "The data of the view keeps every word.";
  const body = markup`<div style="${SMALL_STYLE}">${lensDefinition(table)}</div>
${scrollRegion(title, fits ? wordsTable(page) : pixelGrid(page))}
${coloursHtml(page)}
<div style="${SMALL_STYLE}">${note}${fits ? choiceHint(HINT) : ""}</div>
${numbersTable(page)}`;
  const name = contentName(htmlText(body));
  const sequence = fits ? table.lens.sequence : undefined;
  return choiceForm({ name: `${name} ${STICKY.name}`, rules: rulesOf(name, table), label: title, body, sequence });
}
