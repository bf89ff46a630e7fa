import { deepEqual, equal, notDeepEqual, throws } from "@std/assert";
import { LanguageModel } from "../../mod.ts";
import { parseConfig } from "../../src/gpt2/config.ts";
import { readGenerationConfig } from "../../src/lm/generation_config.ts";
import { checkpointCopy } from "../support/goldens.ts";

const CONFIG = parseConfig({ model_type: "gpt2", vocab_size: 97, eos_token_id: 96 });

const reads = (generation: unknown) => readGenerationConfig({ generation }, CONFIG).defaults;

Deno.test("readGenerationConfig() is greedy unless do_sample is true", () => {
  deepEqual(readGenerationConfig({ generation: undefined }, CONFIG), { eosTokenIds: [96], defaults: {} });
  deepEqual(reads({ temperature: 0.7, top_k: 5, min_p: 0.1, typical_p: 0.5, top_h: 0.2, eta_cutoff: 0.1 }), {});
  deepEqual(reads({ do_sample: true }), { temperature: 1, topK: 50 });
  deepEqual(reads({ do_sample: true, temperature: 0.7, top_k: 0, top_p: 0.9 }), { temperature: 0.7, topP: 0.9 });
  deepEqual(reads({ do_sample: true, top_k: 500, top_p: 1 }).topK, 97);
});

Deno.test("readGenerationConfig() takes its end-of-text tokens before those of config.json", () => {
  deepEqual(readGenerationConfig({ generation: { eos_token_id: [1, 2] } }, CONFIG).eosTokenIds, [1, 2]);
  deepEqual(readGenerationConfig({ generation: { eos_token_id: null } }, CONFIG).eosTokenIds, []);
});

Deno.test("readGenerationConfig() refuses what cannot be meant", () => {
  const refuses = (json: unknown, name: string, message: RegExp) => throws(() => reads(json), { name, message });
  refuses([], "TypeError", /^Cannot read generation_config\.json as it is not an object: \[\]$/);
  refuses({ do_sample: true, top_p: "1" }, "TypeError", /^Cannot use top_p of .* as it is not a number: "1"$/);
  refuses(
    { do_sample: true, temperature: -1 },
    "RangeError",
    /^Cannot use temperature -1 of generation_config\.json as it must be a number >= 0$/,
  );
  refuses({ eos_token_id: 97 }, "RangeError", /eos_token_id 97/);
});

Deno.test("generate() samples as generation_config.json says, and as the caller says before that", async () => {
  const config = { "do_sample": true, temperature: 5, "top_k": 40, "eos_token_id": null };
  await using copy = await checkpointCopy("f32", (directory) => {
    return Deno.writeTextFile(`${directory}/generation_config.json`, JSON.stringify(config));
  });
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  const write = async (options: object) => (await model.generate([1, 2, 3], options)).tokenIds;
  const sampled = await write({ seed: 3 });
  equal(sampled.length, 23);
  deepEqual(sampled, await write({ seed: 3, temperature: 5, topK: 40 }));
  notDeepEqual(sampled, await write({ seed: 4 }));
  notDeepEqual(sampled, await write({ seed: 3, temperature: 0 }));
  deepEqual(await write({ temperature: 0 }), await write({ topK: 1 }));
});
