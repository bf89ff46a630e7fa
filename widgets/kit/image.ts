/**
 * Charts in a page: as images, which stay when a notebook is not trusted, while inline SVG goes.
 *
 * @module
 */
import { type Css, styling } from "./css.ts";
import { type Html, htmlText, markup } from "./html.ts";
import { type Pixels, pngUrl, widened } from "./pixel_image.ts";

/**
 * An SVG document as an image that needs no network. It scrolls sideways where it is wider than its page.
 *
 * @param svg The document.
 * @param alt What it shows, for who cannot see it.
 */
export function imageHtml(svg: Html, alt: string): Html {
  const url = `data:image/svg+xml;base64,${new TextEncoder().encode(htmlText(svg)).toBase64()}`;
  return markup`<div style="overflow-x:auto"><img alt="${alt}" style="display:block;max-width:none" \
src="${url}"></div>`;
}

/**
 * The size of a picture between labels. JupyterLab and others fit pictures into their page, and change their shape or
 * their size; the labels beside them stay where they are.
 */
export function fixedSize(width: number, height: number): Css {
  return styling`width:${width}px;max-width:none;height:${height}px`;
}

/** Where a picture of pixels stands. */
export interface PixelsPlace {
  /** In pixels of the page. */
  readonly width: number;
  /** In pixels of the page. */
  readonly height: number;
  /** What it shows, for who cannot see it; empty when its neighbours say so. */
  readonly alt: string;
  /** Classes; `i` alone by default. */
  readonly className?: string;
  /**
   * The inline style.
   *
   * @default {"display:block"}
   */
  readonly style?: Css;
}

/** A picture of pixels as an image that needs no network. */
export function pixelsHtml(pixels: Pixels, place: PixelsPlace): Html {
  const {
    width,
    height,
    alt,
    className = "i",
    style = styling`display:block`,
  } = place;
  return markup`<img class="${className}" width="${width}" height="${height}" alt="${alt}" \
style="${style};${fixedSize(width, height)}" src="${pngUrl(pixels)}">`;
}

/**
 * A picture whose pixels stay squares with sharp edges where style rules are not allowed, which tell a browser to keep
 * them: its columns are repeated, as often as they are wide on the page.
 */
export function sharpPixels(pixels: Pixels, place: PixelsPlace): Html {
  const times = Math.max(1, Math.min(16, Math.round(place.width / pixels.width)));
  const high = Math.max(1, Math.min(16, Math.round(place.height / pixels.height)));
  return pixelsHtml(widened(pixels, times, high), place);
}
