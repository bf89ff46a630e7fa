import { deepEqual, equal } from "@std/assert";
import { LanguageModel } from "../../../mod.ts";
import { decodingOf } from "../../../src/ask/write/decoding.ts";
import { checkpointCopy } from "../../support/goldens.ts";

/** A token for each character. */
const READER = {
  word: (word: string | number) => ({
    tokenIds: typeof word === "number" ? [word] : [...word].map((c) => c.charCodeAt(0)),
  }),
};

Deno.test("decodingOf() decides what was left open", () => {
  const greedy = { temperature: 0, seed: 0, maxNewTokens: 20, stop: [] };
  deepEqual(decodingOf({}, READER, 3), greedy);
  deepEqual(decodingOf({ topP: 0.9 }, READER, 3), { ...greedy, temperature: 1, topP: 0.9 });
  deepEqual(decodingOf({ topK: 3, temperature: 0.5, seed: 7 }, READER, 3), {
    ...greedy,
    temperature: 0.5,
    topK: 3,
    seed: 7,
  });
  const stop = ["\n", 3];
  const decoding = decodingOf({ maxNewTokens: 2, stop, candidates: 9 }, READER, 3);
  stop.push("later");
  deepEqual(decoding, { ...greedy, maxNewTokens: 2, stop: ["\n", 3] });
  const words = decodingOf({ maxLength: 9, badWords: ["ab", [3]], suppressTokens: ["c", 4] }, READER, 3);
  deepEqual(words, { ...greedy, maxNewTokens: 6, badWords: [[97, 98], [3]], suppressTokens: [99, 4] });
});

Deno.test("generate() says how it wrote, and writes the same again by that", async () => {
  await using copy = await checkpointCopy("f32", async (folder) => {
    await Deno.writeTextFile(`${folder}/generation_config.json`, '{"do_sample":true,"temperature":0.8,"top_k":10}');
  });
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  const prompt = model.sequence("keys&more");
  equal(prompt.decoding, undefined);
  const written = await model.generate(prompt.tokenIds, { maxNewTokens: 6, seed: 5 });
  deepEqual(written.decoding, { temperature: 0.8, topK: 10, seed: 5, maxNewTokens: 6, stop: [] });
  deepEqual(await model.generate(prompt.tokenIds, written.decoding), written);
  const greedy = await model.generate(prompt.tokenIds, { temperature: 0, maxNewTokens: 1 });
  deepEqual(greedy.decoding, { temperature: 0, topK: 10, seed: 0, maxNewTokens: 1, stop: [] });
});
