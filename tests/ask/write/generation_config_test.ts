import { deepEqual, equal, notDeepEqual, throws } from "@std/assert";
import { LanguageModel } from "../../../mod.ts";
import { readGenerationConfig } from "../../../src/ask/write/generation_config.ts";
import { parseConfig } from "../../../src/models/families.ts";
import { checkpointCopy } from "../../support/goldens.ts";

const CONFIG = parseConfig({ "model_type": "gpt2", "vocab_size": 97, "eos_token_id": 96 });

const reads = (generation: unknown) => readGenerationConfig({ generation }, CONFIG).defaults;

Deno.test("readGenerationConfig() is greedy unless do_sample is true", () => {
  deepEqual(readGenerationConfig({ generation: undefined }, CONFIG), { eosTokenIds: [96], defaults: {} });
  deepEqual(
    reads({ temperature: 0.7, "top_k": 5, "min_p": 0.1, "typical_p": 0.5, "top_h": 0.2, "eta_cutoff": 0.1 }),
    {},
  );
  deepEqual(reads({ "do_sample": true }), { temperature: 1, topK: 50 });
  deepEqual(reads({ "do_sample": true, temperature: 0.7, "top_k": 0, "top_p": 0.9 }), { temperature: 0.7, topP: 0.9 });
  deepEqual(reads({ "do_sample": true, "top_k": 500, "top_p": 1 }).topK, 97);
});

Deno.test("readGenerationConfig() takes its end-of-text tokens before those of config.json", () => {
  deepEqual(readGenerationConfig({ generation: { "eos_token_id": [1, 2] } }, CONFIG).eosTokenIds, [1, 2]);
  deepEqual(readGenerationConfig({ generation: { eos_token_id: null } }, CONFIG).eosTokenIds, []);
});

Deno.test("readGenerationConfig() refuses what cannot be meant", () => {
  const refuses = (json: unknown, name: string, message: RegExp) => throws(() => reads(json), { name, message });
  refuses([], "TypeError", /^Cannot read generation_config\.json as it is not an object: \[\]$/);
  refuses({ "do_sample": true, "top_p": "1" }, "TypeError", /^Cannot use top_p of .* as it is not a number: "1"$/);
  refuses(
    { "do_sample": true, temperature: -1 },
    "RangeError",
    /^Cannot use temperature -1 of generation_config\.json as it must be a number >= 0$/,
  );
  refuses({ "eos_token_id": 97 }, "RangeError", /eos_token_id 97/);
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

/** What is not built, each with what it is read beside. */
const REFUSED: readonly Readonly<Record<string, unknown>>[] = [
  { "guidance_scale": 1.5 },
  { "watermarking_config": { "greenlist_ratio": 0.25 } },
  { "penalty_alpha": 0.6 },
  { "dola_layers": "low" },
  { "num_beam_groups": 2, "num_beams": 4 },
  { constraints: [] },
  { "force_words_ids": [[1]] },
  { "token_healing": true },
  { "max_time": 2 },
  { "is_assistant": true },
  { "prompt_lookup_num_tokens": 3 },
  { "assistant_early_exit": 2 },
  { "use_mtp": true },
  { "cache_implementation": "quantized" },
];

Deno.test("readGenerationConfig() refuses by name what is not built, and says how to load all the same", () => {
  for (const fields of REFUSED) {
    const [name] = Object.keys(fields) as [string];
    const advice = new RegExp(`asks for ${name} .*, which is not built; .* generationConfig: \\{ ${name}: null \\}$`);
    throws(() => reads(fields), { name: "RangeError", message: advice });
    const changes = { [name]: null, "num_beams": 1 };
    deepEqual(readGenerationConfig({ generation: fields }, CONFIG, changes).defaults, {}, name);
    deepEqual(readGenerationConfig({ generation: fields }, CONFIG, false).defaults, {}, name);
  }
  equal(REFUSED.length, 14);
});

Deno.test("readGenerationConfig() takes fields at which nothing changes, and those that change no text", () => {
  const neutral = {
    ...{ "guidance_scale": 1, "num_beams": 1, "num_return_sequences": 1, "num_beam_groups": 1, "diversity_penalty": 0 },
    ...{ "repetition_penalty": 1, "no_repeat_ngram_size": 0, "encoder_no_repeat_ngram_size": 0, "min_length": 0 },
    ...{
      "encoder_repetition_penalty": 1,
      "length_penalty": 1,
      "penalty_alpha": 0,
      "token_healing": false,
      bad_words_ids: null,
    },
    ...{ "use_cache": true, "output_scores": false, "output_attentions": true, "return_dict_in_generate": true },
    ...{
      "transformers_version": "5.23.0",
      "bos_token_id": 1,
      "pad_token_id": 2,
      "cache_implementation": "static",
      chat: "x",
    },
  };
  deepEqual(reads(neutral), {});
  const sampling = { "do_sample": true, "top_k": 0, "min_p": 0, "typical_p": 1, "epsilon_cutoff": 0, "eta_cutoff": 0 };
  deepEqual(reads(sampling), { temperature: 1 });
});

Deno.test("readGenerationConfig() reads config.json where there is no generation_config.json", () => {
  const { defaults } = readGenerationConfig({ generation: undefined, config: { "repetition_penalty": 1.3 } }, CONFIG);
  deepEqual(defaults, { repetitionPenalty: 1.3 });
  const config = { "force_bos_token_to_be_generated": true };
  throws(() => readGenerationConfig({ generation: undefined, config }, CONFIG), {
    message: /^Cannot use config\.json as/,
  });
});

Deno.test("readGenerationConfig() refuses values that transformers refuses, by the names of file and field", () => {
  const wrong: Readonly<Record<string, unknown>> = {
    ...{ "repetition_penalty": 0, "encoder_repetition_penalty": -1, "no_repeat_ngram_size": 1.5, "max_new_tokens": 0 },
    ...{ "bad_words_ids": [1], "sequence_bias": [[[1], "x"]], "suppress_tokens": 3, "begin_suppress_tokens": [97] },
    ...{
      "forced_bos_token_id": 97,
      "forced_eos_token_id": [-1],
      "exponential_decay_length_penalty": [1],
      "stop_strings": [""],
    },
    ...{ "remove_invalid_values": 1, "renormalize_logits": "yes", "min_length": "3", "max_length": 0.5 },
    ...{ temperature: 0, "top_k": -1, "top_p": -0.1, "min_p": 2, "top_h": 0, "typical_p": 0 },
  };
  for (const [field, value] of Object.entries(wrong)) {
    throws(
      () => reads({ "do_sample": true, [field]: value }),
      { message: new RegExp(`${field.replace("_", ".")}`) },
      field,
    );
  }
  equal(Object.keys(wrong).length, 22);
});

Deno.test("steps() says what the settings made of each step, beside the model's own distribution", async () => {
  await using copy = await checkpointCopy("f32");
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  for await (const { processed } of model.steps([1, 2, 3], { maxNewTokens: 2 })) equal(processed, undefined);
  const options = { topK: 4, repetitionPenalty: 1.5, candidates: 9, maxNewTokens: 5, suppressTokens: [7] };
  let steps = 0;
  for await (const { tokenId, logits, logProb, candidates, processed } of model.steps([1, 2, 3], options)) {
    equal(processed?.possible, 4);
    equal(processed.candidates.length, 4);
    equal(candidates.length, 9);
    const sum = processed.candidates.reduce((all, { probability }) => all + probability, 0);
    equal(Math.abs(sum - 1) < 1e-6, true);
    const chosen = processed.candidates.find((one) => one.tokenId === tokenId)!;
    equal(Math.abs(Math.log(chosen.probability) - processed.logProb) < 1e-6, true);
    notDeepEqual(processed.logProb, logProb);
    equal(candidates[0]!.logit, Math.max(...logits));
    ++steps;
  }
  equal(steps, 5);
});
