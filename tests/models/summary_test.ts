import { deepEqual, equal } from "@std/assert";
import { parseConfig } from "../../src/models/families.ts";
import { modelSummary } from "../../src/models/summary.ts";
import families from "../goldens/family_sizes.json" with { type: "json" };
import goldens from "../goldens/gpt2_sizes.json" with { type: "json" };

for (const { name, config, parameters, perBlock, parts } of [...goldens.models, ...families.models]) {
  Deno.test(`modelSummary() counts the parameters of ${name} as transformers does`, () => {
    const summary = modelSummary(parseConfig(config));
    equal(summary.parameters, parameters);
    equal(summary.parametersPerBlock, perBlock);
    deepEqual(summary.parametersOf, parts);
    equal(summary.weights.reduce((sum, weight) => sum + weight.parameters, 0), parameters);
  });
}

Deno.test("modelSummary() gives the published sizes of OpenAI's checkpoints", () => {
  const sizes = goldens.models.slice(0, 4).map(({ config }) => modelSummary(parseConfig(config)).parameters);
  deepEqual(sizes, [124_439_808, 354_823_168, 774_030_080, 1_557_611_200]);
});

Deno.test("modelSummary() is held to models of every family", () => {
  equal(families.models.length, 14);
  equal(new Set(families.models.map(({ config }) => config.model_type)).size, 8);
});

Deno.test("modelSummary() counts the parameters of a block where there is a single one", () => {
  const [one, two] = [1, 2].map((layers) => modelSummary(parseConfig({ model_type: "gpt2", n_layer: layers })));
  equal(one!.parametersPerBlock, two!.parametersPerBlock);
  equal(two!.parameters - one!.parameters, one!.parametersPerBlock);
});

Deno.test("modelSummary() names each weight with its shape, part and block", () => {
  const { weights } = modelSummary(parseConfig({ model_type: "gpt2", n_layer: 2 }));
  equal(weights.length, 2 + 2 * 12 + 2);
  deepEqual(weights[0], { name: "wte.weight", shape: [50257, 768], parameters: 38597376, part: "embedding" });
  deepEqual(weights[16], {
    name: "h.1.attn.c_attn.weight",
    shape: [768, 2304],
    parameters: 1769472,
    part: "attention",
    block: 1,
  });
  deepEqual(weights.at(-1), { name: "ln_f.bias", shape: [768], parameters: 768, part: "norm" });
});
