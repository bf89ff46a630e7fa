/**
 * Tokens that a tokenizer puts before each text. The ids are those of `AutoTokenizer` of transformers, which heeds
 * `add_bos_token` where there is no tokenizer.json, and the template of tokenizer.json where there is one; the golden is
 * written by scripts/oracles/start_token_goldens.py.
 */
import { deepEqual, equal, rejects } from "@std/assert";
import { LanguageModel } from "../../../mod.ts";

const MODELS = new URL("../../../models/", import.meta.url);
const END = 4095;

interface Case {
  readonly name: string;
  /** tokenizer_config.json. */
  readonly settings: object;
  /** What stands in tokenizer.json, where there is one. */
  readonly processor?: unknown;
  /** Whether there are vocab.json and merges.txt in its place. */
  readonly files?: "two";
  /** Those of the text. */
  readonly ids: readonly number[];
}

const GOLDEN: { readonly text: string; readonly cases: readonly Case[] } = JSON.parse(
  await Deno.readTextFile(new URL("../../goldens/tokenizer/start_token.json", import.meta.url)),
);

type Json = Record<string, unknown> & { model: { vocab: unknown; merges: unknown[] } };

const special = { SpecialToken: { id: "<|endoftext|>", "type_id": 0 } };
const text = { Sequence: { id: "A", "type_id": 0 } };
const template = (...single: unknown[]) => ({
  type: "TemplateProcessing",
  single,
  "special_tokens": { "<|endoftext|>": { id: "<|endoftext|>", ids: [END], tokens: ["<|endoftext|>"] } },
});

/** A copy of the bundled model with other settings and another tokenizer.json, or vocab.json and merges.txt. */
async function copy(settings: object, write: (tokenizer: Json) => Record<string, string>): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "looking-glass-" });
  for (const name of ["config.json", "model.safetensors"]) {
    await Deno.copyFile(new URL(name, MODELS), `${folder}/${name}`);
  }
  const tokenizer = JSON.parse(await Deno.readTextFile(new URL("tokenizer.json", MODELS)));
  const files = { "tokenizer_config.json": JSON.stringify(settings), ...write(tokenizer) };
  for (const [name, content] of Object.entries(files)) await Deno.writeTextFile(`${folder}/${name}`, content);
  return folder;
}

const withTemplate = (processor: unknown) => (tokenizer: Json) => ({
  "tokenizer.json": JSON.stringify({ ...tokenizer, "post_processor": processor }),
});
const twoFiles = ({ model: { vocab, merges } }: Json) => ({
  "vocab.json": JSON.stringify({ ...vocab as object, "<|endoftext|>": END }),
  "merges.txt": ["#version: 0.2", ...merges.map((pair) => [pair].flat().join(" "))].join("\n"),
});

for (const { name, settings, processor, files, ids } of GOLDEN.cases) {
  Deno.test(`LanguageModel begins a text as its tokenizer does: ${name}`, async () => {
    const folder = await copy(settings, files ? twoFiles : withTemplate(processor));
    try {
      await using model = await LanguageModel.fromPretrained(folder, { backend: "native" });
      const { tokenIds, text, tokens } = model.sequence(GOLDEN.text);
      deepEqual(tokenIds, ids);
      const own = ids.filter((id) => id !== END);
      equal(text, ids[0] === END ? `<|endoftext|>${GOLDEN.text}` : GOLDEN.text);
      equal(tokens.map(({ start, end }) => text.slice(start, end)).join(""), text);
      deepEqual(model.sequence(own).tokenIds, own); // ids are taken as they are
      deepEqual(model.tokenizer.encode(GOLDEN.text), own);
      // A word stands inside of a text.
      const { words } = await model.rankingsWatch(model.sequence(GOLDEN.text), { watch: [" keys"], position: 2 });
      deepEqual(words![0]!.tokenIds, model.tokenizer.encode(" keys"));
      deepEqual((await model.generate("", { maxNewTokens: 1 })).tokenIds.slice(0, -1), [END]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("LanguageModel refuses a tokenizer that ends each text, or begins it with a token that it lacks", async () => {
  const refuses = async (processor: unknown, name: string, message: RegExp) => {
    const folder = await copy({}, withTemplate(processor));
    await rejects(LanguageModel.fromPretrained(folder, { backend: "native" }), { name, message });
    await Deno.remove(folder, { recursive: true });
  };
  await refuses(
    template(text, special),
    "Error",
    /^Cannot continue texts of this tokenizer as its post_processor puts/,
  );
  const unknown = { ...template(special, text), "special_tokens": { "<|endoftext|>": { ids: [9999] } } };
  await refuses(unknown, "RangeError", /^Cannot start a text with "<\|endoftext\|>" as its ids are not .*: \[9999\]$/);
});
