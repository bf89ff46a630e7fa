/**
 * The steps of a head as one fragment of HTML. Keys and values stand in their rows once; what depends on the query is
 * drawn for each, and style rules show the one that is chosen.
 *
 * @module
 */
import { chipHtml, MONOSPACE, placeWords, PLAIN_ROW, SMALL_STYLE, tableDetails } from "../kit/chips.ts";
import { choiceForm, choiceHint, choiceRadio } from "../kit/choice.ts";
import { ORANGE, overlay, rgba } from "../kit/colours.ts";
import { type Css, styling } from "../kit/css.ts";
import { contentName } from "../kit/escape.ts";
import { attributes, type Html, htmlText, markup, stacked } from "../kit/html.ts";
import { numberText } from "../kit/numbers.ts";
import { probabilityText } from "../kit/quantities.ts";
import { scrollRegion, textRegion } from "../kit/scroll_region.ts";
import { drawnShare } from "../kit/signed_grid.ts";
import { drawnTokens, earlierWeight, greatestOf, scoreShare, sees, type StepsShown } from "./data.ts";
import { outputsHtml } from "./outputs.ts";
import { formula, nameHtml, panels, type Scales, sub } from "./parts.ts";
import { MASKED, MOST_LETTERS, stepRules } from "./style.ts";
import { stripHtml, stripWidths } from "./strips.ts";
import { stepsTable } from "./table.ts";
import { trianglesHtml } from "./triangles.ts";

/** A row of keys, numbers or values; all have one height, so that they stand beside each other. */
const ROW = styling`height:24px;padding:0 4px;line-height:24px;white-space:nowrap`;
/** What stands above the rows. */
const TOP = styling`height:72px;padding:0 4px;vertical-align:bottom;line-height:16px;white-space:nowrap`;

function scalesOf(shown: StepsShown): Scales {
  const { query, key, value, merged, output } = shown;
  const tokens = drawnTokens(shown);
  return {
    products: greatestOf([...tokens.map(query), ...tokens.map(key)]),
    values: greatestOf([...tokens.map(value), ...tokens.map(merged)]),
    outputs: greatestOf(tokens.map(output)),
  };
}

const NUMBER = styling`${ROW};padding:0 3px;text-align:right;min-width:52px;`;

function columnTable(head: Html, rows: readonly Html[]): Html {
  return markup`<table role="presentation" style="border-collapse:collapse;font-size:12px"><tbody>${PLAIN_ROW}${head}</tr>
${stacked(rows)}</tbody></table>`;
}

/** The name of a token beside its key. */
function shortName(shown: StepsShown, position: number): Html {
  return markup`<span style="display:inline-block;max-width:${MOST_LETTERS}ch;overflow:hidden;text-overflow:ellipsis;\
vertical-align:top">${nameHtml(shown, position)}</span>`;
}

/** The query above the keys, number below number. */
function keysHtml(shown: StepsShown, scales: Scales): Html {
  const { query, key, weight, position, sequence, size } = shown;
  const strip = { greatest: scales.products, width: stripWidths(size).narrow };
  const own = panels(
    shown,
    (n) => stripHtml(query(n), { ...strip, className: "s", alt: `The query of ${placeWords(sequence, n)}` }),
  );
  const head = markup`<td style="${TOP};text-align:right">query ${formula(markup`q${sub("i")}`)}<br><br>keys ${
    formula(markup`k${sub("j")}`)
  }</td><td style="${TOP};text-align:left">${own}<br>&#160;</td>`;
  const rows = drawnTokens(shown).map((j) => {
    const lit = styling`background-color:${rgba(ORANGE, Number((0.6 * weight(position, j)).toFixed(3)) || 0)}`;
    return markup`${PLAIN_ROW}<td class="a a${j}" style="${ROW};text-align:right;${MONOSPACE};${lit}">${
      shortName(shown, j)
    } \
<span style="opacity:0.75">${j}</span></td><td style="${ROW};text-align:left">${
      stripHtml(key(j), { ...strip, className: "s", alt: `The key of ${placeWords(sequence, j)}` })
    }</td></tr>`;
  });
  return columnTable(head, rows);
}

/** The scores of one query, step by step. Only what is shown at first has its styles in its cells; rules have the rest. */
function scoresHtml(shown: StepsShown, query: number): Html {
  const { score, scale, weight } = shown;
  const own = (style: Css) => query === shown.position ? style : styling``;
  const heads = [
    formula(markup`q${sub("i")} · k${sub("j")}`),
    markup`× ${numberText(scale, 3)}`,
    "mask",
    "softmax",
  ].map((text) => markup`<th scope="col" style="${TOP};text-align:right;font-weight:normal">${text}</th>`);
  const lit = scoreShare(shown, query);
  const rows = drawnTokens(shown).map((j) => {
    const [product, seen, share] = [score(query, j), sees(shown, query, j), weight(query, j)];
    const cell = (text: string, colour: Css) =>
      markup`<td style="${own(NUMBER)}background-color:${colour}${!seen && styling`;opacity:0.65`}">${text}</td>`;
    const colour = overlay(lit(j));
    return markup`${PLAIN_ROW}<th scope="row" style="${own(styling`${ROW};text-align:right;`)}font-weight:normal;\
opacity:0.75">${j}</th>${cell(numberText(product, 3), colour)}${cell(numberText(scale * product, 3), colour)}${
      cell(seen ? numberText(scale * product, 3) : "−∞", seen ? colour : MASKED)
    }${cell(probabilityText(share), overlay(drawnShare(share)))}</tr>`;
  });
  return markup`<table class="c" style="border-collapse:collapse;${MONOSPACE};font-size:12px"><thead>${PLAIN_ROW}\
<td style="padding:0"></td>${heads}</tr></thead><tbody>
${stacked(rows)}</tbody></table>`;
}

/** The values, each as strong as its weight, and their sum below them. */
function valuesHtml(shown: StepsShown, scales: Scales): Html {
  const { value, weight, position, sequence, size, head, merged } = shown;
  const strip = { greatest: scales.values, width: stripWidths(size).narrow };
  const top = markup`<td style="${TOP};text-align:left">× values ${
    formula(markup`v${sub("j")}`)
  },<br>faded by weight</td>`;
  const rows = drawnTokens(shown).map((j) => {
    const style = styling`opacity:${Number(Math.max(0, Math.min(1, weight(position, j))).toFixed(3)) || 0}`;
    return markup`${PLAIN_ROW}<td style="${ROW};text-align:left">${
      stripHtml(value(j), { ...strip, alt: `The value of ${placeWords(sequence, j)}`, className: `s b${j}`, style })
    }</td></tr>`;
  });
  const sums = panels(
    shown,
    (n) =>
      stripHtml(merged(n).subarray(head * size, (head + 1) * size), {
        ...strip,
        className: "s",
        alt: `The sum of ${placeWords(sequence, n)}`,
      }),
  );
  const sum =
    markup`${PLAIN_ROW}<td style="padding:0 4px;text-align:left"><div style="border-bottom:1px solid;margin:2px 0 6px"></div>${sums}\
<div style="line-height:20px">= their sum<br>${
      formula(markup`z${sub("i")} = Σ${sub("j")} a${sub("ij")} v${sub("j")}`)
    }</div></td></tr>`;
  return columnTable(top, [...rows, sum]);
}

function queriesHtml(shown: StepsShown): Html {
  const { sequence } = shown;
  const chips = drawnTokens(shown).map((position) => {
    const words = placeWords(sequence, position);
    return chipHtml(sequence, {
      ...{ position, title: words, className: `o o${position}`, label: true, oneLine: true, bare: true },
      before: choiceRadio(position, `The query of ${words}`),
    });
  });
  const roles = attributes({ role: "radiogroup", "aria-label": "Queries", tabindex: "-1" });
  return textRegion(roles, stacked(chips), chips.length);
}

function noteOf(shown: StepsShown): string {
  const { start, end, sequence, apart } = shown;
  const part = start > 0 || end < sequence.tokens.length
    ? `Tokens ${start} to ${end - 1} of ${sequence.tokens.length} are drawn; choose others with { start }. `
    : "";
  return `${part}${
    apart <= 1e-3
      ? `What is drawn is at most ${apart.toExponential(1)} from the model’s own attention and sums.`
      : `The weights are the model’s own; these scores alone would give others, up to ${
        numberText(apart, 3)
      } away, as ` +
        `where a pattern is changed.`
  }`;
}

/** The whole view. */
export function stepsHtml(shown: StepsShown): Html {
  const { layer, head, start, position } = shown;
  const scales = scalesOf(shown);
  const titles = panels(shown, (n) => {
    const earlier = start > 0 ? `, and ${probabilityText(earlierWeight(shown, n))} from tokens 0 to ${start - 1}` : "";
    return markup`<b>Layer ${layer}, head ${head}</b>: what ${
      nameHtml(shown, n)
    } (token ${n}) takes from the others${earlier}`;
  });
  const column = (content: Html) => markup`<div style="display:inline-block;vertical-align:top">${content}</div>`;
  const columns = [
    column(keysHtml(shown, scales)),
    column(panels(shown, (n) => scoresHtml(shown, n))),
    column(valuesHtml(shown, scales)),
  ];
  const body = markup`<div style="${SMALL_STYLE}">One head, step by step. Choose whose query is asked:${
    choiceHint("hover a token, click to keep it; arrow keys move.")
  }</div>
${queriesHtml(shown)}
<div aria-live="polite" style="font-size:14px;margin:10px 0 0">${titles}</div>
${scrollRegion("Steps of a head", markup`<div style="white-space:nowrap">${columns}</div>`)}
${scrollRegion("Heads side by side and what they add", outputsHtml(shown, scales))}
${scrollRegion("All queries at once", trianglesHtml(shown))}
<div style="${SMALL_STYLE}">Vectors: orange above zero, blue below. Scores: from the least of \
what a query sees to the greatest. ${noteOf(shown)}</div>
${tableDetails(`The steps of token ${position} as a table`, stepsTable(shown))}`;
  const name = contentName(htmlText(body));
  return choiceForm({
    name,
    rules: stepRules(name, shown),
    label: "Steps of attention",
    body,
    sequence: shown.sequence,
  });
}
