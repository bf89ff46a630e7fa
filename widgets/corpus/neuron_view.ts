import type { CorpusNeuron, NeuronExample } from "../../src/analysis/corpus_results.ts";
import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import { drawDocument } from "../kit/chart.ts";
import { dataTable, SMALL_STYLE, tableDetails, textTable } from "../kit/chips.ts";
import { overlay } from "../kit/colours.ts";
import { styling } from "../kit/css.ts";
import { nameOf } from "../kit/expect.ts";
import { plainText } from "../kit/glyphs.ts";
import { type Html, markup, stacked } from "../kit/html.ts";
import { imageHtml } from "../kit/image.ts";
import { counted, scoreText } from "../kit/numbers.ts";
import { legendHtml } from "../kit/ramp.ts";
import { quoted } from "../kit/token_text.ts";
import { createView, rootHtml, type View } from "../kit/view.ts";
import { barsHeight, barsPlot, drawBars, linesPlot, PICTURE_WIDTH } from "./bars.ts";
import { excerptHtml, excerptText } from "./texts.ts";

/** How a neuron is shown. */
export interface NeuronViewOptions {
  /** The title of a saved page. */
  readonly title?: string;
}

const OPTIONS: OptionTable<NeuronViewOptions> = { task: "draw a neuron", kinds: { title: "a text" } };

/** The most documents whose tokens are shown, and the most of a table. */
const MOST_TEXTS = 40;
const WRITTEN = 8;

const numberText = (value: number) => scoreText(value, { percent: false, signed: false });
const signedText = (value: number) => scoreText(value, { percent: false, signed: true });

function expectNeuron(neuron: CorpusNeuron): void {
  const { examples, histogram } = (neuron ?? {}) as Partial<CorpusNeuron>;
  if (Array.isArray(examples) && Array.isArray(histogram)) {
    const wrong = examples.findIndex(({ tokens, activations }) => activations && activations.length !== tokens?.length);
    if (wrong < 0) return;
    const { activations, tokens } = examples[wrong]!;
    throw new RangeError(
      `Cannot draw a neuron as example ${wrong} has ${activations?.length} activations for ${
        counted(tokens.length, "token")
      }`,
    );
  }
  throw new TypeError(`Cannot draw ${nameOf(neuron)} as a neuron; pass what await corpus.neuron() returned`);
}

/** The greatest size of an activation in the examples; colours are relative to it. */
function scaleOf({ examples }: CorpusNeuron): number {
  let greatest = 0;
  for (const { value, activations = [] } of examples) {
    for (const one of [value, ...activations]) if (Number.isFinite(one)) greatest = Math.max(greatest, Math.abs(one));
  }
  return greatest || 1;
}

function exampleHtml(example: NeuronExample, scale: number): Html {
  const { id, value, position, start, activations } = example;
  const isPeak = (i: number) => start + i === position;
  const activation = (i: number) => activations ? activations[i]! : isPeak(i) ? value : undefined;
  const style = (i: number) => {
    const share = (activation(i) ?? 0) / scale || 0;
    const line = isPeak(i) ? styling`;outline:1px solid currentColor` : undefined;
    return styling`background-color:${overlay(share)}${line}`;
  };
  const words = (i: number) => {
    const known = activation(i);
    return known === undefined ? "" : `activation ${signedText(known)}`;
  };
  return markup`<div style="margin:8px 0"><div style="${SMALL_STYLE}">${`${
    numberText(value)
  } at token ${position} of document ${id}`}</div>
${excerptHtml(example, { style, words })}</div>`;
}

function statisticsWords({ layer, neuron, tokens, mean, deviation, positive }: CorpusNeuron): string {
  const share = tokens > 0 ? `${(100 * positive / tokens).toFixed(1)}%` : "none";
  return `Neuron ${neuron} of layer ${layer}: mean activation ${signedText(mean)}, standard deviation ` +
    `${numberText(deviation)}, above 0 at ${share} of ${counted(tokens, "token")}.`;
}

/** Ranges that hold something, and those between them. */
function filled({ histogram }: CorpusNeuron) {
  const there = histogram.flatMap(({ count }, i) => count > 0 ? [i] : []);
  return there.length === 0 ? [] : histogram.slice(there[0]!, there.at(-1)! + 1);
}

function barsOf(neuron: CorpusNeuron) {
  const ranges = filled(neuron);
  const [labels, values] = [ranges.map(({ range }) => range), ranges.map(({ count }) => count)];
  return { labels, values, rooted: true, across: "activation", up: "tokens (root)" };
}

function histogramHtml(neuron: CorpusNeuron): Html {
  const bars = barsOf(neuron);
  const alt = "How often activations of each size occur, as bars; the table below holds the numbers";
  const rows = bars.labels.map((range, i) => [range, String(bars.values[i])]);
  return markup`<div style="font-size:12px;margin:10px 0 0">How often activations of each size occur. The length of a bar \
is the root of the count, so that rare ones can be seen.</div>
${imageHtml(drawBars(bars, alt), alt)}
${tableDetails("Activations as a table", dataTable(["activation", "tokens"], rows, { isNumber: (i) => i === 1 }))}`;
}

function writtenRows({ writes }: CorpusNeuron): string[][] {
  const { raised = [], lowered = [] } = writes ?? {};
  const at = (list: typeof raised, i: number) =>
    list[i] ? [quoted(list[i].token), signedText(list[i].change)] : ["", ""];
  const lines = Math.min(WRITTEN, Math.max(raised.length, lowered.length));
  return Array.from({ length: lines }, (_, i) => [...at(raised, i), ...at(lowered, i)]);
}

const WRITTEN_NAMES = ["raises", "by", "lowers", "by"];

function writesHtml(neuron: CorpusNeuron): Html | undefined {
  if (neuron.writes === undefined) return undefined;
  const table = dataTable(WRITTEN_NAMES, writtenRows(neuron), { isNumber: (column) => column % 2 === 1 });
  return markup`<div style="font-size:12px;margin:10px 0 0">What it writes to the vocabulary where it fires by 1, by its \
weights alone:</div>
<table style="border-collapse:collapse;font-size:12px">${table}</table>`;
}

function exampleRows({ examples }: CorpusNeuron): string[][] {
  return examples.map((example) => {
    const { id, value, position, start } = example;
    return [numberText(value), id, String(position), excerptText(example, position - start)];
  });
}

const EXAMPLE_NAMES = ["activation", "document", "token", "text"];

function drawHtml(neuron: CorpusNeuron): Html {
  const scale = scaleOf(neuron);
  const shown = neuron.examples.slice(0, MOST_TEXTS);
  const isColoured = shown.some(({ activations }) => activations !== undefined);
  const note = isColoured
    ? "Outlined: the token that excites it most."
    : "Only the token that excites it most is coloured; pass the model to corpus.neuron() for all of them.";
  const more = neuron.examples.length > shown.length ? ` The page shows the first ${shown.length} texts.` : "";
  const swatches = [-1, -0.5, 0, 0.5, 1].map((share) => ({ share, label: signedText(share * scale) }));
  return rootHtml(undefined, [
    markup`<div style="font-size:14px;margin:4px 0">${statisticsWords(neuron)}</div>`,
    markup`<div style="font-size:12px;margin:10px 0 0">${
      counted(neuron.examples.length, "text")
    } that excite it most:</div>`,
    stacked(shown.map((example) => exampleHtml(example, scale))),
    legendHtml("Activation:", swatches),
    markup`<div style="${SMALL_STYLE}">${note}${more}</div>`,
    histogramHtml(neuron),
    writesHtml(neuron) ?? markup``,
    tableDetails(
      "Texts as a table",
      dataTable(EXAMPLE_NAMES, exampleRows(neuron), { isNumber: (i) => i % 2 === 0 && i < 3 }),
    ),
  ]);
}

function drawText(neuron: CorpusNeuron): string {
  const writes = neuron.writes ? `\n${textTable([WRITTEN_NAMES, ...writtenRows(neuron)])}` : "";
  return `${statisticsWords(neuron)}\n${textTable([EXAMPLE_NAMES, ...exampleRows(neuron)])}${writes}`;
}

function drawSvg(neuron: CorpusNeuron, title: string): Html {
  const lines = neuron.examples.slice(0, 12).map((example) =>
    plainText(`${numberText(example.value)}  ${excerptText(example, example.position - example.start)}`)
  );
  const words = linesPlot([statisticsWords(neuron), ...lines]);
  const bars = barsOf(neuron);
  const pictures = [{ plot: words, top: 4 }, { plot: barsPlot(bars), top: words.height! + 10 }];
  const height = words.height! + barsHeight(bars) + 14;
  return drawDocument(pictures, { width: PICTURE_WIDTH, height, title });
}

/**
 * Shows a neuron of a corpus: the texts that excite it most, with the activation of each token as colour where a model was
 * there to compute it, how its activations are distributed, and what it writes to the vocabulary.
 *
 * @param neuron What `Corpus.neuron` gave.
 * @param options The title.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} If `neuron` is something else.
 * @throws {RangeError} If its parts do not fit each other.
 *
 * @example
 * ```ts
 * import { neuronView } from "@looking-glass/looking-glass/widgets";
 *
 * const bytes = new TextEncoder().encode("Hi");
 * const token = { id: 17250, piece: "Hi", bytes, start: 0, end: 2, text: "Hi" };
 * const view = neuronView({
 *   ...{ layer: 0, neuron: 3, tokens: 10, mean: 0.1, deviation: 0.5, positive: 4 },
 *   histogram: [{ range: "[1, 2)", count: 10 }],
 *   examples: [{ document: 0, id: "a", start: 0, tokens: [token], value: 1.5, position: 0 }],
 * });
 * console.log(view.text);
 * ```
 */
export function neuronView(neuron: CorpusNeuron, options: NeuronViewOptions = {}): View<CorpusNeuron> {
  options = expectOptions(options, OPTIONS);
  expectNeuron(neuron);
  const title = options.title ?? `Neuron ${neuron.neuron} of layer ${neuron.layer}`;
  return createView({
    title,
    html: drawHtml(neuron),
    drawSvg: () => drawSvg(neuron, title),
    data: neuron,
    text: drawText(neuron),
  });
}
