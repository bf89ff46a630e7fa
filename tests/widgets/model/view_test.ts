import { deepEqual, equal, match, ok, throws } from "@std/assert";
import { parseConfig } from "../../../src/models/families.ts";
import { modelSummary } from "../../../src/models/summary.ts";
import { anatomyOf } from "../../../widgets/model/anatomy.ts";
import { type ModelConfig, modelView } from "../../../widgets/mod.ts";
import { matchesGolden } from "../golden.ts";
import { all, isWellFormed, parse } from "../page.ts";
import { untrustedHtml } from "../untrusted.ts";
import { LLAMA, SMALL, UNTIED } from "./fixtures.ts";

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
      "attention: 9 heads of 64",
    ],
    ...["3 of keys and values, rotary positions", "q_proj [576, 576], k_proj [192, 576]"],
    ...["v_proj [192, 576], o_proj [576, 576]", "884,736 parameters", "post_attention_layernorm  [576]"],
    ...["gated MLP: 1536 neurons, silu", "gate_proj [1536, 576], up_proj [1536, 576]", "down_proj [576, 1536]"],
    ...["2,654,208 parameters", "norm  [576]", "embed_tokens transposed", "[576, 49152], shared"],
  ];
  deepEqual(texts.filter((text) => !view.svg.includes(`>${text}<`)), []);
  equal(/position embedding|wpe|wte|ln_|c_attn/.test(view.svg + view.html + view.text), false);
  isWellFormed(view.svg);
  await matchesGolden("model_llama.svg", view.svg);
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

/** What is said of each family, where its norms stand, and what is not said of it. */
const FAMILIES: readonly (readonly [config: object, line: RegExp, drawn: readonly RegExp[], not: RegExp])[] = [
  [
    { "model_type": "llama", "num_key_value_heads": 8 },
    /^Llama with 32 layers of 32 heads, width 4096/,
    [
      /8 of keys and values, rotary positions/,
      /gated MLP: 11008 neurons, silu/,
      /up_proj \[11008, 4096\]/,
      />norm {2}\[4096\]/,
    ],
    /position embedding|wte|c_attn|ln_f|GPT-2/,
  ],
  [
    { "model_type": "gpt_neox" },
    /^GPT-NeoX with 44 layers of 64 heads/,
    [/query_key_value \[18432, 6144\]/, /rotary positions/, />MLP: 24576/, /final_layer_norm/],
    /position embedding|of keys and values|gated|GPT-2/,
  ],
  [
    { "model_type": "opt" },
    /^OPT with 12 layers/,
    [/embed_positions \[2050, 768\]/, /self_attn_layer_norm/, /fc1 \[3072, 768\], fc2 \[768, 3072\]/],
    /rotary|GPT-2/,
  ],
  [
    { "model_type": "bert" },
    /^BERT with 12 layers/,
    [/positions and types/, /token_type_embeddings \[2, 768\]: 1,536/, /intermediate\.dense \[3072, 768\]/, />head</],
    /rotary|ln_f|GPT-2/,
  ],
  [
    { "model_type": "bart" },
    /^BART with 12 layers/,
    [/attention to the source/, /encoder_attn_layer_norm/, /shared transposed/],
    /rotary|GPT-2/,
  ],
];

for (const [config, line, drawn, not] of FAMILIES) {
  Deno.test(`modelView() draws ${Object.values(config)[0]} as it is`, () => {
    const { text, svg, html } = modelView(parseConfig(config));
    match(text, line);
    for (const words of drawn) match(svg, words);
    equal(not.test(svg + text), false);
    match(html, /\.\* stands for each layer/);
    isWellFormed(svg);
  });
}

Deno.test("modelView() draws the norms of a block and its layers where the family has them", () => {
  const layoutOf = (config: object) => anatomyOf(modelSummary(parseConfig(config))).layout;
  equal(layoutOf({ "model_type": "gpt2" }), "norms before");
  equal(layoutOf({ "model_type": "llama" }), "norms before");
  equal(layoutOf({ "model_type": "gpt_neox" }), "parallel");
  equal(layoutOf({ "model_type": "gpt_neox", "use_parallel_residual": false }), "norms before");
  equal(layoutOf({ "model_type": "bert" }), "norms after");
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
