/**
 * The only file that knows a DOM: the document that charts are drawn in, and elements as XML text.
 *
 * @module
 */
import { parseHTML } from "npm:linkedom@0.18.12/worker";
import { escapeHtml } from "./escape.ts";

/**
 * A new document to draw in; no global is set.
 *
 * @returns An empty HTML document.
 */
export function createDocument(): Document {
  return parseHTML("<!DOCTYPE html><html><head></head><body></body></html>").document;
}

/** Coordinates to a hundredth: what a screen can show. */
function rounded(value: string): string {
  return value.replace(/-?\d+\.\d{3,}/g, (number) => String(Number(Number(number).toFixed(2))));
}

/**
 * An element as XML: escaped, so that it is valid in a file of its own, which `outerHTML` is not.
 *
 * @param node An element or a text.
 * @returns XML text.
 */
export function toXml(node: Node): string {
  if (node.nodeType === 3) return escapeHtml(node.textContent ?? "");
  if (!isElement(node)) return "";
  const attributes = Array.from(node.attributes, ({ name, value }) => ` ${name}="${escapeHtml(rounded(value))}"`);
  const content = Array.from(node.childNodes, toXml).join("");
  const tag = `${node.localName}${attributes.join("")}`;
  return content === "" ? `<${tag}/>` : `<${tag}>${content}</${node.localName}>`;
}

function isElement(node: Node): node is Element {
  return node.nodeType === 1;
}
