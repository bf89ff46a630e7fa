/**
 * The parts of an attention view as one fragment of HTML.
 *
 * @module
 */
import { type AttentionShown, earlierWeight, roleOf, rolesNote } from "./attention_data.ts";
import { gridHtml, legendHtml } from "./attention_grid.ts";
import { LEAST_LINE } from "./attention_lines.ts";
import { matrixHtml, wholeHtml } from "./attention_matrix.ts";
import { type Drawing, drawingOf, forHeads, panel, tokenHtml } from "./attention_parts.ts";
import { weightOpacity } from "./attention_raster.ts";
import { attentionRules } from "./attention_style.ts";
import { attentionTables } from "./attention_table.ts";
import { headWords, introWords } from "./attention_words.ts";
import { LINE_STYLE, MONOSPACE, placeWords, SMALL_STYLE } from "./chips.ts";
import { OPACITY, ORANGE } from "./colours.ts";
import { contentName, escapeHtml } from "./escape.ts";
import { SCRIPT } from "./saliency_style.ts";

function headingsHtml(shown: AttentionShown): string {
  return forHeads(shown, (layer, head) => {
    const role = roleOf(shown, layer, head);
    const words = role ? `: most of all at ${role.name}, ${role.score.toFixed(2)} on average` : "";
    return `<div ${panel(shown, layer, head)}><b>${headWords(shown, layer, head)}</b>${words}</div>`;
  });
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

function notesOf({ rollout, blocks, layers, heads, length, open, start, end, scores }: AttentionShown): string {
  return [
    "Grey: tokens that cannot be seen yet.",
    `Lines: weights of at least ${100 * LEAST_LINE}%${rollout ? "" : ", in the colour of the head"}.`,
    scores ? rolesNote() : "",
    open.length < layers
      ? `${rollout ? "Pictures" : "Heads"} of ${
        open.length === 1 ? `layer ${blocks[open[0]!]}` : `layers ${blocks[open[0]!]} to ${blocks[open.at(-1)!]}`
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

/** The whole view as HTML. */
export function attentionHtml(shown: AttentionShown): string {
  const drawing = drawingOf(shown);
  const body = `<div style="${SMALL_STYLE}">${
    introWords(shown)
  }<span class="x" style="display:none"> Click a picture to open it; hover a token to see where it looks, click to keep it; arrow keys move.</span></div>
${gridHtml(shown)}
${legendHtml(shown)}
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
</style><form method="dialog" aria-label="${shown.rollout ? "Attention rollout" : "Attention"}" style="margin:0">
${body}
</form><script>${SCRIPT}</script></div>`;
}
