import type { ReadCandidates } from "../../src/ask/reading/types.ts";
import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import { drawDocument, Plot } from "../kit/chart.ts";
import { MONOSPACE, placeWords, PLAIN_ROW, SMALL_STYLE, textTable } from "../kit/chips.ts";
import { choiceForm, choiceHint, choiceRadio, columnRules } from "../kit/choice.ts";
import { BLUE, hex, ORANGE, rgba } from "../kit/colours.ts";
import { styling } from "../kit/css.ts";
import { contentName } from "../kit/escape.ts";
import { type Html, htmlText, markup, stacked } from "../kit/html.ts";
import { counted } from "../kit/numbers.ts";
import { probabilityText, wholeText } from "../kit/quantities.ts";
import { scrollRegion } from "../kit/scroll_region.ts";
import { tokenHtml, tokenLabel } from "../kit/token_text.ts";
import { createView, type View } from "../kit/view.ts";
import { type CacheShown, cacheShown, type CacheViewOptions, doneFor, totals } from "./data.ts";

export type { CacheViewOptions } from "./data.ts";

const OPTIONS: OptionTable<CacheViewOptions> = {
  task: "draw a cache",
  kinds: { numbersPerToken: "a number", title: "a text" },
};

const PAD = styling`padding:3px 6px;text-align:left;white-space:nowrap`;
const CELL = styling`padding:3px 2px;text-align:center;min-width:18px`;
const COLOURS = { computed: ORANGE, kept: BLUE } as const;
const SIGNS = { computed: "●", kept: "–" } as const;
/** Strong where something is done; the text stays readable. */
const STRENGTH = { computed: 0.55, kept: 0.22 } as const;

function positionsOf({ longest, start }: CacheShown): number[] {
  return Array.from({ length: longest.tokens.length - start }, (_, i) => start + i);
}

/** What the whole says, in words. */
function totalWords(shown: CacheShown): string {
  const { computed, without } = totals(shown);
  return `${counted(shown.steps.length, "step")}: ${counted(computed, "token")} computed in all; without the cache, ${
    wholeText(without)
  }`;
}

function keptWords({ numbersPerToken }: CacheShown, count: number): string {
  return numbersPerToken === undefined ? String(count) : `${count} × ${wholeText(numbersPerToken)} numbers`;
}

/** The head of the column of what is kept: its unit stands below, as rows would be wide with it. */
function keptHead({ numbersPerToken }: CacheShown): Html {
  return numbersPerToken === undefined ? markup`kept` : markup`kept<br>× ${wholeText(numbersPerToken)}<br>numbers`;
}

function rowHtml(shown: CacheShown, step: ReadCandidates, n: number): Html {
  const { sequence, read, predictions: [best] } = step;
  const cells = positionsOf(shown).map((position) => {
    const done = doneFor(step, position);
    if (done === undefined) return markup`<td style="${CELL}"></td>`;
    const words = `${placeWords(sequence, position)}\nstep ${n}: ${done === "kept" ? "kept in the cache" : "computed"}`;
    return markup`<td title="${words}" style="${CELL};background-color:${rgba(COLOURS[done], STRENGTH[done])}">${
      SIGNS[done]
    }</td>`;
  });
  const next = best && [tokenHtml(best.token), " ", probabilityText(best.probability)];
  return markup`${PLAIN_ROW}<th scope="row" style="${PAD};font-weight:normal">${n}</th>${cells}\
<td style="${PAD}">${read.computed}</td><td style="${PAD}">${read.reused}</td><td style="${PAD}">${next}</td></tr>`;
}

function cacheHtml(shown: CacheShown, title: string): Html {
  const { steps, from, longest, start } = shown;
  const head = (content: Html | string) =>
    markup`<th scope="col" style="${PAD};font-weight:normal;vertical-align:bottom">${content}</th>`;
  const tokens = positionsOf(shown).map((position) => {
    const token = longest.tokens[position];
    return markup`<th scope="col" style="${CELL};font-weight:normal;vertical-align:bottom;white-space:nowrap">\
<label class="o o${position}" style="display:block">${choiceRadio(position, placeWords(longest, position))}${
      token && tokenHtml(token)
    }<br><span style="opacity:0.8">${position}</span></label></th>`;
  });
  const rows = steps.slice(from).map((step, i) => rowHtml(shown, step, from + i));
  const cut = [
    start > 0 ? `Tokens ${start} to ${longest.tokens.length - 1} of ${longest.tokens.length} are drawn. ` : "",
    from > 0 ? `The last ${steps.length - from} of ${steps.length} steps are drawn. ` : "",
  ].join("");
  const legend = (["computed", "kept"] as const).map((done) =>
    markup`<span style="display:inline-block;padding:1px 8px;margin:0 8px 0 0;background-color:${
      rgba(COLOURS[done], STRENGTH[done])
    }">${SIGNS[done]} ${done === "kept" ? "kept: its keys and values are in the cache" : "computed"}</span>`
  );
  const hint = choiceHint("Hover a token to see its column; click to keep it; arrow keys move.");
  const body = markup`<div style="font-size:14px;margin:4px 0">${totalWords(shown)}.</div>
${
    scrollRegion(
      "Steps of writing",
      markup`<table class="cs" style="border-collapse:collapse;${MONOSPACE};font-size:12px"><thead>${PLAIN_ROW}${
        head("step")
      }\
${tokens}${head("computed")}${head(keptHead(shown))}${head("likeliest next")}</tr></thead><tbody>
${stacked(rows)}</tbody></table>`,
    )
  }
<div style="font-size:12px;margin:4px 0">${legend}</div>
<div style="${SMALL_STYLE}">${cut}Counted by the model as it read.${hint}</div>`;
  const name = contentName(htmlText(body));
  const rules = columnRules(name, positionsOf(shown), (position) => 2 + position - start);
  return choiceForm({ name, rules, label: title, body, sequence: longest });
}

function drawSvg(shown: CacheShown, title: string): Html {
  const { steps, from, longest } = shown;
  const positions = positionsOf(shown);
  const drawn = steps.slice(from).map((_, i) => from + i);
  const cells = drawn.flatMap((n) =>
    positions.flatMap((position) => {
      const done = doneFor(steps[n]!, position);
      return done === undefined ? [] : [{ n, position, done }];
    })
  );
  const [width, height] = [Math.max(360, 110 + 26 * positions.length), 90 + 20 * drawn.length];
  const plot: Plot.PlotOptions = {
    ...{ width, height, marginLeft: 70, marginTop: 70, marginRight: 40, marginBottom: 8 },
    x: { type: "band", domain: positions, axis: null },
    y: { type: "band", domain: drawn },
    marks: [
      Plot.cell(cells, {
        ...{ x: "position", y: "n", inset: 1 },
        fill: ({ done }: { done: keyof typeof COLOURS }) => hex(COLOURS[done]),
        fillOpacity: ({ done }: { done: keyof typeof COLOURS }) => STRENGTH[done],
      }),
      Plot.text(cells, {
        ...{ x: "position", y: "n" },
        text: ({ done }: { done: keyof typeof SIGNS }) => SIGNS[done],
      }),
      Plot.axisX(positions, {
        ...{ anchor: "top", tickRotate: -55, textAnchor: "start", tickSize: 3, label: null } as const,
        tickFormat: (position: number) => tokenLabel(longest.tokens[position]!, 10),
      }),
      Plot.axisY(drawn, { tickSize: 0, label: null, tickFormat: (n: number) => `step ${n}` }),
    ],
  };
  return drawDocument([{ plot, top: 0 }], { width, height, title });
}

function drawText(shown: CacheShown): string {
  const rows = shown.steps.slice(shown.from).map(({ sequence, read, predictions: [best] }, i) => [
    ...[`step ${shown.from + i}`, tokenLabel(sequence.tokens.at(-1)!), String(read.computed)],
    ...[keptWords(shown, read.reused), best ? `${tokenLabel(best.token)} ${probabilityText(best.probability)}` : ""],
  ]);
  return `${totalWords(shown)}\n${textTable([["", "last token", "computed", "kept", "likeliest next"], ...rows])}`;
}

/**
 * Shows what the cache of keys and values keeps over several steps of writing: which tokens were computed at each step,
 * and which were kept from before, as the model counted them.
 *
 * @param steps What `TextReading.candidates` gave, step by step.
 * @param options How it is shown.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} If `steps` is of another type.
 * @throws {RangeError} If there is no step, or counts do not fit their text.
 *
 * @example
 * ```ts
 * import { cacheView, LanguageModel, type ReadCandidates } from "@looking-glass/looking-glass";
 *
 * await using model = await LanguageModel.fromPretrained();
 * using reading = model.reading();
 * const steps: ReadCandidates[] = [];
 * let { tokenIds } = model.sequence("The keys to the cabinet");
 * for (let step = 0; step < 4; ++step) {
 *   steps.push(await reading.candidates(tokenIds));
 *   tokenIds = [...tokenIds, steps.at(-1)!.predictions[0]!.tokenId];
 * }
 * console.log(cacheView(steps).text);
 * ```
 */
export function cacheView(
  steps: readonly ReadCandidates[],
  options: CacheViewOptions = {},
): View<readonly ReadCandidates[]> {
  options = expectOptions(options, OPTIONS);
  const shown = cacheShown(steps, options);
  const title = options.title ?? "What the cache keeps";
  return createView({
    title,
    html: cacheHtml(shown, title),
    drawSvg: () => drawSvg(shown, title),
    data: steps,
    text: drawText(shown),
  });
}
