import type { CorpusHeads, CorpusSummary, CorpusSurprise } from "../../src/analysis/corpus_results.ts";
import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import { drawDocument, type Picture } from "../kit/chart.ts";
import { dataTable, tableDetails, textTable } from "../kit/chips.ts";
import { nameOf } from "../kit/expect.ts";
import { expectLength, expectShape } from "../kit/expect_shape.ts";
import { type Html, markup, stacked } from "../kit/html.ts";
import { imageHtml } from "../kit/image.ts";
import { counted, scoreText } from "../kit/numbers.ts";
import { informationText, type InformationUnit, inUnit } from "../kit/quantities.ts";
import { legendHtml } from "../kit/ramp.ts";
import { GRID_RULES, gridHtml, type SignedGrid } from "../kit/signed_grid.ts";
import { gridColumn } from "../kit/signed_grid_chart.ts";
import { STICKY } from "../kit/scroll_region.ts";
import { quoted } from "../kit/token_text.ts";
import { createView, rootHtml, type View } from "../kit/view.ts";
import { type Bars, barsHeight, barsPlot, drawBars, linesPlot, PICTURE_WIDTH } from "./bars.ts";
import { excerptHtml, excerptText } from "./texts.ts";

/** How the averages of a corpus are shown. */
export interface CorpusViewOptions {
  /**
   * The unit of surprise and entropy; the data of the view stays in nats.
   *
   * @default {"bits"}
   */
  readonly unit?: InformationUnit;
  /** The title of a saved page. */
  readonly title?: string;
}

const OPTIONS: OptionTable<CorpusViewOptions> = {
  task: "draw a corpus",
  kinds: { unit: ["bits", "nats"], title: "a text" },
};

const SCORES = {
  previousToken: "Attention to the token before",
  firstToken: "Attention to the first token",
  duplicateToken: "Attention to earlier occurrences of the same token",
  induction: "Attention to what followed earlier occurrences of the same token",
} as const;
const SCORE_NAMES = Object.keys(SCORES) as (keyof typeof SCORES)[];

/** How many of the documents at either end have their texts shown. */
const MOST_TEXTS = 5;

const share = (value: number) => scoreText(value, { percent: true, signed: false });

function expectSummary(summary: CorpusSummary): void {
  const { source, documents, heads, settling } = (summary ?? {}) as Partial<CorpusSummary>;
  if (typeof source !== "string" || typeof documents !== "number") {
    throw new TypeError(`Cannot draw ${nameOf(summary)} as a corpus; pass what await corpus.summary() returned`);
  }
  const what = "a corpus";
  if (heads) {
    const [L = 0, H = 0] = heads.previousToken.shape;
    for (const name of SCORE_NAMES) expectShape({ what, field: `heads.${name}` }, heads[name], [L, H]);
  }
  if (!settling) return;
  for (const field of ["divergence", "entropy"] as const) {
    expectLength({ what, field: `settling.${field}` }, settling[field], settling.settled.length);
  }
}

/** One part of the page, of the image and of the text. */
interface Part {
  readonly html: Html;
  readonly pictures: readonly { readonly plot: Picture["plot"]; readonly height: number }[];
  readonly text: string;
}

function bars(shown: Bars, alt: string): Pick<Part, "html" | "pictures"> {
  const said = `${alt}, as bars; the table below holds the numbers`;
  return {
    html: imageHtml(drawBars(shown, said), said),
    pictures: [{ plot: barsPlot(shown), height: barsHeight(shown) }],
  };
}

const lead = (words: string) => markup`<div style="font-size:13px;margin:12px 0 2px">${words}</div>`;
const linesPicture = (lines: readonly string[]) => {
  const plot = linesPlot(lines);
  return { plot, height: plot.height! };
};

function surprisePart(
  { documents, measured, surprise, perplexity, distribution, most, least }: CorpusSurprise,
  unit: InformationUnit,
): Part {
  const words = `Surprise: ${informationText(surprise, unit)} ${unit} for each of ${counted(measured, "token")} of ` +
    `${counted(documents, "document")} on average, perplexity ${perplexity.toFixed(2)}.`;
  const number = (nats: number) => inUnit(nats, unit).toFixed(2);
  const drawn = bars({
    labels: distribution.map(({ from }) => number(from)),
    values: distribution.map(({ count }) => count),
    across: `mean surprise of a document (${unit}), from`,
    up: "documents",
  }, "How many documents surprised how much");
  const names = ["document", unit, "begins"];
  const rows = ([["most", most], ["least", least]] as const).flatMap(([end, found]) =>
    found.map((one) => [end, one.id, informationText(one.surprise, unit), excerptText(one)])
  );
  const texts = most.slice(0, MOST_TEXTS).map((one) =>
    markup`<div style="font-size:12px;opacity:0.8;margin:4px 0">${`${
      informationText(one.surprise, unit)
    } ${unit}, document ${one.id}`}</div>${excerptHtml(one)}`
  );
  const counts = distribution.map(({ from, to, count }) => [number(from), number(to), String(count)]);
  const html = markup`${lead(words)}
${drawn.html}
${
    tableDetails(
      "Surprise as a table",
      dataTable([`from (${unit})`, "to", "documents"], counts, { isNumber: () => true }),
    )
  }
${most.length > 0 ? lead("How the documents begin that surprised most:") : undefined}
${stacked(texts)}
${
    tableDetails(
      "Documents as a table",
      dataTable(["surprised", ...names], rows, { isNumber: (column) => column === 2 }),
    )
  }`;
  return {
    html,
    pictures: [linesPicture([words]), ...drawn.pictures],
    text: `${words}\n${textTable([["", ...names], ...rows])}`,
  };
}

function gridOf(heads: CorpusHeads, score: keyof typeof SCORES): SignedGrid {
  const { data, shape: [L = 0, H = 0] } = heads[score];
  const line = (name: string, n: number) => ({
    head: markup`${name} ${n}`,
    label: `${name} ${n}`,
    words: `${name} ${n}`,
    number: n,
  });
  const value = (row: number, column: number) => data[row * H + column] ?? NaN;
  const text = (row: number, column: number) => {
    const one = value(row, column);
    return Number.isNaN(one) ? "none" : share(one);
  };
  return {
    name: SCORES[score],
    corner: markup`layer, head`,
    rows: Array.from({ length: L }, (_, layer) => line("layer", layer)),
    columns: Array.from({ length: H }, (_, head) => line("head", head)),
    share: value,
    text,
    title: text,
  };
}

const LEGEND = {
  words: "Attention:",
  swatches: [0, 0.25, 0.5, 0.75, 1].map((one) => ({ share: one, label: `${100 * one}%` })),
};

function headsPart(heads: CorpusHeads): Part & { readonly column: ReturnType<typeof gridColumn> } {
  const grids = SCORE_NAMES.map((name) => gridOf(heads, name));
  const words = "Where heads look, on average over all tokens that have such a token before them:";
  const html = markup`${lead(words)}
${
    stacked(grids.map((grid, i) =>
      markup`<div style="font-size:12px;margin:8px 0 0">${`${grid.name}, over ${
        counted(heads.counts[SCORE_NAMES[i]!], "token")
      }`}</div>${gridHtml(grid, false)}`
    ))
  }
${legendHtml(LEGEND.words, LEGEND.swatches)}`;
  const rows = grids[0]!.rows.flatMap((row, layer) =>
    grids[0]!.columns.map((column, head) => [row.label, column.label, ...grids.map((grid) => grid.text(layer, head))])
  );
  const text = `${words}\n${textTable([["layer", "head", ...SCORE_NAMES], ...rows])}`;
  return { html, pictures: [], text, column: gridColumn({ words, grids, legend: LEGEND }) };
}

function settlingPart(
  { predictions, settled, divergence, entropy }: NonNullable<CorpusSummary["settling"]>,
  unit: InformationUnit,
): Part {
  const words = `When predictions settle: after which layer the likeliest token stays what it is at the end, of ` +
    `${counted(predictions, "prediction")}.`;
  const names = ["after layer", "settle", "share", `divergence (${unit})`, `entropy (${unit})`];
  const rows = settled.map((count, layer) => [
    String(layer),
    String(count),
    share(count / predictions),
    informationText(divergence[layer]!, unit),
    informationText(entropy[layer]!, unit),
  ]);
  const labels = settled.map((_, layer) => `layer ${layer}`);
  const drawn = bars(
    { labels, values: [...settled], across: "settle after", up: "predictions" },
    "When predictions settle",
  );
  const table = tableDetails("Settling as a table", dataTable(names, rows, { isNumber: () => true }));
  return {
    html: markup`${lead(words)}${drawn.html}${table}`,
    pictures: [linesPicture([words]), ...drawn.pictures],
    text: `${words}\n${textTable([names, ...rows])}`,
  };
}

function blamePart(blame: NonNullable<CorpusSummary["blame"]>): Part {
  const words = "Which tokens get the most blame for what follows, in all:";
  const names = ["token", "mean score", "chances"];
  const number = (score: number) => scoreText(score, { percent: false, signed: false });
  const rows = blame.map(({ token, score, chances }) => [quoted(token), number(score), String(chances)]);
  const table = markup`<table style="border-collapse:collapse;font-size:12px">${
    dataTable(names, rows, { isNumber: (column) => column > 0 })
  }</table>`;
  const text = textTable([names, ...rows]);
  return {
    html: markup`${lead(words)}${table}`,
    pictures: [linesPicture([words, ...text.split("\n")])],
    text: `${words}\n${text}`,
  };
}

function headWords({ source, model, documents, tokens, problems }: CorpusSummary): string {
  const bad = problems > 0 ? `, and ${counted(problems, "record")} that could not be` : "";
  return `${counted(documents, "document")} of ${source} were read by ${model}: ${counted(tokens, "token")}${bad}.`;
}

/**
 * Shows the averages of a corpus: how surprised the model was document by document, where its heads look, when its
 * predictions settle, and which tokens get the blame. What was not asked is left out.
 *
 * @param summary What `Corpus.summary` gave.
 * @param options The unit and the title.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} If `summary` is something else.
 * @throws {RangeError} If its parts do not fit each other.
 *
 * @example
 * ```ts
 * import { corpusView } from "@looking-glass/looking-glass/widgets";
 *
 * const counts = { documents: 2, windows: 2, tokens: 30, problems: 0 };
 * const settling = { predictions: 28, settled: [8, 20], divergence: [1.5, 0], entropy: [4, 3] };
 * const view = corpusView({ source: "tales", model: "looking-glass-6m", ...counts, settling });
 * console.log(view.text);
 * ```
 */
export function corpusView(summary: CorpusSummary, options: CorpusViewOptions = {}): View<CorpusSummary> {
  const { unit = "bits", title = "A corpus" } = expectOptions<CorpusViewOptions>(options, OPTIONS);
  expectSummary(summary);
  const { surprise, heads, settling, blame } = summary;
  const words = headWords(summary);
  const headParts = heads && headsPart(heads);
  const parts: Part[] = [
    ...(surprise ? [surprisePart(surprise, unit)] : []),
    ...(settling ? [settlingPart(settling, unit)] : []),
    ...(blame ? [blamePart(blame)] : []),
    ...(headParts ? [headParts] : []),
  ];
  const html = rootHtml(STICKY.name, [
    markup`<style>${GRID_RULES}</style>`,
    markup`<div style="font-size:14px;margin:4px 0">${words}</div>`,
    ...parts.map((part) => part.html),
  ]);
  return createView({
    title,
    html,
    drawSvg: () => drawSvg([{ pictures: [linesPicture([words])] }, ...parts], headParts?.column, title),
    data: summary,
    text: [words, ...parts.map(({ text }) => text)].join("\n\n"),
  });
}

function drawSvg(
  parts: readonly Pick<Part, "pictures">[],
  grids: ReturnType<typeof gridColumn> | undefined,
  title: string,
): Html {
  const pictures: Picture[] = [];
  let top = 4;
  for (const { plot, height } of parts.flatMap((part) => part.pictures)) {
    pictures.push({ plot, top });
    top += height + 8;
  }
  for (const picture of grids?.pictures ?? []) pictures.push({ ...picture, top: top + picture.top });
  const width = Math.max(PICTURE_WIDTH, grids?.width ?? 0);
  return drawDocument(pictures, { width, height: top + (grids?.height ?? 0), title });
}
