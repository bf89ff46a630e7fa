import { deepEqual, equal, ok, rejects } from "@std/assert";
import { type Classifier, LanguageModel } from "../../../mod.ts";
import { encoderCopy, maxAbsDifference, openEncoderGolden } from "../../support/encoders.ts";
import { openGoldenFile } from "../../support/goldens.ts";

const FILE = new URL("../../goldens/classifier/golden.safetensors", import.meta.url);

for (const backend of ["wasm", "native"] as const) {
  Deno.test(`classSaliency() on ${backend} goes back through the division by the length as PyTorch does`, async () => {
    const golden = await openEncoderGolden("bert/bert");
    await using copy = await encoderCopy("bert/bert");
    await using model = await LanguageModel.fromPretrained(copy.directory, { backend });
    const sequence = model.sequence(golden.texts.long!.tokenIds);
    let count = 0;
    for (const pooling of ["mean", "cls"] as const) {
      const classifier = { ...await golden.classifier(pooling), normalize: true };
      for (const scalar of ["probability", "logProb", "logit"] as const) {
        for (const method of ["gradientXInput", "gradient"] as const) {
          for (const reduce of ["l2", "sum"] as const) {
            const key = `${pooling}/${scalar}/${method}/${reduce}`;
            const options = { of: scalar, method, reduce, normalize: false };
            const { scores } = await model.classSaliency(sequence, classifier, options);
            const { data, shape } = await openGoldenFile(FILE, key);
            deepEqual(scores.shape, shape);
            const difference = maxAbsDifference(scores.data, data);
            ok(difference <= 1e-5 * Math.max(1, ...data.map(Math.abs)), `${key}: ${difference}`);
            ++count;
          }
        }
      }
    }
    equal(count, 24);
  });
}

async function opened() {
  const golden = await openEncoderGolden("bert/no_head");
  const copy = await encoderCopy("bert/no_head");
  const model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  const sequence = model.sequence(golden.texts.long!.tokenIds);
  const classifier = await golden.classifier("mean");
  const dispose = async () => {
    await model.dispose();
    await copy[Symbol.asyncDispose]();
  };
  return { model, sequence, classifier, [Symbol.asyncDispose]: dispose };
}

Deno.test("classSaliency() explains chosen classes, and rows sum to 1 by default", async () => {
  await using test = await opened();
  const { model, sequence, classifier } = test;
  const all = await model.classSaliency(sequence, classifier, { normalize: false, of: "logit" });
  const some = await model.classSaliency(sequence, classifier, { normalize: false, of: "logit", classes: ["c", "a"] });
  deepEqual(some.classes, ["c", "a"]);
  const T = sequence.tokenIds.length;
  deepEqual(some.scores.data.slice(0, T), all.scores.data.slice(2 * T));
  deepEqual([...some.probabilities.data], [all.probabilities.data[2], all.probabilities.data[0]]);
  const total = all.probabilities.data.reduce((a, b) => a + b, 0);
  ok(Math.abs(total - 1) < 1e-6, `probabilities sum to ${total}`);
  const { scores, options } = await model.classSaliency(sequence, classifier, { classes: ["b"] });
  deepEqual(options, { method: "gradientXInput", of: "probability", reduce: "l2", normalize: true });
  const sum = scores.data.reduce((a, b) => a + b, 0);
  ok(Math.abs(sum - 1) < 1e-5, `${sum}`);
});

Deno.test("classSaliency() refuses what is no classifier of its vectors, and classes that do not exist", async () => {
  await using test = await opened();
  const { model, sequence, classifier } = test;
  const thin = { ...classifier, weights: { data: new Float32Array(12), shape: [3, 4] } };
  const torn = { ...classifier, bias: { data: new Float32Array(2), shape: [2] } };
  const cases: readonly (readonly [Classifier, object, string, RegExp])[] = [
    [
      undefined as never,
      {},
      "TypeError",
      /^Cannot explain a class with undefined; pass the classifier that await trainC/,
    ],
    [Promise.resolve(classifier) as never, {}, "TypeError", /^Cannot explain a class with a promise/],
    [thin, {}, "RangeError", /^Cannot explain a class by 4 weights for each class as vectors have 24 numbers; use the/],
    [torn, {}, "RangeError", /^Cannot explain a class with weights \[3, 24\] and a bias of 2 numbers for 3 classes/],
    [
      classifier,
      { classes: ["d"] },
      "RangeError",
      /^Cannot explain the class "d" as the classifier has "a", "b", "c"$/,
    ],
    [classifier, { classes: [] }, "RangeError", /^Cannot explain an empty list of classes/],
    [classifier, { method: "integratedGradients" }, "TypeError", /^Cannot explain a class with method/],
    [classifier, { method: "gradient", reduce: "sum" }, "TypeError", /^Cannot normalise the sum of the gradient/],
    [classifier, { maxMemory: 1000 }, "RangeError", /^Cannot explain a class of 13 tokens within 1 KiB/],
  ];
  equal(cases.length, 9);
  for (const [given, options, name, message] of cases) {
    await rejects(model.classSaliency(sequence, given, options as never), { name, message });
  }
});
