import { deepEqual, equal, ok, rejects, throws } from "@std/assert";
import type { FaithfulnessOptions, Progress, Saliency, SaliencyOptions } from "../../../mod.ts";
import { groupSaliency, groupScores } from "../../../src/analysis/mod.ts";
import { openGoldenModel } from "../../support/golden_model.ts";
import { maxAbsDifference } from "../../support/goldens.ts";

const FILE = "faithfulness.safetensors";
const TRIED = { steps: 7, randomOrders: 3, seed: 11 };
const CONTRAST = 11;
const MAPS: Readonly<Record<string, SaliencyOptions>> = {
  ecco: {},
  captum: { preset: "captum" },
  contrast: { preset: "captum", contrast: CONTRAST },
};
/** The characters that the golden checkpoints' tokenizer has for even ids. */
const EVEN = Array.from({ length: 47 }, (_, i) => `\\x${(33 + 2 * i).toString(16)}`).join("");
const EVEN_IDS = new RegExp(`[${EVEN}\ufffd]+`);
const CURVES = ["deletion", "insertion", "randomDeletion", "randomInsertion"] as const;

for (const backend of ["wasm", "native"] as const) {
  for (const name of ["f32", "twelve_layers"]) {
    Deno.test(`faithfulness() on ${backend} equals PyTorch, one text at a time, on ${name}`, async () => {
      await using opened = await openGoldenModel(FILE, name, backend);
      const { model, sequences, close } = opened;
      for (const { key, sequence } of sequences) {
        for (const [map, options] of Object.entries(MAPS)) {
          const saliency = await model.saliency(sequence, options);
          const tried = await model.faithfulness(saliency, TRIED);
          equal(tried.saliency, saliency);
          deepEqual(tried.positions, saliency.positions);
          deepEqual(tried.shares, Array.from({ length: 8 }, (_, j) => j / 7));
          for (const curve of CURVES) {
            deepEqual(tried[curve].shape, [8, 8]);
            await close(tried[curve].data, `${key}/${map}/${curve}`);
          }
          await close(tried.deletionGain, `${key}/${map}/deletionGain`);
          await close(tried.insertionGain, `${key}/${map}/insertionGain`);
        }
      }
    });

    Deno.test(`faithfulness() and completeness of maps by groups on ${backend} equal PyTorch and captum on ${name}`, async () => {
      await using opened = await openGoldenModel(FILE, name, backend);
      const { model, sequences, close, golden } = opened;
      for (const { key, sequence } of sequences) {
        const groups = (array: string) => golden.array(`${key}/groups/${array}`, FILE);
        const positions = [...(await groups("positions")).data];
        for (const [map, options] of Object.entries(MAPS)) {
          const grouped = groupSaliency(await model.saliency(sequence, options), EVEN_IDS);
          const tried = await model.faithfulness(grouped, { ...TRIED, positions });
          deepEqual([tried.saliency, tried.positions], [grouped, positions]);
          const { shape } = await groups(`${map}/deletion`);
          for (const curve of CURVES) {
            deepEqual(tried[curve].shape, shape);
            await close(tried[curve].data, `${key}/groups/${map}/${curve}`);
          }
          await close(tried.deletionGain, `${key}/groups/${map}/deletionGain`);
          await close(tried.insertionGain, `${key}/groups/${map}/insertionGain`);
        }
        for (const scalar of ["probability", "logProb", "logit"] as const) {
          for (const normalize of [true, false]) {
            const map = await model.saliency(sequence, { of: scalar, normalize, completeness: true });
            const grouped = groupSaliency(map, EVEN_IDS);
            deepEqual(grouped.positions, positions);
            await close(grouped.convergenceGaps!, `${key}/groups/completeness/${scalar}`);
          }
        }
      }
    });

    Deno.test(`saliency() with completeness on ${backend} equals captum's convergence delta on ${name}`, async () => {
      await using opened = await openGoldenModel(FILE, name, backend);
      const { model, sequences, close } = opened;
      for (const { key, sequence } of sequences) {
        for (const scalar of ["probability", "logProb", "logit"] as const) {
          for (const reduce of ["l2", "sum"] as const) {
            for (const normalize of [true, false]) {
              const options = { of: scalar, reduce, normalize, completeness: true };
              const { convergenceGaps, ...map } = await model.saliency(sequence, options);
              await close(convergenceGaps!, `${key}/completeness/${scalar}`);
              deepEqual(map, await model.saliency(sequence, { ...options, completeness: false }));
            }
          }
        }
        const gradient = { method: "gradient", of: "logProb", completeness: true } as const;
        await close((await model.saliency(sequence, gradient)).convergenceGaps!, `${key}/completeness/logProb`);
        const against = { contrast: CONTRAST, completeness: true, maxMemory: 1e6 };
        await close((await model.saliency(sequence, against)).convergenceGaps!, `${key}/completeness/contrast`);
        for (const reduce of ["l2", "sum"] as const) {
          const { convergenceGaps } = await model.saliency(sequence, { preset: "lit", reduce, completeness: true });
          await close(convergenceGaps!, `${key}/completeness/together`);
        }
      }
    });
  }
}

Deno.test("faithfulness() begins and ends with all tokens and none, and reads its random curve backwards", async () => {
  await using opened = await openGoldenModel(FILE, "f32");
  const { model, sequences: [{ sequence }] } = opened as typeof opened & {
    sequences: [{ sequence: Saliency["sequence"] }];
  };
  const { logits } = await model.trace(sequence, { capture: ["logits"] });
  const tried = await model.faithfulness(await model.saliency(sequence));
  equal(tried.shares.length, 11);
  const V = model.config.vocabSize;
  tried.positions.forEach((position, n) => {
    const own = logits!.data.subarray((position - 1) * V, position * V);
    const p = Math.exp(own[sequence.tokenIds[position]!]!) / own.reduce((sum, logit) => sum + Math.exp(logit), 0);
    const [deletion, insertion, ...random] = CURVES.map((
      curve,
    ) => [...tried[curve].data.subarray(n * 11, n * 11 + 11)]);
    ok(Math.abs(deletion![0]! - p) <= 1e-6 && Math.abs(insertion![10]! - p) <= 1e-6);
    equal(deletion![10], insertion![0]);
    deepEqual(random[0], random[1]!.reverse());
  });
});

Deno.test("faithfulness() gives the same whatever the batches, the positions and their order, and another seed others", async () => {
  await using opened = await openGoldenModel(FILE, "f32");
  const { model, sequences } = opened;
  const saliency = await model.saliency(sequences[0]!.sequence);
  const options = { steps: 4, randomOrders: 2 };
  const whole = await model.faithfulness(saliency, options);
  const steps: Progress[] = [];
  const maxMemory = model.cost.faithfulness(saliency, { ...options, maxMemory: 1 }).bytes;
  const onProgress = (progress: Progress) => steps.push(progress);
  const cut = await model.faithfulness(saliency, { ...options, maxMemory, onProgress });
  const { runs } = model.cost.faithfulness(saliency, { ...options, maxMemory });
  equal(steps.length, runs);
  ok(runs > model.cost.faithfulness(saliency, options).runs);
  ok(steps.every(({ completed }, i) => i === 0 || completed > steps[i - 1]!.completed));
  deepEqual(steps.at(-1), { task: "faithfulness", completed: 8, total: 8, message: "Tried 8 of 8 tokens" });
  for (const curve of CURVES) ok(maxAbsDifference(whole[curve].data, cut[curve].data) <= 1e-6);

  const some = await model.faithfulness(saliency, { ...options, positions: [27, 21] });
  deepEqual(some.positions, [27, 21]);
  ok(maxAbsDifference(some.randomDeletion.data.subarray(0, 5), whole.randomDeletion.data.subarray(-5)) <= 1e-6);
  ok(Math.abs(some.deletionGain[1]! - whole.deletionGain[1]!) <= 1e-6);
  const other = await model.faithfulness(saliency, { ...options, seed: 1 });
  ok(maxAbsDifference(other.deletion.data, whole.deletion.data) <= 1e-6);
  ok(maxAbsDifference(other.randomDeletion.data, whole.randomDeletion.data) > 1e-4);
});

Deno.test("faithfulness() tries one token before the explained one, equal scores, and maps of all targets together", async () => {
  await using opened = await openGoldenModel(FILE, "f32");
  const { model, sequences } = opened;
  const { sequence } = sequences[0]!;
  const one = await model.faithfulness(await model.saliency(sequence, { positions: [1] }));
  deepEqual(one.shares, [0, 1]);
  deepEqual([one.deletionGain, one.insertionGain], [[0], [0]]);

  const map = await model.saliency(sequence, { positions: [5] });
  const flat = { ...map, scores: { ...map.scores, data: map.scores.data.map((_, t) => t < 5 ? 0.2 : 0) } };
  const rising = { ...map, scores: { ...map.scores, data: map.scores.data.map((_, t) => t < 5 ? 5 - t : 0) } };
  deepEqual((await model.faithfulness(flat)).deletion, (await model.faithfulness(rising)).deletion);

  // LIT's loss falls where a token speaks for the target.
  const lit = await model.saliency(sequence, { preset: "lit", reduce: "sum", positions: [25] });
  const captum = await model.saliency(sequence, { preset: "captum", positions: [25] });
  deepEqual((await model.faithfulness(lit)).insertion, (await model.faithfulness(captum)).insertion);
  const litL2 = await model.saliency(sequence, { preset: "lit" });
  deepEqual((await model.faithfulness(litL2, { steps: 2, randomOrders: 1 })).deletion.shape, [8, 3]);
});

Deno.test("faithfulness() refuses what makes no sense", async () => {
  await using opened = await openGoldenModel(FILE, "f32");
  const { model, sequences } = opened;
  const saliency = await model.saliency(sequences[0]!.sequence);
  const refusals: readonly [FaithfulnessOptions, RegExp][] = [
    [{ positions: [] }, /^Cannot try an empty list of positions$/],
    [{ positions: [3] }, /^Cannot try position 3 as the map explains 20, 21, 22, 23, 24, 25, 26, 27$/],
    [{ steps: 0 }, /^Cannot try a map with steps 0 as it must be a whole number >= 1$/],
    [{ steps: 1.5 }, /steps 1.5/],
    [{ randomOrders: 0 }, /^Cannot try a map with randomOrders 0 as it must be a whole number >= 1$/],
    [{ seed: 0.5 }, /^Cannot seed with 0.5 as a seed must be a whole number$/],
    [{ maxMemory: 0 }, /^Cannot work within maxMemory 0 as it must be a number of bytes > 0$/],
    [
      { maxMemory: 1000 },
      /^Cannot try position 27 within 1 KiB as it takes about \d+ KiB, \d+ KiB for a run and 2 KiB/,
    ],
  ];
  for (const [options, message] of refusals) {
    await rejects(model.faithfulness(saliency, options), { name: "RangeError", message });
  }
  const shorter = { ...saliency, scores: { data: new Float32Array(3), shape: [1, 3] } };
  await rejects(model.faithfulness(shorter), {
    name: "RangeError",
    message: /^Cannot try a map of the shape \[1, 3\]; its rows need \[8, 28\]$/,
  });
  const broken = { ...saliency, scores: { ...saliency.scores, data: saliency.scores.data.map(() => NaN) } };
  await rejects(model.faithfulness(broken), {
    name: "RangeError",
    message: /^Cannot order tokens by the score NaN of position 20$/,
  });
  for (const [value, found] of [[undefined, "undefined"], [Promise.resolve(), "a promise"], [null, "null"]] as const) {
    await rejects(model.faithfulness(value as unknown as Saliency), {
      name: "TypeError",
      message: `Cannot use ${found} as a map; pass what await saliency() returned`,
    });
  }
  await rejects(model.saliency(sequences[0]!.sequence, { completeness: 1 as unknown as boolean }), {
    name: "TypeError",
    message: "Cannot explain with completeness 1 as it must be true or false",
  });
});

Deno.test("faithfulness() that is aborted in the middle leaves the model usable", async () => {
  await using opened = await openGoldenModel(FILE, "f32");
  const { model, sequences } = opened;
  const { sequence } = sequences[0]!;
  const saliency = await model.saliency(sequence);
  const whole = await model.faithfulness(saliency, { steps: 3 });
  const reason = new Error("enough");
  const controller = new AbortController();
  let heard = 0;
  const onProgress = () => ++heard === 2 && controller.abort(reason);
  await rejects(model.faithfulness(saliency, { steps: 3, onProgress, signal: controller.signal }), reason);
  equal(heard, 2);
  deepEqual(await model.faithfulness(saliency, { steps: 3 }), whole);
  deepEqual(await model.saliency(sequence), saliency);
  await rejects(model.faithfulness(saliency, { signal: AbortSignal.abort(reason) }), reason);
});

Deno.test("faithfulness() of words: each token in a group of its own is the map of tokens, and whole words go", async () => {
  await using opened = await openGoldenModel(FILE, "f32");
  const { model, sequences } = opened;
  const map = await model.saliency(sequences[0]!.sequence, { preset: "captum", positions: [9, 21, 22] });
  const options = { steps: 5, randomOrders: 2, seed: 4 };
  const single = groupSaliency(map, /[^]/g);
  equal(single.sequence.tokenIds.length, map.sequence.tokenIds.length);
  const [{ saliency: _, ...own }, { saliency: __, ...other }] = [
    await model.faithfulness(map, options),
    await model.faithfulness(single, options),
  ];
  deepEqual(own, other);
  deepEqual(model.cost.faithfulness(single, options), model.cost.faithfulness(map, options));

  const words = groupSaliency(map, EVEN_IDS);
  const steps: Progress[] = [];
  const tried = await model.faithfulness(words, { steps: 1, onProgress: (progress) => steps.push(progress) });
  deepEqual(tried.positions, words.positions);
  equal(steps.at(-1)!.message, `Tried ${tried.positions.length} of ${tried.positions.length} groups`);
  const maxMemory = model.cost.faithfulness(words, { ...options, maxMemory: 1 }).bytes;
  const whole = await model.faithfulness(words, options);
  const cut = await model.faithfulness(words, { ...options, maxMemory });
  for (const curve of CURVES) ok(maxAbsDifference(whole[curve].data, cut[curve].data) <= 1e-6);
});

Deno.test("faithfulness() and its cost refuse maps that they cannot try, each by its name", async () => {
  await using opened = await openGoldenModel(FILE, "f32");
  const { model, sequences } = opened;
  const { sequence } = sequences[0]!;
  const map = await model.saliency(sequence);
  const grouped = groupSaliency(map, EVEN_IDS);
  const { grouping: _, ...bare } = grouped;
  const [token, ...tokens] = sequence.tokens;
  const foreign = { ...sequence, tokens: [{ ...token!, piece: "Ġother" }, ...tokens] };
  const first = groupSaliency(await model.saliency(model.sequence([30, 32, 91]), { positions: [1] }), EVEN_IDS);
  const refused: readonly (readonly [unknown, string, RegExp])[] = [
    [
      bare,
      "TypeError",
      /^Cannot try a map by group without its tokens; make it with groupSaliency\(\) of a map of tokens$/,
    ],
    [groupScores(map, EVEN_IDS), "TypeError", /^Cannot use what groupScores\(\) returned as a map; pass groupSaliency/],
    [
      { ...map, positions: [20, 22] },
      "RangeError",
      /^Cannot try a map of the shape \[8, 28\]; its rows need \[2, 28\]$/,
    ],
    [{ ...map, options: { ...map.options, together: true } }, "RangeError", /its rows need \[1, 28\]$/],
    [
      { ...map, positions: map.positions.with(0, 0) },
      "RangeError",
      /^Cannot try a map of position 0 as its text has the positions 1 to 27$/,
    ],
    [
      { ...grouped, grouping: { ...grouped.grouping, groups: grouped.grouping.groups.slice(1) } },
      "RangeError",
      /^Cannot try a map of \d+ columns that has \d+ groups of 28 tokens$/,
    ],
    [
      { ...map, sequence: foreign },
      "RangeError",
      /^Cannot try a map of another tokenizer: its token 0 is "Ġother" and this model's is "\?"; make it with/,
    ],
    [first, "RangeError", /^Cannot try the first group as none stands before it; pass positions of the others$/],
    [{}, "TypeError", /^Cannot use this as a map; pass what await saliency\(\) returned$/],
  ];
  for (const [value, name, message] of refused) {
    await rejects(model.faithfulness(value as Saliency), { name, message });
    throws(() => model.cost.faithfulness(value as Saliency), { name, message });
  }
});
