/**
 * Charts in a page: as images, which stay when a notebook is not trusted, while inline SVG goes.
 *
 * @module
 */
import { escapeHtml } from "./escape.ts";

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
