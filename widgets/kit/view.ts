/**
 * A view: one picture of some data, readable as a page, as an image and as plain text.
 *
 * @module
 */
import { OUTPUT_NAME } from "../../src/base/kernel.ts";
import { inPage } from "../../src/base/platform.ts";
import { styling } from "./css.ts";
import { plainText } from "./glyphs.ts";
import { attributes, type Html, htmlText, markup } from "./html.ts";
import { unknownNote } from "./unknown_numbers.ts";

/** The name of the method that a Jupyter kernel calls to show a value. */
export const JUPYTER_DISPLAY: unique symbol = Symbol.for("Jupyter.display");

/** What a notebook gets. An SVG is not among it: a notebook hides that type when it is not trusted. */
export interface MimeBundle {
  /** The interactive form. */
  readonly "text/html": string;
  /** The plain form. */
  readonly "text/plain": string;
}

/**
 * A picture of `data`. As the last line of a notebook cell it shows itself.
 *
 * @typeParam Data What is shown.
 */
export interface View<Data = unknown> {
  /** A fragment of HTML that needs nothing else: no network, no library, no script to be readable. */
  readonly html: string;
  /** A document in SVG, drawn when first asked for. */
  readonly svg: string;
  /** What is shown, complete. */
  readonly data: Data;
  /** A table in plain text. */
  readonly text: string;
  /**
   * Writes a file: a page for `.html`, an image for `.svg`, the data for `.json`.
   *
   * @param path Where to write.
   * @throws {Error} In a page, which has no files.
   */
  save(path: string | URL): Promise<void>;
  /** What a notebook shows. */
  [JUPYTER_DISPLAY](): MimeBundle;
}

/** What a notebook shows of a view that is more than a picture. */
export interface ViewCell {
  /** The name of the output, by which it can be replaced. */
  readonly name: string;
  /** What is shown, made of the view's HTML when it is shown. */
  readonly html: (html: Html) => Html;
}

/** The parts of a view. */
export interface ViewParts<Data> {
  /** The title of a saved page. */
  readonly title: string;
  /** See {@linkcode View.html}; one element, best made by {@linkcode rootHtml}. */
  readonly html: Html;
  /** What a notebook shows where it is more than that. */
  readonly cell?: ViewCell | undefined;
  /** Draws {@linkcode View.svg}. */
  readonly drawSvg: () => Html;
  /** See {@linkcode View.data}. */
  readonly data: Data;
  /** See {@linkcode View.text}. */
  readonly text: string;
}

/** Where a view keeps what it is made of. */
const PARTS: unique symbol = Symbol("parts");

/** What a view is made of, for one that shows others: HTML that is still known to be HTML. */
export function partsOf<Data>(view: View<Data>): Pick<ViewParts<Data>, "title" | "html" | "drawSvg"> {
  const parts: Pick<ViewParts<Data>, "title" | "html" | "drawSvg"> | undefined = Reflect.get(view, PARTS);
  if (parts === undefined) {
    throw new TypeError("Cannot show what is no view in another view; make it with createView()");
  }
  return parts;
}

/** The colours are the data: forced colours and print leave them as they are. */
const KEEP_COLOURS = styling`forced-color-adjust:none;print-color-adjust:exact;-webkit-print-color-adjust:exact`;

/**
 * The element that a view is; `className` is the name that its rules begin with, `tokens` the name of the sequence
 * whose chosen token it shares with other views.
 */
export function rootHtml(className: string | undefined, content: readonly Html[], tokens?: string): Html {
  return markup`<div${attributes({ style: KEEP_COLOURS, class: className, "data-tokens": tokens })}>${content}</div>`;
}

/** A fragment as a page of its own. */
export function standalonePage(title: string, content: Html): Html {
  return markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
</head>
<body style="background: Canvas; color: CanvasText; font-family: system-ui, sans-serif">
<main style="max-width: 60em; margin: 2em auto; padding: 0 1em">
<h1 style="font-size: 1.2em">${title}</h1>
${content}
</main>
</body>
</html>
`;
}

/** JSON with typed arrays as lists; a 32-bit float gets the digits that bring it back, and no more. */
function viewJson(data: unknown): string {
  const plain = (_key: string, value: unknown) => {
    if (value instanceof Float32Array) return Array.from(value, (x) => Number(x.toPrecision(9)));
    if (value instanceof Int32Array || value instanceof Uint8Array) return Array.from(value);
    return value;
  };
  return `${JSON.stringify(data, plain)}\n`;
}

/** The formats of files of a view. */
export type ViewFormat = "html" | "svg" | "json";

/** What a file of a view holds: a page, an image, or the data. */
export function viewFile(view: View, format: ViewFormat): string {
  if (format === "svg") return view.svg;
  if (format === "json") return viewJson(view.data);
  const { title, html } = partsOf(view);
  return htmlText(standalonePage(title, html));
}

function formatOf(path: string | URL): ViewFormat {
  const [, format] = /\.(html|svg|json)$/.exec(String(path).toLowerCase()) ?? [];
  if (format !== undefined) return format as ViewFormat;
  throw new TypeError(`Cannot save the view as its format is neither .html, .svg nor .json: "${path}"`);
}

/**
 * Makes a view of its parts.
 *
 * @param parts The forms of the view.
 * @returns The view.
 *
 * @example
 * ```ts
 * import { markup } from "./html.ts";
 * import { createView } from "./view.ts";
 *
 * const view = createView({ title: "One", html: markup`<b>1</b>`, drawSvg: () => markup`<svg/>`, data: 1, text: "1" });
 * console.log(view.text); // 1
 * ```
 */
export function createView<Data>(parts: ViewParts<Data>): View<Data> {
  const { data } = parts;
  const note = unknownNote(data);
  const page = note === "" ? parts.html : rootHtml(undefined, [parts.html, markup`<p role="note">${note}</p>`]);
  const html = htmlText(page);
  const text = plainText(note === "" ? parts.text : `${parts.text}\n${note}`);
  let svg: string | undefined;
  const view: View<Data> & { [key: symbol]: unknown } = {
    html,
    data,
    text,
    get svg() {
      return svg ??= htmlText(parts.drawSvg());
    },
    async save(path) {
      if (inPage) throw new Error("Cannot save the view as a page has no files; take its html, svg or data");
      await Deno.writeTextFile(path, viewFile(view, formatOf(path)));
    },
    [OUTPUT_NAME]: parts.cell?.name,
    [PARTS]: { title: parts.title, html: page, drawSvg: parts.drawSvg },
    [JUPYTER_DISPLAY]() {
      return { "text/html": parts.cell ? htmlText(parts.cell.html(page)) : html, "text/plain": text };
    },
    [Symbol.for("Deno.customInspect")]() {
      return text;
    },
  };
  return view;
}

/** What a notebook gets of a page that is no view. */
export function bundleOf(html: Html, text: string): MimeBundle {
  return { "text/html": htmlText(html), "text/plain": plainText(text) };
}
