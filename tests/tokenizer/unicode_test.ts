import { strictEqual as equal } from "@std/assert";
import { readBertNormalizer } from "../../src/tokenizer/bert_normalizer.ts";
import { readNormalizer } from "../../src/tokenizer/normalizers.ts";
import { PATTERNS } from "../../src/tokenizer/patterns.ts";
import { readBytePreTokenizer } from "../../src/tokenizer/pre_tokenizers.ts";
import { bertWords } from "../../src/tokenizer/word_piece.ts";
import { counted } from "../support/counted.ts";

const { pairs, sweeps }: { pairs: string[]; sweeps: Record<string, string> } = JSON.parse(
  Deno.readTextFileSync(new URL("../goldens/tokenizer/sweep.json", import.meta.url)),
);

/** Long runs of alike characters, of which every 16th is looked at. */
const RUNS = [[0x3400, 0xa000], [0xac00, 0xd7a4], [0xe000, 0xf900], [0x17000, 0x18d00], [0x20000, 0x33480]] as const;

/** The characters of scripts/oracles/family_tokenizers.py. */
function* characters(): Generator<string> {
  for (const [start, end] of [[0, 0xd800], [0xe000, 0x33480], [0xe0000, 0xe0200], [0xf0000, 0xf0001]] as const) {
    for (let point = start; point < end; ++point) {
      if (point % 16 === 0 || !RUNS.some(([first, last]) => point >= first && point < last)) {
        yield String.fromCodePoint(point);
      }
    }
  }
  yield String.fromCodePoint(0x10ffff);
}

async function digest(results: Iterable<string>): Promise<string> {
  const bytes = new TextEncoder().encode([...results, ""].join("\n"));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

const BYTES = { type: "ByteLevel", "add_prefix_space": false, "use_regex": false };
const WORDS: [string, object][] = [
  ...Object.entries(PATTERNS).map(([name, source]): [string, object] => {
    return [name, { type: "Split", pattern: { Regex: source }, behavior: "Isolated", invert: false }];
  }),
  ["Digits", { type: "Digits", "individual_digits": false }],
  ["single Digits", { type: "Digits", "individual_digits": true }],
];
for (const [name, part] of counted(WORDS, 8)) {
  Deno.test(`readBytePreTokenizer() cuts around every character as the Rust tokenizers do (${name})`, async () => {
    const cut = readBytePreTokenizer({ type: "Sequence", pretokenizers: [part, BYTES] }, undefined);
    const words = characters().map((c) => cut(`a${c}b ${c}1${c}${c}'${c}e\n${c} B${c}`).join(" "));
    equal(await digest(words), sweeps[`words of ${name}`]);
  });
}

const CONTEXTS = ["", "a\u0301", "a\u0327\u093c"].map((before, i) => [before, ["", "\u0327x", "\u0301x"][i]!] as const);
for (const name of counted(["NFC", "NFD", "NFKC", "NFKD", "Lowercase"], 5)) {
  Deno.test(`readNormalizer() changes every character as the Rust tokenizers do (${name})`, async () => {
    const normalize = readNormalizer({ type: name })!;
    const texts = CONTEXTS.flatMap(([before, after]) => [...characters().map((c) => before + c + after)]);
    equal(await digest([...texts, ...counted(pairs, 21)].map(normalize)), sweeps[`text of ${name}`]);
  });
}

Deno.test("readBytePreTokenizer() cuts long runs in time", () => {
  for (const source of Object.values(PATTERNS)) {
    const split = { type: "Split", pattern: { Regex: source }, behavior: "Isolated" };
    const cut = readBytePreTokenizer({ type: "Sequence", pretokenizers: [split, BYTES] }, undefined);
    for (const run of [" ", "\n", "\n ", "a", "A", "ǅ", "日", "\u0301", "1", "!", "'", "'r", "/"]) {
      const text = `${run.repeat(200_000)}x${run}`;
      equal(
        cut(text).reduce((length, word) => length + word.length, 0),
        new TextEncoder().encode(text).length,
      );
    }
  }
});

Deno.test("bertWords() cuts around every character as the Rust tokenizers do", async () => {
  const words = characters().map((c) => bertWords(`a${c}b ${c}${c} x`).map(({ word }) => word).join(" "));
  equal(await digest(words), sweeps["words of BertPreTokenizer"]);
});

for (const name of counted(["bert", "bert_cased", "bert_plain"], 3)) {
  Deno.test(`readBertNormalizer() changes every character as the Rust tokenizers do (${name})`, async () => {
    const url = new URL(`../goldens/tokenizer/${name}.json`, import.meta.url);
    const normalize = readBertNormalizer(JSON.parse(Deno.readTextFileSync(url)).json.normalizer);
    const texts = CONTEXTS.flatMap(([before, after]) => [...characters().map((c) => before + c + after)]);
    equal(await digest([...texts, ...pairs].map((text) => normalize(text, 0).text)), sweeps[`text of ${name}`]);
  });
}
