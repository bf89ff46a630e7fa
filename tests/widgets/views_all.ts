/** What every view has to hold, whatever it shows. */
import { deepEqual, equal, ok } from "@std/assert";
import { JUPYTER_DISPLAY } from "../../widgets/kit/view.ts";
import type { View } from "../../widgets/mod.ts";
import { INJECTION } from "./lens_fixtures.ts";
import { all, isWellFormed, parse } from "./page.ts";
import { untrustedHtml } from "./untrusted.ts";

/** Fails when anything of the view is more than text, or an image that holds its own data. Each part may have its script. */
export function isInert({ html, svg, text }: View, parts = 1): void {
  const body = parse(html);
  const images = all(body, "img");
  ok(images.every((image) => image.getAttribute("src")?.startsWith("data:image/svg+xml;base64,")));
  const handlers = all(body, "*").flatMap((one) => one.getAttributeNames().filter((name) => name.startsWith("on")));
  deepEqual(handlers, []);
  ok(all(body, "script").length <= parts, "a script of a token");
  equal(html.includes("<img src=x"), false);
  isWellFormed(svg);
  equal(svg.includes("<img"), false);
  for (const image of images) {
    isWellFormed(new TextDecoder().decode(Uint8Array.fromBase64(image.getAttribute("src")!.split(",")[1]!)));
  }
  ok(text.includes(INJECTION.slice(0, 9)));
}

/** Fails when a notebook that is not trusted loses tokens, numbers, titles or images, or shows rules as text. */
export function staysReadable({ html }: View, words: readonly string[]): void {
  const before = parse(html);
  const after = parse(untrustedHtml(html));
  equal(all(after, "style, script, svg").length, 0);
  equal(/:has\(|addEventListener|position:sticky/.test(after.textContent ?? ""), false);
  for (const selector of ["td", "th", "li", ".t"]) {
    const content = (root: HTMLElement) => all(root, selector).map((one) => one.textContent);
    deepEqual(content(after), content(before));
  }
  const titles = (root: HTMLElement) => all(root, "[title]").map((one) => one.getAttribute("title"));
  deepEqual(titles(after), titles(before));
  const images = (root: HTMLElement) => all(root, "img").map((one) => one.getAttribute("src"));
  deepEqual(images(after), images(before));
  for (const word of words) ok(after.textContent?.includes(word), `${word} is lost`);
}

/** Fails when an id or a network address is in the page, or no table holds the numbers. */
export function standsAlone(view: View): void {
  const body = parse(view.html);
  equal(all(body, "[id]").length, 0);
  equal(/\b(?:href|src)="(?!data:)/.test(view.html), false);
  ok(all(body, "table").length > 0);
  ok(all(body, "th[scope]").length > 0);
  const bundle = view[JUPYTER_DISPLAY]();
  deepEqual(Object.keys(bundle), ["text/html", "text/plain"]);
  for (const [, script = ""] of view.html.matchAll(/<script>([^]*?)<\/script>/g)) ok(script.length < 2000);
}
