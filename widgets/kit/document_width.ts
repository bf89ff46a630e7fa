/**
 * How wide a drawn document has to be so that none of its lines is cut: long sentences stand above small charts.
 *
 * @module
 */
import { textWidth } from "./text_width.ts";

/** The width of a character, as a share of the size of its font: a mean of wide fonts. */
const CHARACTER = 0.6;

/** What an element says itself, or the nearest around it. */
function inherited(node: Element, name: string): string | null {
  const own = node.getAttribute(name);
  return own !== null || node.parentElement === null ? own : inherited(node.parentElement, name);
}

/** How far an element and those around it are moved to the right; nothing where one is turned. */
function movedBy(node: Element | null): number | undefined {
  if (node === null) return 0;
  const own = node.getAttribute("transform") ?? "";
  const before = movedBy(node.parentElement);
  if (before === undefined || /rotate|matrix/.test(own)) return undefined;
  return before + Number(/translate\(\s*(-?[\d.]+)/.exec(own)?.[1] ?? 0);
}

/** Where a line ends, as far as that can be told without its font. */
function lineEnd(text: Element): number {
  const from = movedBy(text);
  if (from === undefined) return 0;
  const size = parseFloat(inherited(text, "font-size") ?? "11") || 11;
  const lines = Array.from(text.querySelectorAll("tspan"), (one) => one.textContent ?? "");
  const longest = Math.max(...(lines.length > 0 ? lines : [text.textContent ?? ""]).map(textWidth));
  const share = { start: 1, middle: 0.5, end: 0 }[inherited(text, "text-anchor") ?? "start"] ?? 1;
  return from + Number(text.getAttribute("x") ?? 0) + share * CHARACTER * size * longest;
}

/** Where the last letter of a picture stands, in pixels from its left. */
export function lettersEnd(picture: Element): number {
  return Array.from(picture.querySelectorAll("text")).reduce((end, text) => Math.max(end, lineEnd(text)), 0);
}
