/**
 * The only file that knows Observable Plot: charts as SVG documents.
 *
 * @module
 */
import { type Html, markup, stacked } from "./html.ts";
import * as Plot from "npm:@observablehq/plot@0.6.17";
import { createDocument, toXml } from "./document.ts";

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
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** What it shows, for a screen reader. */
  readonly title: string;
  /** Whether the page shows through; only for pictures without text, in colours that show on white and on black. */
  readonly transparent?: boolean;
}

/** An element with a text, as XML can hold it. */
export function textXml(element: "title" | "tspan", text: string): Html {
  const made = createDocument().createElement(element);
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
  const { width, height, title, transparent = false } = frame;
  const background = transparent ? "none" : "white";
  const document = createDocument();
  const drawn = pictures.map(({ plot, top }) => {
    const svg = Plot.plot({ className: "lg-plot", style: { color: "#222", background }, ...plot, document });
    svg.setAttribute("y", String(top));
    return toXml(svg);
  });
  return markup`<svg xmlns="http://www.w3.org/2000/svg" role="img" width="${width}" \
height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="10" color="#222">\
${textXml("title", title)}${!transparent && markup`<rect width="100%" height="100%" fill="white"/>`}${
    stacked(drawn)
  }</svg>
`;
}
