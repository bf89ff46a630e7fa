import type { Surprise } from "../../src/ask/surprise.ts";
import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import type { Sequence } from "../../src/model/sequence.ts";
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
import { choiceForm, choiceHint, choiceRadio, panelRules } from "../kit/choice.ts";
import { overlay } from "../kit/colours.ts";
import { styling } from "../kit/css.ts";
import { contentName } from "../kit/escape.ts";
import { attributes, type Html, htmlText, markup, stacked } from "../kit/html.ts";
import { imageHtml } from "../kit/image.ts";
import { axisDown, columnHeads, COLUMNS_RULE, framedPicture } from "../kit/picture_labels.ts";
import { predictionList, predictionWords } from "../kit/prediction_list.ts";
import { informationText, type InformationUnit, inUnit, probabilityText, wholeText } from "../kit/quantities.ts";
import { legendHtml } from "../kit/ramp.ts";
import { scrollRegion, textRegion } from "../kit/scroll_region.ts";
import { quoted, tokenLabel } from "../kit/token_text.ts";
import { createView, type View } from "../kit/view.ts";
import { BARS, BARS_WORDS, barSide, drawBars, drawSurprise, surpriseTicks } from "./chart.ts";
import {
  likeWords,
  perplexityWords,
  type SurpriseRow,
  surpriseShare,
  type SurpriseTable,
  surpriseTable,
  surpriseWords,
} from "./rows.ts";

/** How surprise is shown. */
export interface SurpriseViewOptions {
  /**
   * The unit of surprise and entropy; the data of the view stays in nats.
   *
   * @default {"bits"}
   */
  readonly unit?: InformationUnit;
  /**
   * The place of the token that is shown at first.
   *
   * @default {that of the token that surprises most}
   */
  readonly position?: number;
  /** The title of a saved page. */
  readonly title?: string;
}

const OPTIONS: OptionTable<SurpriseViewOptions> = {
  task: "draw surprise",
  kinds: { unit: ["bits", "nats"], position: "a number", title: "a text" },
};

/** The most tokens that can be chosen, lines of their lists altogether, and lines of tables. */
const MOST_CHOICES = 96;
const MOST_LINES = 480;
const MOST_ROWS = 300;
const MOST_CHIPS = 1024;
const LISTED = 5;
const UNITS = { bits: "bits (1 bit: half as probable)", nats: "nats (1 nat = 1.44 bits)" } as const;

function titleOf(sequence: Sequence, row: SurpriseRow, unit: InformationUnit): string {
  const likeliest = predictionWords(row.alternatives, LISTED);
  return `${placeWords(sequence, row.position)}\n${surpriseWords(row, unit)}${
    likeliest && `\nlikeliest: ${likeliest}`
  }`;
}

/** The rows that can be chosen: all, or those that surprise most; the one that is shown at first stands first. */
function chosenRows(rows: readonly SurpriseRow[], position: number | undefined): ReadonlySet<number> {
  const order = rows.map((_, n) => n).sort((a, b) => (rows[b]?.nats ?? 0) - (rows[a]?.nats ?? 0) || a - b);
  if (position === undefined) return new Set(order.slice(0, MOST_CHOICES));
  const first = rows.findIndex((row) => row.position === position);
  if (first >= 0) return new Set([first, ...order].slice(0, MOST_CHOICES));
  const places = rows.length > 0 ? `; choose one of ${rows[0]!.position} to ${rows.at(-1)!.position}` : "";
  throw new RangeError(`Cannot show the surprise of token ${position} first as it was not looked at${places}`);
}

function chipsHtml({ surprise, rows, unit, ceiling }: SurpriseTable, choices: ReadonlySet<number>): Html {
  const { sequence } = surprise;
  const rowAt = new Map(rows.map((row, n) => [row.position, n]));
  const bare = isRead(sequence);
  return stacked(
    sequence.tokens.slice(0, MOST_CHIPS).map((_, position) => {
      const n = rowAt.get(position);
      const row = n === undefined ? undefined : rows[n];
      if (n === undefined || row === undefined) {
        const why = position === 0 ? "nothing stands before it to expect it by" : "not looked at";
        const words = `${placeWords(sequence, position)}\n${why}`;
        return chipHtml(sequence, {
          position,
          title: words,
          style: styling`opacity:0.75`,
          bare,
        });
      }
      const style = styling`background-color:${overlay(surpriseShare(row.nats, ceiling))}`;
      const chip = { position, title: titleOf(sequence, row, unit), style, bare };
      if (!choices.has(n)) return chipHtml(sequence, chip);
      const before = choiceRadio(position, `${placeWords(sequence, position)}, ${surpriseWords(row, unit)}`);
      return chipHtml(sequence, { ...chip, className: `o o${n}`, before, label: true });
    }),
  );
}

/** The bars with their labels. */
function barsHtml(table: SurpriseTable): Html {
  const { surprise, rows, ceiling, unit } = table;
  const side = barSide(rows.length);
  const across = rows.map(({ position }) => surprise.sequence.tokens[position]!);
  const y = (amount: number) => BARS.bottom - (BARS.bottom - BARS.top) * amount / inUnit(ceiling, unit);
  const ticks = surpriseTicks(table).toReversed().map((amount) => ({ at: y(amount), text: wholeText(amount) }));
  const alt = "Surprise of each token as bars; the table below holds the numbers";
  const picture = framedPicture({
    picture: imageHtml(drawBars(table, alt), alt),
    left: axisDown(ticks),
    gap: 4,
    below: columnHeads(across, { side, numberAt: (n) => rows[n]?.position ?? n, below: true }),
  });
  return markup`<div style="font-size:12px;margin:10px 0 0">Surprise of each token in ${unit}. ${BARS_WORDS}</div>
${scrollRegion("Surprise as bars", picture)}`;
}

function panelHtml({ surprise, unit }: SurpriseTable, row: SurpriseRow, most: number): Html {
  const token = surprise.sequence.tokens[row.position];
  if (token === undefined) return markup``;
  const tokenId = surprise.sequence.tokenIds[row.position] ?? token.id;
  const actual = { tokenId, token, probability: Math.exp(-row.nats), rank: row.rank };
  return markup`<div style="font-size:13px;margin:2px 0">Token ${row.position}: ${quoted(token)}: ${
    surpriseWords(row, unit)
  }.</div>${predictionList(row.alternatives, actual, { most, mark: "in the text" })}`;
}

function fields({ surprise, unit }: SurpriseTable, row: SurpriseRow): string[] {
  const token = surprise.sequence.tokens[row.position];
  return [
    String(row.position),
    token === undefined ? "" : tokenLabel(token),
    informationText(row.nats, unit),
    probabilityText(Math.exp(-row.nats)),
    wholeText(row.rank),
    informationText(row.entropy, unit),
    predictionWords(row.alternatives, 3),
  ];
}

function columnsOf(unit: InformationUnit): string[] {
  return ["position", "token", `surprise (${unit})`, "probability", "rank", `entropy (${unit})`, "likeliest"];
}

function tableHtml(table: SurpriseTable): Html {
  const { rows, unit } = table;
  const lines = rows.slice(0, MOST_ROWS).map((row) => fields(table, row));
  const name = rows.length > MOST_ROWS ? `The first ${MOST_ROWS} tokens as a table` : "Surprise as a table";
  return tableDetails(name, dataTable(columnsOf(unit), lines, { isNumber: (column) => column > 1 && column < 6 }));
}

function notesOf({ surprise, rows }: SurpriseTable, choices: ReadonlySet<number>): string {
  return [
    underlineNote(surprise.sequence),
    ...(rows.length > choices.size ? [`The ${choices.size} tokens that surprise most can be chosen.`] : []),
    ...(surprise.sequence.tokens.length > MOST_CHIPS
      ? [`The page shows the first ${MOST_CHIPS} tokens; the data of the view keeps all.`]
      : []),
  ].filter(Boolean).join(" ");
}

function drawHtml(table: SurpriseTable, title: string, position: number | undefined): Html {
  const { rows, unit, ceiling } = table;
  const choices = chosenRows(rows, position);
  const numbers = Array.from(choices).sort((a, b) => a - b);
  const [first = 0] = choices;
  const most = Math.max(3, Math.min(10, Math.floor(MOST_LINES / numbers.length)));
  const lines = rows.reduce((longest, { alternatives }) => Math.max(longest, Math.min(most, alternatives.length)), 0);
  const chips = chipsHtml(table, choices);
  const panels = numbers.map((n) => {
    const row = rows[n];
    const shown = n === first ? "block" : "none";
    return row === undefined
      ? markup``
      : markup`<div class="m m${n}" style="display:${shown}">${panelHtml(table, row, most)}</div>`;
  });
  const swatches = surpriseTicks(table).map((amount) => ({
    share: amount / inUnit(ceiling, unit),
    label: wholeText(amount),
  }));
  const hint = choiceHint("Hover a token to see what was expected there; click to keep it; arrow keys move.");
  const body = markup`<div style="font-size:14px;margin:4px 0">${`${perplexityWords(table)}, ${
    likeWords(table)
  }.`}</div>
${
    textRegion(
      attributes({ role: "radiogroup", "aria-label": "Text; choose a token" }),
      chips,
      table.surprise.sequence.tokens.length,
    )
  }
<div aria-live="polite" style="min-height:${40 + 17 * lines}px">
${stacked(panels)}
</div>
${legendHtml(`Surprise in ${UNITS[unit]}:`, swatches)}
<div style="${SMALL_STYLE}">${notesOf(table, choices)}${hint}</div>
${barsHtml(table)}
${tableHtml(table)}`;
  const name = contentName(htmlText(body));
  const rules = styling`${panelRules(name, numbers, first)}
.${name}{${COLUMNS_RULE}}`;
  return choiceForm({ name, rules, label: title, body, sequence: table.surprise.sequence });
}

function drawText(table: SurpriseTable): string {
  const lines = table.rows.slice(0, 200).map((row) => fields(table, row));
  const more = table.rows.length > 200 ? `\n… and ${table.rows.length - 200} more` : "";
  return `${perplexityWords(table)}, ${likeWords(table)}.\n${textTable([columnsOf(table.unit), ...lines])}${more}`;
}

/**
 * Shows how much each token of a text surprised the model: −log p of the token that stands there, as colour and as
 * bars, with the tokens that were likelier. What was to be expected is the entropy of the model's distribution.
 *
 * @param surprise What `LanguageModel.surprise` gave.
 * @param options How it is shown.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} If `surprise` is something else.
 * @throws {RangeError} If its parts do not fit each other, or `position` was not looked at.
 *
 * @example
 * ```ts
 * import { surpriseView } from "@looking-glass/looking-glass/widgets";
 *
 * const token = (text: string, id: number, start: number) => ({
 *   id, piece: text, bytes: new TextEncoder().encode(text), start, end: start + text.length, text,
 * });
 * const world = token(" world", 2, 5);
 * const view = surpriseView({
 *   sequence: { tokenIds: [1, 2], tokens: [token("Hello", 1, 0), world], promptLength: 1, text: "Hello world" },
 *   positions: [1],
 *   logProbs: { data: new Float32Array([Math.log(0.25)]), shape: [1] },
 *   entropies: { data: new Float32Array([3]), shape: [1] },
 *   ranks: { data: new Int32Array([1]), shape: [1] },
 *   alternatives: [[{ tokenId: 2, token: world, probability: 0.25, logit: 4, rank: 1 }]],
 *   perplexity: 4,
 * });
 * console.log(view.text); // 2.00 bits of surprise
 * ```
 */
export function surpriseView(surprise: Surprise, options: SurpriseViewOptions = {}): View<Surprise> {
  options = expectOptions(options, OPTIONS);
  const { unit = "bits" } = options;
  const table = surpriseTable(surprise, unit);
  const title = options.title ?? "Surprise of a text";
  return createView({
    title,
    html: drawHtml(table, title, options.position),
    drawSvg: () => drawSurprise(table, title),
    data: surprise,
    text: drawText(table),
  });
}
