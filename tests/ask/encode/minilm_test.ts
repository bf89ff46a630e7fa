/** The published all-MiniLM-L6-v2 against what transformers says of it: scripts/oracles/real_goldens.py. */
import { deepEqual, equal, ok } from "@std/assert";
import { counted } from "../../support/counted.ts";
import { maxAbsDifference } from "../../support/goldens.ts";
import { RealModel } from "../../support/real_models.ts";

interface Golden {
  readonly sentences: readonly {
    readonly text: string;
    readonly tokenIds: readonly number[];
    readonly embedding: readonly number[];
    readonly norm: number;
  }[];
  readonly cosines: readonly (readonly number[])[];
  readonly texts: readonly { readonly text: string; readonly ids: readonly number[] }[];
}

const MINILM = new RealModel<Golden>("minilm");
const { golden } = MINILM;

for (const backend of ["native", "wasm"] as const) {
  Deno.test(MINILM.test(`encode() on ${backend} equals transformers`), async () => {
    await using model = await MINILM.load({ backend });
    const texts = counted(golden.sentences, 3).map(({ text }) => text);
    const { sequences, vectors: { data, shape } } = await model.encode(texts);
    deepEqual(shape, [3, 384]);
    const vector = (n: number) => data.subarray(n * 384, (n + 1) * 384);
    const { vectors: whole } = await model.encode(texts, { normalize: false });
    for (const [n, { text, tokenIds, embedding, norm }] of golden.sentences.entries()) {
      deepEqual(sequences[n]!.tokenIds, tokenIds);
      equal(sequences[n]!.text, `[CLS]${text}[SEP]`);
      ok(maxAbsDifference(vector(n).subarray(0, 16), embedding) < 1e-5, text);
      const length = Math.hypot(...whole.data.subarray(n * 384, (n + 1) * 384));
      ok(Math.abs(length / norm - 1) < 1e-5, `${length}, not ${norm}`);
      for (let m = 0; m < 3; ++m) {
        const cosine = vector(n).reduce((sum, x, i) => sum + x * vector(m)[i]!, 0);
        ok(Math.abs(cosine - golden.cosines[n]![m]!) < 1e-5, `${n}, ${m}: ${cosine}`);
      }
    }
  });
}

Deno.test(MINILM.test("sequence() has the ids of transformers, and a pair has types"), async () => {
  await using model = await MINILM.load({ backend: "native" });
  ok(golden.texts.length > 20, `${golden.texts.length} texts`);
  for (const { text, ids } of golden.texts) deepEqual(model.sequence(text).tokenIds, ids, text);
  const { sequences: [pair] } = await model.encode([["It rains.", "Take a coat."]]);
  deepEqual(pair!.tokens.map(({ text }) => text).join(" "), "[CLS] it rains . [SEP] take a coat . [SEP]");
  deepEqual(pair!.tokenTypes, [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
  equal(pair!.text, "[CLS]It rains.[SEP]Take a coat.[SEP]");
});
