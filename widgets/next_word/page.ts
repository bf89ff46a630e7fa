/**
 * The next words as bars, with sliders that settle them anew.
 *
 * @module
 */
import { dataTable, MONOSPACE, PLAIN_ROW, SMALL_STYLE, tableDetails } from "../kit/chips.ts";
import { overlay } from "../kit/colours.ts";
import { cssText, styling } from "../kit/css.ts";
import { contentName } from "../kit/escape.ts";
import { glyphText } from "../kit/glyphs.ts";
import { attributes, type Html, htmlText, markup, stacked } from "../kit/html.ts";
import { numberText } from "../kit/numbers.ts";
import { ordinalText, probabilityText, wholeText } from "../kit/quantities.ts";
import { scrollRegion } from "../kit/scroll_region.ts";
import { tokenHtml } from "../kit/token_text.ts";
import { rootHtml } from "../kit/view.ts";
import { MOST_TEMPERATURE, MOST_TOP_K, type NextWords, pageScores } from "./data.ts";
import { SETTLE } from "./script.ts";

/** The length of the bar of what is certain, in pixels. */
const LENGTH = 400;
const PAD = styling`padding:2px 8px 2px 0;text-align:left;white-space:nowrap`;
const RIGHT = styling`${PAD};text-align:right`;

interface Slider {
  readonly label: string;
  readonly most: number;
  readonly step: number;
  readonly value: number;
  readonly said: string;
}

function sliderHtml({ label, most, step, value, said }: Slider): Html {
  const input = attributes({ type: "range", min: 0, max: most, step, value: String(value), "aria-label": label });
  return markup`<label style="display:block;margin:2px 0"><span style="display:inline-block;min-width:96px">${label}</span> \
<input${input} style="vertical-align:middle;width:220px"> <output>${said}</output></label>`;
}

function slidersHtml({ settings: { temperature, topK, topP } }: NextWords): Html {
  return markup`<div class="w" style="display:none;font-size:13px;margin:6px 0">${
    stacked([
      sliderHtml({
        ...{ label: "Temperature", most: MOST_TEMPERATURE, step: 0.05, value: temperature },
        said: temperature === 0 ? "0, greedy" : temperature.toFixed(2),
      }),
      sliderHtml({ label: "Top-k", most: MOST_TOP_K, step: 1, value: topK, said: topK === 0 ? "all" : String(topK) }),
      sliderHtml({ label: "Top-p", most: 1, step: 0.01, value: topP, said: topP < 1 ? topP.toFixed(2) : "all" }),
    ])
  }<button type="reset">As at first</button></div>`;
}

function barsHtml({ words, settled }: NextWords, places: readonly number[]): Html {
  const rows = words.map(({ token, probability, rank }, n) => {
    const share = settled[n]!;
    const width = Math.max(1, Math.round(LENGTH * Math.min(1, share))) || 1;
    const now = attributes({ class: "p", "data-i": places[n]!, "data-p": String(share) });
    return markup`${PLAIN_ROW}<td style="${PAD};opacity:0.8">${ordinalText(rank)}</td><td style="${PAD}">${
      tokenHtml(token)
    }</td><td style="${RIGHT};opacity:0.8">${probabilityText(probability)}</td>\
<td style="${PAD};min-width:${
      LENGTH + 70
    }px"><span style="display:inline-block;height:14px;vertical-align:middle;width:${width}px;\
background-color:${overlay(1, true)}"></span> <span${now}>${probabilityText(share)}</span></td></tr>`;
  });
  const columns = [["rank", PAD], ["next", PAD], ["own", RIGHT], ["with these settings", PAD]] as const;
  const head = columns.map(([name, style]) => markup`<th scope="col" style="${style};font-weight:normal">${name}</th>`);
  return markup`<table style="border-collapse:collapse;${MONOSPACE};font-size:13px"><thead>${PLAIN_ROW}${head}</tr></thead><tbody>
${stacked(rows)}</tbody></table>`;
}

/** Words for the settings. */
export function settingsWords({ settings: { temperature, topK, topP } }: NextWords): string {
  if (temperature === 0) return "greedy";
  const cuts = [topK > 0 ? `top-k ${topK}` : "", topP < 1 ? `top-p ${topP}` : ""].filter(Boolean);
  return [`temperature ${temperature}`, ...cuts].join(", ");
}

function wordsTable({ words, settled }: NextWords): Html {
  const rows = words.map(({ token, tokenId, logit, probability, rank }, n) => [
    ...[ordinalText(rank), glyphText(token), String(tokenId), numberText(logit, 5)],
    ...[probabilityText(probability), probabilityText(settled[n]!)],
  ]);
  const names = ["rank", "token", "id", "logit", "the model’s own", "with the settings at first"];
  return dataTable(names, rows, { isNumber: (column) => column >= 2 });
}

const encoded = (numbers: Float32Array) => new Uint8Array(numbers.buffer).toBase64();

/** The whole view. */
export function nextWordHtml(shown: NextWords): Html {
  const { candidates: { sequence, logits }, left, kept } = shown;
  const scores = pageScores(shown);
  const V = logits.data.length;
  const tail = sequence.tokens.slice(-12).map(tokenHtml);
  const data = attributes({
    class: "d",
    "data-b": encoded(scores.best),
    "data-o": encoded(scores.others),
    "data-v": V,
  });
  const body = markup`<div style="font-size:14px;margin:4px 0">${
    sequence.tokens.length > 12 && "… "
  }${tail} <b>▁</b></div>
<form aria-label="How the next word is drawn" style="margin:0">${slidersHtml(shown)}</form>
${scrollRegion("Next words", barsHtml(shown, scores.places))}
<div${data} style="${SMALL_STYLE}" aria-live="polite"><span class="l">${wholeText(left)}</span> of ${
    wholeText(V)
  } tokens are left to draw from; they have <span class="s">${
    probabilityText(kept)
  }</span> of the model’s own probability.</div>
${tableDetails(`The words as a table, with ${settingsWords(shown)}`, wordsTable(shown))}`;
  const name = contentName(`${htmlText(body)}${cssText(PAD)}`);
  return rootHtml(name, [body, markup`<script>${SETTLE}</script>`]);
}
