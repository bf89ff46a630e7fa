import type { Trace } from "../../src/ask/trace/trace.ts";
import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import { categoryColour } from "../kit/categories.ts";
import { drawDocument, Plot } from "../kit/chart.ts";
import { MONOSPACE, PLAIN_ROW, SMALL_STYLE, textTable } from "../kit/chips.ts";
import { hex, rgb } from "../kit/colours.ts";
import { styling } from "../kit/css.ts";
import { type Html, markup, stacked } from "../kit/html.ts";
import { numberText } from "../kit/numbers.ts";
import { probabilityText } from "../kit/quantities.ts";
import { scrollRegion } from "../kit/scroll_region.ts";
import { numberedToken, tokenHtml, tokenLabel } from "../kit/token_text.ts";
import { createView, rootHtml, type View } from "../kit/view.ts";
import { type StreamShown, streamShown, type StreamStep, type StreamViewOptions } from "./data.ts";

export type { StreamViewOptions } from "./data.ts";

const OPTIONS: OptionTable<StreamViewOptions> = {
  task: "draw a token’s way",
  kinds: { position: "a number", predictions: "an object", title: "a text" },
};

const LENGTH = 110;
const PAD = styling`padding:3px 14px 3px 0;text-align:left;white-space:nowrap`;
const COLOURS = { attention: categoryColour(1), mlp: categoryColour(2), after: categoryColour(7) } as const;

/** The greatest length of what is added, and of the stream. */
function greatestOf({ steps, embedding }: StreamShown) {
  const most = (numbers: readonly number[]) => numbers.reduce((most, one) => Math.max(most, one || 0), 0) || 1;
  return {
    added: most(steps.flatMap(({ attention, mlp }) => [attention, mlp])),
    stream: most([embedding, ...steps.map(({ after }) => after)]),
  };
}

function barCell(length: number, greatest: number, part: keyof typeof COLOURS): Html {
  const width = Math.max(1, Math.round(LENGTH * length / greatest)) || 1;
  return markup`<td style="${PAD};min-width:${LENGTH + 60}px"><span style="display:inline-block;vertical-align:middle;\
height:14px;width:${width}px;background-color:${rgb(COLOURS[part])}"></span> ${numberText(length, 3)}</td>`;
}

function wordCell({ word }: StreamStep): Html {
  return markup`<td style="${PAD}">${word && [tokenHtml(word.token), " ", probabilityText(word.probability)]}</td>`;
}

function streamHtml(shown: StreamShown): Html {
  const { sequence, position, steps, embedding, words } = shown;
  const { added, stream } = greatestOf(shown);
  const heads = [
    "block",
    "attention adds",
    "the MLP adds",
    "the stream after it",
    ...words ? ["likeliest next word"] : [],
  ];
  const head = heads.map((name) => markup`<th scope="col" style="${PAD};font-weight:normal">${name}</th>`);
  const row = (name: string, cells: readonly Html[]) =>
    markup`${PLAIN_ROW}<th scope="row" style="${PAD};font-weight:normal">${name}</th>${cells}</tr>`;
  const empty = markup`<td style="${PAD}"></td>`;
  const rows = [
    row("embedding", [empty, empty, barCell(embedding, stream, "after"), ...words ? [empty] : []]),
    ...steps.map((step) =>
      row(`layer ${step.layer}`, [
        ...[
          barCell(step.attention, added, "attention"),
          barCell(step.mlp, added, "mlp"),
          barCell(step.after, stream, "after"),
        ],
        ...words ? [wordCell(step)] : [],
      ])
    ),
  ];
  const token = sequence.tokens[position];
  return markup`<div style="font-size:14px;margin:4px 0">The way of <b>${
    token && tokenHtml(token)
  }</b> (token ${position}) \
up the stack: each block adds two vectors to its stream.</div>
${
    scrollRegion(
      "Layers",
      markup`<table style="border-collapse:collapse;${MONOSPACE};font-size:12px"><thead>${PLAIN_ROW}\
${head}</tr></thead><tbody>
${stacked(rows)}</tbody></table>`,
    )
  }
<div style="${SMALL_STYLE}">Bars: lengths (L2 norms). What is added has one scale, the stream another.</div>`;
}

function drawSvg(shown: StreamShown, title: string): Html {
  const { steps, embedding } = shown;
  const names = ["embedding", ...steps.map(({ layer }) => `layer ${layer}`)];
  const columns = [
    { label: "attention adds", colour: COLOURS.attention, values: [NaN, ...steps.map(({ attention }) => attention)] },
    { label: "the MLP adds", colour: COLOURS.mlp, values: [NaN, ...steps.map(({ mlp }) => mlp)] },
    { label: "the stream after it", colour: COLOURS.after, values: [embedding, ...steps.map(({ after }) => after)] },
  ];
  const { added, stream } = greatestOf(shown);
  const height = 40 + 22 * names.length;
  const [left, width] = [90, 720];
  const bars = columns.flatMap(({ label, colour, values }, c) =>
    values.flatMap((value, n) => {
      const x = left + 210 * c;
      const share = Math.min(1, value / (c < 2 ? added : stream));
      return Number.isFinite(value)
        ? [{ label, fill: hex(colour), x1: x, x2: x + 140 * share, n, text: numberText(value, 3) }]
        : [];
    })
  );
  const plot: Plot.PlotOptions = {
    ...{ width, height, marginLeft: left, marginTop: 26, marginRight: 0, marginBottom: 6 },
    x: { type: "identity", axis: null },
    y: { type: "band", domain: names.map((_, n) => n), padding: 0.3 },
    marks: [
      Plot.barX(bars, { x1: "x1", x2: "x2", y: "n", fill: "fill" }),
      Plot.text(bars, { x: "x2", y: "n", text: "text", textAnchor: "start", dx: 4 }),
      Plot.text(columns, {
        x: (_, c) => left + 210 * c,
        text: "label",
        frameAnchor: "top",
        dy: -16,
        textAnchor: "start",
      }),
      Plot.axisY({ tickSize: 0, label: null, tickFormat: (n: number) => names[n] ?? "" }),
    ],
  };
  return drawDocument([{ plot, top: 0 }], { width, height, title });
}

function drawText(shown: StreamShown): string {
  const { sequence, position, steps, embedding } = shown;
  const rows = steps.map(({ layer, attention, mlp, after, word }) => [
    ...[`layer ${layer}`, ...[attention, mlp, after].map((one) => numberText(one, 4))],
    word ? `${tokenLabel(word.token)} ${probabilityText(word.probability)}` : "",
  ]);
  const head = ["", "attention adds", "the MLP adds", "the stream", shown.words ? "likeliest next word" : ""];
  return `The way of ${numberedToken(sequence, position)} up the stack, lengths of vectors
${textTable([head, ["embedding", "", "", numberText(embedding, 4), ""], ...rows])}`;
}

/**
 * Shows a token's way up the stack: how long the vectors are that attention and MLP of each block add to its stream, the
 * stream after each, and the word that it would predict there.
 *
 * @param trace What `LanguageModel.trace` gave with `capture: ["hiddenStates", "attentionOutputs", "mlpOutputs"]`.
 * @param options The token, and the predictions of its layers.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} If the trace lacks what is drawn.
 * @throws {RangeError} If a shape does not fit, or the predictions are of another token.
 *
 * @example
 * ```ts
 * import { LanguageModel, streamView } from "@looking-glass/looking-glass";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const sequence = await model.generate("The keys to the cabinet", { maxNewTokens: 1 });
 * const trace = await model.trace(sequence, { capture: ["hiddenStates", "attentionOutputs", "mlpOutputs"] });
 * const position = sequence.tokens.length - 2;
 * const predictions = await model.layerPredictions(sequence, { position: position + 1 });
 * console.log(streamView(trace, { position, predictions }).text);
 * ```
 */
export function streamView(trace: Trace, options: StreamViewOptions = {}): View<Trace> {
  options = expectOptions(options, OPTIONS);
  const shown = streamShown(trace, options);
  const title = options.title ?? "A token’s way up the stack";
  return createView({
    title,
    html: rootHtml(undefined, [streamHtml(shown)]),
    drawSvg: () => drawSvg(shown, title),
    data: trace,
    text: drawText(shown),
  });
}
