import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "@std/assert";
import { Tokenizer } from "../../src/tokenizer/tokenizer.ts";
import { counted } from "../support/counted.ts";

/** What the Rust tokenizers say of Unigram models, written by scripts/oracles/unigram_tokenizer.py. */
interface Unigram {
  readonly json: Record<string, Record<string, unknown>>;
  readonly texts: readonly string[];
  readonly ids: readonly number[][];
  readonly pieces: readonly string[][];
  /** null where it is the text. */
  readonly decoded: readonly (string | null)[];
  readonly framed: readonly { readonly texts: string[]; readonly ids: number[]; readonly types: number[] }[];
}

const FOLDER = new URL("../goldens/tokenizer/", import.meta.url);
const read = (name: string): Unigram => JSON.parse(Deno.readTextFileSync(new URL(`unigram_${name}.json`, FOLDER)));

for (const name of ["t5", "mbart", "first", "bytes"]) {
  const golden = read(name);
  const tokenizer = Tokenizer.fromJson(JSON.stringify(golden.json));

  Deno.test(`Tokenizer.encode() and decode() equal the Rust tokenizers (Unigram, ${name})`, () => {
    counted([...golden.texts], 96).forEach((text, i) => {
      const ids = golden.ids[i]!;
      deepEqual(tokenizer.encode(text), ids, JSON.stringify(text));
      equal(tokenizer.decode(ids), golden.decoded[i] ?? text, JSON.stringify(text));
      deepEqual(tokenizer.tokens(ids).map(({ piece }) => piece), ids.map((id) => pieceOf(golden, id)));
    });
  });

  Deno.test(`Tokenizer.read() places tokens in what they decode to, and streams them alike (Unigram, ${name})`, () => {
    for (const text of golden.texts) {
      const { tokenIds, tokens, text: decoded } = tokenizer.read(text);
      equal(decoded, tokenizer.decode(tokenIds));
      equal(tokens.at(-1)?.end ?? 0, decoded.length);
      ok(tokens.every(({ start, end }, i) => start <= end && start >= (tokens[i - 1]?.start ?? 0)));
      const stream = tokenizer.stream();
      tokenIds.forEach((id, i) => deepEqual(stream.next(id), tokenizer.tokens(tokenIds.slice(0, i + 1)).at(-1)));
      equal(stream.length, decoded.length);
    }
  });

  Deno.test(`Tokenizer.frame() equals the Rust tokenizers (Unigram, ${name})`, () => {
    ok(golden.framed.length > 1);
    for (const { texts: [first, second], ids, types } of golden.framed) {
      const framed = tokenizer.frame(
        tokenizer.encode(first!),
        second === undefined ? undefined : tokenizer.encode(second),
      );
      deepEqual(framed, { tokenIds: ids, typeIds: types });
    }
  });
}

function pieceOf({ json }: Unigram, id: number): string {
  return (json.model!.vocab as readonly (readonly [string, number])[])[id]![0];
}

Deno.test("Tokenizer.fromJson() refuses Unigram models that are damaged or of parts that are not known", () => {
  const { json } = read("mbart");
  const { model } = json;
  const vocab = model!.vocab as unknown[];
  const cases: readonly (readonly [Record<string, unknown>, RegExp])[] = [
    [{ model: { ...model, vocab: [...vocab, vocab[5]] } }, /has "," twice/],
    [{ model: { ...model, vocab: [...vocab, ["x", NaN]] } }, /as a piece and its score/],
    [{ model: { ...model, vocab: [...vocab, "x"] } }, /as an array/],
    [{ model: { ...model, vocab: [...vocab, ["x".repeat(300), -1]] } }, /300 characters as 256 are the most/],
    [{ model: { ...model, vocab: [] } }, /it is empty/],
    [{ model: { ...model, vocab: { a: 0 } } }, /as an array/],
    [{ model: { ...model, unk_id: null } }, /lacks model.unk_id: null/],
    [{ model: { ...model, unk_id: 1e9 } }, /lacks model.unk_id/],
    [{ model: { ...model, byte_fallback: 1 } }, /true or false/],
    [{ normalizer: { type: "Precompiled", precompiled_charsmap: "AAAA" } }, /Precompiled normalizer/],
    [{ normalizer: { type: "Replace", pattern: { Regex: "(a+)+" }, content: "" } }, /as a text or " \{2,\}"/],
    [{ normalizer: { type: "Strip" } }, /normalizer of tokenizer.json/],
    [{ "pre_tokenizer": { type: "Digits" } }, /as Metaspace, WhitespaceSplit/],
    [{ "pre_tokenizer": { type: "Metaspace", replacement: "_" } }, /replacement of Metaspace/],
    [{ "pre_tokenizer": { type: "Metaspace", prepend_scheme: "last" } }, /always, first or never/],
    [{ decoder: { type: "WordPiece" } }, /decoder of tokenizer.json/],
  ];
  for (const [changes, message] of counted([...cases], 16)) {
    throws(() => Tokenizer.fromJson({ ...json, ...changes }), { message });
  }
});
