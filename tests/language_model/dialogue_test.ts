/**
 * Conversations as prompts: ids are those of `apply_chat_template` of transformers, by
 * scripts/oracles/family_tokenizers.py.
 */
import { deepEqual, equal, throws } from "@std/assert";
import { type ChatMessage, LanguageModel, Tokenizer } from "../../mod.ts";
import { Reader } from "../../src/model/reader.ts";
import { counted } from "../support/counted.ts";

interface Case {
  readonly family: string;
  /** tokenizer_config.json. */
  readonly settings: object;
  readonly chats: readonly (readonly ChatMessage[])[];
  readonly ids: readonly (readonly number[])[];
}

const GOLDENS = new URL("../goldens/tokenizer/", import.meta.url);
const MODELS = new URL("../../models/", import.meta.url);
const read = async (file: string) => JSON.parse(await Deno.readTextFile(new URL(file, GOLDENS)));
const CASES: readonly Case[] = await read("chat_ids.json");
const ANSWER = { addGenerationPrompt: true };

/** The bundled model with another tokenizer. */
async function talking({ family, settings }: Case) {
  const folder = await Deno.makeTempDir({ prefix: "looking-glass-" });
  for (const name of ["config.json", "model.safetensors"]) {
    await Deno.copyFile(new URL(name, MODELS), `${folder}/${name}`);
  }
  await Deno.writeTextFile(`${folder}/tokenizer.json`, JSON.stringify((await read(`${family}.json`)).json));
  await Deno.writeTextFile(`${folder}/tokenizer_config.json`, JSON.stringify(settings));
  const model = await LanguageModel.fromPretrained(folder, { backend: "native" });
  const dispose = async () => {
    await model.dispose();
    await Deno.remove(folder, { recursive: true });
  };
  return { model, [Symbol.asyncDispose]: dispose };
}

for (const [i, start] of [[0, 1], [1, 1], [2, 0]] as const) {
  const golden = counted(CASES, 3)[i]!;
  Deno.test(`LanguageModel reads a conversation as transformers does (${golden.family})`, async () => {
    await using loaded = await talking(golden);
    const { model } = loaded;
    const { tokenizer } = model;
    equal(tokenizer.startIds.length, start);
    counted(golden.chats, golden.ids.length).forEach((chat, i) => {
      const text = tokenizer.applyChatTemplate(chat, ANSWER);
      const sequence = model.sequence(text);
      deepEqual(sequence.tokenIds, golden.ids[i]);
      equal(sequence.text, text);
      deepEqual(tokenizer.encode(text), golden.ids[i]); // what the template wrote, and nothing else
      deepEqual(model.sequence(sequence.text).tokenIds, sequence.tokenIds); // read again
    });
    const written = await model.generate(tokenizer.applyChatTemplate(golden.chats[0]!, ANSWER), { maxNewTokens: 2 });
    deepEqual(written.tokenIds.slice(0, written.promptLength), golden.ids[0]);
  });
}

Deno.test("LanguageModel puts all tokens before a text that begins with only some of them", async () => {
  const { json } = await read("llama3.json");
  const [first, second] = ["<|begin_of_text|>", "<|eot_id|>"].map((id) => ({ SpecialToken: { id, "type_id": 0 } }));
  const single = [first, second, { Sequence: { id: "A", "type_id": 0 } }];
  const ids = Object.fromEntries(
    (json.added_tokens as { content: string; id: number }[]).map(({ content, id }) => [
      content,
      { id: content, ids: [id], tokens: [content] },
    ]),
  );
  const processor = { type: "TemplateProcessing", single, pair: [], "special_tokens": ids };
  const tokenizer = Tokenizer.fromJson({ ...json, "post_processor": processor });
  equal(tokenizer.startIds.length, 2);
  await using model = await LanguageModel.fromPretrained();
  const reader = new Reader(tokenizer, model.config);
  const both = [...tokenizer.startIds, ...tokenizer.encode("keys")];
  deepEqual(reader.read("keys").tokenIds, both);
  deepEqual(reader.read("<|begin_of_text|><|eot_id|>keys").tokenIds, both);
  deepEqual(reader.read("<|begin_of_text|>keys").tokenIds, [
    ...tokenizer.startIds,
    tokenizer.startIds[0]!,
    ...both.slice(2),
  ]);
});

Deno.test("Tokenizer.applyChatTemplate() of a model that does not talk says so", async () => {
  await using model = await LanguageModel.fromPretrained();
  throws(() => model.tokenizer.applyChatTemplate([{ role: "user", content: "Hello" }], ANSWER), {
    name: "Error",
    message: "Cannot write a conversation as this tokenizer has no chat_template; write the text yourself",
  });
});
