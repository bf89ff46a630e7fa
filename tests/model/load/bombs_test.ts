/** Files of a model that are small and say that they are large: each is answered at once, by name. */
import { equal, match, ok, rejects, throws } from "@std/assert";
import { LanguageModel } from "../../../mod.ts";
import { parseJsonWithin, readJsonWithin } from "../../../src/base/json.ts";
import { readWeightMap } from "../../../src/checkpoint/shards.ts";
import { readListing } from "../../../src/hub/listing.ts";
import { shardNames } from "../../../src/hub/wanted.ts";
import { LARGEST } from "../../../src/models/config.ts";
import { type AnyConfig, parseConfig } from "../../../src/models/families.ts";
import { modelSummary } from "../../../src/models/summary.ts";
import { weightsOf } from "../../../src/models/weights.ts";
import { Tokenizer } from "../../../src/tokenizer/tokenizer.ts";
import { cpuTime } from "../../support/cpu_time.ts";
import { checkpointCopy } from "../../support/goldens.ts";

/** What config.json calls the sizes of each family, and its other settings. */
const SHARED_SIZES = ["hidden_size", "max_position_embeddings", "num_attention_heads", "num_hidden_layers"] as const;
const ENDS = ["bos_token_id", "eos_token_id", "model_type", "tie_word_embeddings", "layer_types"] as const;
const ROPE = ["rope_theta", "rope_scaling", "rope_parameters", "partial_rotary_factor"] as const;
const STACKS = [
  ...["d_model", "encoder_layers", "decoder_layers", "encoder_attention_heads", "decoder_attention_heads"],
  ...["encoder_ffn_dim", "decoder_ffn_dim", "activation_function", "scale_embedding", "pad_token_id"],
] as const;
const OWN = {
  gpt2: [
    ...["n_positions", "n_embd", "n_layer", "n_head", "n_inner", "n_ctx", "scale_attn_weights"],
    ...["scale_attn_by_inverse_layer_idx", "layer_norm_epsilon", "activation_function"],
  ],
  llama: [
    ...["intermediate_size", "num_key_value_heads", "head_dim", "hidden_act", "rms_norm_eps", "attention_bias"],
    ...["mlp_bias", "original_max_position_embeddings", ...ROPE],
  ],
  mistral: ["intermediate_size", "num_key_value_heads", "head_dim", "sliding_window", ...ROPE],
  qwen2: ["intermediate_size", "num_key_value_heads", "sliding_window", "use_sliding_window", "max_window_layers"],
  "gpt_neox": [
    ...["intermediate_size", "hidden_act", "layer_norm_eps", "use_parallel_residual", "attention_bias"],
    ...["rotary_pct", "rotary_emb_base", ...ROPE],
  ],
  opt: ["ffn_dim", "activation_function", "enable_bias", "word_embed_proj_dim", "do_layer_norm_before"],
  bert: ["intermediate_size", "hidden_act", "layer_norm_eps", "type_vocab_size", "position_embedding_type"],
  distilbert: ["dim", "n_layers", "n_heads", "hidden_dim", "activation", "sinusoidal_pos_embds"],
  roberta: ["intermediate_size", "hidden_act", "layer_norm_eps", "type_vocab_size", "pad_token_id"],
  bart: [...STACKS, "decoder_start_token_id"],
  marian: [...STACKS, "decoder_start_token_id", "decoder_vocab_size", "share_encoder_decoder_embeddings"],
} as const;

/** `[[[...]]]`. */
const nested = (depth: number) => JSON.parse("[".repeat(depth) + "]".repeat(depth));
const MANY = Array.from({ length: 100_000 }, (_, i) => i - 50_000);

const ODD: readonly unknown[] = [
  ...[0, -1, -0.5, 0.5, 1.5, 16.000001, 1e6, 1e9, 2 ** 31, 2 ** 32 + 1, 2 ** 53, 1e300, -1e300],
  ...["", "16", "x".repeat(100_000), [], [16], {}, { valueOf: 16 }, true, false, MANY, nested(60)],
];

/** Values inside of `rope_scaling`. */
const ROPES: readonly (readonly [string, unknown])[] = ["rope_type", "factor", "rope_theta", "low_freq_factor"].flatMap(
  (name) => ODD.map((value) => ["rope_scaling", { "rope_type": "llama3", "factor": 2, [name]: value }] as const),
);

for (const [modelType, own] of Object.entries(OWN)) {
  Deno.test(`parseConfig() answers any value of any setting of ${modelType} at once, with sizes that can be built`, () => {
    const names = ["vocab_size", ...SHARED_SIZES, ...own, ...ENDS];
    const values = [...names.flatMap((name) => ODD.map((value) => [name, value] as const)), ...ROPES];
    let refused = 0;
    const start = cpuTime();
    for (const [name, value] of values) {
      const began = cpuTime();
      try {
        expectBuildable(parseConfig({ "model_type": modelType, [name]: value }));
      } catch (error) {
        refused += 1;
        ok(error instanceof RangeError || error instanceof TypeError, String(error));
        match(error.message, /^Cannot (use|load|read|divide|turn) /);
        ok(error.message.length < 400, error.message);
      }
      ok(cpuTime() - began < 10_000, `${name} ${JSON.stringify(value).slice(0, 40)}`);
    }
    ok(refused > 0.5 * (values.length - ROPES.length), `${refused} of ${values.length} refused`);
    ok(cpuTime() - start < 10_000);
  });
}

function expectBuildable(config: AnyConfig): void {
  for (const [size, most] of Object.entries(LARGEST)) {
    const is = config[size as keyof typeof LARGEST];
    ok(Number.isInteger(is) && is >= 1 && is <= most, `${size} ${is}`);
  }
  ok(weightsOf(config).size <= 16 * 1024 + 12);
  ok(Number.isSafeInteger(modelSummary(config).parameters));
}

Deno.test("OWN names every model_type", () => {
  for (const modelType of Object.keys(OWN)) equal(parseConfig({ "model_type": modelType }).modelType, modelType);
  equal(Object.keys(OWN).length, 11);
});

const LARGEST_SIZES: Readonly<Record<keyof typeof OWN, readonly string[]>> = {
  gpt2: ["vocab_size", "n_positions", "n_embd", "n_layer", "n_inner"],
  llama: ["vocab_size", "max_position_embeddings", "hidden_size", "num_hidden_layers", "intermediate_size"],
  mistral: ["vocab_size", "max_position_embeddings", "hidden_size", "num_hidden_layers", "intermediate_size"],
  qwen2: ["vocab_size", "max_position_embeddings", "hidden_size", "num_hidden_layers", "intermediate_size"],
  "gpt_neox": ["vocab_size", "max_position_embeddings", "hidden_size", "num_hidden_layers", "intermediate_size"],
  opt: ["vocab_size", "max_position_embeddings", "hidden_size", "num_hidden_layers", "ffn_dim"],
  bert: ["vocab_size", "max_position_embeddings", "hidden_size", "num_hidden_layers", "intermediate_size"],
  distilbert: ["vocab_size", "max_position_embeddings", "dim", "n_layers", "hidden_dim"],
  roberta: ["vocab_size", "max_position_embeddings", "hidden_size", "num_hidden_layers", "intermediate_size"],
  bart: ["vocab_size", "max_position_embeddings", "d_model", "decoder_layers", "decoder_ffn_dim"],
  marian: ["vocab_size", "max_position_embeddings", "d_model", "decoder_layers", "decoder_ffn_dim"],
};

for (const [modelType, names] of Object.entries(LARGEST_SIZES)) {
  Deno.test(`parseConfig() takes the largest sizes of ${modelType}, lists their weights at once, and takes none above`, () => {
    const settings = Object.fromEntries(Object.values(LARGEST).map((most, i) => [names[i]!, most]));
    const heads = modelType === "gpt2" ? "n_head" : modelType === "distilbert" ? "n_heads" : "num_attention_heads";
    const config = { "model_type": modelType, [heads]: 64 };
    const start = cpuTime();
    const parsed = parseConfig({ ...config, ...settings });
    const { weights } = modelSummary(parsed);
    ok(weights.length > 9 * LARGEST.nLayer && cpuTime() - start < 10_000, `${cpuTime() - start} ms`);
    equal(weights[0]!.parameters, LARGEST.vocabSize * LARGEST.nEmbd);
    for (const [name, most] of Object.entries(settings)) {
      throws(() => parseConfig({ ...config, [name]: most + 1 }), {
        name: "RangeError",
        message: `Cannot use ${name} of config.json as it must be at most ${most}: ${most + 1}`,
      });
    }
  });
}

type Change = readonly [file: string, text: string];

const config = (change: object): Change => ["config.json", JSON.stringify(change)];
const deep = "[".repeat(1_000_000);

const BOMBS: readonly (readonly [what: string, change: Change, name: string, message: RegExp])[] = [
  ["a million layers", config({ "n_layer": 1e6 }), "RangeError", /n_layer of config\.json as it must be at most 1024/],
  ["more layers than weights", config({ "n_layer": 1024 }), "RangeError", /"h\.2\.ln_1\.weight" is missing/],
  ["a wide model", config({ "n_embd": 2 ** 16 }), "RangeError", /"wte\.weight" must be \[97,65536\]/],
  ["a long context", config({ "n_positions": 2 ** 20 }), "RangeError", /"wpe\.weight" must be \[1048576,16\]/],
  ["a large vocabulary", config({ "vocab_size": 2 ** 24 }), "RangeError", /"wte\.weight" must be \[16777216,16\]/],
  ["many neurons", config({ "n_inner": 2 ** 20 }), "RangeError", /mlp\.c_fc\.weight" must be \[16,1048576\]/],
  ["deep settings", ["config.json", deep], "RangeError", /config\.json of .* as it is nested deeper than 64 levels$/],
  ["many settings", ["config.json", `[${"1,".repeat(2e6)}1]`], "RangeError", /as it holds more than 1048576 values$/],
  [
    "a long file",
    ["config.json", `{"a":"${"x".repeat(2 ** 24)}"}`],
    "RangeError",
    /as it has 17 MiB, more than 16 MiB$/,
  ],
  ["a deep generation_config.json", ["generation_config.json", deep], "RangeError", /nested deeper than 64 levels$/],
  ["a deep tokenizer.json", ["tokenizer.json", deep], "RangeError", /tokenizer\.json of .* nested deeper than 64/],
  ["a deep tokenizer_config.json", ["tokenizer_config.json", deep], "RangeError", /nested deeper than 64 levels$/],
  [
    "a deep pre-tokenizer",
    [
      "tokenizer.json",
      `{"model":{"vocab":{"a":0},"merges":[]},"pre_tokenizer":${'{"type":"Sequence","pretokenizers":['.repeat(50_000)}`,
    ],
    "RangeError",
    /tokenizer\.json of .* nested deeper than 64 levels$/,
  ],
];

for (const [what, [file, text], name, message] of BOMBS) {
  Deno.test(`fromPretrained() refuses ${what} at once`, async () => {
    await using copy = await checkpointCopy("f32", async (directory) => {
      const path = `${directory}/${file}`;
      const settings = file === "config.json" && text.startsWith('{"n_') || text.startsWith('{"vocab')
        ? JSON.stringify({ ...JSON.parse(await Deno.readTextFile(path)), ...JSON.parse(text) })
        : text;
      await Deno.writeTextFile(path, settings);
    });
    const start = cpuTime();
    // On native nothing is refused for its size before the weights are looked at.
    await rejects(LanguageModel.fromPretrained(copy.directory, { backend: "native" }), { name, message });
    ok(cpuTime() - start < 10_000, `${cpuTime() - start} ms`);
  });
}

Deno.test("readWeightMap() and shardNames() refuse an index of thousands of files", () => {
  const names = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [i, `m-${i}.safetensors`]));
  const message = "Cannot load weights in 1025 files as 1024 are the most; join them first";
  for (const read of [readWeightMap, (json: object) => shardNames(JSON.stringify(json))]) {
    read({ weight_map: names(1024) });
    throws(() => read({ weight_map: names(1025) }), { name: "RangeError", message });
  }
  throws(() => shardNames(`{"weight_map":${deep}`), { name: "RangeError", message: /nested deeper than 64 levels$/ });
});

Deno.test("Tokenizer.fromVocab() and fromJson() refuse deep JSON, and take ids up to 2^31", () => {
  throws(() => Tokenizer.fromVocab(deep, ""), {
    name: "RangeError",
    message: /^Cannot read vocab\.json as it is nested/,
  });
  throws(() => Tokenizer.fromJson(deep), {
    name: "RangeError",
    message: /^Cannot read tokenizer\.json as it is nested/,
  });
  const tokenizer = Tokenizer.fromVocab({ a: 0, b: 2 ** 31 - 1 }, "");
  equal(tokenizer.vocabSize, 2 ** 31);
});

Deno.test("parseJsonWithin() counts before it parses", () => {
  const cases: readonly (readonly [string, object, string | undefined])[] = [
    ['{"a":[1,2,{"b":"]]]]\\"[[[["}]}', { depth: 3, values: 8 }, undefined],
    ["[[[[1]]]]", { depth: 3 }, "it is nested deeper than 3 levels"],
    ["[1,2,3,4]", { values: 3 }, "it holds more than 3 values"],
    ['"12345"', { length: 6 }, "it has 7 characters, more than 6"],
    ['"[[[[[', { depth: 2 }, ""],
    ["[1,", {}, ""],
  ];
  for (const [text, limits, problem] of cases) {
    if (problem === undefined) equal(JSON.stringify(parseJsonWithin(text, limits)), text);
    else if (problem === "") throws(() => parseJsonWithin(text, limits), { name: "SyntaxError" });
    else throws(() => parseJsonWithin(text, limits), { name: "RangeError", message: problem });
  }
});

Deno.test("readJsonWithin() stops reading an answer without an end", async () => {
  let [chunks, isCancelled] = [0, false];
  const body = new ReadableStream({
    pull: (controller) => (chunks += 1, controller.enqueue(new TextEncoder().encode("[".repeat(1000)))),
    cancel: () => void (isCancelled = true),
  });
  const error = { name: "RangeError", message: "it has more than 5000 characters" };
  await rejects(readJsonWithin(new Response(body), { length: 5000 }), error);
  ok(isCancelled && chunks < 20);
  equal(JSON.stringify(await readJsonWithin(new Response('["é"]'), {})), '["é"]');
});

Deno.test("readListing() takes no file of a negative size", () => {
  const listing = (size: number) => readListing({ sha: "a", siblings: [{ rfilename: "x", blobId: "b", size }] });
  equal(listing(0)?.files.get("x")?.size, 0);
  for (const size of [-1, 0.5, NaN, 2 ** 53]) equal(listing(size), undefined);
});
