/**
 * Charts in a page: as images, which stay when a notebook is not trusted, while inline SVG goes.
 *
 * @module
 */
import { escapeHtml } from "./escape.ts";
import { type Pixels, pngUrl } from "./pixel_image.ts";

/**
 * An SVG document as an image that needs no network. It scrolls sideways where it is wider than its page.
 *
 * @param svg The document.
 * @param alt What it shows, for who cannot see it.
 */
export function imageHtml(svg: string, alt: string): string {
  const base64 = new TextEncoder().encode(svg).toBase64();
  return `<div style="overflow-x:auto"><img alt="${escapeHtml(alt)}" style="display:block;max-width:none" ` +
    `src="data:image/svg+xml;base64,${base64}"></div>`;
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
  readonly style?: string;
}

/** A picture of pixels as an image that needs no network. */
export function pixelsHtml(pixels: Pixels, place: PixelsPlace): string {
  const { width, height, alt, className = "i", style = "display:block" } = place;
  return `<img class="${className}" width="${width}" height="${height}" alt="${escapeHtml(alt)}" ` +
    `style="${style};max-width:none;height:${height}px" ` + // JupyterLab would fit the width and change the shape
    `src="${pngUrl(pixels)}">`;
}
