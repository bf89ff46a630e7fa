/**
 * Vectors as HTML: cells with numbers where there is room, small cells where there are some hundreds, and pictures, whose
 * numbers a pointer finds, where there are more.
 *
 * @module
 */
import { MONOSPACE, PLAIN_ROW, SMALL_STYLE, tableDetails } from "../kit/chips.ts";
import { overlay } from "../kit/colours.ts";
import { contentName } from "../kit/escape.ts";
import { styling } from "../kit/css.ts";
import { attributes, type Html, htmlText, markup, script, stacked } from "../kit/html.ts";
import { sharpPixels } from "../kit/image.ts";
import { numberText } from "../kit/numbers.ts";
import { axisAcross, axisDown, framedPicture } from "../kit/picture_labels.ts";
import { legendHtml, stepped } from "../kit/ramp.ts";
import { scrollRegion } from "../kit/scroll_region.ts";
import { drawnShare } from "../kit/signed_grid.ts";
import { shortText } from "../kit/text_width.ts";
import { rootHtml } from "../kit/view.ts";
import { type Block, sizeOf } from "./data.ts";
import { blockPixels, downOf, foundNumbers, gapOf, type Layout, layOut, pixelWidth } from "./pixels.ts";
import { numbersTable } from "./table.ts";

/** The most cells that are elements, and the most of them in a row. */
const MOST_CELLS = 1200;
const MOST_ACROSS = 72;
/** The most numbers of a row that are written into its cells. */
const MOST_WRITTEN = 16;

const each = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Whether cells have room for all of the numbers. */
export function cellsFit(blocks: readonly Block[]): boolean {
  return blocks.reduce((sum, one) => sum + sizeOf(one), 0) <= MOST_CELLS &&
    blocks.every(({ parts, width }) => parts * width <= MOST_ACROSS);
}

/** Whether cells have their numbers in them. */
export function writesNumbers({ parts, width }: Block): boolean {
  return parts * width <= MOST_WRITTEN;
}

/** A number, and where it stands. */
function cellWords({ rows, parts, partName }: Block, part: number, row: number, column: number): string {
  return `${rows[row] ? `${rows[row]}, ` : ""}${parts > 1 ? `${partName} ${part}, ` : ""}number ${column}`;
}

function rowCells(block: Block, row: number): Html[] {
  const written = writesNumbers(block);
  const size = written
    ? styling`padding:3px 5px;min-width:38px;text-align:right`
    : styling`padding:0;width:12px;min-width:12px;height:18px`;
  const { parts, width, value, strongest } = block;
  return each(parts * width).map((i) => {
    const [part, column] = [Math.floor(i / width), i % width];
    const number = value(part, row, column);
    return markup`${column === 0 && part > 0 && GAP}<td title="${cellWords(block, part, row, column)}: ${
      numberText(number, 5)
    }" style="${size}\
;background-color:${overlay(drawnShare(number / strongest))}">${written ? numberText(number, 3) : ""}</td>`;
  });
}

/** Between two parts. */
const GAP = markup`<td style="padding:0;min-width:6px"></td>`;

function partHeads({ parts, width, partName }: Block): Html | undefined {
  if (parts === 1) return undefined;
  const heads = each(parts).map((part) =>
    markup`${
      part > 0 && GAP
    }<th scope="colgroup" colspan="${width}" style="padding:0 0 2px;text-align:center;font-weight:normal;\
white-space:nowrap">${width >= 3 ? `${partName} ` : ""}${part}</th>`
  );
  return markup`<thead>${PLAIN_ROW}<td style="padding:0"></td>${heads}</tr></thead>`;
}

/** A table whose cells are coloured. */
function cellsHtml(block: Block): Html {
  const lines = block.rows.map((name, row) =>
    markup`${PLAIN_ROW}<th scope="row" style="padding:0 8px 0 0;text-align:right;font-weight:normal;white-space:nowrap">\
${shortText(name, 24)}</th>${rowCells(block, row)}</tr>`
  );
  return markup`<table style="border-collapse:collapse;${MONOSPACE};font-size:12px">${partHeads(block)}<tbody>
${stacked(lines)}</tbody></table>`;
}

/** The names of the parts above a picture. */
function partsAbove(block: Block, layout: Layout): Html | undefined {
  if (block.parts === 1) return undefined;
  const pitch = (Math.ceil(block.width / layout.columns) + gapOf(layout.across)) * layout.across;
  const every = stepped(block.parts, Math.max(1, Math.floor(block.parts * pitch / 50)));
  return axisAcross(
    every.map((part) => ({
      at: pitch * (part + 0.5),
      text: pitch >= 60 ? `${block.partName} ${part}` : String(part),
    })),
  );
}

/** What the script needs to know to find the number below the pointer. */
function findable(block: Block, layout: Layout): Readonly<Record<string, string>> {
  if (!layout.found) return {};
  const { rows, width, parts, partName } = block;
  return {
    "data-f": foundNumbers(block),
    "data-n": JSON.stringify(rows),
    "data-w": String(width),
    "data-e": String(layout.across),
    "data-g": String(parts > 1 ? gapOf(layout.across) : 0),
    "data-p": partName,
  };
}

function pictureHtml(block: Block, layout: Layout): Html {
  const { rows, name } = block;
  const [across, down] = [layout.across, downOf(block, layout)];
  const lines = Math.ceil(rows.length / layout.rows);
  const [width, height] = [pixelWidth(block, layout) * across, lines * down];
  const alt = `${name}, ${block.shape}: the table below holds numbers of each row`;
  const ticks = stepped(lines, Math.max(2, Math.floor(height / 14)))
    .map((line) => ({ at: (line + 0.5) * down, text: shortText(rows[line * layout.rows] ?? "", 18) }));
  const picture = sharpPixels(blockPixels(block, layout), { width, height, alt });
  const above = partsAbove(block, layout);
  return framedPicture({
    picture: markup`<div${attributes(findable(block, layout))}>${picture}</div>`,
    left: axisDown(ticks),
    gap: 6,
    ...(above && { above }),
  });
}

function blockHtml(block: Block, layout: Layout | undefined): Html {
  const { name, shape, strongest } = block;
  const content = layout ? pictureHtml(block, layout) : cellsHtml(block);
  return markup`<div style="display:inline-block;vertical-align:top;max-width:100%;margin:0 24px 12px 0">\
<div style="font-size:13px;margin:4px 0"><b>${name}</b> <span style="opacity:0.8">${shape}, strongest colour at ±${
    numberText(strongest, 3)
  }</span></div>${scrollRegion(name, content)}</div>`;
}

function noteOf(layout: Layout | undefined): string {
  if (layout === undefined) return "A hover tells each number.";
  const { columns, rows } = layout;
  if (columns * rows === 1) return "A pixel for each number.";
  return `A pixel for ${columns} × ${rows} numbers: the one of them that is farthest from zero.`;
}

const LEGEND = legendHtml("Colours:", [
  { share: -1, label: "− most" },
  { share: -0.5, label: "−½" },
  { share: 0, label: "0" },
  { share: 0.5, label: "½" },
  { share: 1, label: "most" },
]);

/** Says the number below the pointer; the view reads as well without it. */
const SCRIPT = script`(()=>{const r=document.currentScript.parentElement,o=r.querySelector(".f"),q=new Map;
const h=e=>{let a=q.get(e);if(!a){const b=Uint8Array.from(atob(e.dataset.f),c=>c.charCodeAt(0)),v=new DataView(b.buffer);
a=i=>{const n=v.getUint16(2*i,true),x=n>>10&31,m=n&1023;return(n>>15?-1:1)*(x===31?m?NaN:1/0:x?2**(x-15)*(1+m/1024):m*2**-24)};q.set(e,a)}return a};
r.addEventListener("pointermove",e=>{const t=e.target,p=t.parentElement;if(!p||!p.dataset.f){o.textContent="";return}
const s=t.getBoundingClientRect(),n=JSON.parse(p.dataset.n),w=+p.dataset.w,g=+p.dataset.g;
const x=Math.floor((e.clientX-s.left)/p.dataset.e),y=Math.floor((e.clientY-s.top)*n.length/s.height);
const k=Math.floor(x/(w+g)),c=x-k*(w+g);if(c>=w||!(y in n)){o.textContent="";return}
o.textContent=(n[y]?n[y]+", ":"")+(g?p.dataset.p+" "+k+", ":"")+"number "+c+": "+h(p)((k*n.length+y)*w+c).toPrecision(4)})})()`;

/** The whole view. */
export function vectorsHtml(blocks: readonly Block[]): Html {
  const layout = cellsFit(blocks) ? undefined : layOut(blocks);
  const found = layout?.found ? markup`<div class="f x" style="display:none"></div>` : undefined;
  const body = markup`${LEGEND}
${blocks.map((block) => blockHtml(block, layout))}
${found}<div style="${SMALL_STYLE}">${noteOf(layout)}${
    layout?.found &&
    markup`<span class="x" style="display:none"> A pointer over a picture finds it, to four digits.</span>`
  }</div>
${tableDetails("Numbers as a table", numbersTable(blocks))}`;
  if (!layout) return rootHtml(undefined, [body]);
  const rules = styling`.i{image-rendering:pixelated}`;
  const name = contentName(htmlText(body));
  const own = styling`.${name}{${rules}span.x{display:inline!important}.f{display:block!important;min-height:1.4em;\
font:12px Menlo,Consolas,monospace}}`;
  return rootHtml(name, [body, markup`<style>${own}</style>${layout.found && markup`<script>${SCRIPT}</script>`}`]);
}
