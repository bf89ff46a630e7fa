import type { Candidates } from "../../src/ask/reading/types.ts";
import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import { drawDocument, Plot } from "../kit/chart.ts";
import { textTable } from "../kit/chips.ts";
import { hex, ORANGE } from "../kit/colours.ts";
import type { Html } from "../kit/html.ts";
import { ordinalText, probabilityText, wholeText } from "../kit/quantities.ts";
import { tokenLabel } from "../kit/token_text.ts";
import { createView, type View } from "../kit/view.ts";
import { type NextWords, nextWords, type NextWordViewOptions } from "./data.ts";
import { nextWordHtml, settingsWords } from "./page.ts";

export type { NextWordViewOptions } from "./data.ts";

const OPTIONS: OptionTable<NextWordViewOptions> = {
  task: "draw next words",
  kinds: { temperature: "a number", topK: "a number", topP: "a number", title: "a text" },
};

function drawSvg({ words, settled }: NextWords, title: string): Html {
  const [width, height] = [640, 30 + 24 * words.length];
  const rows = words.map((word, n) => ({ ...word, n, share: Math.min(1, settled[n]!) || 0 }));
  const plot: Plot.PlotOptions = {
    ...{ width, height, marginLeft: 130, marginTop: 8, marginRight: 70, marginBottom: 8 },
    x: { domain: [0, 1], axis: null },
    y: { type: "band", domain: rows.map(({ n }) => n), padding: 0.25 },
    marks: [
      Plot.barX(rows, { x1: 0, x2: "share", y: "n", fill: hex(ORANGE) }),
      Plot.text(rows, { x: "share", y: "n", text: ({ share }) => probabilityText(share), textAnchor: "start", dx: 5 }),
      Plot.axisY({ tickSize: 0, label: null, tickFormat: (n: number) => tokenLabel(rows[n]!.token) }),
    ],
  };
  return drawDocument([{ plot, top: 0 }], { width, height, title });
}

function drawText(shown: NextWords): string {
  const { words, settled, left, candidates } = shown;
  const rows = words.map(({ token, probability, rank }, n) => [
    ...[ordinalText(rank), tokenLabel(token), probabilityText(settled[n]!), probabilityText(probability)],
  ]);
  return `After ${candidates.sequence.tokens.slice(-3).map((token) => tokenLabel(token)).join("")}, ${
    settingsWords(shown)
  }: ${wholeText(left)} tokens left to draw from
${textTable([["", "next", "settled", "own"], ...rows])}`;
}

/**
 * Shows the ten likeliest next words as bars. Where scripts run, sliders for temperature, top-k and top-p settle them
 * anew at once, without a kernel: a saved page holds the 512 best scores, and of the others how many there are at each
 * height, which is exact at temperature 1 and within 1e-4 elsewhere. Without scripts the settings of the options are shown.
 *
 * @param candidates What `LanguageModel.candidates` gave.
 * @param options The settings that are shown at first; by default the model's own distribution.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} If `candidates` is of another type.
 * @throws {RangeError} If a setting is out of range.
 *
 * @example
 * ```ts
 * import { LanguageModel, nextWordView } from "@looking-glass/looking-glass";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const candidates = await model.candidates(model.sequence("The keys to the cabinet"));
 * const view = nextWordView(candidates, { temperature: 0.7, topP: 0.9 });
 * console.log(view.text);
 * ```
 */
export function nextWordView(candidates: Candidates, options: NextWordViewOptions = {}): View<Candidates> {
  options = expectOptions(options, OPTIONS);
  const shown = nextWords(candidates, options);
  const title = options.title ?? "What comes next";
  return createView({
    title,
    html: nextWordHtml(shown),
    drawSvg: () => drawSvg(shown, title),
    data: candidates,
    text: drawText(shown),
  });
}
