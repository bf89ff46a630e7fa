import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "@std/assert";
import { scanTokenizer } from "../../src/tokenizer/scan.ts";
import { Tokenizer } from "../../src/tokenizer/tokenizer.ts";
import { Vocabulary } from "../../src/tokenizer/vocabulary.ts";
import { counted } from "../support/counted.ts";

/** What the Rust tokenizers say of BERT's, written by scripts/oracles/family_tokenizers.py. */
interface Bert {
  readonly json: Record<string, Record<string, unknown>>;
  readonly texts: string[];
  readonly ids: number[][];
  readonly decoded: string[];
  readonly offsets: number[][];
  readonly backwards: string[];
  readonly framed: { texts: string[]; ids: number[]; types: number[] }[];
}

const FOLDER = new URL("../goldens/tokenizer/", import.meta.url);
const read = (name: string) => JSON.parse(Deno.readTextFileSync(new URL(`${name}.json`, FOLDER)));
const TEXTS: readonly string[] = read("family_texts");

// tokenizers 0.23.3 decodes a normalized added token as normalized, and places marks that change places by their places
const HF_DECODES_OTHERWISE = /CAF\u00c9|cafe\u0301/i;
const HF_PLACES_OTHERWISE = /\u302e\u302a/;

for (const name of ["bert", "bert_cased", "bert_plain"]) {
  const golden: Bert = read(name);
  const tokenizer = Tokenizer.fromJson(JSON.stringify(golden.json));
  const texts = counted([...TEXTS, ...golden.texts], 96);

  Deno.test(`Tokenizer.encode() and decode() equal the Rust tokenizers (${name})`, () => {
    texts.forEach((text, i) => {
      deepEqual(tokenizer.encode(text), golden.ids[i], JSON.stringify(text));
    });
    const alike = texts.map((text, i) => ({ text, i })).filter(({ text }) => !HF_DECODES_OTHERWISE.test(text));
    for (const { i } of counted(alike, 94)) {
      equal(tokenizer.decode(golden.ids[i]!), golden.decoded[i]);
      equal(tokenizer.decode(golden.ids[i]!.toReversed()), golden.backwards[i]);
    }
  });

  Deno.test(`Tokenizer.read() places tokens in the text as it was given (${name})`, () => {
    texts.forEach((text, i) => {
      const { tokens, tokenIds, text: source } = tokenizer.read(text);
      equal(source, text);
      deepEqual(tokenizer.tokens(tokenIds, text), tokens);
      if (HF_PLACES_OTHERWISE.test(text)) return;
      deepEqual(tokens.flatMap(({ start, end }) => [start, end]), golden.offsets[i], JSON.stringify(text));
    });
    counted(texts.filter((text) => HF_PLACES_OTHERWISE.test(text)), 1);
  });

  Deno.test(`Tokenizer.stream() describes each token as the last one of the text so far (${name})`, () => {
    for (const ids of golden.ids) {
      const stream = tokenizer.stream();
      ids.forEach((id, i) => deepEqual(stream.next(id), tokenizer.tokens(ids.slice(0, i + 1)).at(-1)));
      equal(stream.length, tokenizer.decode(ids).length);
    }
  });

  Deno.test(`Tokenizer.frame() puts [CLS] and [SEP] and types as transformers does (${name})`, () => {
    equal(tokenizer.decode(tokenizer.startIds), "[CLS]");
    equal(tokenizer.decode(tokenizer.endIds), "[SEP]");
    for (const { texts, ids, types } of counted(golden.framed, 3)) {
      const [first, second] = texts.map((text) => tokenizer.encode(text));
      deepEqual(tokenizer.frame(first!, second), { tokenIds: ids, typeIds: types });
    }
  });
}

const GOLDEN: Bert = read("bert");
const TOKENIZER = Tokenizer.fromJson(GOLDEN.json);

Deno.test("Tokenizer.tokens() gives piece, bytes and text of BERT's tokens, placed in what they decode to", () => {
  const ids = ["[CLS]", "keys", "##s", ","].map((piece) => TOKENIZER.tokenToId(piece)!);
  equal(TOKENIZER.decode(ids), "[CLS] keyss,");
  deepEqual(
    TOKENIZER.tokens(ids).map(({ piece, text, start, end, bytes }) => [
      piece,
      text,
      start,
      end,
      new TextDecoder().decode(bytes),
    ]),
    [["[CLS]", "[CLS]", 0, 5, "[CLS]"], ["keys", "keys", 6, 10, "keys"], ["##s", "##s", 10, 11, "s"], [
      ",",
      ",",
      11,
      12,
      ",",
    ]],
  );
  deepEqual(TOKENIZER.tokens(ids, "[CLS] keyss,"), TOKENIZER.tokens(ids));
});

Deno.test("Tokenizer.tokens() places [CLS] and [SEP] where they are written around a text", () => {
  const text = "[CLS]The  KEYS[SEP]";
  const ids = TOKENIZER.frame(TOKENIZER.encode("The  KEYS")).tokenIds;
  const tokens = TOKENIZER.tokens(ids, text);
  deepEqual(tokens.map(({ start, end }) => text.slice(start, end)), ["[CLS]", "The", "KEYS", "[SEP]"]);
  throws(() => TOKENIZER.tokens(ids, "The table"), {
    name: "RangeError",
    message: 'Cannot place the tokens of "[CLS] the keys [SEP]" in another text: "The table"',
  });
});

Deno.test("Tokenizer.read() keeps lone surrogates in BERT's text", () => {
  const { text, tokens } = TOKENIZER.read("the\ud83d keys");
  equal(text, "the\ud83d keys");
  deepEqual(tokens.map(({ start, end }) => text.slice(start, end)), ["the", "keys"]);
});

Deno.test("Tokenizer.encode() reads one long word of BERT's in time", () => {
  equal(TOKENIZER.encode("a".repeat(100_000)).length, 1);
  ok(TOKENIZER.encode("keys, ".repeat(20_000)).length === 40_000);
});

Deno.test("scanTokenizer() reads a vocabulary without merges, and leaves what is not written as usual", () => {
  const text = JSON.stringify(GOLDEN.json);
  ok(Object(scanTokenizer(text)).model.vocab instanceof Vocabulary);
  for (const part of ['"vocab":{', '"x":{"vocab":{}},"vocab":{"a":0,']) {
    const other = text.replace('"vocab":{', part);
    equal(scanTokenizer(other) === undefined, other !== text);
  }
  const parsed = Tokenizer.fromJson(GOLDEN.json);
  const scanned = Tokenizer.fromJson(text);
  for (let id = 0; id < scanned.vocabSize; ++id) deepEqual(scanned.tokens([id]), parsed.tokens([id]));
});

const parts = (part: string, changes: object) => ({ ...GOLDEN.json, [part]: { ...GOLDEN.json[part], ...changes } });
const ERRORS: [string, unknown, string, string][] = [
  [
    "another normalizer",
    parts("normalizer", { type: "Lowercase" }),
    "Error",
    'Cannot read normalizer of tokenizer.json as BertNormalizer: "Lowercase"',
  ],
  [
    "another pre-tokenizer",
    parts("pre_tokenizer", { type: "Whitespace" }),
    "Error",
    'Cannot read pre_tokenizer of tokenizer.json as BertPreTokenizer: "Whitespace"',
  ],
  [
    "another decoder",
    parts("decoder", { type: "ByteLevel" }),
    "Error",
    'Cannot read decoder of tokenizer.json as WordPiece: "ByteLevel"',
  ],
  [
    "a text for a switch",
    parts("normalizer", { lowercase: "yes" }),
    "TypeError",
    'Cannot read BertNormalizer.lowercase as true or false: "yes"',
  ],
  [
    "an unknown token that is not there",
    parts("model", { "unk_token": "<unk>" }),
    "RangeError",
    'Cannot write unknown words as the vocabulary lacks model.unk_token: "<unk>"',
  ],
  [
    "words without an end",
    parts("model", { "max_input_chars_per_word": 2 ** 30 }),
    "RangeError",
    "Cannot read model.max_input_chars_per_word as a length of at most 1000: 1073741824",
  ],
  [
    "an empty vocabulary",
    parts("model", { vocab: {} }),
    "RangeError",
    "Cannot read model.vocab as a vocabulary: it is empty",
  ],
  [
    "a number for the prefix",
    parts("model", { "continuing_subword_prefix": 2 }),
    "TypeError",
    "Cannot read model.continuing_subword_prefix as text: 2",
  ],
];
for (const [title, json, name, message] of counted(ERRORS, 8)) {
  Deno.test(`Tokenizer.fromJson() refuses ${title} of BERT's by name`, () => {
    throws(() => Tokenizer.fromJson(json), { name, message });
  });
}
