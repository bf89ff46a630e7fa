import type { ErrorCurve, Factors } from "../../src/analysis/factors/types.ts";
import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import type { Token } from "../../src/tokenizer/token.ts";
import { spelled } from "../kit/characters.ts";
import { categoryColour } from "../kit/categories.ts";
import { chipHtml, dataTable, placeWords, SMALL_STYLE, tableDetails, textTable } from "../kit/chips.ts";
import { choiceForm } from "../kit/choice.ts";
import { OPACITY, rgb, rgba } from "../kit/colours.ts";
import { type Css, cssJoined, styling } from "../kit/css.ts";
import { contentName } from "../kit/escape.ts";
import { attributes, type Html, htmlText, markup, stacked } from "../kit/html.ts";
import { imageHtml } from "../kit/image.ts";
import { counted } from "../kit/numbers.ts";
import { axisAcross, axisDown, framedPicture } from "../kit/picture_labels.ts";
import { scrollRegion, textRegion } from "../kit/scroll_region.ts";
import { tokenLabel, tokensHtml, tokensText } from "../kit/token_text.ts";
import { createView, type View } from "../kit/view.ts";
import { drawErrorCurve, drawFactors, drawSparkline } from "./chart.ts";
import {
  expectCurve,
  type FactorRow,
  factorRows,
  factorsLine,
  MOST_FACTORS,
  MOST_TOKENS,
  shareOf,
  strongestFactor,
} from "./data.ts";

/** How factors are shown. */
export interface FactorsViewOptions {
  /** How the error falls with the number of factors; it is drawn below the texts. */
  readonly curve?: ErrorCurve;
  /** The title of a saved page. */
  readonly title?: string;
}

const OPTIONS: OptionTable<FactorsViewOptions> = {
  task: "draw factors",
  kinds: { curve: "an object", title: "a text" },
};

/** The tokens and neurons that are named for each factor. */
const NAMED = 5;
const SPARK_WIDTH = 320;
/** The most cells of the table of activities. */
const MOST_CELLS = 3000;

interface Drawing {
  readonly factors: Factors;
  readonly rows: readonly FactorRow[];
  readonly all: number;
  readonly curve: ErrorCurve | undefined;
}

function background(index: number, share: number): Css {
  return rgba(categoryColour(index), Number((OPACITY * share / 100).toFixed(3)));
}

/** Each chip holds its share of factor k's largest activity as `--k`, in percent. */
function styleRules(name: string, rows: readonly FactorRow[]): Css {
  const chosen = (root: Css, { index }: FactorRow) =>
    styling`${root} .t{--s:var(--${index},0);background-color:${
      rgba(categoryColour(index), styling`calc(var(--s)*${OPACITY / 100})`)
    }!important}${root} .f${index}{outline:2px solid;outline-offset:-2px}`;
  return styling`.${name}{.f{cursor:pointer}.o{position:static}.f:has(:focus-visible){outline:3px double!important;outline-offset:-3px}
.r{display:inline!important}.x{display:inline!important}.u{display:inline!important;visibility:hidden}&:has(:checked) .u{visibility:visible}
&:has(.f:hover,:checked) .n{visibility:hidden}}
${cssJoined(rows.map((row) => chosen(styling`.${name}:has(.f${row.index} :checked)`, row)), "\n")}
${
    cssJoined(
      rows.map((row) => chosen(styling`.${name}.h:has(.f${row.index}:hover)`, row)),
      "\n",
    )
  }
.${name}.h:has(.f:hover) .f:not(:hover){outline:none}`;
}

/** The tokens where a factor is most active. */
function tokensOf({ topTokens, sequences }: Factors, index: number): Token[] {
  return (topTokens[index] ?? []).flatMap(({ text, position }) => sequences[text]?.tokens[position] ?? []);
}

function neuronsOf({ topNeurons }: Factors, index: number): string[] {
  return (topNeurons[index] ?? []).slice(0, NAMED).map(({ layer, neuron }) => `${layer}:${neuron}`);
}

function rowHtml(drawing: Drawing, row: FactorRow): Html {
  const { factors } = drawing;
  const { index } = row;
  const spark = imageHtml(drawSparkline(factors, row, SPARK_WIDTH), `Activity of factor ${index} over the tokens`);
  const pad = styling`padding:2px 8px;text-align:left`;
  return markup`<tr class="f f${index}" style="background-color:rgba(0,0,0,0)">\
<td style="${pad};white-space:nowrap"><label class="o"><span class="r" style="display:none">\
<input type="radio" name="factor" value="${index}"> </span>\
<span style="border-bottom:3px solid ${rgb(categoryColour(index))}">factor ${index}</span></label></td>\
<td style="${pad}">${spark}</td><td style="${pad}">${tokensHtml(tokensOf(factors, index), NAMED)}</td>\
<td style="${pad}">${neuronsOf(factors, index).join(", ")}</td></tr>`;
}

function factorsTable(drawing: Drawing): Html {
  const head = ["factor", "activity over the tokens", "most active tokens", "strongest neurons (layer:neuron)"]
    .map((name) => markup`<th scope="col" style="padding:2px 8px;text-align:left;font-weight:normal">${name}</th>`);
  return markup`<table style="border-collapse:collapse;font-size:12px"><thead><tr>${head}</tr></thead><tbody>${
    stacked(drawing.rows.map((row) => rowHtml(drawing, row)))
  }</tbody></table>`;
}

function chip({ factors, rows }: Drawing, text: number, position: number, token: number): Html {
  const sequence = factors.sequences[text]!;
  const best = strongestFactor(rows, token);
  const shares = rows.map((row) => ({ index: row.index, share: shareOf(row, token) })).filter(({ share }) => share > 0);
  const lines = [...shares].sort((a, b) => b.share - a.share).slice(0, 4)
    .map(({ index, share }) => `factor ${index}: ${share}% of its largest activity`);
  const colour = best && styling`background-color:${background(best.index, shareOf(best, token))};`;
  return chipHtml(sequence, {
    position,
    title: [placeWords(sequence, position), ...lines].join("\n"),
    style: styling`${colour}${
      cssJoined(
        shares.map(({ index, share }) => styling`--${index}:${share}`),
        ";",
      )
    }`,
    after: best ? markup`<span class="n" style="font-size:11px;vertical-align:sub"> ${best.index}</span>` : undefined,
  });
}

/** The texts, each token in the colour of its strongest factor. */
function textsHtml(drawing: Drawing): Html {
  const { sequences } = drawing.factors;
  let token = 0;
  return stacked(sequences.map((sequence, text) => {
    const start = token;
    token += sequence.tokens.length;
    if (start >= MOST_TOKENS) return "";
    const chips = sequence.tokens.slice(0, MOST_TOKENS - start)
      .map((_, position) => chip(drawing, text, position, start + position));
    const name = sequences.length === 1 ? "" : markup`<div style="${SMALL_STYLE}">Text ${text}</div>`;
    const roles = attributes({ role: "group", "aria-label": `Text ${text}` });
    return markup`${name}${textRegion(roles, stacked(chips), chips.length)}`;
  }));
}

function curveHtml({ curve, factors }: Drawing): Html {
  if (curve === undefined) return markup``;
  const rows = curve.factors.map((count, i) => [String(count), curve.relativeErrors[i]?.toFixed(4) ?? ""]);
  const chosen = factors.activity.shape[0] ?? 0;
  const { svg, errors, counts } = drawErrorCurve(curve, chosen);
  const picture = framedPicture({
    picture: imageHtml(svg, "The relative error by number of factors; the table below holds the numbers"),
    left: axisDown(errors),
    gap: 0,
    below: markup`${axisAcross(counts)}<div style="text-align:center">factors</div>`,
  });
  return markup`<div style="font-size:12px;margin:10px 0 4px">How much of the activations is left unexplained, as a relative error, by the number of factors; ringed: ${
    counted(chosen, "factor")
  }.</div>${scrollRegion("Error curve", picture)}\
${
    tableDetails(
      "The error curve as a table",
      dataTable(["factors", "relative error"], rows, { isNumber: () => true }),
    )
  }`;
}

/** The activities as a table, tokens down and factors across. */
function activityTable({ factors, rows }: Drawing): Html {
  const tokens = factors.sequences.flatMap((sequence, text) =>
    sequence.tokens.map((token, position) => ({ token, text, position }))
  );
  const most = Math.min(200, Math.floor(MOST_CELLS / (rows.length + 1)));
  const lines = tokens.slice(0, most).map(({ token, text, position }, i) => [
    `${factors.sequences.length === 1 ? "" : `${text}: `}${position} ${tokenLabel(token)}`,
    ...rows.map(({ activity }) => (activity[i] ?? 0).toPrecision(3)),
  ]);
  const more = tokens.length > lines.length ? `, the first ${lines.length} tokens` : "";
  const names = ["token", ...rows.map(({ index }) => `factor ${index}`)];
  return tableDetails(
    `Activities as a table: tokens down, factors across${more}`,
    dataTable(names, lines, { isNumber: (column) => column > 0 }),
  );
}

function notesOf({ rows, all, factors }: Drawing): string {
  const tokens = factors.activity.shape[1] ?? 0;
  const left = [
    rows.length < all ? `the first ${rows.length} of ${all} factors` : "",
    tokens > MOST_TOKENS ? `the first ${MOST_TOKENS} of ${tokens} tokens` : "",
  ].filter(Boolean);
  return [
    "Each chart is scaled to its own largest activity. A token has the colour and the small number of the factor that is nearest to its largest activity there; the stronger, the nearer.",
    factors.sequences.some(({ promptLength, tokens }) => promptLength < tokens.length)
      ? "Underlined: what follows the prompt."
      : "",
    left.length === 0 ? "" : `This page shows ${left.join(" and ")}. Nothing is lost: the data of the view keeps all.`,
  ].filter(Boolean).join(" ");
}

function drawHtml(drawing: Drawing): Html {
  const { factors, rows } = drawing;
  const body = markup`<div style="${SMALL_STYLE}">${factorsLine(factors)}</div>
${scrollRegion("Factors", factorsTable(drawing))}
${textsHtml(drawing)}
<div style="${SMALL_STYLE}">${
    notesOf(
      drawing,
    )
  }<span class="x" style="display:none"> Hover a factor to see where it is active; click to keep it; arrow keys move.</span> <span class="u" style="display:none"><button type="reset">Unpin</button></span></div>
${curveHtml(drawing)}
${activityTable(drawing)}`;
  const name = contentName(htmlText(body));
  return choiceForm({ name, rules: styleRules(name, rows), label: "Factors", body });
}

function drawText({ factors, rows, all, curve }: Drawing): string {
  const lines = rows.map(({ index }) => [
    String(index),
    tokensText(tokensOf(factors, index), NAMED),
    neuronsOf(factors, index).join(" "),
  ]);
  const more = rows.length < all ? `\n… and ${counted(all - rows.length, "more factor")}` : "";
  const errors = curve
    ? `\n${
      textTable([
        ["factors", "relative error"],
        ...curve.factors.map((count, i) => [String(count), curve.relativeErrors[i]?.toFixed(4) ?? ""]),
      ])
    }`
    : "";
  return `${factorsLine(factors)}\n${
    textTable([["factor", "most active tokens", "strongest neurons (layer:neuron)"], ...lines])
  }${more}${errors}`;
}

/**
 * Shows groups of neurons that are active together: for each factor a line of its activity over the tokens, its most
 * active tokens and its strongest neurons; the text, each token in the colour of its strongest factor. Hovering a
 * factor colours the text by it, a click keeps it. (The picture follows Ecco's, Alammar 2021.)
 *
 * @param factors Neuron activations as a product of factors.
 * @param options The error curve, if it is to be drawn.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} If `factors` or the curve is of another type.
 * @throws {RangeError} If shapes do not fit the sequences.
 *
 * @example
 * ```ts
 * import { factorsView } from "@looking-glass/looking-glass/widgets";
 *
 * const bytes = new TextEncoder().encode("Hi");
 * const token = { id: 17250, piece: "Hi", bytes, start: 0, end: 2, text: "Hi" };
 * const view = factorsView({
 *   sequences: [{ tokenIds: [17250], tokens: [token], promptLength: 1, text: "Hi" }],
 *   layers: [0],
 *   activity: { data: new Float32Array([2]), shape: [1, 1] },
 *   neurons: { data: new Float32Array([0, 3]), shape: [1, 2] },
 *   topNeurons: [[{ layer: 0, neuron: 1, weight: 3 }]],
 *   topTokens: [[{ text: 0, position: 0, activity: 2 }]],
 *   error: 0, relativeError: 0, iterations: 1, converged: true, seed: 0,
 * });
 * console.log(view.text);
 * ```
 */
export function factorsView(given: Factors, options: FactorsViewOptions = {}): View<Factors> {
  options = expectOptions(options, OPTIONS);
  const all = factorRows(given);
  const factors = { ...given, sequences: given.sequences.map(spelled) };
  expectCurve(options.curve);
  const rows = all.slice(0, MOST_FACTORS);
  const drawing: Drawing = { factors, rows, all: all.length, curve: options.curve };
  const title = options.title ?? counted(all.length, "factor");
  return createView({
    title,
    html: drawHtml(drawing),
    drawSvg: () => drawFactors(factors, rows, options.curve, factorsLine(factors), title),
    data: given,
    text: drawText(drawing),
  });
}
