import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "@std/assert";
import { scanTokenizer } from "../../src/tokenizer/scan.ts";
import { Tokenizer } from "../../src/tokenizer/tokenizer.ts";
import { readGoldens, readTokenizerJson } from "./goldens.ts";

const GOLDENS = readGoldens();
const BASE = readTokenizerJson();
const TEXT = JSON.stringify(BASE);
const { vocab, merges } = BASE.model;
const model = JSON.stringify({ merges, vocab });

/** JSON with all that is not ASCII escaped, as Python writes it. */
const escaped = (text: string) =>
  text.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

const SPACED = { ...BASE, model: { ...BASE.model, merges: merges.map((pair) => pair.join(" ")) } };

// how tokenizer.json may be written, and whether it is scanned or left to JSON.parse
const FORMS: [string, string, boolean][] = [
  ["on one line", TEXT, true],
  ["with white space", JSON.stringify(BASE, undefined, "\t").replaceAll("\n", "\r\n"), true],
  ["with merges as strings", JSON.stringify(SPACED, undefined, 1), true],
  ["with escapes", escaped(TEXT), true],
  ["with the merges first", JSON.stringify({ ...BASE, model: 0 }).replace('"model":0', `"model":${model}`), false],
  ["with ids as fractions", TEXT.replace('"<|endoftext|>":0', '"<|endoftext|>":0.0'), false],
  ["with a piece twice", TEXT.replace('"vocab":{', '"vocab":{"<|endoftext|>":700,'), false],
  ["with another vocabulary before", TEXT.replace("{", '{"x":{"vocab":{},"merges":[]},'), false],
  ["with a text that ends in the word", TEXT.replace("{", '{"x":"\\"vocab\\": {","y":"vocab",'), false],
];
for (const [form, text, scanned] of FORMS) {
  Deno.test(`scanTokenizer() reads tokenizer.json ${form} as JSON.parse does`, () => {
    ok(text !== TEXT || form === "on one line");
    equal(scanTokenizer(text) !== undefined, scanned);
    const [read, parsed] = [Tokenizer.fromJson(text), Tokenizer.fromJson(JSON.parse(text))];
    equal(read.vocabSize, 640);
    for (let id = 0; id < read.vocabSize; ++id) deepEqual(read.tokens([id]), parsed.tokens([id]));
    GOLDENS.texts.forEach((source, i) => deepEqual(read.encode(source), GOLDENS.variants.base?.ids[i]));
  });
}

Deno.test("scanTokenizer() leaves what is wrong to those who say what", () => {
  const broken: [string, string, string][] = [
    ['"merges":[[', '"merges":[["no such piece",', "TypeError"],
    ['"merges":[[', '"merges":[["no such piece","b"],[', "RangeError"],
    ['"merges":[[', '"merges":[[1,"b"],[', "TypeError"],
    ['"merges":[[', '"merges":["a",[', "TypeError"],
    ['"merges":[[', '"merges":[[[', "SyntaxError"],
    ['"vocab":{', '"vocab":{"no such piece":0,', "RangeError"],
    ['"vocab":{', '"vocab":{"no such piece":-1,', "RangeError"],
    ['"vocab":{', '"vocab":{"no such piece":2147483648,', "RangeError"],
    ['"vocab":{', '"vocab":{"no such piece":01,', "SyntaxError"],
    ['"vocab":{', '"vocab":{"no such piece":0640,', "SyntaxError"],
    ['"vocab":{', '"vocab":{"\\x":640,', "SyntaxError"],
    ['"vocab":{', '"vocab":{"\n":640,', "SyntaxError"],
    ['"vocab":{', '"vocab":{,', "SyntaxError"],
    ['"vocab":{', '"vocab":', "SyntaxError"],
  ];
  for (const [part, instead, name] of broken) {
    const text = TEXT.replace(part, instead);
    ok(text !== TEXT);
    equal(scanTokenizer(text), undefined);
    throws(() => Tokenizer.fromJson(text), { name });
  }
  for (let end = 0; end < TEXT.length; end += 7) {
    equal(scanTokenizer(TEXT.slice(0, end)), undefined);
    throws(() => Tokenizer.fromJson(TEXT.slice(0, end)), { name: "SyntaxError" });
  }
});

Deno.test("Tokenizer tells pieces apart that differ in a lone surrogate only", () => {
  const pieces = ["\ud83d", "\ud83e", "\ufffd", "a", "", "\u0000"];
  const tokenizer = Tokenizer.fromJson({
    ...BASE,
    "added_tokens": [],
    model: { vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])), merges: [] },
  });
  deepEqual(pieces.map((piece) => tokenizer.tokenToId(piece)), [0, 1, 2, 3, 4, 5]);
  deepEqual(tokenizer.tokens([0, 1, 2, 3, 4, 5]).map(({ piece }) => piece), pieces);
});

Deno.test("Tokenizer takes the highest id that there may be", () => {
  const id = 2 ** 31 - 1;
  const tokenizer = Tokenizer.fromJson({ ...BASE, "added_tokens": [], model: { vocab: { a: id, b: 0 }, merges: [] } });
  deepEqual(tokenizer.encode("ab"), [id, 0]);
  equal(tokenizer.vocabSize, 2 ** 31);
  equal(tokenizer.has(1), false);
});

Deno.test("Tokenizer.encode() joins the pair of the first merge first, and the leftmost of its kind", () => {
  const tokenizer = (merges: string[]) =>
    Tokenizer.fromVocab({ a: 0, b: 1, aa: 2, ab: 3, aab: 4, ba: 5 }, merges.join("\n"));
  deepEqual(tokenizer(["a a", "a b"]).encode("aaab"), [2, 3]);
  deepEqual(tokenizer(["a b", "a a"]).encode("aaab"), [2, 3]);
  deepEqual(tokenizer(["a b", "a ab"]).encode("aaab"), [0, 4]);
  deepEqual(tokenizer(["a a", "aa b"]).encode("aaab"), [2, 0, 1]);
  deepEqual(tokenizer(["b a", "a b"]).encode("abab"), [0, 5, 1]);
  deepEqual(tokenizer([]).encode("abab"), [0, 1, 0, 1]);
});

Deno.test("Tokenizer.encode() joins the bytes of one long word in time", () => {
  const tokenizer = Tokenizer.fromVocab({ a: 0, b: 1, aa: 2, ab: 3 }, "a b\na a");
  deepEqual(tokenizer.encode("ab".repeat(200_000)), Array.from({ length: 200_000 }, () => 3));
});
