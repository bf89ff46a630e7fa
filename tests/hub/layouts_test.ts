/** Checkpoints as they are found on the hub, laid out in other ways than `save_pretrained` does today. */
import { deepEqual, equal, rejects } from "@std/assert";
import { LanguageModel } from "../../mod.ts";
import { openGolden } from "../support/goldens.ts";
import { modelFiles, temporaryCache } from "../support/hub_model.ts";
import { HubServer, repository } from "../support/hub_server.ts";
import { split } from "../support/shards.ts";
import { safetensorsFile } from "../checkpoint/safetensors_file.ts";

type Files = Record<string, Uint8Array<ArrayBuffer>>;

const FILES = await modelFiles();
const IDS = (await openGolden("f32")).prompts.long!.tokenIds;
const encode = (json: unknown) => new TextEncoder().encode(typeof json === "string" ? json : JSON.stringify(json));
const decode = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes));
const CONFIG = decode(FILES["config.json"]!);
const { vocab } = decode(FILES["tokenizer.json"]!).model;
const { "tokenizer.json": _, ...WITHOUT_TOKENIZER } = FILES;
const { "model.safetensors": WEIGHTS, ...WITHOUT_WEIGHTS } = FILES;

/** The files with other settings. */
function withConfig(change: Record<string, unknown>, ...without: string[]): Files {
  const kept = Object.entries(CONFIG).filter(([name]) => !without.includes(name));
  return { ...FILES, "config.json": encode({ ...Object.fromEntries(kept), ...change }) };
}

/** The weights with other names. */
function renamed(rename: (name: string) => string): Files {
  const length = Number(new DataView(WEIGHTS!.buffer).getBigUint64(0, true));
  const header = decode(WEIGHTS!.subarray(8, 8 + length));
  const names = Object.entries(header).map(([name, entry]) => [rename(name), entry]);
  return { ...FILES, "model.safetensors": safetensorsFile(Object.fromEntries(names), WEIGHTS!.slice(8 + length)) };
}

function withoutTotalSize(files: Files): Files {
  const name = "model.safetensors.index.json";
  return { ...files, [name]: encode({ "weight_map": decode(files[name]!).weight_map }) };
}

const VOCABULARY = { ...WITHOUT_TOKENIZER, "vocab.json": encode(vocab), "merges.txt": encode("#version: 0.2\n") };
/** What DialoGPT's files say besides the shapes. */
const DIALOGUE = { "task_specific_params": { conversational: { "max_length": 1000 } }, "summary_type": "cls_index" };

const LAYOUTS: Readonly<Record<string, Files>> = {
  "vocab.json and merges.txt": VOCABULARY,
  "files that are not needed": { ...FILES, "special_tokens_map.json": encode({ unk: 1 }), "README.md": encode("#") },
  "a conversational model": {
    ...withConfig({ ...DIALOGUE, "n_ctx": CONFIG.n_positions }),
    "generation_config.json": encode({ "_from_model_config": true, "max_length": 1000 }),
  },
  "the context as n_ctx": withConfig({ "n_ctx": CONFIG.n_positions }, "n_positions"),
  "the names that all models share": withConfig(
    {
      "hidden_size": CONFIG.n_embd,
      "max_position_embeddings": CONFIG.n_positions,
      "num_attention_heads": CONFIG.n_head,
      "num_hidden_layers": CONFIG.n_layer,
    },
    "n_embd",
    "n_positions",
    "n_head",
    "n_layer",
  ),
  "architectures instead of a model_type": withConfig({ architectures: ["GPT2LMHeadModel"] }, "model_type"),
  "names without a prefix": renamed((name) => name.replace("transformer.", "")),
  "tied weights under the name of the head": renamed((name) => name.replace(/^transformer\.wte/, "lm_head")),
  "several files whose total size is not told": withoutTotalSize({ ...WITHOUT_WEIGHTS, ...split(WEIGHTS!, 2) }),
};

for (const [name, files] of Object.entries(LAYOUTS)) {
  Deno.test(`fromPretrained() loads a model of a hub with ${name}`, async () => {
    await using hub = new HubServer({ "owner/tiny": repository(files) });
    await using cache = await temporaryCache();
    const options = { endpoint: hub.endpoint, cacheDir: cache.path, backend: "wasm" } as const;
    await using model = await LanguageModel.fromPretrained("owner/tiny", options);
    deepEqual((await model.generate(IDS.slice(0, 20), { maxNewTokens: 8 })).tokenIds, IDS);
    await using _again = await LanguageModel.fromPretrained("owner/tiny", { ...options, localFilesOnly: true });
  });
}

Deno.test("fromPretrained() reads added tokens and the prefix space beside vocab.json", async () => {
  const space = Object.keys(vocab).length - 1; // the last piece stands for a space here
  const pieces = Object.fromEntries(Object.entries<number>(vocab).map(([p, id]) => [id === space ? "Ġ" : p, id]));
  const files = {
    ...VOCABULARY,
    "vocab.json": encode(pieces),
    "added_tokens.json": encode({ "<pad>": 96 - 1 }),
    "tokenizer_config.json": encode({ "add_prefix_space": true, "model_max_length": 1e30 }),
  };
  delete pieces[Object.keys(pieces).find((piece) => pieces[piece] === 95)!];
  files["vocab.json"] = encode(pieces);
  await using hub = new HubServer({ "owner/tiny": repository(files) });
  await using cache = await temporaryCache();
  const options = { endpoint: hub.endpoint, cacheDir: cache.path, backend: "wasm" } as const;
  const { tokenizer, dispose } = await LanguageModel.fromPretrained("owner/tiny", options).then((model) => ({
    tokenizer: model.tokenizer,
    dispose: () => model.dispose(),
  }));
  deepEqual(tokenizer.encode("a<pad>"), [space, vocab["a"], 95]);
  await dispose();
});

Deno.test("fromPretrained() refuses an empty config.json, and what is none, before the weights are fetched", async () => {
  for (
    const [config, name, message] of [
      ["", "SyntaxError", /^Cannot read config\.json of "owner\/tiny" as it is not JSON/],
      ["<html>Log in</html>", "SyntaxError", /^Cannot read config\.json of "owner\/tiny" as it is not JSON/],
      ["[]", "TypeError", /^Cannot read config\.json as it is not an object: \[\]/],
      [
        '{"model_type": "mamba"}',
        "TypeError",
        /^Cannot load a "mamba" model as this package reads the model types "gpt2",/,
      ],
      ['{"model_type": "llama"}', "RangeError", /^Cannot load "owner\/tiny" on wasm as its weights take 25\.1 GiB/],
    ] as const
  ) {
    await using hub = new HubServer({ "owner/tiny": repository({ ...FILES, "config.json": encode(config) }) });
    await using cache = await temporaryCache();
    const options = { endpoint: hub.endpoint, cacheDir: cache.path, backend: "wasm" } as const;
    await rejects(LanguageModel.fromPretrained("owner/tiny", options), { name, message });
    equal(hub.fetched.length, 1);
  }
});
