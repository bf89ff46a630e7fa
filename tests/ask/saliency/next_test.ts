/** Saliency of a token that is not in the text. */
import { deepEqual, equal, ok, rejects, throws } from "@std/assert";
import { LanguageModel, type SaliencyOptions, saliencyView } from "../../../mod.ts";
import { checkpointCopy, maxAbsDifference, openGolden } from "../../support/goldens.ts";
import { openSourceModel } from "../../support/sources.ts";

const BOUND = 1e-5;

Deno.test("saliency() of a next token equals Ecco's row of that token, at every place of a text", async () => {
  const golden = await openGolden("f32");
  await using copy = await checkpointCopy("f32");
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  const { tokenIds, promptLength } = golden.prompts.long!;
  const { data } = await golden.array("long/saliency", "ecco_0_1_2.safetensors");
  const T = tokenIds.length;
  for (let position = promptLength; position < T; ++position) {
    const text = model.sequence(tokenIds.slice(0, position), { promptLength });
    const { sequence, positions, scores } = await model.saliency(text, { next: tokenIds[position]! });
    deepEqual([positions, scores.shape], [[position], [1, position + 1]]);
    deepEqual(sequence, model.sequence(tokenIds.slice(0, position + 1), { promptLength }));
    const row = data.subarray((position - promptLength) * T, (position - promptLength) * T + position + 1);
    ok(maxAbsDifference(scores.data, row) <= BOUND, `position ${position}`);
  }
});

Deno.test("saliency() of a next token is the last row of the text with it, by every definition", async () => {
  await using model = await LanguageModel.fromPretrained();
  const text = model.sequence("The keys to the cabinet");
  const T = text.tokenIds.length;
  const longer = model.sequence("The keys to the cabinet are");
  const definitions: readonly SaliencyOptions[] = [
    {},
    { preset: "captum" },
    { preset: "captum", contrast: " is" },
    { preset: "lit" },
    { method: "integratedGradients", steps: 4 },
    { of: "logit", completeness: true },
  ];
  for (const options of definitions) {
    const next = await model.saliency(text, { ...options, next: " are" });
    const expected = await model.saliency(longer, { ...options, positions: [T] });
    deepEqual(next, expected);
    deepEqual(
      model.cost.saliency(text, { ...options, next: " are" }),
      model.cost.saliency(longer, {
        ...options,
        positions: [T],
      }),
    );
  }
  const both = await model.saliency(text, { next: " are", positions: [T - 1, T] });
  deepEqual(both, await model.saliency(longer, { positions: [T - 1, T] }));
  const other = await model.saliency(text, { next: " is" });
  equal(other.sequence.text, `${text.text} is`);
  ok(maxAbsDifference(other.scores.data, (await model.saliency(text, { next: " are" })).scores.data) > 1e-3);
});

Deno.test("saliency() of a next token is a map that views draw, of a text with or without more prompt than itself", async () => {
  await using model = await LanguageModel.fromPretrained();
  const text = "The keys to the cabinet";
  for (const promptLength of [1, 3, model.sequence(text).tokenIds.length]) {
    const written = model.sequence(text, { promptLength });
    const map = await model.saliency(written, { next: " are" });
    equal(map.sequence.promptLength, promptLength);
    ok(saliencyView(map).html.includes("are"));
  }
  const generated = await model.generate(text, { maxNewTokens: 2 });
  ok(generated.decoding);
  equal((await model.saliency(generated, { next: "." })).sequence.decoding, undefined);
});

Deno.test("saliency() of a next token counts the tokens of a source", async () => {
  await using golden = await openSourceModel("bart/bart");
  const { model, pairs: { long } } = golden;
  const whole = golden.sequenceOf(long!);
  const ids = whole.tokenIds;
  const shorter = model.sequence(ids.slice(0, -1), { source: long!.sourceIds });
  const next = await model.saliency(shorter, { next: ids.at(-1)! });
  deepEqual(next, await model.saliency(whole, { positions: [ids.length - 1] }));
});

Deno.test("saliency() refuses a next token that is none", async () => {
  await using copy = await checkpointCopy("f32");
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  const sequence = model.sequence([1, 2, 3]);
  const cases: readonly [string | number, string][] = [
    ["ab", 'Cannot explain "ab" as the next token as it is 2 tokens, "a" (64), "b" (65); pass one'],
    ["", 'Cannot ask about an empty word; pass a text such as " keys", or a token id'],
    [97, "Cannot read token id 97 as the vocabulary holds 97 tokens"],
  ];
  for (const [next, message] of cases) {
    await rejects(model.saliency(sequence, { next }), { name: "RangeError", message });
    throws(() => model.cost.saliency(sequence, { next }), { name: "RangeError", message });
  }
  const full = model.sequence(Array<number>(48).fill(5));
  await rejects(model.saliency(full, { next: 5 }), {
    name: "RangeError",
    message: "Cannot read 49 tokens as the context holds 48; shorten the text",
  });
  await rejects(model.saliency(sequence, { next: 5, positions: [4] }), {
    name: "RangeError",
    message: /^Cannot explain position 4 as no token stands there yet/,
  });
});
