import { deepEqual, equal, ok } from "@std/assert";
import { LanguageModel, type Token } from "../../../mod.ts";
import { Reader } from "../../../src/model/reader.ts";
import { parseConfig } from "../../../src/models/families.ts";
import { byteCharacter } from "../../../src/tokenizer/byte_level.ts";
import { Tokenizer } from "../../../src/tokenizer/tokenizer.ts";
import { random } from "../../checkpoint/random.ts";
import { checkpointCopy, openGolden } from "../../support/goldens.ts";

const HOLES = [300, 301, 302, 303];
const CONFIG = parseConfig({ model_type: "gpt2", vocab_size: 310, n_positions: 2000 });
const END = 299;

/** Tokens of a byte each, of parts of characters, of several characters, and some ids that stand for nothing. */
function hostileTokenizer(): Tokenizer {
  const letters = (...bytes: number[]) => bytes.map(byteCharacter).join("");
  const pieces = [
    ...Array.from({ length: 256 }, (_, byte) => letters(byte)),
    ...[[0xf0, 0x9f], [0x98, 0x80], [0x9f, 0x98], [0xf0, 0x9f, 0x98], [0xe2, 0x82], [0x82, 0xac], [0xac, 0x41]]
      .map((bytes) => letters(...bytes)),
    ...[[0xed, 0xa0], [0xed, 0x9f], [0xc3, 0xa9, 0xc3], [0xa9, 0xf0, 0x9f], [0xf4, 0x90], [0xef, 0xbb, 0xbf]]
      .map((bytes) => letters(...bytes)),
    letters(...new TextEncoder().encode(" é🙂e\u0301")),
  ];
  const vocab = Object.fromEntries(pieces.map((piece, id) => [piece, id]));
  return Tokenizer.fromVocab({ ...vocab, "<|endoftext|>": END }, "#version: 0.2\n");
}

/** What `describe` gave for each token before: the last token of the whole text, read anew. */
function retokenised(reader: Reader, prompt: string | readonly number[], written: readonly number[]): Token[] {
  const { tokenIds, text } = reader.read(prompt);
  return written.map((_, i) => reader.continuation({ tokenIds, text }, written.slice(0, i + 1)).tokens.at(-1)!);
}

function describedOneByOne(reader: Reader, prompt: string | readonly number[], written: readonly number[]): Token[] {
  const next = reader.writing(reader.read(prompt).tokenIds);
  return written.map(next);
}

const reader = new Reader(hostileTokenizer(), CONFIG);

Deno.test("Reader.writing() describes any tokens after any prompt as the whole text does", () => {
  const next = random(8);
  const anyId = () => {
    const draw = next();
    if (draw < 0.1) return HOLES[Math.floor(next() * HOLES.length)]!;
    if (draw < 0.15) return END;
    return draw < 0.6 ? 256 + Math.floor(next() * 14) : Math.floor(next() * 256);
  };
  const ids = (most: number) => Array.from({ length: Math.floor(next() * most) }, anyId);
  let unfinished = 0;
  for (let round = 0; round < 4000; ++round) {
    const [prompt, written] = [ids(4), [...ids(10), anyId()]];
    deepEqual(describedOneByOne(reader, prompt, written), retokenised(reader, prompt, written));
    if (reader.spell(prompt).endsWith("\ufffd")) ++unfinished;
  }
  ok(unfinished > 500, `${unfinished} prompts end inside a character`);
});

const emoji = [...new TextEncoder().encode("👩‍👩‍👧‍👦🙂é")];
const PROMPTS: Readonly<Record<string, readonly [string | readonly number[], readonly number[]]>> = {
  "an emoji of several characters, byte by byte": ["Family: ", emoji],
  "the rest of a character that the prompt begins": [emoji.slice(0, 2), emoji.slice(2)],
  "after a lone surrogate": ["a\ud83d", [0x98, 0x80, ...emoji]],
  "after nothing": ["", [0x80, 0x80, 0x80, 0xf0, 0xf0, 0x9f, 300, 0x98, 301, 0x80]],
  "only ids that stand for nothing": [HOLES, HOLES],
  "a byte order mark": ["\ufeff", [0xef, 0xbb, 0xbf, 0x41]],
};
for (const [name, [prompt, written]] of Object.entries(PROMPTS)) {
  Deno.test(`Reader.writing() describes ${name}`, () => {
    deepEqual(describedOneByOne(reader, prompt, written), retokenised(reader, prompt, written));
  });
}

const { prompts } = await openGolden("f32");
const PROMPT = prompts.long!.tokenIds.slice(0, 4);

Deno.test("steps(), tree() and fork() spell each token a bounded number of times, however long the text is", async () => {
  const spelled = async (maxNewTokens: number) => {
    await using copy = await checkpointCopy("f32");
    await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
    let count = 0;
    // Every spelling of ids goes through one of these.
    for (const name of ["decode", "tokens"] as const) {
      const own = model.tokenizer[name].bind(model.tokenizer) as (ids: Iterable<number>, text?: string) => never;
      Object.defineProperty(model.tokenizer, name, {
        value: (ids: Iterable<number>, text?: string) => {
          const list = [...ids];
          count += list.length;
          return own(list, text);
        },
      });
    }
    const options = { maxNewTokens, candidates: 0 };
    equal((await Array.fromAsync(model.steps(PROMPT, options))).length, maxNewTokens);
    const tree = await model.tree(PROMPT, options);
    await tree.fork(6, 40, options);
    return count;
  };
  const [few, many] = [await spelled(12), await spelled(36)];
  ok(few > 0 && many <= 3 * few, `${few} spellings for 12 tokens, ${many} for 36`);
});
