import { deepEqual, equal, ok } from "@std/assert";
import { saliencyView, tokensView } from "../../widgets/mod.ts";
import { CAPTUM, HOSTILE, KEYS, saliencyOf } from "./fixtures.ts";
import { all, alpha, parse } from "./page.ts";
import { untrustedHtml } from "./untrusted.ts";

function untrusted(html: string): HTMLElement {
  return parse(untrustedHtml(html));
}

const VIEWS = {
  minimal: saliencyView(saliencyOf(KEYS)),
  detailed: saliencyView(saliencyOf(KEYS), { style: "detailed" }),
  signed: saliencyView(saliencyOf(KEYS, CAPTUM), { style: "detailed" }),
  hostile: saliencyView(saliencyOf(HOSTILE)),
  tokens: tokensView(HOSTILE),
};

for (const [name, view] of Object.entries(VIEWS)) {
  Deno.test(`an untrusted notebook keeps text, colours, titles and numbers of the ${name} view`, () => {
    const before = parse(view.html);
    const after = untrusted(view.html);
    equal(all(after, "style, script, svg").length, 0);
    const chips = all(after, ".t");
    deepEqual(chips.map((chip) => chip.textContent), all(before, ".t").map((chip) => chip.textContent));
    deepEqual(chips.map(alpha), all(before, ".t").map(alpha));
    ok(chips.every((chip) => chip.getAttribute("title") && chip.getAttribute("style")?.includes("inline-block")));
    deepEqual(all(after, "td").map((cell) => cell.textContent), all(before, "td").map((cell) => cell.textContent));
  });
}

Deno.test("an untrusted notebook hides what does nothing there", () => {
  for (const selector of [".r", ".x", ".u"]) {
    const hidden = all(untrusted(VIEWS.minimal.html), selector);
    ok(hidden.length > 0);
    ok(hidden.every((element) => element.getAttribute("style") === "display:none"));
  }
  const shown = all(untrusted(VIEWS.minimal.html), ".m").filter((one) => one.getAttribute("style") === "display:block");
  equal(shown.length, 1);
});

Deno.test("an untrusted notebook drops the rules, and their text does not leak", () => {
  equal(/--s0|:has|addEventListener/.test(untrusted(VIEWS.minimal.html).textContent ?? ""), false);
});
