import { type GroupBy, groupSaliency } from "../../src/analysis/groups.ts";
import type { Saliency } from "../../src/ask/saliency/definition.ts";
import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import { spelledResult } from "../kit/characters.ts";
import { chipHtml, isRead, MONOSPACE, placeWords, roleOf, SMALL_STYLE, underlineNote } from "../kit/chips.ts";
import { SCRIPT, tokensName } from "../kit/choice.ts";
import { overlay } from "../kit/colours.ts";
import { type Css, cssString, styling } from "../kit/css.ts";
import { contentName } from "../kit/escape.ts";
import { expectSaliency } from "../kit/expect.ts";
import { glyphHtml, spokenToken } from "../kit/glyphs.ts";
import { attributes, type Html, htmlText, joined, markup, stacked } from "../kit/html.ts";
import { counted, type ScoreFormat, scoreText } from "../kit/numbers.ts";
import { liveCell } from "../kit/live.ts";
import { textRegion } from "../kit/scroll_region.ts";
import { createView, rootHtml, type View } from "../kit/view.ts";
import { drawHeatmap } from "./heatmap.ts";
import { heatmapHtml } from "./heatmap_page.ts";
import { liveSaliency, type SaliencyModel } from "./live.ts";
import { definitionLine, formatOf, type Row, saliencyRows } from "./rows.ts";
import { styleRules } from "./style.ts";
import { scoreLines, scoreTable } from "./table.ts";
import { colourWords, introHtml, questionWords, readingDetails, rowLegend } from "./words.ts";

/** How a saliency map is shown. */
export interface SaliencyViewOptions {
  /**
   * Coloured tokens only, a number and a bar under each as well, or an image of all pairs: explained tokens down,
   * earlier ones across.
   *
   * @default {"minimal"}
   */
  readonly style?: "minimal" | "detailed" | "heatmap";
  /**
   * Adds scores up by word, sentence or the matches of a regular expression, as `groupSaliency` of
   * `@looking-glass/looking-glass/analysis` does; by default each token stands for itself.
   */
  readonly by?: GroupBy;
  /** The explained position that is shown at first; by default that of the first word that was written, else the last. */
  readonly position?: number;
  /** The title of a saved page. */
  readonly title?: string;
  /**
   * The model that is asked again when somebody edits the text, in a notebook whose kernel runs; elsewhere the map stays
   * as it is. See `docs/live.md`.
   */
  readonly live?: SaliencyModel;
}

const OPTIONS: OptionTable<SaliencyViewOptions> = {
  task: "draw a saliency map",
  kinds: {
    ...{ style: ["minimal", "detailed", "heatmap"], by: "anything", position: "a number" },
    ...{ title: "a text", live: "an object" },
  },
};

/** The most rows that can be chosen, and the most scores that the page holds; `data` keeps all. */
const MOST_ROWS = 256;
const MOST_SCORES = 20_000;

/** What is drawn: `shown[n]` holds the positions whose score is in the page for row n. */
interface Drawing {
  readonly saliency: Saliency;
  readonly sequence: Sequence;
  readonly rows: readonly Row[];
  readonly shown: readonly ReadonlySet<number>[];
  readonly first: number;
  readonly format: ScoreFormat;
  readonly detailed: boolean;
  readonly unit: string;
  readonly note: string;
}

/** A word that the model wrote tells more than the full stop or the end of the text that often comes last. */
function firstWord({ sequence }: Saliency, rows: readonly Row[]): number {
  if (isRead(sequence)) return -1;
  return rows.findIndex(({ position }) =>
    position >= sequence.promptLength && /^\s*\p{L}/u.test(sequence.tokens[position]?.text ?? "")
  );
}

function firstRow(saliency: Saliency, rows: readonly Row[], position: number | undefined): number {
  if (saliency.options.together) return rows.length - 1;
  if (position === undefined) {
    const word = firstWord(saliency, rows);
    return word >= 0 ? word : rows.length - 1;
  }
  const index = rows.findIndex((row) => row.position === position);
  if (index >= 0) return index;
  throw new RangeError(
    `Cannot show position ${position} as it is not among the explained ones: ${saliency.positions.join(", ")}`,
  );
}

/** The row that holds row `n` of the map of tokens. */
function groupRow(saliency: Saliency, given: Saliency, n: number): number {
  if (saliency === given || given.options.together) return n;
  const { start } = given.sequence.tokens[given.positions[n]!]!;
  return saliency.positions.findIndex((group) => start < saliency.sequence.tokens[group]!.end);
}

interface Limited {
  readonly start: number;
  readonly rows: Row[];
  readonly shown: Set<number>[];
  readonly note: string;
}

/** Small scores go first when a map is too big for a page, then the oldest rows. */
function limitRows(all: readonly Row[], firstOfAll: number): Limited {
  const start = Math.max(0, Math.min(all.length - MOST_ROWS, firstOfAll));
  const rows = all.slice(start, start + MOST_ROWS);
  const total = rows.reduce((sum, row) => sum + row.ranked.length, 0);
  const perRow = total > MOST_SCORES ? Math.floor(MOST_SCORES / rows.length) : Infinity;
  const notes = [
    ...(rows.length < all.length ? [`This page shows ${rows.length} of ${all.length} explained tokens.`] : []),
    ...(perRow < Infinity ? [`For each it holds the ${perRow} largest scores.`] : []),
  ];
  const note = notes.length === 0 ? "" : `${notes.join(" ")} Nothing is lost: the data of the view keeps every score.`;
  return { start, rows, shown: rows.map((row) => new Set(row.ranked.slice(0, perRow))), note };
}

/** For a hover: the numbers of a token in the first row and in the rows where it counts most. */
function chipTitle(drawing: Drawing, position: number): string {
  const { sequence, rows, first, format, saliency, unit } = drawing;
  const place = placeWords(sequence, position, unit);
  const counts = rows.map((row, n) => ({ n, row, score: row.scores[position] ?? 0 }))
    .filter(({ score }) => score !== 0)
    .sort((a, b) => Number(b.n === first) - Number(a.n === first) || Math.abs(b.score) - Math.abs(a.score));
  const lines = counts.slice(0, 5).map(({ row, score }) =>
    `${scoreText(score, format)} for ${
      saliency.options.together ? "all explained tokens" : rowName(sequence, row, unit)
    }`
  );
  return [place, ...lines].join("\n");
}

function rowName(sequence: Sequence, row: Row, unit: string): string {
  const token = sequence.tokens[row.position];
  return `${token === undefined ? "" : spokenToken(token)} (${unit} ${row.position})`;
}

function chipVariables({ rows, shown, format, detailed }: Drawing, position: number): Css[] {
  return rows.flatMap((row, n) => {
    if (!shown[n]?.has(position)) return [];
    const score = row.scores[position] ?? 0;
    const label = detailed ? styling`;--l${n}:${cssString(scoreText(score, format))}` : undefined;
    return styling`;--s${n}:${Math.round(100 * score / row.largest)}${label}`;
  });
}

/** The bar and the number of the first row; style rules put other rows in their place. */
function detailHtml({ rows, first, format }: Drawing, position: number): Html {
  const row = rows[first];
  const score = row?.scores[position] ?? 0;
  const share = score / (row?.largest ?? 1);
  const width = Math.round(100 * Math.abs(share));
  return markup`<span class="b" style="display:block;height:4px;width:${width}%;background-color:${
    overlay(share, true)
  }"></span>\
<span class="n" style="display:block;height:16px;font-size:11px">${score === 0 ? "" : scoreText(score, format)}</span>`;
}

function saliencyChip(drawing: Drawing, position: number, rowOfPosition: ReadonlyMap<number, number>): Html {
  const { sequence, rows, first, detailed, saliency, unit } = drawing;
  const n = rowOfPosition.get(position);
  const share = (rows[first]?.scores[position] ?? 0) / (rows[first]?.largest ?? 1);
  const words = `Explain ${placeWords(sequence, position, unit)}`;
  const radio =
    markup`<span class="r" style="display:none"><input type="radio" name="row" value="${position}" aria-label="${words}"></span>`;
  const colours = styling`background-color:${overlay(share)}${chipVariables(drawing, position)}`;
  const style = detailed ? styling`min-width:40px;vertical-align:top;text-align:center;${colours}` : colours;
  const chip = {
    position,
    title: chipTitle(drawing, position),
    style: n !== undefined && roleOf(sequence, position) === "prompt"
      ? styling`border-bottom:2px dotted;${style}`
      : style,
    after: detailed ? detailHtml(drawing, position) : undefined,
    bare: isRead(sequence),
  };
  if (n === undefined || saliency.options.together) return chipHtml(sequence, chip);
  return chipHtml(sequence, { ...chip, className: `o o${n}`, before: radio, label: true });
}

/** A box is a unit of its own for the order of scripts. */
const NAME = styling`${MONOSPACE};display:inline-block`;

/** What a row says in words; the one that is shown changes with the colours. */
function captionHtml(drawing: Drawing, n: number): Html {
  const { sequence, rows, first, format, saliency, unit } = drawing;
  const row = rows[n];
  const target = row && sequence.tokens[row.position];
  if (row === undefined || target === undefined) return markup``;
  const { together, contrast } = saliency.options;
  const other = contrast?.tokens[0];
  const rather = other && markup` rather than <b style="${NAME}">${glyphHtml(other)}</b>`;
  const name = together
    ? markup`All ${saliency.positions.length} explained ${unit}s together`
    : markup`<b style="${NAME}">${glyphHtml(target)}</b>${rather} (${unit} ${row.position}, ${
      roleOf(sequence, row.position)
    })`;
  const said = row.ranked.length === 0
    ? `no earlier ${unit} has a score`
    : format.signed
    ? markup`${sideHtml(drawing, row, 1)}; ${sideHtml(drawing, row, -1)}`
    : markup`most from ${largestHtml(drawing, row, row.ranked)}`;
  return markup`<div class="m m${n}" style="display:${n === first ? "block" : "none"}">${name}: ${said}</div>`;
}

/** What speaks for the explained token (`sign` 1), or against it. */
function sideHtml(drawing: Drawing, row: Row, sign: 1 | -1): Html {
  const some = row.ranked.filter((position) => Math.sign(row.scores[position] ?? 0) === sign);
  const side = sign > 0 ? "for it" : "against it";
  if (some.length === 0) return markup`nothing speaks ${side}`;
  return markup`${side} ${largestHtml(drawing, row, some)}`;
}

/** The three largest of some scores, with their tokens. */
function largestHtml({ sequence, format }: Drawing, row: Row, ranked: readonly number[]): Html {
  const parts = ranked.slice(0, 3).flatMap((position) => {
    const token = sequence.tokens[position];
    const score = scoreText(row.scores[position] ?? 0, format);
    return token ? [markup`<b style="${NAME}">${glyphHtml(token)}</b> ${score}`] : [];
  });
  return joined(parts, ", ");
}

function notesHtml(drawing: Drawing): Html {
  const { saliency, sequence, note, format, unit } = drawing;
  const { together, contrast } = saliency.options;
  const keys = together
    ? ""
    : markup`<span class="x" style="display:none"> Hover an explained ${unit} to see its row; click to keep it; arrow keys move.</span>\
 <span class="u" style="display:none"><button type="reset">Unpin</button></span>`;
  const reading = [colourWords(format, unit, contrast), underlineNote(sequence)].filter(Boolean).join(" ");
  return markup`<div style="${SMALL_STYLE}">${note}${keys}</div>
${readingDetails(reading, definitionLine(saliency))}`;
}

/** An arrow on a line of its own stands between a source and the text after it. */
function withBorder({ sourceLength = 0 }: Sequence, chips: readonly Html[]): readonly Html[] {
  if (sourceLength === 0) return chips;
  const border = markup`<br><span style="opacity:0.8">→</span>`;
  return [...chips.slice(0, sourceLength), border, ...chips.slice(sourceLength)];
}

function drawHtml(drawing: Drawing): Html {
  const { saliency, sequence, rows, first, format, detailed, unit } = drawing;
  const { together } = saliency.options;
  const rowOfPosition = new Map(rows.map((row, n) => [row.position, n]));
  const chips = sequence.tokens.map((_, position) => saliencyChip(drawing, position, rowOfPosition));
  const name = contentName(`${definitionLine(saliency)}${first}${chips.map(htmlText).join()}`);
  const choices = together ? [] : Array.from(rows.keys());
  const group = together
    ? attributes({ role: "group", "aria-label": "Tokens" })
    : attributes({ role: "radiogroup", "aria-label": "Tokens; choose an explained one" });
  const content = markup`<form method="dialog" aria-label="Saliency map" style="margin:0">
${introHtml(questionWords(format, unit, saliency.options.contrast))}
${textRegion(group, stacked(withBorder(sequence, chips)), chips.length)}
<div aria-live="polite" style="min-height:24px;font-size:14px">
${stacked(rows.map((_, n) => captionHtml(drawing, n)))}
</div>
${rowLegend(format, rows, first)}
${notesHtml(drawing)}
${scoreTable(saliency, rows)}
</form><style>
${styleRules({ name, rows: choices, first, signed: format.signed, detailed })}
</style>${together ? "" : markup`<script>${SCRIPT}</script>`}`;
  return rootHtml(`${name} h`, [content], together ? undefined : tokensName(sequence));
}

/**
 * Shows which earlier tokens led to each explained token: the text, coloured by the row of one explained token.
 * Hovering an explained token shows its row, a click keeps it, arrow keys move the choice and Escape ends it.
 * Without scripts the rest still works; without style rules, as in a notebook that is not trusted, the first row stays.
 *
 * @param given What `LanguageModel.saliency` gave, or the same read from a file.
 * @param options How it is shown.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {RangeError} If the scores do not fit the sequence, or `options.position` is not explained.
 *
 * @example
 * ```ts
 * import { saliencyView } from "@looking-glass/looking-glass/widgets";
 *
 * const token = (text: string, id: number, start: number) => ({
 *   id, piece: text, bytes: new TextEncoder().encode(text), start, end: start + text.length, text,
 * });
 * const view = saliencyView({
 *   sequence: { tokenIds: [1, 2], tokens: [token("Hello", 1, 0), token(" world", 2, 5)], promptLength: 1, text: "Hello world" },
 *   positions: [1],
 *   scores: { data: new Float32Array([1, 0]), shape: [1, 2] },
 *   options: {
 *     preset: "ecco", method: "gradientXInput", of: "probability", reduce: "l2", normalize: true, together: false,
 *   },
 * });
 * console.log(view.text);
 * ```
 */
export function saliencyView(given: Saliency, options: SaliencyViewOptions = {}): View<Saliency> {
  options = expectOptions(options, OPTIONS);
  expectSaliency(given);
  const tokenRows = saliencyRows(given);
  const tokenRow = firstRow(given, tokenRows, options.position);
  const map = options.by === undefined ? given : groupSaliency(given, options.by);
  const firstOfAll = groupRow(map, given, tokenRow);
  const saliency = spelledResult(map);
  const all = saliencyRows(saliency);
  const { start, rows, shown, note } = limitRows(all, firstOfAll);
  const drawing: Drawing = {
    saliency,
    sequence: saliency.sequence,
    rows,
    shown,
    first: firstOfAll - start,
    format: formatOf(saliency.options),
    detailed: options.style === "detailed",
    unit: saliency.options.by ?? "token",
    note,
  };
  const title = options.title ?? `Saliency of ${counted(saliency.positions.length, drawing.unit)}`;
  const drawSvg = () => drawHeatmap(saliency, rows, title);
  const { live, ...own } = options;
  const following = live && liveSaliency(live, given, (map, position) => saliencyView(map, { ...own, position }));
  return createView({
    title,
    cell: following && liveCell(following),
    html: options.style === "heatmap" ? heatmapHtml(saliency, rows, { title, note }) : drawHtml(drawing),
    drawSvg,
    data: map,
    text: scoreLines(saliency, all),
  });
}
