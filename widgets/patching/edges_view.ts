import type { HeadEdges } from "../../src/ask/patching/types.ts";
import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import { dataTable, SMALL_STYLE, textTable } from "../kit/chips.ts";
import { type Html, markup } from "../kit/html.ts";
import { imageHtml } from "../kit/image.ts";
import { counted, scoreText } from "../kit/numbers.ts";
import { scrollRegion } from "../kit/scroll_region.ts";
import { createView, rootHtml, type View } from "../kit/view.ts";
import { metricText, metricWords, restoredText } from "./words.ts";
import { drawEdges } from "./edges_chart.ts";
import { type Edge, type EdgeInput, type EdgesDrawing, edgesDrawing, INPUTS } from "./edges_data.ts";

/** How edges between heads are shown. */
export interface EdgesViewOptions {
  /** Only what heads read by their queries, their keys or their values; all three by default. */
  readonly input?: EdgeInput;
  /**
   * How many of the strongest edges are drawn and listed.
   *
   * @default {20}
   */
  readonly most?: number;
  /** The title of a saved page. */
  readonly title?: string;
}

const OPTIONS: OptionTable<EdgesViewOptions> = {
  task: "draw edges between heads",
  kinds: { input: INPUTS, most: "a number", title: "a text" },
};

/** The most that can be asked for. */
const MOST = 500;

const BY: Readonly<Record<EdgeInput, string>> = { query: "queries", key: "keys", value: "values" };

/** What was measured, and what an edge is: a line each. */
function introLines({ given, count, strongest, inputs }: EdgesDrawing): string[] {
  const { metric, position, corrupted, cleanValue, corruptedValue } = given;
  const where = position < corrupted.tokens.length ? ` at position ${position}` : "";
  const [clean, other] = [metricText(metric, cleanValue), metricText(metric, corruptedValue)];
  const by = inputs.length === 1 ? BY[inputs[0]!] : "queries, its keys or its values";
  return [
    `The metric is ${metricWords(metric)}${where}: ${clean} in the clean text, ${other} in the corrupted one.`,
    "An edge says by how much it rises, to first order, where what one head writes is that of the clean text for what " +
    `one later head reads alone, by its ${by}. Orange raises it, blue lowers it.`,
    count === 0
      ? "No edge changes anything."
      : `The strongest ${strongest.length} of ${counted(count, "edge")} that are not 0:`,
  ];
}

function headsOf({ given: { cleanValue, corruptedValue } }: EdgesDrawing): string[] {
  return [
    "head that writes",
    "head that reads",
    "by",
    "effect",
    ...(cleanValue === corruptedValue ? [] : ["of the gap"]),
  ];
}

function lineOf({ given: { cleanValue, corruptedValue } }: EdgesDrawing, { from, to, input, effect }: Edge): string[] {
  const gap = cleanValue - corruptedValue;
  return [
    ...[from, to].map(({ layer, head }) => `layer ${layer}, head ${head}`),
    BY[input],
    scoreText(effect, { percent: false, signed: true }),
    ...(gap === 0 ? [] : [restoredText(effect / gap, 1)]),
  ];
}

function edgesHtml(drawing: EdgesDrawing, title: string): Html {
  const { strongest, layers, heads } = drawing;
  const alt = `${title}: ${
    strongest.slice(0, 3).map((edge) => lineOf(drawing, edge).slice(0, 4).join(", ")).join("; ")
  }`;
  const table = dataTable(headsOf(drawing), strongest.map((edge) => lineOf(drawing, edge)), {
    isNumber: (column) => column > 2,
  });
  const small = (line: string) => markup`<div style="${SMALL_STYLE}">${line}</div>\n`;
  const content = markup`${introLines(drawing).map(small)}${imageHtml(drawEdges(drawing, title), alt)}
${
    small(
      `Each dot is a head, of ${counted(layers, "layer")} with ${
        counted(heads, "head")
      }: a line goes up from the head that writes to the one that reads.`,
    )
  }
${
    strongest.length > 0 &&
    scrollRegion("Strongest edges", markup`<table style="border-collapse:collapse;font-size:12px">${table}</table>`)
  }`;
  return rootHtml(undefined, [content]);
}

/**
 * Shows which head works through which: the strongest edges as lines from the head that writes up to the head of a later
 * layer that reads, orange where they raise the metric and blue where they lower it, and as a table. The data of the view
 * keeps all.
 *
 * @param edges What `LanguageModel.edges` gave.
 * @param options Which edges are shown.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} If `edges` is something else.
 * @throws {RangeError} If its parts do not fit each other, or `most` is out of range.
 *
 * @example
 * ```ts
 * import { edgesView, LanguageModel } from "@looking-glass/looking-glass";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const [clean, corrupted] = ["The keys to the cabinet", "The lock to the cabinet"].map((text) => model.sequence(text));
 * const view = edgesView(await model.edges(clean!, corrupted!, { target: " are", contrast: " is" }), { most: 5 });
 * console.log(view.text);
 * ```
 */
export function edgesView(edges: HeadEdges, options: EdgesViewOptions = {}): View<HeadEdges> {
  options = expectOptions(options, OPTIONS);
  const { input, most = 20, title = "Edges between heads" } = options;
  if (!Number.isInteger(most) || most < 1 || most > MOST) {
    throw new RangeError(`Cannot draw the ${most} strongest edges; pass a whole number from 1 to ${MOST}`);
  }
  const drawing = edgesDrawing(edges, { input, most });
  const lines = drawing.strongest.map((edge) => lineOf(drawing, edge));
  return createView({
    title,
    html: edgesHtml(drawing, title),
    drawSvg: () => drawEdges(drawing, title),
    data: edges,
    text: `${introLines(drawing).join("\n")}\n${textTable([headsOf(drawing), ...lines])}`,
  });
}
