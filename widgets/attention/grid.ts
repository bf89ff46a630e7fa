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
import { type Drawing, each } from "./parts.ts";
import { thumbnailGrid } from "./raster.ts";
import { headWords } from "./words.ts";

/** A head that can be opened; its picture is a piece of the sprite. */
function headChoice(drawing: Drawing, layer: number, head: number): Html {
  const role = roleOf(drawing, layer, head);
  const words = `${headWords(drawing, layer, head)}${role ? `: ${role.name}, ${role.score.toFixed(2)}` : ""}`;
  const checked = attributes({ checked: layer === drawing.layer && head === drawing.head });
  return markup`<label class="g g${
    headName(layer, head)
  } c${head}" title="${words}"><input type="radio" name="head"${checked} \
aria-label="${words}">${role?.letter ?? ""}</label>`;
}

/**
 * The heads of a layer as one picture, for a page without style rules, and for layers that cannot be opened: those say
 * so where others can be.
 */
function rowPicture(drawing: Drawing, layer: number): Html {
  const { heads, thumbnail, open, blocks } = drawing;
  const picture = pixelsHtml(thumbnailGrid(drawing, [layer], thumbnail / 2, 2), {
    width: heads * (thumbnail + 4) - 4,
    height: thumbnail,
    alt: `Thumbnails of the heads of layer ${blocks[layer]}`,
    className: "",
  });
  const cell = styling`padding:2px;text-align:left`;
  if (open.includes(layer)) return markup`<td class="f" colspan="${heads}" style="${cell}">${picture}</td>`;
  const words = `Closed: this page has no room for layer ${blocks[layer]}; { layer: ${blocks[layer]} } opens it`;
  return markup`<td class="n" colspan="${heads}" title="${words}" style="${cell}">${picture}</td>\
<td class="x" style="display:none;padding:0 6px;text-align:left">closed</td>`;
}

/** Every head as a thumbnail: those of open layers can be chosen. */
export function gridHtml(drawing: Drawing): Html {
  const { heads, layers, open, thumbnail, rollout, blocks } = drawing;
  const names = each(heads).map((head) =>
    markup`<td style="text-align:center;padding:0 2px"><span style="display:block;width:${thumbnail}px;\
border-bottom:3px solid ${rgb(categoryColour(head))}">${rollout ? "" : head}</span></td>`
  );
  const rows = each(layers).map((layer) => {
    const labels = each(heads).map((head) => headChoice(drawing, layer, head));
    const cells = open.includes(layer)
      ? markup`<td class="x l${layer}" colspan="${heads}" style="display:none;padding:0;text-align:left;white-space:nowrap">${labels}</td>`
      : "";
    return markup`${PLAIN_ROW}<td style="text-align:right;padding:0 6px;white-space:nowrap">${
      layer === 0 ? "layer " : ""
    }${blocks[layer]}</td>${rowPicture(drawing, layer)}${cells}</tr>`;
  });
  return markup`<div role="radiogroup" aria-label="${
    rollout ? "Layers" : "Heads"
  }" tabindex="-1" style="overflow:auto;max-height:480px;margin:6px 0">\
<table role="presentation" style="border-collapse:collapse;font-size:11px">\
${PLAIN_ROW}<td style="text-align:right;padding:0 6px">${rollout ? "" : "head"}</td>${names}</tr>
${stacked(rows)}</table></div>`;
}
