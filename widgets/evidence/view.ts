import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import { spelledResult } from "../kit/characters.ts";
import { drawDocument, Plot } from "../kit/chart.ts";
import { chipHtml, dataTable, isRead, placeWords, SMALL_STYLE, tableDetails, textTable } from "../kit/chips.ts";
import { BLUE, hex, OPACITY, ORANGE, overlay } from "../kit/colours.ts";
import { styling } from "../kit/css.ts";
import { attributes, type Html, markup, stacked } from "../kit/html.ts";
import { counted, type ScoreFormat, scoreText } from "../kit/numbers.ts";
import { legendHtml } from "../kit/ramp.ts";
import { textRegion } from "../kit/scroll_region.ts";
import { textWidth } from "../kit/text_width.ts";
import { quoted, tokenLabel } from "../kit/token_text.ts";
import { createView, rootHtml, type View } from "../kit/view.ts";
import { definitionLine, type Evidence, type EvidenceRow, evidenceRows, formatOf } from "./rows.ts";

/** How a map over a whole text is shown. */
export interface EvidenceViewOptions {
  /** The title of a saved page. */
  readonly title?: string;
}

const OPTIONS: OptionTable<EvidenceViewOptions> = { task: "draw a map over a whole text", kinds: { title: "a text" } };

/** The most rows and chips of a page; `data` keeps all. */
const MOST_ROWS = 24;
const MOST_CHIPS = 4096;

/** What is drawn. */
interface Drawing {
  readonly evidence: Evidence;
  readonly sequence: Sequence;
  readonly rows: readonly EvidenceRow[];
  readonly format: ScoreFormat;
}

function share({ scores, largest }: EvidenceRow, position: number): number {
  return (scores[position] ?? 0) / largest;
}

/** The three largest scores in words. */
function mostWords({ sequence, format }: Drawing, { ranked, scores }: EvidenceRow): string {
  const parts = ranked.slice(0, 3).map((i) => `${quoted(sequence.tokens[i]!)} ${scoreText(scores[i] ?? 0, format)}`);
  return parts.length === 0 ? "no token has a score" : `most from ${parts.join(", ")}`;
}

function rowHtml(drawing: Drawing, row: EvidenceRow): Html {
  const { sequence, format } = drawing;
  const chips = sequence.tokens.map((_, position) => {
    const masked = position === row.position ? styling`;outline:2px dotted` : undefined;
    return chipHtml(sequence, {
      position,
      title: `${placeWords(sequence, position)}\n${scoreText(row.scores[position] ?? 0, format)} for ${row.heading}`,
      style: styling`background-color:${overlay(share(row, position))}${masked}`,
      bare: isRead(sequence),
    });
  });
  const roles = attributes({ role: "group", "aria-label": row.heading });
  return markup`<div style="font-size:14px;margin:6px 0 0"><b>${row.heading}</b>: ${mostWords(drawing, row)}</div>
${textRegion(roles, stacked(chips), chips.length)}`;
}

function tableRows({ sequence, rows, format }: Drawing): string[][] {
  return sequence.tokens.map((token, position) => [
    String(position),
    tokenLabel(token),
    ...rows.map(({ scores }) => scoreText(scores[position] ?? 0, format)),
  ]);
}

function columnsOf({ rows }: Drawing): string[] {
  return ["position", "token", ...rows.map(({ name }) => name)];
}

function notesOf({ evidence, rows }: Drawing, shown: number): string {
  const { signed } = formatOf(evidence.options);
  const colours = signed
    ? "Orange speaks for it, blue against it."
    : "The stronger the orange, the more a token counts.";
  const some = shown < rows.length
    ? ` The page shows ${shown} of ${counted(rows.length, "row")}; the data keeps all.`
    : "";
  return `${colours}${some} ${definitionLine(evidence)}.`;
}

function drawHtml(drawing: Drawing): Html {
  const { sequence, rows, format } = drawing;
  const shown = rows.slice(0, Math.max(1, Math.min(MOST_ROWS, Math.floor(MOST_CHIPS / sequence.tokens.length))));
  const shares = format.signed ? [-1, -0.5, 0, 0.5, 1] : [0, 0.25, 0.5, 0.75, 1];
  const swatches = shares.map((part) => ({ share: part, label: `${Math.round(100 * part)}%` }));
  const columns = columnsOf({ ...drawing, rows: shown });
  const table = dataTable(columns, tableRows({ ...drawing, rows: shown }), { isNumber: (column) => column > 1 });
  const content = markup`${stacked(shown.map((row) => rowHtml(drawing, row)))}
${legendHtml("Score, of the largest of its row:", swatches)}
<div style="${SMALL_STYLE}">${notesOf(drawing, shown.length)}</div>
${tableDetails("Scores as a table", table)}`;
  return rootHtml(undefined, [content]);
}

function drawText(drawing: Drawing): string {
  const { rows, evidence } = drawing;
  const lines = rows.map((row) => `${row.heading}: ${mostWords(drawing, row)}`);
  const table = textTable([columnsOf(drawing), ...tableRows(drawing).slice(0, 200)]);
  return `${lines.join("\n")}\n${definitionLine(evidence)}\n${table}`;
}

/** A picture: tokens across, what is explained down. */
function drawSvg({ sequence, rows }: Drawing, title: string): Html {
  const labels = sequence.tokens.map((token) => tokenLabel(token, 14));
  const names = rows.map(({ name }) => Array.from(name).slice(0, 24).join(""));
  const cells = rows.flatMap((row, y) => sequence.tokens.map((_, x) => ({ x, y, share: share(row, x) })));
  const widest = (texts: readonly string[]) => texts.reduce((most, text) => Math.max(most, textWidth(text)), 0);
  const [marginTop, marginLeft] = [16 + 5 * widest(labels), 20 + 7 * widest(names)];
  const width = marginLeft + 22 * labels.length + 60;
  const height = marginTop + 22 * rows.length + 10;
  const axis = { tickSize: 3, label: null } as const;
  const plot: Plot.PlotOptions = {
    ...{ width, height, marginTop, marginLeft, marginRight: 60, marginBottom: 10 },
    x: { type: "band", domain: [...labels.keys()], padding: 0, axis: null },
    y: { type: "band", domain: [...names.keys()], padding: 0, axis: null },
    marks: [
      Plot.cell(cells, {
        ...{ x: "x", y: "y", inset: 0.5 },
        fill: (cell: { share: number }) => hex(cell.share < 0 ? BLUE : ORANGE),
        fillOpacity: (cell: { share: number }) => OPACITY * Math.min(1, Math.abs(cell.share)) || 0,
      }),
      Plot.axisX([...labels.keys()], {
        ...axis,
        anchor: "top",
        tickRotate: -55,
        textAnchor: "start",
        tickFormat: (i: number) => labels[i] ?? "",
      }),
      Plot.axisY([...names.keys()], { ...axis, tickFormat: (i: number) => names[i] ?? "" }),
    ],
  };
  return drawDocument([{ plot, top: 0 }], { width, height, title });
}

function titleOf(evidence: Evidence, count: number): string {
  if (!("classes" in evidence)) return `Which tokens made ${counted(count, "masked token")} likely`;
  return `Which tokens made ${count === 1 ? "a class" : `${count} classes`}`;
}

/**
 * Shows which tokens of a whole text made each class of a classifier, or each masked token: the text once for each of
 * them, coloured by its scores. Unlike the maps of models that write, tokens on both sides have scores.
 *
 * @param evidence What `LanguageModel.classSaliency` or `LanguageModel.maskedSaliency` gave.
 * @param options How it is shown.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} If `evidence` is something else.
 * @throws {RangeError} If its parts do not fit each other.
 *
 * @example
 * ```ts
 * import { evidenceView } from "@looking-glass/looking-glass/widgets";
 *
 * const token = (text: string, id: number, start: number) => ({
 *   id, piece: text, bytes: new TextEncoder().encode(text), start, end: start + text.length, text,
 * });
 * const view = evidenceView({
 *   sequence: { tokenIds: [1, 2], tokens: [token("Lovely", 1, 0), token(" film", 2, 6)], promptLength: 1, text: "Lovely film" },
 *   classes: ["praise"],
 *   probabilities: { data: new Float32Array([0.9]), shape: [1] },
 *   scores: { data: new Float32Array([0.8, 0.2]), shape: [1, 2] },
 *   options: { method: "gradientXInput", of: "probability", reduce: "l2", normalize: true },
 *   pooling: "mean",
 * });
 * console.log(view.text); // praise, probability 90.0%: most from “Lovely” 80.0%
 * ```
 */
export function evidenceView(given: Evidence, options: EvidenceViewOptions = {}): View<Evidence> {
  options = expectOptions(options, OPTIONS);
  const evidence = spelledResult(given);
  const rows = evidenceRows(evidence);
  const drawing = { evidence, sequence: evidence.sequence, rows, format: formatOf(evidence.options) };
  const title = options.title ?? titleOf(evidence, rows.length);
  return createView({
    title,
    html: drawHtml(drawing),
    drawSvg: () => drawSvg(drawing, title),
    data: given,
    text: drawText(drawing),
  });
}
