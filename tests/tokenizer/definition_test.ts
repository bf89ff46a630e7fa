import { deepStrictEqual as deepEqual, strictEqual as equal, throws } from "@std/assert";
import { Tokenizer } from "../../src/tokenizer/tokenizer.ts";
import { readGoldens, readTokenizerJson } from "./goldens.ts";

const GOLDENS = readGoldens();
const BASE = readTokenizerJson();
const BYTE_LEVEL = { "pre_tokenizer": { type: "ByteLevel" }, decoder: { type: "ByteLevel" } };
const SMALL = { ...BYTE_LEVEL, model: { type: "BPE", vocab: { a: 0, b: 1, ab: 2 }, merges: ["a b"] } };
const { vocab, merges } = BASE.model;
const pairs = merges.map((pair) => pair.join(" "));

const FORMS: [string, () => Tokenizer][] = [
  ["JSON text", () => Tokenizer.fromJson(JSON.stringify(BASE))],
  ["merges as strings", () => Tokenizer.fromJson({ ...BASE, model: { ...BASE.model, merges: pairs } })],
  ["a model without type, as GPT-2's", () => Tokenizer.fromJson({ ...BASE, model: { vocab, merges: pairs } })],
  ["vocab.json and merges.txt", () => Tokenizer.fromVocab(vocab, `#version: 0.2\n${pairs.join("\n")}\n`)],
  ["their text, with Windows line ends", () => Tokenizer.fromVocab(JSON.stringify(vocab), pairs.join("\r\n"))],
  [
    "a pre-tokenizer in a sequence",
    () =>
      Tokenizer.fromJson({ ...BASE, "pre_tokenizer": { type: "Sequence", pretokenizers: [BASE["pre_tokenizer"]] } }),
  ],
];
for (const [form, make] of FORMS) {
  Deno.test(`Tokenizer reads ${form}`, () => {
    const tokenizer = make();
    GOLDENS.texts.forEach((text, i) => deepEqual(tokenizer.encode(text), GOLDENS.variants.base?.ids[i]));
  });
}

Deno.test("Tokenizer.fromVocab() reads a merge of number signs", () => {
  const tokenizer = Tokenizer.fromVocab({ "#": 0, "##": 1 }, "#version: 0.2\n# #");
  deepEqual(tokenizer.encode("###"), [1, 0]);
});

Deno.test("Tokenizer.fromVocab() takes added tokens", () => {
  const added = [{ id: 3, content: "<x>", singleWord: true, lstrip: true, special: true }];
  const tokenizer = Tokenizer.fromVocab(SMALL.model.vocab, "a b", added);
  deepEqual(tokenizer.encode("ab <x>"), [2, 3]);
  equal(tokenizer.decode([2, 3]), "ab<x>");
  throws(() => tokenizer.encode("ab<x>"), { name: "RangeError" });
});

Deno.test("Tokenizer.fromVocab() knows no special token that the vocabulary lacks", () => {
  throws(() => Tokenizer.fromVocab({ a: 0 }, "").encode("<|endoftext|>"), { name: "RangeError" });
});

Deno.test("Tokenizer.fromJson() takes added tokens and the prefix space from tokenizer_config.json", () => {
  const json = { ...SMALL, model: { vocab: { a: 0, "Ġ": 1, "Ġa": 2 }, merges: [["Ġ", "a"]] } };
  const config = { "add_prefix_space": true, "added_tokens_decoder": { 7: { content: "<x>", special: true } } };
  const tokenizer = Tokenizer.fromJson(json, config);
  deepEqual(tokenizer.encode("a<x>a"), [2, 7, 2]);
  equal(tokenizer.vocabSize, 8);
  throws(() => tokenizer.decode([5]), {
    name: "RangeError",
    message: "Cannot decode token id 5 as the vocabulary has none with that id",
  });
});

Deno.test("Tokenizer takes any string for a piece", () => {
  const vocab = JSON.parse('{"_":0,"p":1,"__proto__":2,"constructor":3,"__":4,"7":5}');
  const tokenizer = Tokenizer.fromJson({ ...SMALL, model: { vocab, merges: ["_ _"] } });
  deepEqual(tokenizer.encode("__p7"), [4, 1, 5]);
  equal(tokenizer.tokenToId("__proto__"), 2);
  equal(tokenizer.decode([2, 3]), "__proto__constructor");
});

Deno.test("Tokenizer.encode() says which byte the vocabulary lacks", () => {
  throws(() => Tokenizer.fromJson(SMALL).encode("abé"), {
    name: "RangeError",
    message: 'Cannot encode "abé" as the vocabulary has no token for byte 0xC3',
  });
});

Deno.test("Tokenizer.encode() writes the unknown token for what the vocabulary lacks", () => {
  const model = { vocab: { a: 0, "<unk>": 1 }, merges: [], "unk_token": "<unk>" };
  deepEqual(Tokenizer.fromJson({ ...SMALL, model }).encode("aba"), [0, 1, 0]);
});

const model = (parts: object) => ({ ...SMALL, model: { ...SMALL.model, ...parts } });
const token = (parts: object) => ({ ...SMALL, "added_tokens": [{ id: 3, content: "<x>", ...parts }] });
const ERRORS: [string, unknown, string, string][] = [
  ["a number", 5, "TypeError", "Cannot read tokenizer.json as an object: 5"],
  ["an array", [], "TypeError", "Cannot read tokenizer.json as an object: []"],
  ["text that is not JSON", "{", "SyntaxError", 'Cannot read tokenizer.json as JSON: "{"'],
  ["no model", BYTE_LEVEL, "TypeError", "Cannot read model as an object: undefined"],
  [
    "a WordLevel model",
    model({ type: "WordLevel" }),
    "Error",
    'Cannot read model of tokenizer.json as byte-level BPE, WordPiece or Unigram, the kinds that are known: "WordLevel"',
  ],
  [
    "another pre-tokenizer",
    { ...SMALL, "pre_tokenizer": { type: "Whitespace" } },
    "Error",
    'Cannot read pre_tokenizer of tokenizer.json as byte-level BPE, the kind that GPT-2 has: "Whitespace"',
  ],
  [
    "a sequence without bytes",
    { ...SMALL, "pre_tokenizer": { type: "Sequence", pretokenizers: [{ type: "Digits" }] } },
    "Error",
    'Cannot read pre_tokenizer of tokenizer.json as byte-level BPE, the kind that GPT-2 has: "Sequence"',
  ],
  [
    "a pre-tokenizer that nobody knows",
    { ...SMALL, "pre_tokenizer": { type: "Sequence", pretokenizers: [{ type: "X" }, { type: "ByteLevel" }] } },
    "Error",
    'Cannot read pre_tokenizer of tokenizer.json as ByteLevel, Digits, Split or a Sequence of them: "X"',
  ],
  [
    "a normalizer that nobody knows",
    { ...SMALL, normalizer: { type: "X" } },
    "Error",
    'Cannot read normalizer of tokenizer.json as NFC, NFD, NFKC, NFKD, Lowercase or a Sequence of them: "X"',
  ],
  [
    "another decoder",
    { ...SMALL, decoder: { type: "WordPiece" } },
    "Error",
    'Cannot read decoder of tokenizer.json as byte-level BPE, the kind that GPT-2 has: "WordPiece"',
  ],
  ["no decoder", { ...SMALL, decoder: null }, "TypeError", "Cannot read decoder as an object: null"],
  [
    "suffixes",
    model({ "end_of_word_suffix": "</w>" }),
    "Error",
    'Cannot read model.end_of_word_suffix of tokenizer.json as byte-level BPE: "</w>"',
  ],
  ["dropout", model({ dropout: 0.1 }), "Error", "Cannot read model.dropout of tokenizer.json as byte-level BPE: 0.1"],
  ["an array for a vocabulary", model({ vocab: ["a"] }), "TypeError", 'Cannot read model.vocab as an object: ["a"]'],
  [
    "an empty vocabulary",
    model({ vocab: {}, merges: [] }),
    "RangeError",
    "Cannot read model.vocab as a vocabulary: it is empty",
  ],
  ["a negative id", model({ vocab: { a: -1 } }), "RangeError", 'Cannot read the id of "a" as an index: -1'],
  ["an id that is text", model({ vocab: { a: "1" } }), "RangeError", 'Cannot read the id of "a" as an index: "1"'],
  [
    "an id given twice",
    model({ vocab: { a: 0, b: 0 } }),
    "RangeError",
    'Cannot read id 0 as one piece: it is given to "a" and "b"',
  ],
  ["no merges", model({ merges: undefined }), "TypeError", "Cannot read model.merges as an array: undefined"],
  ["a merge of one", model({ merges: ["ab"] }), "TypeError", 'Cannot read a merge as two pieces: "ab"'],
  ["a merge of three", model({ merges: ["a b ab"] }), "TypeError", 'Cannot read a merge as two pieces: "a b ab"'],
  ["a merge of numbers", model({ merges: [[1, 2]] }), "TypeError", "Cannot read a merge as two pieces: [1,2]"],
  [
    "a merge into nothing",
    model({ merges: [["b", "a"]] }),
    "RangeError",
    'Cannot merge "b" and "a" as the vocabulary lacks "ba"',
  ],
  [
    "a number for the unknown token",
    model({ "unk_token": 5 }),
    "TypeError",
    "Cannot read model.unk_token as a piece: 5",
  ],
  [
    "an object of added tokens",
    { ...SMALL, "added_tokens": {} },
    "TypeError",
    "Cannot read added_tokens as an array: {}",
  ],
  [
    "an added token that is text",
    { ...SMALL, "added_tokens": ["<x>"] },
    "TypeError",
    'Cannot read an added token as an object: "<x>"',
  ],
  [
    "an empty added token",
    token({ content: "" }),
    "TypeError",
    'Cannot read the content of an added token as text: ""',
  ],
  ["an added token without id", token({ id: null }), "RangeError", 'Cannot read the id of "<x>" as an index: null'],
  [
    "an added token in the place of a piece",
    token({ id: 1 }),
    "RangeError",
    'Cannot read id 1 as one piece: it is given to "b" and "<x>"',
  ],
];
for (const [title, json, name, message] of ERRORS) {
  Deno.test(`Tokenizer.fromJson() refuses ${title}`, () => {
    throws(() => Tokenizer.fromJson(json), { name, message });
  });
}

Deno.test("Tokenizer.fromJson() refuses a tokenizer_config.json that is none", () => {
  throws(() => Tokenizer.fromJson(SMALL, "no"), {
    name: "SyntaxError",
    message: 'Cannot read tokenizer_config.json as JSON: "no"',
  });
});

Deno.test("Tokenizer.fromVocab() refuses files that are none", () => {
  throws(() => Tokenizer.fromVocab("no", ""), { name: "SyntaxError", message: 'Cannot read vocab.json as JSON: "no"' });
  throws(() => Tokenizer.fromVocab([], ""), { name: "TypeError", message: "Cannot read vocab.json as an object: []" });
  throws(() => Reflect.apply(Tokenizer.fromVocab, Tokenizer, [{ a: 0 }, 5]), {
    name: "TypeError",
    message: "Cannot read merges.txt as text: 5",
  });
});
