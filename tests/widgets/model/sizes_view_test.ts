import { deepEqual, equal, match, ok, throws } from "@std/assert";
import { parseConfig } from "../../../src/models/families.ts";
import { GPT2_SIZES, type ModelConfig, sizesView } from "../../../widgets/mod.ts";
import goldens from "../../goldens/gpt2_sizes.json" with { type: "json" };
import { matchesGolden } from "../golden.ts";
import { all, isWellFormed, parse } from "../page.ts";
import { untrustedHtml } from "../untrusted.ts";
import { standsAlone } from "../views_all.ts";
import { LLAMA, SMALL, UNTIED } from "./fixtures.ts";

const deep = { id: "deep", config: parseConfig({ model_type: "gpt2", n_layer: 200, n_embd: 8, n_head: 1 }) };

Deno.test("sizesView() draws a page and an image that can be looked at", async () => {
  const view = sizesView(GPT2_SIZES);
  await matchesGolden("sizes.html", view.html);
  await matchesGolden("sizes.svg", view.svg);
  isWellFormed(view.svg);
  standsAlone(view);
});

Deno.test("sizesView() counts the parameters of the published sizes as transformers does", () => {
  const { data } = sizesView(GPT2_SIZES);
  const counted = goldens.models.filter(({ name }) => /^gpt2/.test(name));
  equal(counted.length, 4);
  counted.forEach(({ name, config, parameters, perBlock, parts }, i) => {
    const size = data[i]!;
    equal(size.name, `openai-community/${name}`);
    deepEqual([size.parameters, size.parametersPerBlock, size.parametersOf], [parameters, perBlock, parts], name);
    const { n_layer = 12, n_head = 12, n_embd = 768 } = config;
    deepEqual([size.config.nLayer, size.config.nHead, size.config.nEmbd], [n_layer, n_head, n_embd], name);
  });
});

Deno.test("sizesView() says layers, width, heads and parameters in the page, its table, its image and its text", () => {
  const { html, svg, text } = sizesView(GPT2_SIZES);
  const body = parse(html);
  for (const words of ["48 layers", "1,557,611,200 parameters"]) {
    ok(body.textContent?.includes(words) && svg.includes(words), words);
  }
  match(text, /\nopenai-community\/gpt2-medium +24 +1,024 +16 +4,096 .* 354,823,168 +1,419\n/);
  const cells = all(body, "tbody tr").map((row) => Array.from(row.querySelectorAll("td"), (one) => one.textContent));
  deepEqual(cells.map((row) => row[1]), ["12", "24", "36", "48"]);
});

Deno.test("sizesView() draws a box for each layer as wide as the stream, in a notebook that is not trusted too", () => {
  const { html } = sizesView(GPT2_SIZES);
  for (const page of [html, untrustedHtml(html)]) {
    const layers = all(parse(page), "[title^=layer]");
    const boxes = [...Map.groupBy(layers, (one) => one.parentElement).values()];
    deepEqual(boxes.map(({ length }) => length), [12, 24, 36, 48]);
    const widths = boxes.map(([box]) => Number(/width: ?(\d+)px/.exec(box!.getAttribute("style")!)![1]));
    deepEqual(widths, [69, 92, 115, 144]); // 768, 1024, 1280 and 1600 of 1600 times 144
    match(
      boxes[0]!.at(-1)!.getAttribute("title")!,
      /^layer 0: 7,087,872 parameters; attention 2,362,368, MLPs 4,722,432/,
    );
  }
});

Deno.test("sizesView() puts layers together where they are too many", () => {
  const { html, text } = sizesView([deep, SMALL.config]);
  match(text, /A box of a model of more than 96 layers stands for several\./);
  match(text, /\nmodel 2 /);
  const titles = all(parse(html), "[title]").map((one) => one.getAttribute("title")!);
  const own = titles.filter((title) => title.startsWith("layers "));
  equal(own.length, 67);
  match(own.at(-1)!, /^layers 0 to 2, each: /);
  match(own[0]!, /^layers 198 to 199, each: /);
});

Deno.test("sizesView() keeps a name text, and takes models of other families", () => {
  const { html, svg, text } = sizesView([UNTIED, LLAMA]);
  equal(all(parse(html), "img[src=x], script").length, 0);
  isWellFormed(svg);
  match(text, /^2 models of GPT-2, Llama as stacks/);
  match(text, /unembedding/);
});

Deno.test("sizesView() refuses what is no list of models", () => {
  throws(() => sizesView(SMALL as never), {
    name: "TypeError",
    message: /^Cannot draw an object with id, config as sizes; pass a list/,
  });
  throws(() => sizesView([]), {
    name: "RangeError",
    message: "Cannot draw the sizes of 0 models; pass a list of 1 to 24",
  });
  throws(() => sizesView(Array.from({ length: 25 }, () => SMALL)), { name: "RangeError", message: /of 25 models/ });
  throws(() => sizesView([{} as ModelConfig]), {
    name: "TypeError",
    message: /^Cannot draw an object with no keys as a model/,
  });
  const none = { ...SMALL.config, nLayer: 0 };
  throws(() => sizesView([none]), { name: "RangeError", message: /nLayer must be a whole number >= 1: 0$/ });
});
