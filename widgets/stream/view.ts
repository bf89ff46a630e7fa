import type { Trace } from "../../src/ask/trace/trace.ts";
import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import { categoryColour } from "../kit/categories.ts";
import { drawDocument, Plot } from "../kit/chart.ts";
import { chipHtml, MONOSPACE, placeWords, PLAIN_ROW, SMALL_STYLE, textTable } from "../kit/chips.ts";
import { choiceForm, choiceHint, choiceRadio, panelRules } from "../kit/choice.ts";
import { hex, rgb } from "../kit/colours.ts";
import { type Css, cssJoined, styling } from "../kit/css.ts";
import { contentName } from "../kit/escape.ts";
import { attributes, type Html, htmlText, markup, stacked } from "../kit/html.ts";
import { numberText } from "../kit/numbers.ts";
import { probabilityText } from "../kit/quantities.ts";
import { scrollRegion, textRegion } from "../kit/scroll_region.ts";
import { numberedToken, tokenHtml, tokenLabel } from "../kit/token_text.ts";
import { createView, type View } from "../kit/view.ts";
import { type StreamShown, streamShown, type StreamViewOptions, type StreamWay } from "./data.ts";

export type { StreamViewOptions } from "./data.ts";

const OPTIONS: OptionTable<StreamViewOptions> = {
  task: "draw a token’s way",
  kinds: { position: "a number", predictions: "an object", title: "a text" },
};

const LENGTH = 70;
const PAD = styling`padding:3px 10px 3px 0;text-align:left;white-space:nowrap`;
const COLOURS = { attention: categoryColour(1), mlp: categoryColour(2), after: categoryColour(7) } as const;

/** The greatest length of what is added, and of the stream. */
function greatestOf({ steps, embedding }: StreamWay) {
  const most = (numbers: readonly number[]) => numbers.reduce((most, one) => Math.max(most, one || 0), 0) || 1;
  return {
    added: most(steps.flatMap(({ attention, mlp }) => [attention, mlp])),
    stream: most([embedding, ...steps.map(({ after }) => after)]),
  };
}

/** How the pieces of a way look: those of one that only style rules show are looked after by those. */
interface Look {
  readonly cell: (content: Html) => Html;
  readonly bar: (width: number, part: keyof typeof COLOURS) => Html;
  readonly row: (name: string, cells: readonly Html[]) => Html;
  readonly head: (name: string) => Html;
}

const BY_ITSELF: Look = {
  cell: (content) => markup`<td style="${PAD}">${content}</td>`,
  bar: (width, part) =>
    markup`<span style="display:inline-block;vertical-align:middle;height:14px;width:${width}px;background-color:${
      rgb(COLOURS[part])
    }"></span>`,
  row: (name, cells) => markup`${PLAIN_ROW}<th scope="row" style="${PAD};font-weight:normal">${name}</th>${cells}</tr>`,
  head: (name) => markup`<th scope="col" style="${PAD};font-weight:normal">${name}</th>`,
};

const BY_RULES: Look = {
  cell: (content) => markup`<td>${content}</td>`,
  bar: (width, part) => markup`<i class="${part}" style="width:${width}px"></i>`,
  row: (name, cells) => markup`<tr><th scope="row">${name}</th>${cells}</tr>`,
  head: (name) => markup`<th scope="col">${name}</th>`,
};

/** The rules of ways that only rules show. */
function rulesOf(name: string, { ways, first }: StreamShown): Css {
  const bars = Object.entries(COLOURS).map(([part, colour]) => styling`.${part}{background-color:${rgb(colour)}}`);
  return cssJoined([
    panelRules(name, ways.map(({ position }) => position), first.position),
    styling`.${name}{.y tr{background:none!important}.y :is(td,th){${PAD};font-weight:normal}.y td:has(i){min-width:${
      LENGTH + 50
    }px}
.y i{display:inline-block;vertical-align:middle;height:14px}${cssJoined(bars, "\n")}}`,
  ], "\n");
}

function wayTable(way: StreamWay, look: Look): Html {
  const { steps, embedding, words } = way;
  const { added, stream } = greatestOf(way);
  const names = ["block", "attention adds", "the MLP adds", "the stream after it"];
  const heads = [...names, ...words ? ["likeliest next word"] : []].map(look.head);
  const bar = (length: number, greatest: number, part: keyof typeof COLOURS) => {
    const width = Math.max(1, Math.round(LENGTH * length / greatest)) || 1;
    return look.cell(markup`${look.bar(width, part)} ${numberText(length, 3)}`);
  };
  const empty = look.cell(markup``);
  const rows = [
    look.row("embedding", [empty, empty, bar(embedding, stream, "after"), ...words ? [empty] : []]),
    ...steps.map(({ layer, attention, mlp, after, word }) => {
      const bars = [bar(attention, added, "attention"), bar(mlp, added, "mlp"), bar(after, stream, "after")];
      const named = word ? markup`${tokenHtml(word.token)} ${probabilityText(word.probability)}` : markup``;
      return look.row(`layer ${layer}`, [...bars, ...words ? [look.cell(named)] : []]);
    }),
  ];
  return markup`<table style="border-collapse:collapse;${MONOSPACE};font-size:12px"><thead>${PLAIN_ROW}\
${heads}</tr></thead><tbody>
${stacked(rows)}</tbody></table>`;
}

/** The way of one token; the first one is what stands without rules. */
function panelHtml({ sequence, first }: StreamShown, way: StreamWay): Html {
  const { position } = way;
  const token = sequence.tokens[position];
  const isFirst = way === first;
  return markup`<div class="m m${position}${isFirst ? "" : " y"}" style="display:${isFirst ? "block" : "none"}">\
<div style="font-size:14px;margin:4px 0">The way of <b>${token && tokenHtml(token)}</b> (token ${position}) \
up the stack: each block adds two vectors to its stream.</div>
${scrollRegion("Layers", wayTable(way, isFirst ? BY_ITSELF : BY_RULES))}</div>`;
}

/** The text, whose tokens are chosen. */
function textHtml({ sequence, ways }: StreamShown): Html {
  const chosen = new Set(ways.map(({ position }) => position));
  const chips = sequence.tokens.map((_, position) => {
    const title = placeWords(sequence, position);
    if (!chosen.has(position)) return chipHtml(sequence, { position, title });
    const before = choiceRadio(position, `The way of ${title}`);
    return chipHtml(sequence, { position, title, className: `o o${position}`, before, label: true });
  });
  const roles = attributes({ role: "radiogroup", "aria-label": "Text; choose a token" });
  return textRegion(roles, stacked(chips), chips.length);
}

function streamHtml(shown: StreamShown, title: string): Html {
  const { sequence, ways } = shown;
  const cut = ways.length < sequence.tokens.length
    ? `Tokens ${ways[0]!.position} to ${ways.at(-1)!.position} can be chosen here; others with { position }. `
    : "";
  const body = markup`${textHtml(shown)}
<div aria-live="polite">
${stacked(ways.map((way) => panelHtml(shown, way)))}
</div>
<div style="${SMALL_STYLE}">Bars: lengths (L2 norms). What is added has one scale, the stream another. ${cut}${
    choiceHint("Hover a token to see its way; click to keep it; arrow keys move.")
  }</div>`;
  const name = contentName(htmlText(body));
  return choiceForm({ name, rules: rulesOf(name, shown), label: title, body, sequence });
}

function drawSvg({ first }: StreamShown, title: string): Html {
  const { steps, embedding } = first;
  const names = ["embedding", ...steps.map(({ layer }) => `layer ${layer}`)];
  const columns = [
    { label: "attention adds", colour: COLOURS.attention, values: [NaN, ...steps.map(({ attention }) => attention)] },
    { label: "the MLP adds", colour: COLOURS.mlp, values: [NaN, ...steps.map(({ mlp }) => mlp)] },
    { label: "the stream after it", colour: COLOURS.after, values: [embedding, ...steps.map(({ after }) => after)] },
  ];
  const { added, stream } = greatestOf(first);
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

function drawText({ sequence, first }: StreamShown): string {
  const { position, steps, embedding, words } = first;
  const rows = steps.map(({ layer, attention, mlp, after, word }) => [
    ...[`layer ${layer}`, ...[attention, mlp, after].map((one) => numberText(one, 4))],
    word ? `${tokenLabel(word.token)} ${probabilityText(word.probability)}` : "",
  ]);
  const head = ["", "attention adds", "the MLP adds", "the stream", words ? "likeliest next word" : ""];
  return `The way of ${numberedToken(sequence, position)} up the stack, lengths of vectors
${textTable([head, ["embedding", "", "", numberText(embedding, 4), ""], ...rows])}`;
}

/**
 * Shows a token's way up the stack: how long the vectors are that attention and MLP of each block add to its stream, the
 * stream after each, and the word that it would predict there. Choosing another token shows its way.
 *
 * @param trace What `LanguageModel.trace` gave with `capture: ["hiddenStates", "attentionOutputs", "mlpOutputs"]`.
 * @param options The token that is shown at first, and the predictions of the layers.
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
 * const predictions = await model.lens(sequence);
 * console.log(streamView(trace, { position, predictions }).text);
 * ```
 */
export function streamView(trace: Trace, options: StreamViewOptions = {}): View<Trace> {
  options = expectOptions(options, OPTIONS);
  const shown = streamShown(trace, options);
  const title = options.title ?? "A token’s way up the stack";
  return createView({
    title,
    html: streamHtml(shown, title),
    drawSvg: () => drawSvg(shown, title),
    data: trace,
    text: drawText(shown),
  });
}
