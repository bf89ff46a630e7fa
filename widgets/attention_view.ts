import type { Trace } from "../src/lm/trace_types.ts";
import {
  type AttentionShown,
  attentionShown,
  type AttentionViewOptions,
  earlierWeight,
  type HeadWeights,
  roleOf,
  rolesNote,
  strongestKeys,
} from "./attention_data.ts";
import { drawAttention } from "./attention_image.ts";
import { LEAST_LINE, linesSvg } from "./attention_lines.ts";
import { headMatrix, headThumbnail, legendImage, thumbnailGrid, weightOpacity } from "./attention_raster.ts";
import { attentionRules, headName } from "./attention_style.ts";
import { attentionTables, attentionText } from "./attention_table.ts";
import { categoryColour } from "./categories.ts";
import { LINE_STYLE, MONOSPACE, placeWords, SMALL_STYLE } from "./chips.ts";
import { OPACITY, ORANGE } from "./colours.ts";
import { contentName, escapeHtml } from "./escape.ts";
import { glyphHtml } from "./glyphs.ts";
import { counted } from "./numbers.ts";
import { enlarged, type Pixels, pngUrl } from "./pixel_image.ts";
import { SCRIPT } from "./saliency_style.ts";
import { createView, type View } from "./view.ts";

export type { AttentionViewOptions } from "./attention_data.ts";

const THUMBNAIL = 28;
const LINES = 150;

interface Drawing extends AttentionShown {
  /** The height of a row of the matrix. */
  readonly side: number;
  /** The width of the matrix. */
  readonly width: number;
  readonly tokens: readonly number[];
}

function drawingOf(shown: AttentionShown): Drawing {
  const { start, end } = shown;
  const count = end - start;
  const side = Math.max(12, Math.min(24, Math.floor(440 / count)));
  const tokens = Array.from({ length: count }, (_, i) => start + i);
  return { ...shown, side, width: side * (count + (start > 0 ? 1 : 0)), tokens };
}

function imgHtml(image: Pixels, width: number, height: number, alt: string, className = "i", style = ""): string {
  return `<img class="${className}" width="${width}" height="${height}" alt="${escapeHtml(alt)}" ` +
    `style="${style || "display:block"}" src="${pngUrl(image)}">`;
}

function each(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** A head that can be opened. */
function headChoice(shown: AttentionShown, layer: number, head: number): string {
  const role = roleOf(shown, layer, head);
  const words = `Layer ${layer}, head ${head}${role ? `: ${role.name}, ${role.score.toFixed(2)}` : ""}`;
  const checked = layer === shown.layer && head === shown.head;
  const thumbnail = headThumbnail(shown, shown.weights(layer, head), THUMBNAIL);
  return `<td style="padding:2px"><label class="g g${headName(layer, head)} l${layer} c${head}" title="${
    escapeHtml(words)
  }" style="display:block;width:${THUMBNAIL}px"><span class="r" style="display:none"><input type="radio" name="head"${
    checked ? " checked" : ""
  } aria-label="${escapeHtml(words)}"></span>${imgHtml(thumbnail, THUMBNAIL, THUMBNAIL, "")}${
    shown.scores
      ? `<span class="e" style="display:block;text-align:center;line-height:12px">${role?.letter ?? "·"}</span>`
      : ""
  }</label></td>`;
}

/** Every head as a thumbnail: those of open layers can be chosen, the others are one picture a layer. */
function gridHtml(shown: AttentionShown): string {
  const { heads, layers, open } = shown;
  const names = each(heads).map((head) =>
    `<td style="text-align:center;padding:0 2px"><span style="display:block;width:${THUMBNAIL}px;` +
    `border-bottom:3px solid rgb(${categoryColour(head)})">${head}</span></td>`
  );
  const rows = each(layers).map((layer) => {
    const cells = open.includes(layer)
      ? each(heads).map((head) => headChoice(shown, layer, head)).join("")
      : `<td colspan="${heads}" style="padding:2px">${
        imgHtml(
          thumbnailGrid(shown, [layer], THUMBNAIL / 2, 2),
          heads * (THUMBNAIL + 4) - 4,
          THUMBNAIL,
          `Thumbnails of the heads of layer ${layer}`,
        )
      }</td>`;
    return `<tr><td style="text-align:right;padding:0 6px;white-space:nowrap">${
      layer === 0 ? "layer 0" : layer
    }</td>${cells}</tr>`;
  });
  return `<div role="radiogroup" aria-label="Heads" tabindex="-1" style="overflow:auto;max-height:480px;margin:6px 0">` +
    `<table role="presentation" style="border-collapse:collapse;font-size:11px">` +
    `<tr><td style="text-align:right;padding:0 6px">head</td>${names.join("")}</tr>\n${rows.join("\n")}</table></div>`;
}

function panel(shown: AttentionShown, layer: number, head: number): string {
  const first = layer === shown.layer && head === shown.head;
  return `class="p p${headName(layer, head)}" style="display:${first ? "block" : "none"}"`;
}

/** Something for each head that can be opened, of which one is shown. */
function forHeads(shown: AttentionShown, draw: (layer: number, head: number, weight: HeadWeights) => string): string {
  return shown.open.flatMap((layer) => each(shown.heads).map((head) => draw(layer, head, shown.weights(layer, head))))
    .join("\n");
}

function tokenHtml({ sequence }: AttentionShown, position: number): string {
  const token = sequence.tokens[position];
  return token === undefined ? "" : glyphHtml(token);
}

function rowLabel(drawing: Drawing, position: number): string {
  const { sequence, side } = drawing;
  const place = placeWords(sequence, position);
  const best = strongestKeys(drawing.weights(drawing.layer, drawing.head), position, 4)
    .map(({ key, weight }) => `${(100 * weight).toFixed(0)}% to ${placeWords(sequence, key)}`);
  return `<td style="padding:0 6px 0 0;text-align:right"><label class="o r${position}" title="${
    escapeHtml([place, ...best].join("\n"))
  }" style="display:block;height:${side}px;line-height:${side}px;white-space:nowrap">` +
    `<span class="r" style="display:none"><input type="radio" name="token" aria-label="${
      escapeHtml(`Where ${place} looks`)
    }"></span>${
      nameHtml(drawing, position)
    } <span style="opacity:0.75">${position}</span><i class="z"></i></label></td>`;
}

function nameHtml(drawing: Drawing, position: number): string {
  return `<span style="display:inline-block;max-width:110px;overflow:hidden;vertical-align:top;${MONOSPACE}">${
    tokenHtml(drawing, position)
  }</span>`;
}

function headerHtml(drawing: Drawing): string {
  const { side, start, tokens, sequence } = drawing;
  const every = Math.ceil((6 * String(drawing.end).length + 4) / side);
  const columns = tokens.map((position, i) =>
    `<span style="display:inline-block;width:${side}px;text-align:center;vertical-align:bottom">` +
    `<span class="v" style="display:none;${MONOSPACE}">${tokenHtml(drawing, position)}</span>` +
    `<span style="display:block">${i % every === 0 ? position : "&#160;"}</span></span>`
  );
  const earlier = start > 0
    ? [
      `<span style="display:inline-block;width:${side}px;text-align:center;vertical-align:bottom" title="all of tokens 0–${
        start - 1
      } together">…</span>`,
    ]
    : [];
  const label = `${sequence.tokens.length === 1 ? "" : "looks at"} →`;
  return `<tr><td style="text-align:right;vertical-align:bottom;padding:0 6px 2px 0">token ↓ ${label}</td>` +
    `<td style="white-space:nowrap;font-size:10px;padding:0;vertical-align:bottom">${
      [...earlier, ...columns].join("")
    }</td>` +
    `<td class="x" colspan="2" style="display:none;vertical-align:bottom;padding:0 0 2px 6px">` +
    `<label><input class="a" type="checkbox"> lines of all heads</label></td></tr>`;
}

function headingsHtml(shown: AttentionShown): string {
  return forHeads(shown, (layer, head) => {
    const role = roleOf(shown, layer, head);
    const words = role ? `: most of all at ${role.name}, ${role.score.toFixed(2)} on average` : "";
    return `<div ${panel(shown, layer, head)}><b>Layer ${layer}, head ${head}</b>${words}</div>`;
  });
}

function matrixHtml(drawing: Drawing): string {
  const { tokens, side, width, open } = drawing;
  const images = forHeads(drawing, (layer, head, weight) =>
    imgHtml(
      enlarged(headMatrix(drawing, weight), layer === drawing.layer && head === drawing.head ? 4 : 1),
      width,
      side * tokens.length,
      `Attention of layer ${layer}, head ${head} as a matrix`,
      `i p p${headName(layer, head)}`,
      `display:${layer === drawing.layer && head === drawing.head ? "block" : "none"}`,
    ));
  const lines = open.map((layer) => linesSvg(drawing, layer, side, LINES)).join("\n");
  const rows = tokens.map((position, i) => {
    const spanning = i > 0 ? "" : `<td rowspan="${tokens.length}" style="padding:0;vertical-align:top">${images}</td>` +
      `<td class="x" rowspan="${tokens.length}" style="display:none;padding:0 0 0 6px;vertical-align:top">${lines}</td>`;
    return `<tr>${rowLabel(drawing, position)}${spanning}` +
      `<td class="x" style="display:none;padding:0 0 0 6px;white-space:nowrap">${
        nameHtml(drawing, position)
      }</td></tr>`;
  });
  return `<div role="radiogroup" aria-label="Tokens" tabindex="-1" style="overflow-x:auto;padding:4px">` +
    `<table role="presentation" style="border-collapse:collapse;font-size:11px;line-height:${side}px">` +
    `${headerHtml(drawing)}\n${rows.join("\n")}</table></div>`;
}

/** The text, coloured by the row of one token; only the head shown at first has inline colours. */
function chipsHtml(drawing: Drawing): string {
  const { sequence, tokens, start, end } = drawing;
  const percent = (weight: number) => Math.round(100 * weight);
  const variables = (weightFrom: (query: number) => number) =>
    tokens.map((query) => [query, percent(weightFrom(query))] as const)
      .filter(([, share]) => share > 0).map(([query, share]) => `--${query}:${share}`).join(";");
  const chip = (first: boolean, words: string, text: string, from: (query: number) => number) => {
    const inline = `background-color:rgba(${ORANGE},${(OPACITY * weightOpacity(from(end - 1))).toFixed(2)});` +
      "display:inline-block;padding:1px 2px;margin:1px;";
    return `<span class="t"${first ? ` title="${escapeHtml(words)}"` : ""} style="${first ? inline : ""}${
      variables(from)
    }">${text}</span>`;
  };
  return forHeads(drawing, (layer, head, weight) => {
    const first = layer === drawing.layer && head === drawing.head;
    const earlier = start > 0
      ? [
        chip(first, `all of tokens 0–${start - 1} together`, `… 0–${start - 1}`, (query) =>
          earlierWeight(drawing, weight, query)),
      ]
      : [];
    const chips = tokens.map((key) =>
      chip(first, placeWords(sequence, key), tokenHtml(drawing, key), (query) => key > query ? 0 : weight(query, key))
    );
    return `<div ${panel(drawing, layer, head)}>${[...earlier, ...chips].join("\n")}</div>`;
  });
}

function captionHtml(drawing: Drawing): string {
  const names = drawing.tokens.map((position) =>
    `<span class="m m${position}" style="display:${position === drawing.end - 1 ? "inline" : "none"}">` +
    `<b style="${MONOSPACE}">${tokenHtml(drawing, position)}</b> (token ${position})</span>`
  );
  return `<div aria-live="polite" style="font-size:14px;margin:8px 0 0">Where ${names.join("")} looks:</div>`;
}

/** The whole of a text that is longer than the matrix. */
function wholeHtml(drawing: Drawing): string {
  if (drawing.tokens.length === drawing.length) return "";
  const images = forHeads(drawing, (layer, head, weight) =>
    imgHtml(
      headThumbnail(drawing, weight, 128),
      256,
      256,
      `Attention of layer ${layer}, head ${head} over the whole text`,
      `i p p${headName(layer, head)}`,
      `display:${layer === drawing.layer && head === drawing.head ? "block" : "none"}`,
    ));
  return `<div style="${SMALL_STYLE}">The whole text, all ${drawing.length} tokens:</div>${images}`;
}

function legendHtml(): string {
  const marks = ["0%", "6%", "25%", "56%", "100%"].map((mark, i) =>
    `<span style="display:inline-block;width:40px;text-align:${
      i === 0 ? "left" : i === 4 ? "right" : "center"
    }">${mark}</span>`
  );
  return `<div style="font-size:11px;margin:6px 0">${
    imgHtml(
      legendImage(),
      200,
      10,
      "Colours from 0% to 100% of a token’s attention",
      "",
      "display:block;border:1px solid #888",
    )
  }${marks.join("")} of a token’s attention</div>`;
}

function notesOf({ layers, heads, length, open, start, end, scores }: AttentionShown): string {
  return [
    "Grey: tokens that cannot be seen yet.",
    `Lines: weights of at least ${100 * LEAST_LINE}%, in the colour of the head.`,
    scores ? rolesNote() : "",
    open.length < layers
      ? `Heads of ${
        open.length === 1 ? `layer ${open[0]}` : `layers ${open[0]} to ${open.at(-1)}`
      } can be opened here, ${open.length * heads} of ${layers * heads}; choose others with { layer }.`
      : "",
    end - start < length
      ? `The matrix shows tokens ${start} to ${
        end - 1
      } of ${length}; choose others with { start }. “…” is what they give to all earlier tokens together.`
      : "",
    open.length < layers || end - start < length ? "Nothing is lost: the data of the view keeps every weight." : "",
  ].filter(Boolean).join(" ");
}

function drawHtml(shown: AttentionShown): string {
  const drawing = drawingOf(shown);
  const { layers, heads, length } = shown;
  const body = `<div style="${SMALL_STYLE}">Attention of ${layers} × ${heads} heads (layers × heads) over ${
    counted(length, "token")
  }: how much each token takes from each earlier one.<span class="x" style="display:none"> Click a head to open it; hover a token to see where it looks, click to keep it; arrow keys move.</span></div>
${gridHtml(shown)}
${legendHtml()}
<div style="font-size:14px;margin:12px 0 4px">
${headingsHtml(drawing)}
</div>
${matrixHtml(drawing)}
${captionHtml(drawing)}
<div style="${LINE_STYLE}">
${chipsHtml(drawing)}
</div>
${wholeHtml(drawing)}
<div style="${SMALL_STYLE}">${
    escapeHtml(notesOf(shown))
  } <span class="u x" style="display:none"><button type="reset">Start again</button></span></div>
${attentionTables(shown)}`;
  const name = contentName(body);
  return `<div class="${name} h"><style>
${attentionRules(name, shown, drawing.side, drawing.width)}
</style><form method="dialog" aria-label="Attention" style="margin:0">
${body}
</form><script>${SCRIPT}</script></div>`;
}

/**
 * Shows where the tokens look: all heads as thumbnails, one head as a matrix, and the heads of its layer as lines
 * between tokens, in the colour of the head and as wide as the weight. Choosing a thumbnail opens another head;
 * hovering a token lights up its row, its lines, and the tokens it takes from.
 *
 * Of a long text the matrix shows up to 48 tokens, and of a big model the heads of some layers can be opened; the view
 * says so, and its `data` keeps all.
 *
 * @param trace What `LanguageModel.trace` gave with `capture: ["attention"]`.
 * @param options Which head is shown at first.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} If the trace holds no attention.
 * @throws {RangeError} If a shape does not fit the sequence, or an option is out of range.
 *
 * @example
 * ```ts
 * import { LanguageModel } from "@looking-glass/looking-glass";
 * import { attentionView } from "@looking-glass/looking-glass/widgets";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const trace = await model.trace(model.sequence("The keys to the cabinet"), { capture: ["attention"] });
 * const view = attentionView(trace, { layer: 2, head: 1 });
 * console.log(view.text);
 * ```
 */
export function attentionView(trace: Trace, options: AttentionViewOptions = {}): View<Trace> {
  const shown = attentionShown(trace, options);
  const title = options.title ?? `Attention over ${counted(shown.length, "token")}`;
  return createView({
    title,
    html: drawHtml(shown),
    drawSvg: () => drawAttention(shown, title),
    data: trace,
    text: attentionText(shown),
  });
}
