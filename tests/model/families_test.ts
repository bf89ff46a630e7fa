/** What goes with every family: the self-check, names of weights, files of several kinds, and refusals. */
import { deepEqual, equal, ok, rejects } from "@std/assert";
import { LanguageModel } from "../../mod.ts";
import { tinyNumbers } from "../../src/model/self_check.ts";
import { type AnyConfig, familyOf, parseConfig } from "../../src/models/families.ts";
import { hasHead } from "../../src/models/family.ts";
import { safetensorsFile } from "../checkpoint/safetensors_file.ts";
import { counted } from "../support/counted.ts";
import { checkpointCopy, FAMILY_NAMES, maxAbsDifference, openGolden } from "../support/goldens.ts";
import { split } from "../support/shards.ts";

const MODEL_TYPES = counted(
  ["gpt2", "llama", "mistral", "qwen2", "gpt_neox", "opt", "bert", "distilbert", "roberta", "bart", "marian"],
  11,
);

for (const modelType of MODEL_TYPES) {
  Deno.test(`the tiny model of the self-check is computed for ${modelType}`, async () => {
    const config = parseConfig({ "model_type": modelType });
    const tiny = familyOf(config).tiny(config) as AnyConfig;
    equal(tiny.nLayer, 2);
    const numbers = await tinyNumbers(tiny, { backend: "wasm" });
    ok(numbers.length >= 4 && hasHead(familyOf(tiny), tiny));
    for (const [i, array] of numbers.entries()) {
      ok(array.length > 0 && array.every(Number.isFinite), `array ${i} of ${array.length}`);
    }
    ok(numbers.at(-2)!.some((score) => score > 1e-4)); // what tokens did for two targets
  });
}

const WEIGHTS: Readonly<Record<string, readonly [prefix: string, name: string, shape: readonly number[]]>> = {
  "llama/grouped": ["model.", "layers.1.self_attn.k_proj.weight", [8, 24]],
  "mistral/mistral": ["model.", "layers.1.mlp.down_proj.weight", [24, 40]],
  "qwen2/qwen2": ["model.", "layers.0.self_attn.q_proj.bias", [24]],
  "gpt_neox/parallel": ["gpt_neox.", "layers.1.attention.query_key_value.weight", [96, 32]],
  "opt/pre_norm": ["model.", "decoder.layers.1.fc1.weight", [40, 24]],
  "bert/bert": ["bert.", "encoder.layer.1.attention.self.query.weight", [24, 24]],
  "bert/no_head": ["bert.", "embeddings.LayerNorm.weight", [24]],
  "bert/distilbert": ["distilbert.", "transformer.layer.1.ffn.lin1.weight", [40, 24]],
  "bert/roberta": ["roberta.", "embeddings.position_embeddings.weight", [50, 24]],
  "bart/bart": ["model.", "decoder.layers.1.encoder_attn.k_proj.weight", [24, 24]],
  "marian/marian": ["model.", "encoder.layers.0.fc1.weight", [40, 24]],
};

for (const [checkpoint, [prefix, name, shape]] of Object.entries(WEIGHTS)) {
  Deno.test(`weight() finds a weight of ${checkpoint} with its prefix and without`, async () => {
    await using copy = await checkpointCopy(checkpoint);
    await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
    const weight = await model.weight(name);
    deepEqual(weight.shape, shape);
    deepEqual(await model.weight(prefix + name), weight);
    ok(model.weightNames.includes(name) && !model.weightNames.includes(prefix + name));
  });
}

/** The checkpoint with its tensors changed; those that come back `undefined` are left out. */
function changed(
  name: string,
  change: (tensor: string, bytes: Uint8Array, dtype: string) => readonly [string, Uint8Array] | undefined,
) {
  return checkpointCopy(name, async (directory) => {
    const path = `${directory}/model.safetensors`;
    const bytes = await Deno.readFile(path);
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const { __metadata__: _, ...old } = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    const header: Record<string, unknown> = {};
    const data: number[] = [];
    for (const [tensor, entry] of Object.entries(old) as [string, Entry][]) {
      const [start, end] = entry.data_offsets;
      const made = change(tensor, bytes.slice(8 + length + start, 8 + length + end), entry.dtype);
      if (!made) continue;
      header[tensor] = { ...entry, dtype: made[0], data_offsets: [data.length, data.length + made[1].length] };
      data.push(...made[1]);
    }
    await Deno.writeFile(path, safetensorsFile(header, Uint8Array.from(data)));
  });
}

interface Entry {
  readonly dtype: string;
  readonly "data_offsets": readonly [number, number];
}

/** Logits of the long prompt, and the scores of one target. */
async function numbersOf(directory: string, tokenIds: readonly number[], backend: "native" | "wasm") {
  await using model = await LanguageModel.fromPretrained(directory, { backend });
  const sequence = model.sequence(tokenIds);
  const { logits } = await model.trace(sequence, { capture: ["logits"] });
  const { scores } = await model.saliency(sequence, { positions: [tokenIds.length - 1] });
  return [logits!.data, scores.data];
}

const HALVES: Readonly<Record<"BF16" | "F16", (x: number) => number>> = {
  F16: Math.f16round,
  BF16: (x) => new Float32Array(new Uint32Array([new Uint32Array(Float32Array.of(x).buffer)[0]! & ~0xffff]).buffer)[0]!,
};

for (const [dtype, rounded] of Object.entries(HALVES)) {
  for (const backend of ["native", "wasm"] as const) {
    Deno.test(`a Llama of ${dtype} is that of the same numbers in F32, on ${backend}`, async () => {
      const numbers = (bytes: Uint8Array) => Float32Array.from(new Float32Array(bytes.buffer), rounded);
      await using full = await changed("llama/grouped", (_, bytes) => ["F32", new Uint8Array(numbers(bytes).buffer)]);
      await using half = await changed("llama/grouped", (_, bytes) => {
        const halves = dtype === "F16"
          ? new Float16Array(numbers(bytes))
          : Uint16Array.from(new Uint32Array(numbers(bytes).buffer), (bits) => bits >>> 16);
        return [dtype, new Uint8Array(halves.buffer)];
      });
      const { tokenIds } = (await openGolden("llama/grouped")).prompts.long!;
      const expected = await numbersOf(full.directory, tokenIds, backend);
      deepEqual(await numbersOf(half.directory, tokenIds, backend), expected);
    });
  }
}

for (const name of counted(FAMILY_NAMES.filter((name) => /grouped|qwen2|parallel|pre_norm/.test(name)), 4)) {
  Deno.test(`${name} in three files is that in one`, async () => {
    await using whole = await checkpointCopy(name);
    await using sharded = await checkpointCopy(name, async (directory) => {
      const path = `${directory}/model.safetensors`;
      const files = split(await Deno.readFile(path), 3);
      await Deno.remove(path);
      for (const [file, bytes] of Object.entries(files)) await Deno.writeFile(`${directory}/${file}`, bytes);
    });
    const { tokenIds } = (await openGolden(name)).prompts.long!;
    const expected = await numbersOf(whole.directory, tokenIds, "native");
    deepEqual(await numbersOf(sharded.directory, tokenIds, "native"), expected);
  });
}

Deno.test("a Llama whose config.json ties a head that is stored reads the logits with the stored one", async () => {
  await using untied = await checkpointCopy("llama/grouped");
  await using saidTied = await checkpointCopy("llama/grouped", async (directory) => {
    const path = `${directory}/config.json`;
    const config = JSON.parse(await Deno.readTextFile(path));
    await Deno.writeTextFile(path, JSON.stringify({ ...config, "tie_word_embeddings": true }));
  });
  const { tokenIds } = (await openGolden("llama/grouped")).prompts.long!;
  const [expected, actual] = [
    await numbersOf(untied.directory, tokenIds, "wasm"),
    await numbersOf(saidTied.directory, tokenIds, "wasm"),
  ];
  equal(maxAbsDifference(actual[0]!, expected[0]!), 0);
  deepEqual(actual, expected);
});

const MISSING: readonly (readonly [checkpoint: string, weight: RegExp, message: RegExp])[] = [
  ["llama/grouped", /layers\.1\.self_attn\.k_proj/, /^Cannot build Llama as "layers\.1\.self_attn\.k_proj\.weight" is/],
  ["qwen2/qwen2", /layers\.0\.self_attn\.v_proj\.bias/, /"layers\.0\.self_attn\.v_proj\.bias" is missing from/],
  ["gpt_neox/parallel", /embed_out/, /^Cannot build GPT-NeoX as "embed_out\.weight" is missing from/],
  ["opt/pre_norm", /embed_positions/, /^Cannot build OPT as "decoder\.embed_positions\.weight" is missing from/],
  ["bert/bert", /layer\.1\.output\.dense\.bias/, /^Cannot build BERT as "encoder\.layer\.1\.output\.dense\.bias" is/],
];

for (const [checkpoint, weight, message] of MISSING) {
  Deno.test(`fromPretrained() names what is missing from ${checkpoint}: ${weight.source}`, async () => {
    const keep = (name: string, bytes: Uint8Array, dtype: string) =>
      weight.test(name) ? undefined : [dtype, bytes] as const;
    await using copy = await changed(checkpoint, keep);
    await rejects(LanguageModel.fromPretrained(copy.directory, { backend: "wasm" }), { name: "RangeError", message });
  });
}

Deno.test("fromPretrained() refuses more blocks than config.json of a Llama says", async () => {
  await using copy = await checkpointCopy("llama/grouped", async (directory) => {
    const path = `${directory}/config.json`;
    const config = JSON.parse(await Deno.readTextFile(path));
    await Deno.writeTextFile(path, JSON.stringify({ ...config, "num_hidden_layers": 1 }));
  });
  await rejects(LanguageModel.fromPretrained(copy.directory, { backend: "wasm" }), {
    name: "RangeError",
    message: /^Cannot build Llama as config\.json says num_hidden_layers 1 but .* holds "model\.layers\.1\./,
  });
});

Deno.test("fromPretrained() lists the model types when it knows none of that name", async () => {
  await using copy = await checkpointCopy(
    "llama/grouped",
    (directory) => Deno.writeTextFile(`${directory}/config.json`, JSON.stringify({ "model_type": "mamba" })),
  );
  const known = `"${MODEL_TYPES.join('", "')}"`;
  await rejects(LanguageModel.fromPretrained(copy.directory), {
    name: "TypeError",
    message: `Cannot load a "mamba" model as this package reads the model types ${known}`,
  });
});

for (const name of ["llama/grouped", "mistral/mistral", "gpt_neox/parallel", "opt/pre_norm"]) {
  Deno.test(`generate() refuses a prompt beyond the context of ${name}, and fills it to the end`, async () => {
    await using copy = await checkpointCopy(name);
    await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
    const ids = Array.from({ length: 49 }, (_, i) => i + 1);
    const message = /^Cannot .* 49 tokens .* 48/;
    await rejects(async () => await model.trace(model.sequence(ids)), { name: "RangeError", message });
    await rejects(model.generate(ids), { name: "RangeError" });
    equal((await model.generate(ids.slice(0, 47), { maxNewTokens: 1 })).tokenIds.length, 48);
  });
}
