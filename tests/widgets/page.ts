import { parseHTML } from "npm:linkedom@0.18.12/worker";
import { equal } from "@std/assert";

/** A fragment of HTML, read by a parser. */
export function parse(html: string): HTMLElement {
  return parseHTML(`<!DOCTYPE html><html><body>${html}</body></html>`).document.body;
}

/** All elements that match. */
export function all(root: ParentNode, selector: string): HTMLElement[] {
  return Array.from(root.querySelectorAll<HTMLElement>(selector));
}

/** The opacity of an element's inline background. */
export function alpha(element: Element): number {
  const [, value] = /rgba\(\d+,\d+,\d+,([\d.]+)\)/.exec(element.getAttribute("style") ?? "") ?? [];
  return Number(value);
}

/** Fails unless each tag that is opened is closed, in order, as XML demands. */
export function isWellFormed(xml: string): void {
  const open: string[] = [];
  for (const [, close, name = "", self] of xml.matchAll(/<(\/?)([\w:]+)(?:\s[\w:-]+="[^"<]*")*\s*(\/?)>/g)) {
    if (close) equal(open.pop(), name);
    else if (!self) open.push(name);
  }
  equal(open.length, 0);
  const rest = xml.replace(/<\/?[\w:]+(?:\s[\w:-]+="[^"<]*")*\s*\/?>/g, "");
  equal(/[<>]|&(?!amp;|lt;|gt;|quot;|#39;)/.test(rest), false);
}
