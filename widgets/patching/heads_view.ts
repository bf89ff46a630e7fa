import type { Patching } from "../../src/ask/patching/types.ts";
import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import type { FloatTensor } from "../../src/base/tensor.ts";
import { dataTable, SMALL_STYLE, tableDetails, textTable } from "../kit/chips.ts";
import { drawDocument } from "../kit/chart.ts";
import { nameOf } from "../kit/expect.ts";
import { expectLength, expectShape } from "../kit/expect_shape.ts";
import { type Html, markup } from "../kit/html.ts";
import { counted, scoreText } from "../kit/numbers.ts";
import { legendHtml, type Swatch } from "../kit/ramp.ts";
import { STICKY } from "../kit/scroll_region.ts";
import { GRID_RULES, gridFits, gridHtml, type SignedGrid } from "../kit/signed_grid.ts";
import { gridColumn } from "../kit/signed_grid_chart.ts";
import { createView, rootHtml, type View } from "../kit/view.ts";
import { headLines, layerLines } from "./grid.ts";
import { patchingView, type PatchingViewOptions } from "./view.ts";

/** A number for each head, such as its importance. */
export interface HeadEffects {
  /** `[K, H]`, the numbers; they may have a sign. */
  readonly scores: FloatTensor;
  /** The K layers, by their 0-based indices. */
  readonly layers: readonly number[];
  /** What the numbers say, as the title. */
  readonly title?: string;
  /** What the columns are, as `importance` says; heads by default. */
  readonly columns?: "heads" | "neurons" | "positions";
}

/** How effects of heads are shown; `show` is for patching only. */
export type HeadEffectsViewOptions = PatchingViewOptions;

const OPTIONS: OptionTable<HeadEffectsViewOptions> = {
  task: "draw effects of heads",
  kinds: { show: ["values", "estimate", "both"], title: "a text" },
};

const SIGNED = { percent: false, signed: true } as const;
const MOST_NAMED = 5;
/** The most numbers of a table beside a picture. */
const MOST_NUMBERS = 12_000;

interface Drawing {
  readonly grid: SignedGrid;
  readonly intro: string;
  readonly swatches: readonly Swatch[];
}

function isPatching(given: HeadEffects | Patching): given is Patching {
  return Object(given) === given && "corrupted" in given;
}

function checkEffects(effects: HeadEffects): void {
  const fields = (effects ?? {}) as Partial<HeadEffects>;
  const what = "effects of heads";
  if (fields.scores === undefined || !Array.isArray(fields.layers)) {
    const forms = "pass a patching of heads, or { scores, layers } with a number for each head";
    throw new TypeError(`Cannot draw ${nameOf(effects)} as ${what}; ${forms}`);
  }
  const { scores, layers, columns = "heads" } = effects;
  if (columns !== "heads") {
    throw new TypeError(`Cannot draw ${what} of ${nameOf(columns)}; judge the heads, with at: "z"`);
  }
  const heads = scores.shape?.[1] ?? 0;
  expectShape({ what, field: "scores" }, scores, [layers.length, heads]);
  expectLength({ what, field: "layers" }, layers, layers.length);
  if (layers.length * heads === 0) throw new RangeError(`Cannot draw ${what} as there are none: [${scores.shape}]`);
}

/** Numbers with as many decimals as the largest needs for three digits, so that they can be compared down and across. */
function shortNumbers(largest: number): (value: number) => string {
  const decimals = 2 - Math.floor(Math.log10(largest));
  return (value) => {
    if (decimals < 0 || decimals > 5 || !Number.isFinite(value)) return scoreText(value, SIGNED);
    const size = Math.abs(value).toFixed(decimals);
    return Number(size) === 0 ? "0" : `${value < 0 ? "−" : "+"}${size}`;
  };
}

function drawingOf({ scores, layers }: HeadEffects, title: string): Drawing {
  const heads = scores.shape[1] ?? 0;
  const value = (row: number, column: number) => scores.data[row * heads + column] ?? NaN;
  const sizes = Array.from(scores.data, (score) => Number.isFinite(score) ? Math.abs(score) : 0);
  const largest = sizes.reduce((most, one) => Math.max(most, one), 0) || 1;
  const short = shortNumbers(largest);
  const text = (row: number, column: number) => short(value(row, column));
  const place = (i: number) => `layer ${layers[Math.floor(i / heads)]}, head ${i % heads}`;
  const best = Array.from(sizes.keys()).filter((i) => sizes[i]! > 0).sort((a, b) => sizes[b]! - sizes[a]!);
  const named = best.slice(0, MOST_NAMED).map((i) => `${place(i)}: ${scoreText(scores.data[i] ?? 0, SIGNED)}`);
  return {
    grid: {
      name: title,
      corner: markup`head`,
      rows: layerLines(layers),
      columns: headLines(Array.from({ length: heads }, (_, head) => head)),
      share: (row, column) => value(row, column) / largest,
      text,
      title: (row, column) => scoreText(value(row, column), SIGNED),
    },
    intro: `${counted(layers.length, "layer")} of ${counted(heads, "head")}. ${
      named.length === 0 ? "All numbers are 0." : `Strongest: ${named.join("; ")}.`
    }`,
    swatches: [-1, -0.5, 0, 0.5, 1].map((share) => ({ share, label: scoreText(share * largest, SIGNED) })),
  };
}

function tableOf({ rows, columns }: SignedGrid, text: (row: number, column: number) => string): string[][] {
  return rows.map(({ label }, row) => [label, ...columns.map((_, column) => text(row, column))]);
}

function drawHtml(drawing: Drawing): Html {
  const { grid, intro, swatches } = drawing;
  const lines = tableOf(grid, grid.title);
  const shown = lines.slice(0, Math.max(1, Math.floor(MOST_NUMBERS / grid.columns.length)));
  const heads = ["layer", ...grid.columns.map(({ label }) => label)];
  const table = dataTable(heads, shown, { isNumber: (column) => column > 0 });
  const some = shown.length < lines.length ? `: ${shown.length} of ${lines.length} layers` : "";
  const content = markup`<div style="${SMALL_STYLE}">${intro}</div>
${gridHtml(grid, !gridFits(grid))}
${legendHtml("Effect:", swatches)}
${tableDetails(`Effects as a table${some}`, table)}
<style>${GRID_RULES}</style>`;
  return rootHtml(STICKY.name, [content]);
}

function drawSvg({ grid, intro, swatches }: Drawing, title: string): Html {
  const legend = { words: "Effect", swatches };
  const { pictures, width, height } = gridColumn({ words: intro, grids: [grid], legend });
  return drawDocument(pictures, { width, height, title });
}

/**
 * Shows what each attention head does: layers down, heads across, orange above zero, blue below, with the numbers in the
 * cells. Of a patching of heads that is how much of the gap each restores, as {@linkcode patchingView} draws it; of plain
 * scores, such as the importance of heads, the numbers as they are.
 *
 * @param effects A patching whose columns are heads, or a number for each head.
 * @param options The title, and what of a patching is shown.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} If `effects` is something else.
 * @throws {RangeError} If its parts do not fit each other, or its columns are positions.
 *
 * @example
 * ```ts
 * import { headEffectsView } from "@looking-glass/looking-glass/widgets";
 *
 * const scores = { data: new Float32Array([0.5, -0.25, 0, 0.125]), shape: [2, 2] };
 * const view = headEffectsView({ scores, layers: [0, 1], title: "Importance of heads" });
 * console.log(view.text); // ... Strongest: layer 0, head 0: +0.500; layer 0, head 1: −0.250; ...
 * ```
 */
export function headEffectsView(
  effects: HeadEffects | Patching,
  options: HeadEffectsViewOptions = {},
): View<HeadEffects | Patching> {
  options = expectOptions(options, OPTIONS);
  if (isPatching(effects)) {
    if (effects.columns !== "positions") return patchingView(effects, options);
    throw new RangeError("Cannot draw effects of heads as the patching is of positions; pass it to patchingView()");
  }
  checkEffects(effects);
  if (options.show !== undefined) {
    throw new TypeError(`Cannot show ${options.show} of plain scores, which are one picture; leave show out`);
  }
  const title = options.title ?? effects.title ?? "Effects of heads";
  const drawing = drawingOf(effects, title);
  return createView({
    title,
    html: drawHtml(drawing),
    drawSvg: () => drawSvg(drawing, title),
    data: effects,
    text: `${title}. ${drawing.intro}\n${
      textTable([["", ...drawing.grid.columns.map(({ label }) => label)], ...tableOf(drawing.grid, drawing.grid.text)])
    }`,
  });
}
