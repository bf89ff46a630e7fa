import { deepEqual, equal, ok, rejects } from "@std/assert";
import { type Change, LanguageModel } from "../../mod.ts";
import { counted } from "../support/counted.ts";
import { checkpointCopy } from "../support/goldens.ts";
import { openSourceModel } from "../support/sources.ts";

for (
  const [name, backend] of counted(
    [["f32", "native"], ["llama/grouped", "wasm"], ["opt/pre_norm", "native"]] as const,
    3,
  )
) {
  Deno.test(`with() of tokens is the text that has them, to the bit, on ${backend}, on ${name}`, async () => {
    await using copy = await checkpointCopy(name);
    await using model = await LanguageModel.fromPretrained(copy.directory, { backend });
    const [ids, other] = [[5, 6, 7, 8, 9, 10], [5, 60, 7, 8, 61, 10]];
    await using changed = await model.with([{ site: "embed", positions: [4, 1], tokens: [61, 60] }]);
    const logits = async (one: LanguageModel, ids: readonly number[]) =>
      (await one.trace(model.sequence(ids), { capture: ["logits"] })).logits!.data;
    deepEqual(await logits(changed, ids), await logits(model, other));
    ok((await logits(model, ids)).some((logit, i) => logit !== 0 && i > 0));
    const [a, b] = [await changed.generate(ids, { maxNewTokens: 4 }), await model.generate(other, { maxNewTokens: 4 })];
    deepEqual(a.tokenIds.slice(6), b.tokenIds.slice(6));
    deepEqual(a.tokenIds.slice(0, 6), ids); // what is shown is what was given
  });
}

Deno.test("with() takes tokens by their texts, says them in identity(), and changes go on from there", async () => {
  await using model = await LanguageModel.fromPretrained(undefined, { backend: "native" });
  const [text, other] = ["The books on the table", "The book on the table"].map((text) => model.sequence(text));
  const position = text!.tokenIds.findIndex((id, i) => id !== other!.tokenIds[i]);
  await using changed = await model.with([{ site: "embed", positions: [position], tokens: [" book"] }]);
  await using off = await changed.with([{ site: "z.0", heads: [1], scale: 0 }]);
  await using same = await model.with([{ site: "z.0", heads: [1], scale: 0 }]);
  const [a, b] = [await off.layerPredictions(text!), await same.layerPredictions(other!)];
  deepEqual(a.layers, b.layers);
  const [stated] = (await changed.identity()).changes!;
  deepEqual([stated!.site, stated!.positions, stated!.tokens], ["embed", [position], [other!.tokenIds[position]]]);
  equal(stated!.set?.sha256?.length, 64);
});

Deno.test("with() refuses tokens where they make no sense, and says what does", async () => {
  await using model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
  const cases: readonly (readonly [object, string, RegExp])[] = [
    [{ site: "resid.0", positions: [1], tokens: [5] }, "TypeError", /put tokens at "resid\.0"; they stand at "embed"$/],
    [
      { site: "embed", tokens: [5] },
      "TypeError",
      /put tokens \[5\] at positions undefined; pass an array of positions/,
    ],
    [{ site: "embed", positions: [1, 2], tokens: [5] }, "TypeError", /put tokens \[5\] at positions \[1,2\]; pass/],
    [{ site: "embed", positions: [1], tokens: 5 }, "TypeError", /put tokens 5 at positions \[1\]; pass an array/],
    [{ site: "embed", positions: [1], tokens: [5], scale: 2 }, "TypeError", /change "embed" by tokens and by numbers/],
    [
      { site: "embed", positions: [1], tokens: [" keys are"] },
      "RangeError",
      /put " keys are" in the place of one token/,
    ],
    [{ site: "embed", positions: [1], tokens: [-1] }, "RangeError", /Cannot read token id -1 as the vocabulary holds/],
    [{ site: "embed", positions: [], tokens: [] }, "RangeError", /Cannot change an empty list of positions/],
  ];
  for (const [change, name, message] of counted(cases, 8)) {
    await rejects(model.with([change as Change]), { name, message });
  }
  await using bart = await openSourceModel("bart/bart");
  await rejects(bart.model.with([{ site: "embed", positions: [0], tokens: [5] }]), {
    name: "TypeError",
    message: "In changes[0]: Cannot put tokens into BART, which reads two texts; pass another text or source",
  });
});
