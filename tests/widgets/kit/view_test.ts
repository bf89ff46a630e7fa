import { deepEqual, equal, match, rejects, throws } from "@std/assert";
import { markup } from "../../../widgets/kit/html.ts";
import { createView, JUPYTER_DISPLAY, rootHtml } from "../../../widgets/kit/view.ts";
import { type Saliency, saliencyView, type Sequence, tokensView } from "../../../widgets/mod.ts";

function sample() {
  let drawn = 0;
  const view = createView({
    title: "One & two",
    html: markup`<b>1</b>`,
    drawSvg: () => markup`<svg>${++drawn}</svg>`,
    data: { scores: new Float32Array([0.1, 1]), bytes: new Uint8Array([7]) },
    text: "1",
  });
  return { view, drawn: () => drawn };
}

Deno.test("createView() answers a kernel with HTML and plain text only", () => {
  deepEqual(sample().view[JUPYTER_DISPLAY](), { "text/html": "<b>1</b>", "text/plain": "1" });
  equal(JUPYTER_DISPLAY, Symbol.for("Jupyter.display"));
});

Deno.test("createView() draws the image once, when it is asked for", () => {
  const { view, drawn } = sample();
  equal(drawn(), 0);
  equal(view.svg + view.svg, "<svg>1</svg><svg>1</svg>");
});

Deno.test("rootHtml() keeps colours in print and where a system forces its own", () => {
  const root = rootHtml("a", [markup`1`]);
  const { html } = createView({ title: "", html: root, drawSvg: () => markup``, data: 1, text: "" });
  equal(/^<div style="[^"]*forced-color-adjust:none[^"]*" class="a">1<\/div>$/.test(html), true);
});

Deno.test("createView() prints as its text", () => {
  equal(Deno.inspect(sample().view), "1");
});

Deno.test("save() writes a page, an image or the data", async () => {
  const { view } = sample();
  const folder = await Deno.makeTempDir();
  try {
    for (const name of ["a.html", "b.SVG", "c.json"]) await view.save(`${folder}/${name}`);
    const page = await Deno.readTextFile(`${folder}/a.html`);
    match(page, /^<!DOCTYPE html>[^]*<title>One &amp; two<\/title>[^]*<b>1<\/b>/);
    equal(await Deno.readTextFile(`${folder}/b.SVG`), "<svg>1</svg>");
    const data = JSON.parse(await Deno.readTextFile(`${folder}/c.json`));
    deepEqual(data, { scores: [0.100000001, 1], bytes: [7] });
    deepEqual(new Float32Array(data.scores), view.data.scores);
    await rejects(() => view.save(`${folder}/d.png`), {
      name: "TypeError",
      message: `Cannot save the view as its format is neither .html, .svg nor .json: "${folder}/d.png"`,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("views say what they were given when it is not what they draw", () => {
  const draw = (value: unknown) => () => saliencyView(value as Saliency);
  throws(draw(Promise.resolve()), { name: "TypeError", message: /^Cannot draw a promise as a saliency map; .*await/ });
  throws(draw(undefined), { name: "TypeError", message: /^Cannot draw undefined as a saliency map/ });
  throws(draw({ tokens: [] }), { name: "TypeError", message: /^Cannot draw an object with tokens as a saliency map/ });
  throws(() => tokensView(null as unknown as Sequence), { name: "TypeError", message: /^Cannot draw null as tokens/ });
});
