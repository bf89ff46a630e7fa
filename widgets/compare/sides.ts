/**
 * Two views beside each other; on a narrow page below each other.
 *
 * @module
 */
import { textXml } from "../kit/chart.ts";
import { styling } from "../kit/css.ts";
import { type Html, markup } from "../kit/html.ts";
import { partsOf, rootHtml, type View } from "../kit/view.ts";

/** A view with the words above it. */
export interface Side {
  readonly label: string;
  readonly view: View;
}

const LABEL = styling`font-size:15px;font-weight:bold;margin:8px 0 4px;border-bottom:1px solid`;

/** The page of both. */
export function sidesHtml(sides: readonly Side[]): Html {
  const boxes = sides.map(({ label, view }) =>
    markup`<div role="group" aria-label="${label}" style="flex:1 1 420px;min-width:0"><div style="${LABEL}">${label}</div>
${partsOf(view).html}</div>`
  );
  return rootHtml(undefined, [markup`<div style="display:flex;flex-wrap:wrap;gap:0 24px">${boxes}</div>`]);
}

/** The size that an image says that it has. */
function sizeOf({ svg }: View): { readonly width: number; readonly height: number } {
  const [width = 0, height = 0] = ["width", "height"].map((name) => {
    return Number(new RegExp(`^<svg [^>]*?\\b${name}="([\\d.]+)"`).exec(svg)?.[1]);
  });
  return { width, height };
}

/** Space between images, and above them for words. */
const [BETWEEN, ABOVE] = [24, 28];

/** The image of both. */
export function drawSides(sides: readonly Side[], title: string): Html {
  const sizes = sides.map(({ view }) => sizeOf(view));
  const width = sizes.reduce((sum, size) => sum + size.width + BETWEEN, -BETWEEN);
  const height = ABOVE + sizes.reduce((most, size) => Math.max(most, size.height), 0);
  const drawn = sides.map(({ label, view }, n) => {
    const left = sizes.slice(0, n).reduce((sum, size) => sum + size.width + BETWEEN, 0);
    return markup`<text x="${left + 8}" y="18" font-size="13" font-weight="bold" fill="#222">${
      textXml("tspan", label)
    }</text>\
<g transform="translate(${left} ${ABOVE})">${partsOf(view).drawSvg()}</g>`;
  });
  return markup`<svg xmlns="http://www.w3.org/2000/svg" role="img" width="${width}" height="${height}" \
viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif">${textXml("title", title)}\
<rect width="100%" height="100%" fill="white"/>${drawn}</svg>
`;
}

/** Both as plain text. */
export function sidesText(sides: readonly Side[]): string {
  return sides.map(({ label, view }) => `${label}\n${view.text}`).join("\n\n");
}
