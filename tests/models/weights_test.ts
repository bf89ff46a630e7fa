import { deepEqual, equal, notEqual, throws } from "@std/assert";
import { openBytes } from "../../src/checkpoint/byte_source.ts";
import { type AnyConfig, parseConfig } from "../../src/models/families.ts";
import { declareWeights, selectWeights, weightLocation, weightLocations, weightsOf } from "../../src/models/weights.ts";
import { Graph } from "../../src/onnx/mod.ts";
import { randomCheckpoint, type TensorSpec, tensorSpecs, TINY } from "../support/tiny_gpt2.ts";

const CONFIG = parseConfig(TINY);

/** Selects the weights of a checkpoint that is changed before it is written. */
async function select(
  change: (specs: Map<string, TensorSpec>) => void = () => {},
  options: { readonly config?: AnyConfig; readonly prefix?: string } = {},
) {
  const { config = CONFIG, prefix = "transformer." } = options;
  const specs = tensorSpecs(config, prefix);
  change(specs);
  return selectWeights(config, await randomCheckpoint(specs));
}

Deno.test("weightsOf() lists the tensors of a checkpoint with their shapes", () => {
  const shapes = Object.fromEntries(weightsOf(CONFIG).entries().map(([name, { shape }]) => [name, shape]));
  equal(Object.keys(shapes).length, 2 + 2 * 12 + 2);
  deepEqual(shapes["wte.weight"], [23, 12]);
  deepEqual(shapes["wpe.weight"], [16, 12]);
  deepEqual(shapes["h.0.attn.c_attn.weight"], [12, 36]);
  deepEqual(shapes["h.0.attn.c_attn.bias"], [36]);
  deepEqual(shapes["h.1.attn.c_proj.weight"], [12, 12]);
  deepEqual(shapes["h.1.mlp.c_fc.weight"], [12, 20]);
  deepEqual(shapes["h.1.mlp.c_proj.weight"], [20, 12]);
  deepEqual(shapes["ln_f.bias"], [12]);
  equal("lm_head.weight" in shapes, false);
  deepEqual(weightsOf(parseConfig({ ...TINY, tie_word_embeddings: false })).get("lm_head.weight")?.shape, [23, 12]);
});

for (const prefix of ["transformer.", ""]) {
  Deno.test(`selectWeights() finds weights whose names begin with "${prefix}"`, async () => {
    const weights = await select(() => {}, { prefix });
    deepEqual([...weights.keys()], [...weightsOf(CONFIG).keys()]);
    equal(weights.get("h.1.ln_2.bias")!.name, `${prefix}h.1.ln_2.bias`);
  });
}

Deno.test("selectWeights() finds lm_head.weight beside weights with a prefix", async () => {
  const config = parseConfig({ ...TINY, tie_word_embeddings: false });
  const move = (specs: Map<string, TensorSpec>) => {
    specs.delete("transformer.lm_head.weight");
    specs.set("lm_head.weight", { shape: [23, 12] });
  };
  equal((await select(move, { config })).get("lm_head.weight")!.name, "lm_head.weight");
});

Deno.test("selectWeights() leaves out buffers and heads that the model does not use", async () => {
  const weights = await select((specs) => {
    specs.set("transformer.h.0.attn.bias", { shape: [1, 1, 16, 16], dtype: "U8" });
    specs.set("transformer.h.1.attn.masked_bias", { shape: [] });
    specs.set("lm_head.weight", { shape: [23, 12] });
    specs.set("score.weight", { shape: [2, 12] });
  });
  deepEqual([...weights.keys()], [...weightsOf(CONFIG).keys()]);
});

Deno.test("selectWeights() takes F64, F32, F16 and BF16, mixed", async () => {
  const weights = await select((specs) => {
    specs.set("transformer.wte.weight", { shape: [23, 12], dtype: "F16" });
    specs.set("transformer.wpe.weight", { shape: [16, 12], dtype: "BF16" });
    specs.set("transformer.ln_f.bias", { shape: [12], dtype: "F64" });
  });
  deepEqual([...new Set([...weights.values()].map(({ dtype }) => dtype))], ["F16", "BF16", "F32", "F64"]);
});

for (const name of weightsOf(CONFIG).keys()) {
  Deno.test(`selectWeights() says that ${name} is missing`, async () => {
    const entries = await randomCheckpoint(new Map([...tensorSpecs(CONFIG)].filter(([key]) => !key.endsWith(name))));
    const message = `Cannot build GPT-2 as "${name}" is missing from model.safetensors`;
    throws(() => selectWeights(CONFIG, entries), { name: "RangeError", message });
  });
}

Deno.test("selectWeights() says that everything is missing from an empty file", () => {
  const message = 'Cannot build GPT-2 as "wte.weight" is missing from an empty file';
  throws(() => selectWeights(CONFIG, new Map()), { name: "RangeError", message });
});

const WRONG_SHAPES: readonly (readonly [string, readonly number[], string])[] = [
  ["wte.weight", [22, 12], "[23,12]"],
  ["wpe.weight", [12, 16], "[16,12]"],
  ["h.0.attn.c_attn.weight", [36, 12], "[12,36]"],
  ["h.1.mlp.c_proj.weight", [12, 20], "[20,12]"],
  ["h.1.mlp.c_proj.bias", [1, 12], "[12]"],
  ["ln_f.weight", [], "[12]"],
];

for (const [name, shape, expected] of WRONG_SHAPES) {
  Deno.test(`selectWeights() refuses ${name} of shape [${shape}]`, async () => {
    const entries = await randomCheckpoint(tensorSpecs(CONFIG).set(`transformer.${name}`, { shape }));
    const message =
      `Cannot build GPT-2 as "${name}" must be ${expected} by config.json: [${shape}] in model.safetensors`;
    throws(() => selectWeights(CONFIG, entries), { name: "RangeError", message });
  });
}

Deno.test("selectWeights() cannot tell a square weight from its transpose", async () => {
  const transposed = { shape: [12, 12] };
  const weights = await select((specs) => specs.set("transformer.h.0.attn.c_proj.weight", transposed));
  deepEqual(weights.get("h.0.attn.c_proj.weight")!.shape, [12, 12]);
});

for (const dtype of ["F8_E4M3", "I64", "BOOL", "U8"]) {
  Deno.test(`selectWeights() refuses a weight of type ${dtype}`, async () => {
    const entries = new Map(await randomCheckpoint(tensorSpecs(CONFIG)));
    entries.set("transformer.ln_f.bias", { ...entries.get("transformer.ln_f.bias")!, dtype });
    const message = `Cannot read "ln_f.bias" of model.safetensors as weights must be F64, F32, F16 or BF16: ${dtype}`;
    throws(() => selectWeights(CONFIG, entries), { name: "TypeError", message });
  });
}

for (const prefix of ["transformer.", ""]) {
  Deno.test(`selectWeights() refuses more blocks than n_layer, named with "${prefix}"`, async () => {
    const entries = await randomCheckpoint(tensorSpecs(parseConfig({ ...TINY, n_layer: 3 }), prefix));
    const message =
      `Cannot build GPT-2 as config.json says n_layer 2 but model.safetensors holds "${prefix}h.2.ln_1.weight"`;
    throws(() => selectWeights(CONFIG, entries), { name: "RangeError", message });
  });
}

Deno.test("weightLocation() is the last part of the path, or the name of what is in memory", async () => {
  const entry = (await select()).get("wte.weight")!;
  equal(weightLocation(entry), "model.safetensors");
  const at = (name: string, path?: string) =>
    weightLocation({ ...entry, source: { ...openBytes(name, new Uint8Array()), name, ...(path && { path }) } });
  equal(at("link.safetensors", "/cache/blobs/abc"), "abc");
  equal(at("x", "C:\\models\\model.safetensors"), "model.safetensors");
  equal(at("https://host/gpt2/resolve/main/model.safetensors"), "model.safetensors");
});

for (
  const [paths, expected] of [
    [["/a/b/x.safetensors", "/a/b/y.safetensors"], ["x.safetensors", "y.safetensors"]],
    [["/a/b/x.safetensors", "/a/c/d/y.safetensors"], ["b/x.safetensors", "c/d/y.safetensors"]],
    [["/a/x.safetensors", "/b/y.safetensors"], ["a/x.safetensors", "b/y.safetensors"]],
    [["/a/b/x.safetensors", "/a/y.safetensors"], ["b/x.safetensors", "y.safetensors"]],
    [["/ab/x.safetensors", "/a/y.safetensors"], ["ab/x.safetensors", "a/y.safetensors"]],
    [["C:\\a\\x.safetensors", "C:\\b\\y.safetensors"], ["a\\x.safetensors", "b\\y.safetensors"]],
    [["C:\\a\\x.safetensors", "D:\\b\\y.safetensors"], ["x.safetensors", "y.safetensors"]],
    [["/a/x.safetensors", undefined], ["x.safetensors", "1.safetensors"]],
  ] as const
) {
  Deno.test(`weightLocations() of ${paths.join(" and ")} are ${expected.join(" and ")}`, async () => {
    const entry = (await select()).get("wte.weight")!;
    const entries = paths.map((path, i) => {
      const source = openBytes(`${i}.safetensors`, new Uint8Array());
      return { ...entry, source: { ...source, name: `${i}.safetensors`, ...(path && { path }) } };
    });
    deepEqual(entries.map(weightLocations(entries)), expected);
  });
}

Deno.test("declareWeights() declares a weight once, where it is in the file", async () => {
  const entries = await select();
  const g = new Graph();
  const w = declareWeights(g, CONFIG, entries);
  const weight = w("h.0.ln_1.bias");
  equal(w("h.0.ln_1.bias"), weight);
  notEqual(w("h.1.ln_1.bias"), weight);
  deepEqual(weight, { name: "h.0.ln_1.bias", dtype: "float32", shape: [12] });
  const { start, end } = entries.get("h.0.ln_1.bias")!;
  equal(g.initializers.length, 2);
  deepEqual(g.initializers[0]!.data, {
    kind: "external",
    location: "model.safetensors",
    offset: start,
    length: end - start,
  });
  equal(end - start, 4 * 12);
});

for (const [dtype, stored] of [["F16", "float16"], ["BF16", "bfloat16"]] as const) {
  Deno.test(`declareWeights() widens ${dtype} once`, async () => {
    const entries = await select((specs) => specs.set("transformer.ln_f.bias", { shape: [12], dtype }));
    const g = new Graph();
    const w = declareWeights(g, CONFIG, entries);
    equal(w("ln_f.bias").dtype, "float32");
    equal(w("ln_f.bias"), w("ln_f.bias"));
    equal(g.initializers[0]!.value.dtype, stored);
    deepEqual(g.nodes.map(({ op }) => op), ["Cast"]);
  });
}

Deno.test("declareWeights() refuses a name that was not selected", async () => {
  const w = declareWeights(new Graph(), CONFIG, await select());
  throws(() => w("lm_head.weight"), { name: "RangeError", message: 'Cannot find weight "lm_head.weight"' });
});
