/**
 * Every head as a thumbnail.
 *
 * @module
 */
import { categoryColour } from "../kit/categories.ts";
import { PLAIN_ROW } from "../kit/chips.ts";
import { rgb } from "../kit/colours.ts";
import { styling } from "../kit/css.ts";
import { attributes, type Html, markup, stacked } from "../kit/html.ts";
import { pixelsHtml } from "../kit/image.ts";
import { roleOf } from "./data.ts";
import { headName } from "./names.ts";
import { type Drawing, each, isScripted } from "./parts.ts";
import { thumbnailGrid } from "./raster.ts";
import { headWords } from "./words.ts";

/** A head that can be opened; its picture is a piece of the sprite. */
function headChoice(drawing: Drawing, layer: number, head: number): Html {
  const role = roleOf(drawing, layer, head);
  const words = `${headWords(drawing, layer, head)}${role ? `: ${role.name}, ${role.score.toFixed(2)}` : ""}`;
  const checked = attributes({ checked: layer === drawing.layer && head === drawing.head });
  return markup`<label class="g g${
    headName(layer, head)
  } c${head}" title="${words}"><input type="radio" name="head" value="${headName(layer, head)}"${checked} \
aria-label="${words}">${role?.letter ?? ""}</label>`;
}

/** The letters of the heads of a layer, below their pictures. */
function lettersHtml(drawing: Drawing, layer: number): Html {
  const { heads, thumbnail, scores } = drawing;
  if (scores === undefined) return markup``;
  const letters = each(heads).map((head) =>
    markup`<span style="display:inline-block;width:${thumbnail + 4}px;text-align:center">${
      roleOf(drawing, layer, head)?.letter ?? markup`&#160;`
    }</span>`
  );
  return markup`<div style="font-size:11px;line-height:12px;margin:0 -2px;white-space:nowrap">${letters}</div>`;
}

/** How many pixels of a picture fall on one of the page: the fewer, the more heads there are. */
function sharpness(heads: number): number {
  return heads <= 200 ? 2 : heads <= 600 ? 1 : 0.5;
}

/**
 * The heads of a layer as one picture, for a page without style rules, and for layers that cannot be opened: those say
 * so where others can be.
 */
function rowPicture(drawing: Drawing, layer: number): Html {
  const { heads, thumbnail, open, blocks, layers } = drawing;
  const times = sharpness(layers * heads);
  const picture = pixelsHtml(thumbnailGrid(drawing, [layer], Math.floor(thumbnail * times), 4 * times), {
    width: heads * (thumbnail + 4) - 4,
    height: thumbnail,
    alt: `Thumbnails of the heads of layer ${blocks[layer]}`,
    className: "",
  });
  const cell = styling`padding:2px;text-align:left`;
  const content = [picture, lettersHtml(drawing, layer)];
  if (open.includes(layer)) return markup`<td class="f" colspan="${heads}" style="${cell}">${content}</td>`;
  const words = isScripted(drawing, layer)
    ? `Closed: layer ${blocks[layer]} opens where scripts run; { layer: ${blocks[layer]} } opens it everywhere`
    : `Closed: this page has no room for layer ${blocks[layer]}; { layer: ${blocks[layer]} } opens it`;
  return markup`<td class="n" colspan="${heads}" title="${words}" style="${cell}">${content}</td>\
<td class="x" style="display:none;padding:0 6px;text-align:left">closed</td>`;
}

/** The heads of a layer that can be opened, and the weights that a script reads. */
function rowChoices(drawing: Drawing, layer: number): Html {
  const { heads, open, pictures } = drawing;
  const scripted = isScripted(drawing, layer);
  if (!scripted && !open.includes(layer)) return markup``;
  const cell = attributes({
    class: `${scripted ? "es" : "x"} l${layer}`,
    colspan: heads,
    "data-png": pictures?.layers.get(layer),
    style: styling`display:none;padding:0;text-align:left;white-space:nowrap`,
  });
  return markup`<td${cell}>${each(heads).map((head) => headChoice(drawing, layer, head))}</td>`;
}

/** Every head as a thumbnail: those of open layers can be chosen. */
export function gridHtml(drawing: Drawing): Html {
  const { heads, layers, thumbnail, rollout, blocks } = drawing;
  const names = each(heads).map((head) =>
    markup`<td style="text-align:center;padding:0 2px"><span class="hs" style="display:block;width:${thumbnail}px;\
border-bottom:3px solid ${rgb(categoryColour(head))}">${rollout ? "" : head}</span></td>`
  );
  const rows = each(layers).map((layer) => {
    return markup`${PLAIN_ROW}<td style="text-align:right;padding:0 6px;white-space:nowrap">${
      layer === 0 ? "layer " : ""
    }${blocks[layer]}</td>${rowPicture(drawing, layer)}${rowChoices(drawing, layer)}</tr>`;
  });
  return markup`<div class="gs" role="radiogroup" aria-label="${
    rollout ? "Layers" : "Heads"
  }" tabindex="-1" style="overflow:auto;max-height:760px;margin:6px 0">\
<table role="presentation" style="border-collapse:collapse;font-size:11px">\
${PLAIN_ROW}<td style="text-align:right;padding:0 6px">${rollout ? "" : "head"}</td>${names}</tr>
${stacked(rows)}</table></div>`;
}
