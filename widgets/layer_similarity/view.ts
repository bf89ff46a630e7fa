import type { LayerSimilarity } from "../../src/analysis/similarity.ts";
import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import { drawDocument, Plot } from "../kit/chart.ts";
import { PLAIN_ROW, SMALL_STYLE, textTable } from "../kit/chips.ts";
import { hex, OPACITY, ORANGE, overlay } from "../kit/colours.ts";
import { styling } from "../kit/css.ts";
import { isSequence, nameOf } from "../kit/expect.ts";
import { expectLength, expectShape } from "../kit/expect_shape.ts";
import { type Html, markup, stacked } from "../kit/html.ts";
import { counted } from "../kit/numbers.ts";
import { scrollRegion } from "../kit/scroll_region.ts";
import { createView, rootHtml, type View } from "../kit/view.ts";

/** How the similarity of layers is shown. */
export interface LayerSimilarityViewOptions {
  /** The title of a saved page. */
  readonly title?: string;
}

const OPTIONS: OptionTable<LayerSimilarityViewOptions> = {
  task: "draw the similarity of layers",
  kinds: { title: "a text" },
};

/** Matrices with more rows have their numbers in titles only. */
const MOST_NUMBERS = 14;

/** What is drawn; the colours begin at `low`, as similarities are often high. */
interface Drawing {
  readonly names: readonly string[];
  readonly value: (row: number, column: number) => number;
  readonly low: number;
  readonly line: string;
}

function layersOf(similarity: LayerSimilarity): Drawing {
  const fields = (similarity ?? {}) as Partial<LayerSimilarity>;
  if (!isSequence(fields.sequence) || fields.similarity === undefined) {
    throw new TypeError(
      `Cannot draw ${nameOf(similarity)} as the similarity of layers; pass what await layerSimilarity() returned`,
    );
  }
  const tensor = similarity.similarity;
  const [count = 0] = tensor.shape ?? [];
  expectShape({ what: "the similarity of layers", field: "similarity" }, tensor, [count, count]);
  if (count === 0) throw new RangeError("Cannot draw the similarity of layers as there are 0 layers");
  const blocks = similarity.layers ?? Array.from({ length: count - 1 }, (_, layer) => layer);
  expectLength({ what: "the similarity of layers", field: "layers" }, blocks, count - 1);
  const value = (row: number, column: number) => tensor.data[row * count + column] ?? 0;
  const smallest = Array.from(tensor.data).reduce((least, one) => Math.min(least, one), 1);
  return {
    names: Array.from({ length: count }, (_, i) => i === 0 ? "embeddings" : `layer ${blocks[i - 1]}`),
    value,
    low: Number.isFinite(smallest) ? Math.min(0.9, Math.max(0, Math.floor(10 * smallest) / 10)) : 0,
    line:
      `How alike the hidden states of ${
        counted(similarity.sequence.tokens.length, "token")
      } are after each two layers: ` +
      `linear CKA, 1 where they differ by a rotation, a shift and a scale only.`,
  };
}

function share({ low }: Drawing, value: number): number {
  return Math.min(1, Math.max(0, (value - low) / (1 - low))) || 0;
}

function cellHtml(drawing: Drawing, row: number, column: number): Html {
  const { names, value } = drawing;
  const one = value(row, column);
  const many = names.length > MOST_NUMBERS;
  const size = many ? styling`width:12px;height:12px;padding:0` : styling`padding:3px 6px;text-align:center`;
  return markup`<td title="${names[row]} and ${names[column]}: ${one.toFixed(4)}" style="${size};background-color:${
    overlay(share(drawing, one))
  }">${many ? "" : one.toFixed(2)}</td>`;
}

/** The columns have the names of the rows, or their numbers where there are many. */
function tableHtml(drawing: Drawing): Html {
  const { names } = drawing;
  const many = names.length > MOST_NUMBERS;
  const heads = names.map((name, i) => {
    if (many && i > 0 && (i - 1) % 5 !== 0) return markup`<td style="padding:0"></td>`;
    const short = many ? (i === 0 ? "e" : name.replace("layer ", "")) : name;
    return markup`<th scope="col" style="padding:2px ${
      many ? 0 : 6
    }px;text-align:center;font-weight:normal">${short}</th>`;
  });
  const rows = names.map((name, row) =>
    markup`${PLAIN_ROW}<th scope="row" style="padding:0 6px;text-align:right;font-weight:normal;white-space:nowrap">${name}</th>${
      names.map((
        _,
        column,
      ) => cellHtml(drawing, row, column))
    }</tr>`
  );
  return markup`<table style="border-collapse:collapse;font-size:12px"><thead><tr><td style="padding:0"></td>${heads}</tr></thead><tbody>${
    stacked(rows)
  }</tbody></table>`;
}

function legendHtml(drawing: Drawing): Html {
  const steps = Array.from(
    { length: 11 },
    (_, i) =>
      markup`<span style="display:inline-block;width:16px;height:10px;background-color:${overlay(i / 10)}"></span>`,
  );
  return markup`<div style="font-size:11px;margin:6px 0">${
    drawing.low.toFixed(
      1,
    )
  } <span aria-hidden="true" style="line-height:0">${steps}</span> 1.0 linear CKA</div>`;
}

interface Cell {
  readonly row: number;
  readonly column: number;
  readonly value: number;
}

function marksOf(drawing: Drawing): Plot.Markish[] {
  const { names, value } = drawing;
  const indices = Array.from(names.keys());
  const cells: Cell[] = indices.flatMap((row) => indices.map((column) => ({ row, column, value: value(row, column) })));
  const place = { x: "column", y: "row" } as const;
  const axis = { tickFormat: (i: number) => names[i] ?? "", tickSize: 3, label: null } as const;
  const number = ({ value }: Cell) => value.toFixed(2);
  return [
    Plot.cell(cells, {
      ...place,
      fill: hex(ORANGE),
      fillOpacity: ({ value }: Cell) => OPACITY * share(drawing, value),
      title: ({ row, column, value }: Cell) => `${names[row]} and ${names[column]}: ${value.toFixed(4)}`,
    }),
    ...(names.length > MOST_NUMBERS ? [] : [Plot.text(cells, { ...place, text: number, fill: "#222" })]),
    Plot.axisX(indices, { ...axis, anchor: "top", tickRotate: -55, textAnchor: "start" }),
    Plot.axisY(indices, axis),
  ];
}

function drawSvg(drawing: Drawing, title: string): Html {
  const { names } = drawing;
  const indices = Array.from(names.keys());
  const size = 100 + names.length * (names.length > MOST_NUMBERS ? 14 : 40);
  const plot: Plot.PlotOptions = {
    width: size + 30,
    height: size,
    marginLeft: 90,
    marginTop: 80,
    marginRight: 40,
    marginBottom: 20,
    padding: 0,
    x: { type: "band", domain: indices },
    y: { type: "band", domain: indices },
    marks: marksOf(drawing),
  };
  return drawDocument([{ plot, top: 0 }], { width: size + 30, height: size, title });
}

function drawText({ names, value, line }: Drawing): string {
  const indices = Array.from(names.keys());
  return `${line}\n${
    textTable([
      ["", ...names],
      ...indices.map((row) => [names[row]!, ...indices.map((column) => value(row, column).toFixed(3))]),
    ])
  }`;
}

/**
 * Shows how alike the layers of a model are on a text: the embeddings and each layer down and across.
 *
 * @param similarity The linear CKA of each pair of hidden states.
 * @param options The title.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} If `similarity` is of another type.
 * @throws {RangeError} If the matrix is not square.
 *
 * @example
 * ```ts
 * import { layerSimilarityView } from "@looking-glass/looking-glass/widgets";
 *
 * const bytes = new TextEncoder().encode("Hi");
 * const token = { id: 17250, piece: "Hi", bytes, start: 0, end: 2, text: "Hi" };
 * const view = layerSimilarityView({
 *   sequence: { tokenIds: [17250], tokens: [token], promptLength: 1, text: "Hi" },
 *   similarity: { data: new Float32Array([1, 0.8, 0.8, 1]), shape: [2, 2] },
 * });
 * console.log(view.text);
 * ```
 */
export function layerSimilarityView(
  similarity: LayerSimilarity,
  options: LayerSimilarityViewOptions = {},
): View<LayerSimilarity> {
  options = expectOptions(options, OPTIONS);
  const drawing = layersOf(similarity);
  const title = options.title ?? `Similarity of ${counted(drawing.names.length - 1, "layer")}`;
  return createView({
    title,
    html: rootHtml(undefined, [
      markup`<div style="${SMALL_STYLE}">${drawing.line}</div>
${scrollRegion("Similarity of layers", tableHtml(drawing))}
${legendHtml(drawing)}`,
    ]),
    drawSvg: () => drawSvg(drawing, title),
    data: similarity,
    text: drawText(drawing),
  });
}
