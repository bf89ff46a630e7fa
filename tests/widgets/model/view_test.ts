import { deepEqual, equal, match, ok, throws } from "@std/assert";
import { type ModelConfig, modelView } from "../../../widgets/mod.ts";
import { matchesGolden } from "../golden.ts";
import { all, isWellFormed, parse } from "../page.ts";
import { untrustedHtml } from "../untrusted.ts";
import { BERT, LLAMA, SMALL, UNTIED } from "./fixtures.ts";

Deno.test("modelView() draws a page and an image that can be looked at", async () => {
  const view = modelView(SMALL);
  await matchesGolden("model.html", view.html);
  await matchesGolden("model.svg", view.svg);
  isWellFormed(view.svg);
});

Deno.test("modelView() states each weight with its shape, and totals", () => {
  const { html, text } = modelView(SMALL);
  match(text, /^openai-community\/gpt2: GPT-2 with 12 layers of 12 heads, width 768, a vocabulary of 50,257 tokens/);
  match(text, /124,439,808 parameters, 7,087,872 in each layer; 498 MB at 4 bytes each\.\n/);
  match(text, /\nh\.\*\.attn\.c_attn\.weight +\[768, 2304\] +1,769,472 +× 12 +21,233,664\n/);
  match(text, /\ntotal +124,439,808$/);
  const rows = all(parse(html), "tbody tr").map((row) =>
    Array.from(row.querySelectorAll("td"), (one) => one.textContent)
  );
  equal(rows.length, 2 + 12 + 2 + 1);
  deepEqual(rows[0], ["wte.weight", "[50257, 768]", "38,597,376", "", "38,597,376", "31.0%"]);
  const sum = rows.slice(0, -1).reduce((total, row) => total + Number(row[4]?.replaceAll(",", "")), 0);
  equal(sum, 124_439_808);
});

Deno.test("modelView() draws the same for a model and for its settings, but for the name", () => {
  const { id: _, config } = SMALL;
  match(modelView(config).text, /^GPT-2 with 12 layers/);
  equal(modelView(config).text, modelView({ config }).text);
  equal(modelView(SMALL).data.parameters, 124_439_808);
});

Deno.test("modelView() draws a Llama with its own names, its heads of keys and no embedding of positions", async () => {
  const view = modelView(LLAMA);
  // transformers' num_parameters() of the published model is 134515008
  match(
    view.text,
    /^HuggingFaceTB\/SmolLM2-135M-Instruct: Llama with 30 layers of 9 heads, width 576, [^]*134,515,008/,
  );
  match(view.html, /layers\.\* stands for each layer/);
  match(parse(view.html).querySelector("img")?.getAttribute("alt") ?? "", /residual stream, norm, unembedding/);
  const texts = [
    ...[
      "embed_tokens [49152, 576]: 28,311,552",
      "input_layernorm  [576]",
      "attention: 9 heads of 64, 3 of keys",
    ],
    ...["queries and keys are turned by positions", "q_proj [576, 576], k_proj [192, 576]"],
    ...["v_proj [192, 576], o_proj [576, 576]", "884,736 parameters", "post_attention_layernorm  [576]"],
    ...["MLP: 1536 neurons, silu", "gate_proj [1536, 576], up_proj [1536, 576]", "down_proj [576, 1536]"],
    ...["2,654,208 parameters", "norm  [576]", "embed_tokens transposed", "[576, 49152], shared"],
  ];
  deepEqual(texts.filter((text) => !view.svg.includes(`>${text}<`)), []);
  equal(/position embedding|wpe|wte|ln_|c_attn/.test(view.svg + view.html + view.text), false);
  isWellFormed(view.svg);
  await matchesGolden("model_llama.svg", view.svg);
});

Deno.test("modelView() has no picture of a model whose layers are made otherwise", () => {
  const view = modelView(BERT);
  match(view.text, /^BERT with 12 layers of 12 heads/);
  equal(all(parse(view.html), "img").length, 0);
  ok(all(parse(view.html), "tbody tr").length > 10);
  throws(() => view.svg, { name: "Error", message: /^Cannot draw a picture of a BERT model as its layers are made/ });
});

Deno.test("modelView() says whether the logits share the embeddings", () => {
  match(
    parse(modelView(SMALL).html).textContent ?? "",
    /The logits are read with the token embeddings, so these are counted once\./,
  );
  match(modelView(SMALL).svg, /wte transposed \[768, 50257\], shared/);
  equal(/counted once/.test(modelView(UNTIED).html), false);
  match(modelView(UNTIED).svg, /lm_head \[50, 8\]: 400/);
  match(modelView(UNTIED).text, /\nlm_head\.weight +\[50, 8\] +400 +400\n/);
});

Deno.test("modelView() treats the name of the model as data", () => {
  const view = modelView(UNTIED);
  const body = parse(view.html);
  equal(all(body, "script, [onerror]").length, 0);
  equal(all(body, "img").length, 1);
  equal(/\u202E/.test(view.html + view.svg + view.text), false);
  isWellFormed(view.svg);
});

Deno.test("modelView() stays whole in a notebook that is not trusted", () => {
  const before = parse(modelView(SMALL).html);
  const after = parse(untrustedHtml(modelView(SMALL).html));
  equal(after.textContent, before.textContent);
  match(all(after, "img")[0]?.getAttribute("src") ?? "", /^data:image\/svg\+xml;base64,/);
  ok(all(after, "img")[0]?.getAttribute("alt")?.includes("residual stream"));
});

Deno.test("modelView() throws on what is no model", () => {
  throws(() => modelView(Promise.resolve() as unknown as ModelConfig), {
    name: "TypeError",
    message: "Cannot draw a promise as a model; pass what await LanguageModel.fromPretrained() returned",
  });
  throws(() => modelView({ config: { ...SMALL.config, nLayer: 0 } }), {
    name: "RangeError",
    message: "Cannot draw the model as its nLayer must be a whole number >= 1: 0",
  });
});
