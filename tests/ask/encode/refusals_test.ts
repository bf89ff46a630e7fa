import { equal, ok, rejects, throws } from "@std/assert";
import { LanguageModel } from "../../../mod.ts";
import { encoderCopy } from "../../support/encoders.ts";
import { checkpointCopy } from "../../support/goldens.ts";

const WRITES = (family: string) =>
  new RegExp(
    `^Cannot [a-z ]+ with ${family} as each token sees the whole text and none predicts the next one; ` +
      "use encode\\(\\), fillMask\\(\\), maskedSaliency\\(\\) or classSaliency\\(\\), or load a model that writes$",
  );

const FAMILIES = { "bert/bert": "BERT", "bert/distilbert": "DistilBERT", "bert/roberta": "RoBERTa" };

for (const [checkpoint, family] of Object.entries(FAMILIES)) {
  Deno.test(`${family} refuses every question that needs a next token, by name and before anything else`, async () => {
    await using copy = await encoderCopy(checkpoint);
    await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
    const sequence = model.sequence([5, 6, 7]);
    const { cost } = model;
    const map = {} as never;
    const calls = [
      () => model.generate([5]),
      () => model.generateBatch([[5]]),
      () => model.beams([5]),
      () => model.steps([5]).next(),
      () => model.tree([5]),
      () => model.saliency(sequence),
      () => model.faithfulness(map),
      () => model.layerPredictions(sequence),
      () => model.lens(sequence),
      () => model.rankings(sequence),
      () => model.rankingsWatch(sequence, { watch: [5] }),
      () => model.surprise(sequence),
      () => model.candidates(sequence),
      () => model.logitAttribution(sequence),
      () => model.headCircuit({ layer: 0, head: 0 }, { from: 5, to: 6 }),
      () => model.neuronWrites({ layer: 0, neuron: 0 }),
      () => model.generate([5], { maxNewTokens: "no" as never }),
    ];
    equal(calls.length, 17);
    for (const call of calls) await rejects(call, { name: "TypeError", message: WRITES(family) });
    throws(() => model.reading(), { name: "TypeError", message: WRITES(family) });
    const estimates = [
      () => cost.generate([5]),
      () => cost.generateBatch([[5]]),
      () => cost.beams([5]),
      () => cost.saliency(sequence),
      () => cost.faithfulness(map),
      () => cost.layerPredictions(sequence),
      () => cost.lens(sequence),
      () => cost.rankings(sequence),
      () => cost.rankingsWatch(sequence, { watch: [5] }),
      () => cost.surprise(sequence),
      () => cost.candidates(sequence),
      () => cost.logitAttribution(sequence),
      () => cost.headCircuit({ layer: 0, head: 0 }, { from: 5, to: 6 }),
      () => cost.neuronWrites({ layer: 0, neuron: 0 }),
    ];
    equal(estimates.length, 14);
    for (const estimate of estimates) throws(estimate, { name: "TypeError", message: WRITES(family) });
  });
}

Deno.test("models that write refuse every question that needs the whole text, by name", async () => {
  await using copy = await checkpointCopy("untied");
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  const sequence = model.sequence([5, 6, 7]);
  const message =
    /^Cannot [a-z ]+ with GPT-2 as its tokens do not see what follows them; load an encoder, such as BERT$/;
  const calls = [
    () => model.encode([[5]]),
    () => model.fillMask([5]),
    () => model.maskedSaliency(sequence),
    () => model.classSaliency(sequence, {} as never),
  ];
  for (const call of calls) await rejects(call, { name: "TypeError", message });
  throws(() => model.cost.encode([[5]]), { name: "TypeError", message });
  throws(() => model.sequence([5, 6], { tokenTypes: [0, 1] }), {
    name: "TypeError",
    message: "Cannot use tokenTypes as GPT-2 has no types of tokens; leave them out",
  });
});

Deno.test("an encoder without a head says which checkpoint has one", async () => {
  await using copy = await encoderCopy("bert/no_head");
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  const sequence = model.sequence([5, 3, 7]);
  const cases: readonly (readonly [() => Promise<unknown>, string])[] = [
    [() => model.trace(sequence, { capture: ["logits"] }), "capture logits"],
    [() => model.fillMask(sequence), "fill masks"],
    [() => model.maskedSaliency(sequence), "explain masked tokens"],
  ];
  for (const [call, task] of cases) {
    const message =
      `Cannot ${task} as this BERT has no head that predicts masked tokens; load a checkpoint of BertForMaskedLM`;
    await rejects(call, { name: "TypeError", message });
  }
});

Deno.test("sequence() checks the types of tokens", async () => {
  await using copy = await encoderCopy("bert/bert");
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  const cases: readonly (readonly [readonly number[], string, RegExp])[] = [
    [[0], "RangeError", /^Cannot use 1 tokenTypes as there are 2 tokens; pass one for each$/],
    [[0, 2], "RangeError", /^Cannot use the token type 2 as the model has the types 0 to 1$/],
    [[0, 0.5], "RangeError", /^Cannot use the token type 0.5/],
    ["01" as never, "TypeError", /^Cannot make a sequence with tokenTypes "01" as it must be an array$/],
  ];
  for (const [tokenTypes, name, message] of cases) {
    throws(() => model.sequence([5, 6], { tokenTypes }), { name, message });
  }
  const typed = model.sequence([5, 6], { tokenTypes: [0, 1] });
  const plain = model.sequence([5, 6]);
  const [a, b] = [await model.encode([typed]), await model.encode([plain])];
  ok(a.vectors.data.some((x, i) => Math.abs(x - b.vectors.data[i]!) > 1e-3), "types change nothing");
});
