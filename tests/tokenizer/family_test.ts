import { deepStrictEqual as deepEqual, strictEqual as equal, throws } from "@std/assert";
import { Tokenizer } from "../../src/tokenizer/tokenizer.ts";
import { counted } from "../support/counted.ts";

/** What the Rust tokenizers say of a family, written by scripts/oracles/family_tokenizers.py. */
interface Family {
  readonly json: Record<string, unknown>;
  readonly ids: number[][];
  readonly decoded: (string | null)[];
  readonly offsets: (number[] | null)[];
  readonly framed: { texts: string[]; ids: number[]; types: number[] }[];
}

const FOLDER = new URL("../goldens/tokenizer/", import.meta.url);
const read = (name: string) => JSON.parse(Deno.readTextFileSync(new URL(`${name}.json`, FOLDER)));
const TEXTS: readonly string[] = counted(read("family_texts"), 76);

// name: how many texts the tokenizer changes, how many have offsets, and what it puts before and after a text
const FAMILIES: [string, number, number, string, string][] = [
  ["llama3", 0, 76, "<|begin_of_text|>", ""],
  ["smollm2", 0, 76, "", ""],
  ["qwen2", 5, 76, "", ""],
  ["gpt_neox", 5, 76, "", ""],
  ["opt", 0, 76, "</s>", ""],
  ["roberta", 1, 75, "<s>", "</s>"],
  ["qwen3_5", 5, 76, "", ""],
  ["mistral_nemo", 0, 76, "<s>", ""],
  ["gpt4", 0, 76, "", ""],
  ["gpt4o", 0, 76, "", ""],
  ["gpt2_split", 69, 7, "", ""],
];

for (const [name, changed, placed, start, end] of FAMILIES) {
  const golden: Family = read(name);
  const tokenizer = Tokenizer.fromJson(JSON.stringify(golden.json));

  Deno.test(`Tokenizer.encode() and decode() equal the Rust tokenizers (${name})`, () => {
    TEXTS.forEach((text, i) => {
      deepEqual(tokenizer.encode(text), golden.ids[i], JSON.stringify(text));
      equal(tokenizer.decode(golden.ids[i]!), golden.decoded[i] ?? text);
      equal(tokenizer.read(text).text, golden.decoded[i] ?? text);
    });
    counted(golden.decoded.filter((text) => text !== null), changed);
  });

  Deno.test(`Tokenizer.read() places tokens where the Rust tokenizers do (${name})`, () => {
    TEXTS.forEach((text, i) => {
      if (golden.offsets[i] === null) return;
      const { tokens } = tokenizer.read(text);
      deepEqual(tokens.flatMap(({ start, end }) => [start, end]), golden.offsets[i], JSON.stringify(text));
    });
    counted(golden.offsets.filter((offsets) => offsets !== null), placed);
  });

  Deno.test(`Tokenizer.stream() describes each token as the last one of the text so far (${name})`, () => {
    for (const ids of golden.ids) {
      const stream = tokenizer.stream();
      ids.forEach((id, i) => deepEqual(stream.next(id), tokenizer.tokens(ids.slice(0, i + 1)).at(-1)));
      equal(stream.length, tokenizer.decode(ids).length);
    }
  });

  Deno.test(`Tokenizer.frame() puts the special tokens that transformers does (${name})`, () => {
    equal(tokenizer.decode(tokenizer.startIds), start);
    equal(tokenizer.decode(tokenizer.endIds), end);
    for (const { texts, ids, types } of counted(golden.framed, 3)) {
      const [first, second] = texts.map((text) => tokenizer.encode(text));
      deepEqual(tokenizer.frame(first!, second), { tokenIds: ids, typeIds: types });
    }
  });
}

const parts = (changes: object) => ({ ...read("llama3").json, ...changes });
const BYTES = { type: "ByteLevel", "use_regex": false };
const words = (...pretokenizers: object[]) => parts({ "pre_tokenizer": { type: "Sequence", pretokenizers } });
const split = (changes: object) =>
  words({ type: "Split", pattern: { Regex: "\\s+" }, behavior: "Isolated", ...changes }, BYTES);
const template = (single: unknown) => parts({ "post_processor": { type: "TemplateProcessing", single } });
const A = { Sequence: { id: "A", "type_id": 0 } };

const ERRORS: [string, unknown, string, string][] = [
  [
    "a pattern that is not known",
    split({ pattern: { Regex: "(a+)+$" } }),
    "Error",
    'Cannot split by "(a+)+$" as only the patterns of GPT-2, Llama 3, Qwen2, Qwen3.5, Mistral Nemo, GPT-4o are known',
  ],
  [
    "a pattern that is a text",
    split({ pattern: { String: " " } }),
    "Error",
    'Cannot split by {"String":" "} as it is no Regex',
  ],
  ["no pattern", split({ pattern: null }), "TypeError", "Cannot read Split.pattern as an object: null"],
  [
    "another behavior",
    split({ behavior: "MergedWithNext" }),
    "Error",
    'Cannot split with the behavior "MergedWithNext"; known are "Isolated" and "Removed"',
  ],
  ["a text for a switch", split({ invert: "no" }), "TypeError", 'Cannot read Split.invert as true or false: "no"'],
  [
    "two ByteLevels",
    words(BYTES, BYTES),
    "Error",
    "Cannot write the bytes of a text 2 times over, as the pre_tokenizer of tokenizer.json says",
  ],
  [
    "Metaspace",
    words({ type: "Metaspace" }, BYTES),
    "Error",
    'Cannot read pre_tokenizer of tokenizer.json as ByteLevel, Digits, Split or a Sequence of them: "Metaspace"',
  ],
  [
    "a normalizer by pattern",
    parts({ normalizer: { type: "Sequence", normalizers: [{ type: "NFC" }, { type: "Replace" }] } }),
    "Error",
    'Cannot read normalizer of tokenizer.json as NFC, NFD, NFKC, NFKD, Lowercase or a Sequence of them: "Replace"',
  ],
  [
    "a post-processor that nobody knows",
    parts({ "post_processor": { type: "X" } }),
    "Error",
    "Cannot read post_processor of tokenizer.json as ByteLevel, TemplateProcessing, BertProcessing, RobertaProcessing " +
    'or a Sequence of them: "X"',
  ],
  [
    "two templates",
    parts({
      "post_processor": { type: "Sequence", processors: Array(2).fill({ type: "TemplateProcessing", single: [A] }) },
    }),
    "Error",
    "Cannot put special tokens around a text by 2 post-processors, one after another",
  ],
  [
    "a template without a text",
    template([]),
    "Error",
    "Cannot read the post_processor as its single does not hold the text once: []",
  ],
  [
    "a template of a third text",
    template([{ Sequence: { id: "C" } }]),
    "RangeError",
    'Cannot read "C" as one of the texts of a template, "A" and "B"',
  ],
  [
    "RoBERTa's tokens that are not there",
    parts({ "post_processor": { type: "RobertaProcessing", cls: ["<s>", 9999], sep: ["</s>", 0] } }),
    "RangeError",
    'Cannot put "<s>" beside a text as its id is not in the vocabulary: 9999',
  ],
];
for (const [title, json, name, message] of counted(ERRORS, 13)) {
  Deno.test(`Tokenizer.fromJson() refuses ${title} by name`, () => {
    throws(() => Tokenizer.fromJson(json), { name, message });
  });
}

Deno.test("Tokenizer.frame() refuses two texts where the template is for one", () => {
  throws(() => Tokenizer.fromJson(template([A])).frame([1], [2]), {
    name: "Error",
    message: "Cannot put two texts together as the post_processor of tokenizer.json says nothing about pairs",
  });
});

Deno.test("Tokenizer.encode() writes one unknown token for several where model.fuse_unk says so", () => {
  const model = { vocab: { a: 0, "<unk>": 1 }, merges: [], "unk_token": "<unk>" };
  const json = { "pre_tokenizer": { type: "ByteLevel" }, decoder: { type: "ByteLevel" } };
  const encode = (fuse: boolean) =>
    Tokenizer.fromJson({ ...json, model: { ...model, "fuse_unk": fuse } }).encode("bba b");
  deepEqual(encode(false), [1, 1, 0, 1, 1]);
  deepEqual(encode(true), [1, 0, 1]);
});
