import { deepEqual, equal, ok, rejects } from "@std/assert";
import { LanguageModel, type Progress, type SaliencyOptions } from "../../../mod.ts";
import { gaussLegendre } from "../../../src/ask/saliency/quadrature.ts";
import { openGoldenModel } from "../../support/golden_model.ts";
import { maxAbsDifference, openGolden } from "../../support/goldens.ts";

const FILE = "attribution.safetensors";
const CONTRAST = 11;
const OF = ["probability", "logProb", "logit"] as const;
const REDUCTIONS = ["l2", "sum"] as const;
const CONTRASTED = [undefined, "logit", "logProb"] as const;

const total = (numbers: ArrayLike<number>) => Array.from(numbers).reduce((a, b) => a + b, 0);

for (const backend of ["wasm", "native"] as const) {
  for (const name of ["f32", "twelve_layers"]) {
    Deno.test(`saliency() by integratedGradients on ${backend} equals captum on ${name}`, async () => {
      await using opened = await openGoldenModel(FILE, name, backend);
      const { model, sequences, close } = opened;
      const method = "integratedGradients";
      for (const { key, sequence } of sequences) {
        for (const scalar of OF) {
          for (const reduce of REDUCTIONS) {
            const options: SaliencyOptions = { method, of: scalar, reduce, normalize: false };
            const { scores, convergenceGaps, options: definition } = await model.saliency(sequence, options);
            deepEqual([definition.steps, definition.baseline], [50, "zero"]);
            await close(scores.data, `${key}/integrated/${scalar}/${reduce}`);
            await close(convergenceGaps!, `${key}/integrated/${scalar}/gap`);
          }
        }
        for (const reduce of REDUCTIONS) {
          const few = await model.saliency(sequence, { method, of: "logProb", reduce, normalize: false, steps: 8 });
          await close(few.scores.data, `${key}/integrated8/logProb/${reduce}`);
          await close(few.convergenceGaps!, `${key}/integrated8/logProb/gap`);
          const against = { method, reduce, normalize: false, contrast: CONTRAST } as const;
          const contrast = await model.saliency(sequence, against);
          await close(contrast.scores.data, `${key}/contrastIntegrated/${reduce}`);
          await close(contrast.convergenceGaps!, `${key}/contrastIntegrated/gap`);
        }
      }
    });

    Deno.test(`saliency() against a contrast on ${backend} equals PyTorch on ${name}`, async () => {
      await using opened = await openGoldenModel(FILE, name, backend);
      const { model, sequences, close } = opened;
      const seen = new Map<string, number>();
      for (const { key, sequence } of sequences) {
        for (const method of ["gradientXInput", "gradient"] as const) {
          for (const reduce of REDUCTIONS) {
            // What all tokens share falls out of the difference, so both scalars have the same gradient.
            for (const scalar of CONTRASTED) {
              const options = { method, reduce, normalize: false, contrast: CONTRAST, ...scalar && { of: scalar } };
              const { scores, options: definition } = await model.saliency(sequence, options);
              equal(definition.of, scalar ?? "logit");
              await close(scores.data, `${key}/contrast/${method}/${reduce}`);
              seen.set(`${scalar}`, (seen.get(`${scalar}`) ?? 0) + 1);
            }
          }
        }
      }
      const each = 4 * sequences.length;
      deepEqual([...seen], [["undefined", each], ["logit", each], ["logProb", each]]);
      ok(each > 0);
    });
  }
}

Deno.test("integrated gradients take captum's nodes and weights", async () => {
  const golden = await openGolden("f32");
  for (const count of [1, 8, 50, 101]) {
    const { nodes, weights } = gaussLegendre(count);
    ok(maxAbsDifference(nodes, (await golden.array(`nodes${count}`, FILE)).data) <= 1e-7);
    ok(maxAbsDifference(weights, (await golden.array(`weights${count}`, FILE)).data) <= 1e-7);
    ok(Math.abs(weights.reduce((a, b) => a + b) - 1) <= 1e-14);
    // Exact for polynomials of degree 2 count - 1
    const degree = Math.min(2 * count - 1, 60);
    const integral = nodes.reduce((sum, x, k) => sum + weights[k]! * x ** degree, 0);
    ok(Math.abs(integral - 1 / (degree + 1)) <= 1e-14, `degree ${degree}: ${integral}`);
  }
});

Deno.test("integrated gradients of more steps are more complete", async () => {
  await using opened = await openGoldenModel(FILE, "f32");
  const { model, sequences } = opened;
  const gaps: number[] = [];
  for (const steps of [2, 8, 32]) {
    const options = { preset: "captum", method: "integratedGradients", steps } as const;
    const { convergenceGaps, scores } = await model.saliency(sequences[0]!.sequence, options);
    equal(convergenceGaps!.length, scores.shape[0]);
    gaps.push(Math.max(...convergenceGaps!.map(Math.abs)));
  }
  ok(gaps[0]! > gaps[1]! && gaps[1]! > gaps[2]! && gaps[2]! < 1e-3, gaps.join());
});

Deno.test("integrated gradients and contrasts go with presets, chunks and normalisation", async () => {
  await using opened = await openGoldenModel(FILE, "f32");
  const { model, sequences } = opened;
  const { sequence } = sequences[0]!;
  const steps: Progress[] = [];
  const options = { method: "integratedGradients", steps: 4, contrast: CONTRAST } as const;
  const whole = await model.saliency(sequence, options);
  const onProgress = (progress: Progress) => steps.push(progress);
  const cut = await model.saliency(sequence, {
    ...options,
    maxMemory: model.cost.saliency(sequence, { ...options, maxMemory: 1 }).bytes,
    onProgress,
  });
  ok(steps.length > 4 && steps.every(({ completed }, i) => i === 0 || completed > steps[i - 1]!.completed));
  deepEqual(steps.at(-1), { task: "saliency", completed: 8, total: 8, message: "Explained 8 of 8 tokens" });
  ok(maxAbsDifference(whole.scores.data, cut.scores.data) <= 1e-6);
  ok(maxAbsDifference(whole.convergenceGaps!, cut.convergenceGaps!) <= 1e-5);
  const row = whole.scores.data.subarray(0, 28);
  ok(Math.abs(total(row) - 1) <= 1e-6 && row.subarray(20).every((score) => score === 0));

  // The sum of the targets' losses, less those of the contrast: the negative sum of the single explanations.
  const single = (await model.saliency(sequence, { preset: "captum", contrast: CONTRAST })).scores.data;
  const together = (await model.saliency(sequence, { preset: "lit", reduce: "sum", contrast: CONTRAST })).scores;
  deepEqual(together.shape, [1, 28]);
  const sums = Array.from({ length: 28 }, (_, t) => -total(single.filter((_, i) => i % 28 === t)));
  ok(maxAbsDifference(together.data, sums) <= 1e-5);
  const lit = await model.saliency(sequence, { preset: "lit", method: "integratedGradients", steps: 3, reduce: "sum" });
  deepEqual([lit.convergenceGaps!.length, lit.scores.shape], [1, [1, 28]]);
});

Deno.test("saliency() says which word it is explained against, and nothing against itself", async () => {
  await using opened = await openGoldenModel(FILE, "f32");
  const { model, sequences } = opened;
  const { sequence } = sequences[0]!;
  const text = model.sequence([CONTRAST, 12]).text;
  const { scores, options } = await model.saliency(sequence, { contrast: text });
  deepEqual([options.contrast!.text, options.contrast!.tokenIds, options.of], [text, [CONTRAST, 12], "logit"]);
  deepEqual(scores, (await model.saliency(sequence, { contrast: CONTRAST })).scores);
  const own = await model.saliency(sequence, { contrast: sequence.tokenIds[25]!, positions: [25] });
  ok(own.scores.data.every((score) => score === 0));
  ok(!("contrast" in (await model.saliency(sequence)).options));
});

Deno.test("saliency() against a word is 0 where the word is written, whatever is explained beside it", async () => {
  await using model = await LanguageModel.fromPretrained();
  const sequence = model.sequence("The king and the queen and the prince were in the house, and the door was open.", {
    promptLength: 2,
  });
  for (const contrast of [" the", " and"]) {
    const { scores: { data }, positions } = await model.saliency(sequence, { contrast });
    const T = sequence.tokenIds.length;
    const told = positions.map((position, i) => {
      const row = data.subarray(i * T, (i + 1) * T);
      return [sequence.tokens[position]!.text === contrast, row.every((score) => score === 0)];
    });
    ok(told.filter(([written]) => written).length >= 2);
    ok(told.every(([written, zero]) => written === zero), `rows of${contrast}`);
  }
});

Deno.test("saliency() refuses contrasts and integrations that make no sense", async () => {
  await using opened = await openGoldenModel(FILE, "f32");
  const { model, sequences } = opened;
  const method = "integratedGradients";
  const refusals: readonly [SaliencyOptions, string, RegExp][] = [
    [{ contrast: 97 }, "RangeError", /^Cannot read token id 97 as the vocabulary holds 97 tokens$/],
    [{ contrast: "" }, "RangeError", /^Cannot ask about an empty word/],
    [{ contrast: 3, of: "probability" }, "TypeError", /^Cannot contrast probabilities; use of: "logit" or "logProb"/],
    [{ method, steps: 0 }, "RangeError", /^Cannot integrate in steps 0 as it must be a whole number from 1 to 10000$/],
    [{ method, steps: 1e9 }, "RangeError", /^Cannot integrate in steps 1000000000 as/],
    [{ method, steps: 2.5 }, "RangeError", /steps 2.5/],
    [
      { steps: 20 },
      "TypeError",
      /^Cannot take steps 20 by method "gradientXInput"; use method: "integratedGradients"$/,
    ],
    [{ method, baseline: "pad" as "zero" }, "TypeError", /^Cannot explain with baseline "pad"; use "zero"$/],
  ];
  for (const [options, name, message] of refusals) {
    await rejects(model.saliency(sequences[0]!.sequence, options), { name, message });
  }
  const signal = AbortSignal.abort(new Error("enough"));
  await rejects(model.saliency(sequences[0]!.sequence, { method, signal }), { name: "Error", message: "enough" });
});
