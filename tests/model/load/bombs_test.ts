/** Files of a model that are small and say that they are large: each is answered at once, by name. */
import { equal, match, ok, rejects, throws } from "@std/assert";
import { LanguageModel } from "../../../mod.ts";
import { parseJsonWithin, readJsonWithin } from "../../../src/base/json.ts";
import { readWeightMap } from "../../../src/checkpoint/shards.ts";
import { readListing } from "../../../src/hub/listing.ts";
import { shardNames } from "../../../src/hub/wanted.ts";
import { LARGEST } from "../../../src/models/config.ts";
import { parseConfig } from "../../../src/models/families.ts";
import { weightsOf } from "../../../src/models/weights.ts";
import { Tokenizer } from "../../../src/tokenizer/tokenizer.ts";
import { checkpointCopy } from "../../support/goldens.ts";

const NAMES = ["vocab_size", "n_positions", "n_embd", "n_layer", "n_head", "n_inner"] as const;
const OTHER_NAMES = [
  "n_ctx",
  "hidden_size",
  "max_position_embeddings",
  "num_attention_heads",
  "num_hidden_layers",
] as const;
const FLAGS = ["scale_attn_weights", "scale_attn_by_inverse_layer_idx", "tie_word_embeddings"] as const;
const OTHERS = ["layer_norm_epsilon", "activation_function", "bos_token_id", "eos_token_id", "model_type"] as const;

/** `[[[...]]]`. */
const nested = (depth: number) => JSON.parse("[".repeat(depth) + "]".repeat(depth));
const MANY = Array.from({ length: 100_000 }, (_, i) => i - 50_000);

const ODD: readonly unknown[] = [
  ...[0, -1, -0.5, 0.5, 1.5, 16.000001, 1e6, 1e9, 2 ** 31, 2 ** 32 + 1, 2 ** 53, 1e300, -1e300],
  ...["", "16", "x".repeat(100_000), [], [16], {}, { valueOf: 16 }, true, false, MANY, nested(60)],
];

Deno.test("parseConfig() answers any value of any setting at once, with sizes that can be built", () => {
  let [count, refused] = [0, 0];
  const start = performance.now();
  for (const name of [...NAMES, ...OTHER_NAMES, ...FLAGS, ...OTHERS]) {
    for (const value of ODD) {
      count += 1;
      const began = performance.now();
      try {
        const config = parseConfig({ "model_type": "gpt2", [name]: value });
        for (const [size, most] of Object.entries(LARGEST)) {
          const is = config[size as keyof typeof LARGEST];
          ok(Number.isInteger(is) && is >= 1 && is <= most, `${size} ${is}`);
        }
        ok(weightsOf(config).size <= 12 * 1024 + 5);
      } catch (error) {
        refused += 1;
        ok(error instanceof RangeError || error instanceof TypeError, String(error));
        match(error.message, /^Cannot (use|load|read|divide) /);
        ok(error.message.length < 400, error.message);
      }
      ok(performance.now() - began < 1000, `${name} ${JSON.stringify(value).slice(0, 40)}`);
    }
  }
  equal(count, (NAMES.length + OTHER_NAMES.length + FLAGS.length + OTHERS.length) * ODD.length);
  ok(refused > 0.8 * count, `${refused} of ${count} refused`);
  ok(performance.now() - start < 10_000);
});

Deno.test("parseConfig() takes the largest sizes, and none above", () => {
  const settings = {
    "vocab_size": LARGEST.vocabSize,
    "n_positions": LARGEST.nPositions,
    "n_embd": LARGEST.nEmbd,
    "n_layer": LARGEST.nLayer,
    "n_inner": LARGEST.nInner,
  };
  parseConfig({ "model_type": "gpt2", "n_head": 16, ...settings });
  for (const [name, most] of Object.entries(settings)) {
    throws(() => parseConfig({ "model_type": "gpt2", "n_head": 1, [name]: most + 1 }), {
      name: "RangeError",
      message: `Cannot use ${name} of config.json as it must be at most ${most}: ${most + 1}`,
    });
  }
});

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
    const start = performance.now();
    // On native nothing is refused for its size before the weights are looked at.
    await rejects(LanguageModel.fromPretrained(copy.directory, { backend: "native" }), { name, message });
    ok(performance.now() - start < 1000, `${performance.now() - start} ms`);
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
