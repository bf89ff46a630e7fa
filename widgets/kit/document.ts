/**
 * The only file that knows a DOM: the document that charts are drawn in, and elements as XML text.
 *
 * @module
 */
import { element, type Html, htmlText, markup } from "./html.ts";
import { parseHTML } from "npm:linkedom@0.18.12/worker";

/**
 * A new document to draw in; no global is set.
 *
 * @returns An empty HTML document.
 */
export function createDocument(): Document {
  return parseHTML(htmlText(markup`<!DOCTYPE html><html><head></head><body></body></html>`)).document;
}

/** Coordinates to a hundredth: what a screen can show. */
function rounded(value: string): string {
  return value.replace(/-?\d+\.\d{3,}/g, (number) => String(Number(Number(number).toFixed(2))));
}

/** Characters that no XML file may hold. */
// deno-lint-ignore no-control-regex -- these are what is looked for
const NOT_XML = /[\0-\x08\x0B\x0C\x0E-\x1F\uFFFE\uFFFF]|\p{Surrogate}/gu;

function readable(text: string): string {
  return text.replace(NOT_XML, "\uFFFD");
}

/**
 * An element as XML: escaped, so that it is valid in a file of its own, which `outerHTML` is not.
 *
 * @param node An element or a text.
 * @returns XML.
 */
export function toXml(node: Node): Html {
  if (node.nodeType === 3) return markup`${readable(node.textContent ?? "")}`;
  if (!isElement(node)) return markup``;
  const attributes = Array.from(node.attributes, ({ name, value }) => [name, readable(rounded(value))] as const);
  return element(node.localName, attributes, Array.from(node.childNodes, toXml));
}

function isElement(node: Node): node is Element {
  return node.nodeType === 1;
}
