/**
 * The parts of an attention view as one fragment of HTML.
 *
 * @module
 */
import { characterHtml, partHtml } from "../kit/characters.ts";
import { dataTable, LINE_STYLE, MONOSPACE, placeWords, SMALL_STYLE, tableDetails } from "../kit/chips.ts";
import { choiceForm } from "../kit/choice.ts";
import { OPACITY, ORANGE, rgba } from "../kit/colours.ts";
import { cssJoined, cssText, styling } from "../kit/css.ts";
import { contentName } from "../kit/escape.ts";
import { attributes, committed, type Html, htmlText, type HtmlValue, markup, script, stacked } from "../kit/html.ts";
import { numberedToken } from "../kit/token_text.ts";
import { weightLegend } from "../kit/weight_legend.ts";
import { weightOpacity } from "../kit/weight_pixels.ts";
import { type AttentionShown, earlierWeight, lastKey, LEAST_WEIGHT, roleOf, rolesNote } from "./data.ts";
import { gridHtml } from "./grid.ts";
import { LEAST_LINE, LEAST_OF_MANY } from "./lines.ts";
import { matrixHtml, wholeHtml } from "./matrix.ts";
import { headName, LETTERS, pairName, queryName } from "./names.ts";
import { type Drawing, drawingOf, each, isScripted, tokenHtml } from "./parts.ts";
import OPEN_HEADS from "./open_heads.json" with { type: "json" };
import type { PageSetup } from "./open_heads.ts";
import { attentionRules } from "./style.ts";
import { attentionTables } from "./table.ts";
import { captionWords, hintWords, introWords, wholeWords } from "./words.ts";

/** One of many pieces of a line, of which one is shown. */
function piece(className: string, shown: boolean, text: HtmlValue): Html {
  return markup`<span class="${className}" style="display:${shown ? "inline" : "none"}">${text}</span>`;
}

/** The name of the head that is open. */
function headingHtml(shown: Drawing): Html {
  const { open, heads, layer, head, blocks, rollout } = shown;
  const opened = each(shown.layers).filter((one) => open.includes(one) || isScripted(shown, one));
  const layers = opened.map((one) => piece(`j j${one}`, one === layer, blocks[one]));
  const numbers = each(heads).map((one) => piece(`k k${one}`, one === head, one));
  const roles = opened.flatMap((one) =>
    each(heads).map((other) => {
      const role = roleOf(shown, one, other);
      if (role === undefined) return [];
      const words = `: most of all at ${role.name}, ${role.score.toFixed(2)} on average`;
      return piece(`p p${headName(one, other)}`, one === layer && other === head, words);
    })
  );
  const name = rollout ? markup`After layer ${layers}` : markup`Layer ${layers}, head ${numbers}`;
  return markup`<div aria-live="polite" style="font-size:14px;margin:12px 0 4px"><b>${name}</b>${roles}</div>`;
}

/** How heads and tokens are chosen, without scripts and with them. */
function hintsHtml(drawing: Drawing): Html {
  const { pictures, layers, open } = drawing;
  if (open.length === layers || pictures?.layers.size !== layers) {
    return markup`<span class="x" style="display:none"> ${hintWords(drawing)}</span>`;
  }
  return markup`<span class="x ns" style="display:none"> ${hintWords(drawing)}</span>\
<span class="ws" style="display:none"> ${hintWords({ ...drawing, open: each(layers) })}</span>`;
}

/** Moves the matrix over a long text, where scripts run. */
function movesHtml({ pictures, start, end, length }: Drawing): Html {
  if (pictures === undefined || pictures.pages.length < 2) return markup``;
  const button = (text: string, disabled: boolean) =>
    markup`<button type="button" class="mb" aria-disabled="${String(disabled)}">${text}</button>`;
  return markup`<div class="ws" style="display:none;font-size:12px">${button("← earlier tokens", start === 0)}\
${button("later tokens →", end === length)}<span aria-live="polite">Tokens <span class="rg">${start} to ${
    end - 1
  }</span> of ${length}</span></div>
`;
}

/** The text, coloured by the row of one token of the head that is open. */
function chipsHtml(drawing: Drawing): Html {
  const { sequence, tokens, start, end, layer, head } = drawing;
  const weight = drawing.weights(layer, head);
  const chip = (key: number, words: string, text: string | Html, share: number) => {
    const readers = tokens.filter((query) => key <= lastKey(drawing, query))
      .map((query) => styling`${queryName(drawing, query)}:var(${pairName(drawing, query, key)})`);
    return markup`<span class="t" title="${words}" style="background-color:${
      rgba(
        ORANGE,
        styling`${(OPACITY * weightOpacity(share)).toFixed(2)}`,
      )
    };display:inline-block;padding:1px 2px;margin:1px;${cssJoined(readers, ";")}">${text}</span>`;
  };
  const earlier = start > 0
    ? [
      chip(
        start - 1,
        `all of tokens 0–${start - 1} together`,
        `… 0–${start - 1}`,
        earlierWeight(weight, start, end - 1),
      ),
    ]
    : [];
  const chips = tokens.map((key) =>
    markup`${characterHtml(sequence, key)}${
      chip(key, placeWords(sequence, key), partHtml(sequence, key), weight(end - 1, key))
    }`
  );
  return stacked([...earlier, ...chips]);
}

function captionHtml(drawing: Drawing): Html {
  const names = drawing.tokens.map((position) =>
    piece(
      `m m${position}`,
      position === drawing.end - 1,
      markup`<b style="${MONOSPACE};display:inline-block">${tokenHtml(drawing, position)}</b> (token ${position})`,
    )
  );
  const [before, after] = captionWords(drawing);
  return markup`<div aria-live="polite" style="font-size:14px;margin:8px 0 0">${before}${names}${after}</div>`;
}

/** What is drawn only where style rules are allowed. */
function drawnNotes({ rollout }: AttentionShown): string {
  const many = rollout ? "" : `, ${LEAST_OF_MANY}% where all heads are drawn`;
  return `Lines: weights of at least ${LEAST_LINE}%${many}; in the text: of at least ${LEAST_WEIGHT}%.`;
}

/** What only scripts open, and what to do without. */
function closedWords({ rollout, blocks, layers, heads, open }: AttentionShown): string {
  if (open.length === layers) return "";
  const [first, last] = [open[0]!, open.at(-1)!];
  const which = open.length === 1 ? `layer ${blocks[first]}` : `layers ${blocks[first]} to ${blocks[last]}`;
  return `${rollout ? "Pictures" : "Heads"} of ${which} can be opened here, ${open.length * heads} of ${
    layers * heads
  }; choose others with { layer }. `;
}

function notesHtml(drawing: Drawing): Html {
  const { layers, length, open, start, end, pictures } = drawing;
  const part = end - start < length
    ? markup` The matrix shows tokens <span class="rg">${start} to ${
      end - 1
    }</span> of ${length}; choose others with { start }. “…” is what they give to all earlier tokens together.`
    : "";
  const all = open.length < layers || end - start < length;
  const closed = pictures?.layers.size === layers
    ? [
      markup`<span class="ns">${closedWords(drawing)}</span>`,
      markup`<span class="ws" style="display:none">Weights stand here in 8 bits, at most 1/510 off. </span>`,
    ]
    : closedWords(drawing);
  return markup`Grey: later tokens, which cannot be seen.${part} ${closed}${
    all && "Nothing is lost: the data of the view keeps every weight."
  }`;
}

/** The table of a layer that a script opens; it has no rows until then. */
function scriptedTable(drawing: Drawing): Html {
  if (drawing.pictures === undefined) return markup``;
  const heads = ["token", ...each(drawing.heads).map((head) => drawing.rollout ? "strongest" : `head ${head}`)];
  return markup`<div class="yy" style="display:none">${
    tableDetails("The layer as a table: the token that each token takes most from", dataTable(heads, []))
  }</div>`;
}

/** What the program that opens heads needs to know. */
function setupHtml(drawing: Drawing): Html | undefined {
  const { pictures, start, end, both, heads, open, sequence } = drawing;
  if (pictures === undefined) return undefined;
  const { from, to, pages, before } = pictures;
  const setup: PageSetup = {
    ...{ from, to, start, count: end - start, pages, before, both, heads, open },
    names: sequence.tokens.map((_, position) => numberedToken(sequence, position)),
    ...{ letters: LETTERS, colour: ORANGE, least: LEAST_WEIGHT },
  };
  return markup`<div${attributes({ "data-heads": JSON.stringify(setup) })} hidden></div>`;
}

/** The program that opens what rules do not. */
function opening({ pictures }: Drawing): Html | undefined {
  return pictures &&
    markup`<script>${script`(${committed(OPEN_HEADS)})(document.currentScript.parentElement)`}</script>`;
}

/** Stands for the name of a view in its rules, which are a part of what it is named by. */
const PLACE = "lg-name";

/** The whole view as HTML. */
export function attentionHtml(shown: AttentionShown): Html {
  const drawing = drawingOf(shown);
  const body = markup`<div style="${SMALL_STYLE}">${introWords(shown)}${hintsHtml(drawing)}</div>
${gridHtml(drawing)}
${weightLegend(wholeWords(shown))}
${headingHtml(drawing)}
${movesHtml(drawing)}${matrixHtml(drawing)}
${captionHtml(drawing)}
<div class="tx" style="${LINE_STYLE}">
${chipsHtml(drawing)}
</div>
${wholeHtml(drawing)}
<div style="${SMALL_STYLE}">${notesHtml(drawing)}${
    shown.scores && ` ${rolesNote()}`
  }<span class="x" style="display:none"> ${
    drawnNotes(
      shown,
    )
  }</span> <span class="u x" style="display:none"><button type="reset">Start again</button></span></div>
${attentionTables(shown)}
${scriptedTable(drawing)}${setupHtml(drawing)}`;
  const rules = attentionRules(drawing);
  const name = contentName(`${htmlText(body)}${cssText(rules(PLACE))}`);
  const label = shown.rollout ? "Attention rollout" : "Attention";
  return choiceForm({ name, rules: rules(name), label, body, sequence: shown.sequence, more: opening(drawing) });
}
