import { rejects } from "@std/assert";
import { LanguageModel } from "../../../mod.ts";
import { checkpointCopy } from "../../support/goldens.ts";

type Json = Record<string, unknown>;
type Damage = (directory: string) => Promise<void> | void;

const configure = (change: (config: Json) => void): Damage => async (directory) => {
  const config = JSON.parse(await Deno.readTextFile(`${directory}/config.json`));
  change(config);
  await Deno.writeTextFile(`${directory}/config.json`, JSON.stringify(config));
};

/** Rewrites the header, which may change its length, and the bytes after it. */
const rewrite = (
  change: (header: Record<string, Json & { data_offsets: number[]; shape: number[] }>, data: Uint8Array) => void,
): Damage =>
async (directory) => {
  const path = `${directory}/model.safetensors`;
  const file = await Deno.readFile(path);
  const length = Number(new DataView(file.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
  const data = file.slice(8 + length);
  change(header, data);
  const text = new TextEncoder().encode(JSON.stringify(header));
  const result = new Uint8Array(8 + text.length + data.length);
  new DataView(result.buffer).setBigUint64(0, BigInt(text.length), true);
  result.set(text, 8);
  result.set(data, 8 + text.length);
  await Deno.writeFile(path, result);
};

const replace = (file: string, content: string): Damage => (directory) =>
  Deno.writeTextFile(`${directory}/${file}`, content);
const remove = (file: string): Damage => (directory) => Deno.remove(`${directory}/${file}`);
const WTE = "transformer.wte.weight";
const C_ATTN = "transformer.h.0.attn.c_attn.weight";

const CASES: readonly (readonly [string, Damage, string, RegExp])[] = [
  ["config.json is missing", remove("config.json"), "Error", /config\.json is missing/],
  ["config.json is not JSON", replace("config.json", "{"), "SyntaxError", /^Cannot read config\.json of .* not JSON/],
  ["config.json is of another model", configure((c) => c.model_type = "mamba"), "TypeError", /"mamba" model/],
  ["n_embd cannot be divided", configure((c) => c.n_head = 3), "RangeError", /n_embd 16 among n_head 3 heads$/],
  ["n_layer is 0", configure((c) => c.n_layer = 0), "RangeError", /n_layer of config\.json .* >= 1: 0$/],
  ["n_layer is too small", configure((c) => c.n_layer = 1), "RangeError", /n_layer 1 but .* holds ".*h\.1\./],
  ["n_layer is too large", configure((c) => c.n_layer = 3), "RangeError", /"h\.2\.ln_1\.weight" is missing from/],
  [
    "vocab_size does not fit",
    configure((c) => c.vocab_size = 98),
    "RangeError",
    /"wte\.weight" must be \[98,16\].*\[97,16\]/,
  ],
  [
    "activation is unknown",
    configure((c) => c.activation_function = "mish"),
    "TypeError",
    /activation_function "mish"/,
  ],
  ["tokenizer is missing", remove("tokenizer.json"), "Error", /tokenizer\.json, or vocab\.json and merges\.txt/],
  [
    "tokenizer is of another kind",
    replace("tokenizer.json", '{"model":{"type":"WordLevel"}}'),
    "Error",
    /^Cannot read model of tokenizer\.json as byte-level BPE, WordPiece or Unigram, .*: "WordLevel"$/,
  ],
  [
    "weights are missing",
    remove("model.safetensors"),
    "Error",
    / as model\.safetensors is missing from file:.*; weights of another kind are to be converted/,
  ],
  ["weights are empty", replace("model.safetensors", ""), "RangeError", /^Cannot read/],
  [
    "weights are text",
    replace("model.safetensors", "version https://git-lfs.github.com/spec/v1"),
    "RangeError",
    /^Cannot/,
  ],
  [
    "weights are truncated",
    async (directory) => await Deno.truncate(`${directory}/model.safetensors`, 20_000),
    "RangeError",
    /missing|short|truncated/i,
  ],
  [
    "a weight is missing",
    rewrite((h) => {
      h["other"] = h[WTE]!;
      delete h[WTE];
    }),
    "RangeError",
    /"wte\.weight" is missing from/,
  ],
  ["a weight is transposed", rewrite((h) => h[C_ATTN]!.shape.reverse()), "RangeError", /must be \[16,48\].*\[48,16\]/],
  [
    "a weight is of an unknown dtype",
    rewrite((h) => h[WTE]!.dtype = "Q4"),
    "SyntaxError",
    /its dtype "Q4" is unknown$/,
  ],
  [
    "a weight is of another dtype",
    rewrite((h) => {
      h[C_ATTN]!.dtype = "I32";
    }),
    "TypeError",
    /must be F64, F32, F16 or BF16: I32$/,
  ],
  [
    "weights overlap",
    rewrite((h) => {
      const [a, b] = Object.keys(h).filter((name) => h[name]!.shape?.join() === "16");
      h[a!]!.data_offsets = h[b!]!.data_offsets;
    }),
    "RangeError",
    /overlap|gap|unused/i,
  ],
  [
    "a weight is NaN",
    rewrite((h, data) => {
      const at = h[C_ATTN]!.data_offsets[0]! + 4 * 5;
      new DataView(data.buffer).setFloat32(at, NaN, true);
    }),
    "RangeError",
    /c_attn\.weight" of .*model\.safetensors as element 5 is NaN or infinite$/,
  ],
];

for (const [name, damage, error, message] of CASES) {
  Deno.test(`fromPretrained() refuses a checkpoint when ${name}`, async () => {
    await using copy = await checkpointCopy("f32", damage);
    await rejects(LanguageModel.fromPretrained(copy.directory, { backend: "wasm" }), { name: error, message });
  });
}

Deno.test("fromPretrained() refuses what is no model, and options that do not exist", async () => {
  const refuses = (id: unknown, options: unknown, name: string, message: RegExp) =>
    rejects(LanguageModel.fromPretrained(id as string, options as object), { name, message });
  await refuses("no/such/directory", {}, "Error", /^Cannot load "no\/such\/directory" as there is no such directory/);
  await refuses("deno.json", {}, "Error", /^Cannot load "deno\.json" as it is a file; pass the directory/);
  await refuses("", {}, "TypeError", /^Cannot load a model by ""/);
  await refuses(7, {}, "TypeError", /^Cannot load a model by 7/);
  await refuses(
    undefined,
    { backend: "cuda" },
    "TypeError",
    /^Cannot load a model with backend "cuda" as it must be "auto" or/,
  );
  await refuses(undefined, { threads: 0 }, "RangeError", /^Cannot compute with 0 threads/);
});
