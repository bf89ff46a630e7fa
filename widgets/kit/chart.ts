/**
 * The only file that knows Observable Plot: charts as SVG documents.
 *
 * @module
 */
import { type Html, markup, stacked } from "./html.ts";
import * as Plot from "npm:@observablehq/plot@0.6.17";
import { createDocument, toXml } from "./document.ts";
import { lettersEnd } from "./document_width.ts";

export { Plot };

/** One picture in a document, from the top left corner. */
export interface Picture {
  /** What is drawn. */
  readonly plot: Plot.PlotOptions;
  /** Where its top is, in pixels. */
  readonly top: number;
}

/** The size and title of a document. */
export interface Frame {
  /** In pixels; a document with a longer line of text is as wide as that. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** What it shows, for a screen reader. */
  readonly title: string;
  /** Whether the page shows through; only for pictures without text, in colours that show on white and on black. */
  readonly transparent?: boolean;
}

/** The room after the longest line of a document that is wider for it. */
const MARGIN = 8;

/** A text as XML can hold it, in a tag. */
export function textXml(tag: "title" | "tspan", text: string): Html {
  const made = createDocument().createElement(tag);
  made.textContent = text;
  return toXml(made);
}

/**
 * Pictures below each other as one SVG document: on a white card, as an image cannot see the colours of its page.
 *
 * @param pictures What is drawn.
 * @param frame The size and title.
 * @returns A document that stands alone.
 */
export function drawDocument(pictures: readonly Picture[], frame: Frame): Html {
  const { height, title, transparent = false } = frame;
  const background = transparent ? "none" : "white";
  const document = createDocument();
  const made = pictures.map(({ plot, top }) => {
    const svg = Plot.plot({ className: "lg-plot", style: { color: "#222", background }, ...plot, document });
    svg.setAttribute("font-size", "11");
    svg.setAttribute("y", String(top));
    return svg;
  });
  const end = transparent ? 0 : Math.max(0, ...made.map(lettersEnd));
  const width = end + MARGIN > frame.width ? Math.ceil(end + MARGIN) : frame.width;
  if (width > frame.width) made.forEach((svg) => svg.setAttribute("overflow", "visible"));
  const drawn = made.map((svg) => toXml(svg));
  return markup`<svg xmlns="http://www.w3.org/2000/svg" role="img" width="${width}" \
height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="11" color="#222">\
${textXml("title", title)}${!transparent && markup`<rect width="100%" height="100%" fill="white"/>`}${
    stacked(drawn)
  }</svg>
`;
}
