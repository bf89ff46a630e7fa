/**
 * Neurons as a page: a picture with a row for each, and the text in the colours of one.
 *
 * @module
 */
import { chipHtml, dataTable, placeWords, SMALL_STYLE, tableDetails, underlineNote } from "../kit/chips.ts";
import { OPACITY, rgb, rgba } from "../kit/colours.ts";
import { styling } from "../kit/css.ts";
import { contentName } from "../kit/escape.ts";
import { attributes, type Html, htmlText, markup, stacked } from "../kit/html.ts";
import { sharpPixels } from "../kit/image.ts";
import { counted, numberText } from "../kit/numbers.ts";
import { axisDown, columnHeads, COLUMNS_RULE, framedPicture, LEAST_NAMED } from "../kit/picture_labels.ts";
import { scrollRegion, textRegion } from "../kit/scroll_region.ts";
import { numberedToken } from "../kit/token_text.ts";
import { rootHtml } from "../kit/view.ts";
import {
  activeShare,
  MOST_TOKENS,
  neuronPixels,
  type NeuronRow,
  neuronsLine,
  type NeuronsShown,
  rowColour,
  rowWords,
} from "./data.ts";
import { CHOOSE } from "./script.ts";

/** The height of the picture, as far as rows allow it, and the least that a label needs. */
const HEIGHT = 600;
const LABEL = 12;
/** The width of the picture, so that a cell of 700 px holds it with its labels. */
const WIDTH = 560;
/** Texts of more tokens have no token above each column. */
const MOST_NAMES = 72;
/** Narrower columns can hardly be told apart: a picture of more scrolls, up to this width, and gets narrower then. */
const LEAST = 3;
const MOST_WIDTH = 900;

/** The width of a column. */
function columnWidth(tokens: number): number {
  const least = tokens <= MOST_NAMES ? LEAST_NAMED : Math.min(LEAST, Math.floor(MOST_WIDTH / tokens));
  return Math.max(1, least, Math.min(22, Math.floor(WIDTH / tokens)));
}

/** The first row of each cluster, and how many it has. */
function bandsOf(
  rows: readonly NeuronRow[],
): { readonly cluster: number; readonly from: number; readonly count: number }[] {
  return [...Map.groupBy(rows, ({ cluster }) => cluster)].map(([cluster, own]) => {
    return { cluster, from: rows.indexOf(own[0]!), count: own.length };
  });
}

function pictureHtml(shown: NeuronsShown, tokens: number): Html {
  const { rows, sequence, clusters, layer } = shown;
  const across = columnWidth(tokens);
  const down = Math.max(2, Math.min(12, Math.floor(HEIGHT / rows.length)));
  const [width, height] = [tokens * across, rows.length * down];
  const alt = `${counted(rows.length, "neuron")} of layer ${layer} over ${counted(tokens, "token")}; ` +
    "the table below holds numbers";
  let end = -Infinity;
  const ticks = clusters
    ? bandsOf(rows).flatMap(({ cluster, from, count }) => {
      const at = Math.max((from + count / 2) * down, LABEL / 2);
      if (at - end < LABEL) return [];
      end = at;
      return [{ at, text: `cluster ${cluster}, ${count}` }];
    })
    : [];
  const marker =
    markup`<div class="m" style="display:none;position:absolute;left:-3px;right:-3px;top:0;height:${down}px;\
outline:2px solid;pointer-events:none"></div>`;
  const image = sharpPixels(neuronPixels(shown, tokens), { width, height, alt });
  return framedPicture({
    picture: markup`<div style="position:relative;width:${width}px">${image}${marker}</div>`,
    left: axisDown(ticks),
    gap: 6,
    above: columnHeads(sequence.tokens.slice(0, tokens), { side: across }),
  });
}

/** The clusters with their colours. */
function legendHtml(shown: NeuronsShown): Html | undefined {
  const { clusters, rows } = shown;
  if (!clusters) return undefined;
  const items = bandsOf(rows).map(({ cluster, from, count }) =>
    markup`<span style="display:inline-block;margin:0 10px 2px 0;white-space:nowrap"><span style="border-bottom:3px solid ${
      rgb(rowColour(shown, rows[from]!))
    }">cluster ${cluster}</span>: ${count} of ${clusters.sizes[cluster]}</span>`
  );
  return markup`<div style="font-size:12px;margin:4px 0">Drawn: ${items}</div>`;
}

/** The text, each token as strong as the first neuron is active there. */
function textHtml(shown: NeuronsShown, tokens: number): Html {
  const { sequence, rows, start } = shown;
  const row = rows[start]!;
  const chips = sequence.tokens.slice(0, tokens).map((_, position) =>
    chipHtml(sequence, {
      position,
      title: placeWords(sequence, position),
      style: styling`background-color:${
        rgba(rowColour(shown, row), Number((OPACITY * activeShare(row, position)).toFixed(3)))
      }`,
    })
  );
  return textRegion(attributes({ role: "group", "aria-label": "Text" }), stacked(chips), chips.length);
}

function neuronsTable(shown: NeuronsShown): Html {
  const { sequence, clusters } = shown;
  const rows = shown.rows.map(({ neuron, cluster, peak, at, activations }) => {
    const active = Array.from(activations).filter((one) => one > 0).length;
    return [
      ...clusters ? [String(cluster)] : [],
      ...[String(neuron), numberText(peak, 4), numberedToken(sequence, at), String(active)],
    ];
  });
  const names = [...clusters ? ["cluster"] : [], "neuron", "largest activation", "at", "tokens where it is above 0"];
  return tableDetails("Neurons as a table", dataTable(names, rows, { isNumber: (column) => names[column] !== "at" }));
}

/** What the script needs: shares in percent row by row, words, and the colour of each row. */
function dataHtml(shown: NeuronsShown, tokens: number): Html {
  const { rows } = shown;
  const shares = Uint8Array.from(
    { length: rows.length * tokens },
    (_, i) => Math.round(100 * Math.min(1, activeShare(rows[Math.floor(i / tokens)]!, i % tokens))),
  );
  const colours = [...new Set(rows.map((row) => rowColour(shown, row).join()))];
  const data = attributes({
    ...{ class: "d", "data-t": tokens, "data-s": shares.toBase64() },
    "data-n": JSON.stringify(rows.map((row) => rowWords(shown, row))),
    "data-g": JSON.stringify(colours),
    "data-c": JSON.stringify(rows.map((row) => colours.indexOf(rowColour(shown, row).join()))),
  });
  return markup`<div${data} hidden></div>`;
}

/** The whole view. */
export function neuronsHtml(shown: NeuronsShown, title: string): Html {
  const { rows, start, sequence } = shown;
  const tokens = Math.min(MOST_TOKENS, sequence.tokens.length);
  const cut = tokens < sequence.tokens.length
    ? ` The first ${tokens} tokens are shown; the data of the view keeps all.`
    : "";
  const slider = attributes({ type: "range", min: 0, max: rows.length - 1, value: start, "aria-label": "Neuron" });
  const body = markup`<div style="${SMALL_STYLE}">${neuronsLine(shown)}${cut}</div>
${scrollRegion(title, pictureHtml(shown, tokens))}
${legendHtml(shown)}
<div class="w" style="display:none;font-size:12px"><label>Neuron <input${slider} style="vertical-align:middle;width:260px"></label> \
or hover the picture; a click keeps one.</div>
<div style="font-size:13px;margin:6px 0">Coloured below: <span class="f">${rowWords(shown, rows[start]!)}</span></div>
${textHtml(shown, tokens)}
<div style="${SMALL_STYLE}">${underlineNote(sequence)}</div>
${neuronsTable(shown)}
${dataHtml(shown, tokens)}`;
  const name = contentName(htmlText(body));
  const rules = styling`.${name}{.i{image-rendering:pixelated;cursor:crosshair}${COLUMNS_RULE}}`;
  return rootHtml(name, [body, markup`<style>${rules}</style><script>${CHOOSE}</script>`]);
}
