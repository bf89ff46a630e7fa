import { deepEqual, equal, ok, rejects } from "@std/assert";
import { LanguageModel, type Patching, type PatchSite, type Progress } from "../../../mod.ts";
import { copiesOf, runsOf } from "../../../src/ask/patching/sweep.ts";
import { maxAbsDifference } from "../../support/goldens.ts";
import { openPatching } from "../../support/patching.ts";

const SITES = ["resid", "resid_mid", "attn_out", "mlp_out", "z"] as const satisfies readonly PatchSite[];
/** Copies that are read side by side are multiplied in other blocks than a text alone, and rounded otherwise. */
const BOUND = 1e-5;

/** Holds one number to another. */
function close(actual: number, expected: number, what: string): void {
  ok(Math.abs(actual - expected) <= BOUND * Math.max(1, Math.abs(expected)), `${what}: ${actual} is not ${expected}`);
}

/** The value of a row and a column. */
function cell({ values, indices }: Patching, k: number, n: number): number {
  return values!.data[k * indices.length + n]!;
}

/** Long texts of a model with a context of 48, and one that differs at some positions. */
function longTexts(model: LanguageModel, T: number, changed: readonly number[]) {
  const ids = Array.from({ length: T }, (_, i) => 2 + (7 * i * i + 3 * i) % 90);
  const other = ids.map((id, t) => changed.includes(t) ? 2 + (id + 31) % 90 : id);
  return [model.sequence(ids), model.sequence(other)] as const;
}

Deno.test("patch() of the same text gives its metric everywhere, and as an estimate to the last bit", async () => {
  await using opened = await openPatching("f32");
  const { model, clean, words } = opened;
  for (const at of SITES) {
    const found = await model.patch(clean, clean, { at, method: "both", ...words });
    equal(found.cleanValue, found.corruptedValue);
    for (const value of found.values!.data) close(value, found.cleanValue, at);
    deepEqual([...found.estimate!.data], Array(found.estimate!.data.length).fill(Math.fround(found.cleanValue)));
    const divergence = await model.patch(clean, clean, { at, metric: "kl" });
    equal(divergence.cleanValue, 0);
    for (const value of divergence.values!.data) close(value, 0, `${at}, kl`);
  }
});

Deno.test("patch() changes nothing where the texts are the same, and what the last layer does elsewhere is not read", async () => {
  for (const name of ["f32", "twelve_layers", "llama/grouped", "gpt_neox/parallel", "opt/pre_norm"]) {
    await using opened = await openPatching(name);
    const { model, clean, corrupted, words, texts: { changed } } = opened;
    const last = model.config.nLayer - 1;
    const T = clean.tokenIds.length;
    for (const at of SITES.filter((at) => at !== "z")) {
      const found = await model.patch(clean, corrupted, { at, ...words });
      for (let t = 0; t < T; ++t) {
        const differs = changed.includes(t);
        const first = cell(found, 0, t);
        if (at === "resid" && differs) ok(Math.abs(first - found.corruptedValue) > 100 * BOUND, `${name} ${t}`);
        if (at === "resid" && !differs) close(first, found.corruptedValue, `${name}, resid.0, position ${t}`);
        for (let k = 0; t < changed[0]! && k <= last; ++k) {
          close(cell(found, k, t), found.corruptedValue, `${name}, ${at}.${k}, position ${t}`);
        }
        if (at !== "resid" && t < T - 1) {
          close(cell(found, last, t), found.corruptedValue, `${name}, ${at}.${last}, position ${t}`);
        }
      }
      // Where halves are parallel, the MLP does not read what stands between them.
      if (at === "resid_mid" && name !== "gpt_neox/parallel") {
        close(cell(found, last, T - 1), found.cleanValue, `${name}, the last row before the last MLP`);
      }
    }
  }
});

Deno.test("patch() of some layers, positions and heads gives the cells that all have, in rising order", async () => {
  await using opened = await openPatching("twelve_layers", { backend: "native" });
  const { model, clean, corrupted, words } = opened;
  for (const at of ["attn_out", "z"] as const) {
    const all = await model.patch(clean, corrupted, { at, method: "both", ...words });
    const [layers, indices] = [[11, 0, 4, 4], at === "z" ? [2, 0] : [7, 3, 5, 3]];
    const list = at === "z" ? { heads: indices } : { positions: indices };
    const some = await model.patch(clean, corrupted, { at, method: "both", layers, ...list, ...words });
    deepEqual(some.layers, [0, 4, 11]);
    deepEqual(some.indices, at === "z" ? [0, 2] : [3, 5, 7]);
    deepEqual(some.values!.shape, [3, some.indices.length]);
    let compared = 0;
    some.layers.forEach((layer, k) =>
      some.indices.forEach((index, n) => {
        const [here, there] = [k * some.indices.length + n, layer * all.indices.length + index];
        close(some.values!.data[here]!, all.values!.data[there]!, `${at}.${layer}, ${index}`);
        equal(some.estimate!.data[here], all.estimate!.data[there]);
        ++compared;
      })
    );
    equal(compared, at === "z" ? 6 : 9);
  }
});

Deno.test("patch() takes the words that the texts are continued with where none are named", async () => {
  await using opened = await openPatching("f32");
  const { model, clean, corrupted, texts, words } = opened;
  const found = await model.patch(clean, corrupted);
  equal(found.metric.target!.tokenIds[0], texts.target);
  equal(found.metric.contrast!.tokenIds[0], texts.contrast);
  deepEqual([...found.values!.data], [...(await model.patch(clean, corrupted, words)).values!.data]);
  equal(found.estimate, undefined);
  equal((await model.patch(clean, corrupted, { method: "estimate" })).values, undefined);
});

for (const backend of ["native", "wasm"] as const) {
  Deno.test(`patch() of many copies of a long text in several runs equals model.with() on ${backend}`, async () => {
    await using opened = await openPatching("twelve_layers", { backend });
    const { model, words } = opened;
    const [clean, corrupted] = longTexts(model, 40, [3, 17]);
    const starts = Array.from({ length: 12 * 40 }, (_, i) => ({ from: i % 40 }));
    const counts = runsOf(starts, 40).map(({ from, patches }) => patches.length * (40 - from));
    ok(counts.every((rows) => rows <= 256) && counts.length === 59, `${counts}`);
    const found = await model.patch(clean, corrupted, words);
    const { data, shape: [, , C] } = (await model.trace(clean)).hiddenStates!;
    for (const [layer, t] of [[0, 3], [0, 39], [3, 0], [3, 17], [6, 25], [8, 39], [11, 17], [11, 39]] as const) {
      const start = (layer * 40 + t) * C!;
      const set = data.slice(start, start + C!);
      await using changed = await model.with([{ site: `resid.${layer}`, positions: [t], set }]);
      const { logits } = await changed.trace(corrupted, { capture: ["logits"] });
      const row = logits!.data.subarray(-model.config.vocabSize);
      close(cell(found, layer, t), row[words.target]! - row[words.contrast]!, `resid.${layer}, position ${t}`);
    }
  });
}

Deno.test("patch() of texts that fill the context of the bundled model equals model.with()", async () => {
  await using model = await LanguageModel.fromPretrained(undefined, { backend: "native" });
  const T = model.config.nPositions;
  const ids = Array.from({ length: T }, (_, i) => 40 + (7 * i * i + 3 * i) % 900);
  const [clean, corrupted] = [ids, ids.map((id, t) => t === 9 ? id + 5 : id)].map((ids) => model.sequence(ids));
  const options = { metric: "logProb", layers: [1], positions: [0, 9, T - 1] } as const;
  const found = await model.patch(clean!, corrupted!, options);
  equal(copiesOf(T), 1);
  const { data, shape: [, , C] } = (await model.trace(clean!)).hiddenStates!;
  for (const [n, t] of options.positions.entries()) {
    const set = data.slice((T + t) * C!, (T + t + 1) * C!);
    await using changed = await model.with([{ site: "resid.1", positions: [t], set }]);
    const { logits } = await changed.trace(corrupted!, { capture: ["logits"] });
    const row = logits!.data.subarray(-model.config.vocabSize);
    const logSum = Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0));
    close(cell(found, 0, n), row[found.metric.target!.tokenIds[0]!]! - logSum, `position ${t}`);
  }
});

Deno.test("patch() on a model of changes patches what they make, and refuses the place that they change", async () => {
  await using opened = await openPatching("f32", { backend: "native" });
  const { model, clean, corrupted, words } = opened;
  await using changed = await model.with([{ site: "mlp_out.0", scale: 0 }]);
  const found = await changed.patch(clean, corrupted, { method: "both", ...words });
  const unchanged = await model.patch(clean, corrupted, words);
  ok(maxAbsDifference(found.values!.data, unchanged.values!.data) > 1e-2);
  const { data, shape: [, T, C] } = (await changed.trace(clean)).hiddenStates!;
  for (let t = 0; t < T!; ++t) {
    const set = data.slice((T! + t) * C!, (T! + t + 1) * C!);
    await using both = await model.with([{ site: "mlp_out.0", scale: 0 }, { site: "resid.1", positions: [t], set }]);
    const { logits } = await both.trace(corrupted, { capture: ["logits"] });
    const row = logits!.data.subarray(-model.config.vocabSize);
    close(cell(found, 1, t), row[words.target]! - row[words.contrast]!, `position ${t}`);
  }
  await rejects(() => changed.patch(clean, corrupted, { at: "mlp_out" }), {
    name: "TypeError",
    message: 'Cannot patch "mlp_out" as the model is changed at "mlp_out.0"; patch the model that it was made of',
  });
  const pattern = (await model.trace(clean, { capture: ["attention"] })).attention!.data;
  const set = pattern.slice(0, clean.tokenIds.length ** 2);
  await using held = await model.with([{ site: "pattern.0", heads: [0], set }]);
  await rejects(() => held.patch(clean, corrupted, words), {
    name: "TypeError",
    message: 'Cannot patch side by side as the model is changed at "pattern.0" for a single text; ' +
      'use method: "estimate", or patch the model that it was made of',
  });
  equal((await held.patch(clean, corrupted, { method: "estimate", ...words })).estimate!.data.length, 2 * T!);
});

Deno.test("patch() and importance() report each run that cost() has counted", async () => {
  await using opened = await openPatching("twelve_layers");
  const { model, words } = opened;
  const [clean, corrupted] = longTexts(model, 40, [3, 17]);
  const cases = [
    [{ method: "exact" }, 2 + 59],
    [{ method: "both" }, 2 + 59 + 1],
    [{ method: "estimate" }, 3],
    [{ at: "z" }, 2 + 6],
    [{ at: "mlp_out", layers: [3], positions: [1, 2, 39] }, 2 + 3],
  ] as const;
  for (const [options, runs] of cases) {
    const seen: Progress[] = [];
    await model.patch(clean, corrupted, { ...options, ...words, onProgress: (progress) => seen.push(progress) });
    equal(model.cost.patch(clean, corrupted, options).runs, runs);
    deepEqual(seen.map(({ completed }) => completed), Array.from({ length: runs }, (_, i) => i + 1));
    ok(seen.every(({ task, total }) => task === "patch" && total === runs));
  }
  const seen: Progress[] = [];
  await model.importance(clean, { onProgress: (progress) => seen.push(progress) });
  equal(model.cost.importance(clean).runs, 2);
  deepEqual(seen.map(({ task, completed, total }) => [task, completed, total]), [
    ["importance", 1, 2],
    ["importance", 2, 2],
  ]);
});

Deno.test("patch() and importance() stop between two runs, and what they ran in can be used again", async () => {
  await using opened = await openPatching("f32");
  const { model, clean, corrupted, words } = opened;
  for (const stopAfter of [1, 2, 5]) {
    const controller = new AbortController();
    let runs = 0;
    const onProgress = () => ++runs === stopAfter && controller.abort(new Error("enough"));
    const { signal } = controller;
    await rejects(() => model.patch(clean, corrupted, { method: "both", ...words, signal, onProgress }), {
      message: "enough",
    });
    equal(runs, stopAfter);
  }
  const controller = new AbortController();
  const onProgress = () => controller.abort(new Error("enough"));
  await rejects(() => model.importance(clean, { signal: controller.signal, onProgress }), { message: "enough" });
  equal((await model.patch(clean, corrupted, words)).layers.length, 2);
});

for (const backend of ["native", "wasm"] as const) {
  Deno.test(`patch() and importance() in a worker give the same bits on ${backend}`, async () => {
    const numbers = [];
    for (const worker of [false, true]) {
      await using opened = await openPatching("llama/grouped", { backend, threads: 1, worker });
      const { model, clean, corrupted, words } = opened;
      const both = await model.patch(clean, corrupted, { method: "both", ...words });
      const heads = await model.patch(clean, corrupted, { at: "z", ...words });
      const { scores } = await model.importance(clean, { at: "neurons" });
      numbers.push([both.values, both.estimate, heads.values, scores].map((tensor) => [...tensor!.data]));
    }
    deepEqual(numbers[1], numbers[0]);
  });
}

Deno.test("patch() and importance() run with 8-bit weights, by gradients too", async () => {
  await using opened = await openPatching("f32", { backend: "native" });
  const cacheDir = await Deno.makeTempDir({ prefix: "looking-glass-" });
  try {
    const options = { dtype: "q8", cacheDir: `${cacheDir}/hub` } as const;
    await using model = await LanguageModel.fromPretrained(opened.directory, options);
    const { clean, corrupted, words } = opened;
    const found = await model.patch(clean, corrupted, words);
    const exact = await opened.model.patch(clean, corrupted, words);
    const difference = maxAbsDifference(found.values!.data, exact.values!.data);
    ok(difference > 0 && difference < 0.2, `${difference}`);
    const { estimate } = await model.patch(clean, corrupted, { method: "both", ...words });
    const floatEstimate = await opened.model.patch(clean, corrupted, { method: "estimate", ...words });
    const scores = await model.importance(clean, { at: "neurons" });
    const floatScores = await opened.model.importance(clean, { at: "neurons" });
    for (
      const [name, own, float] of [
        ["estimate", estimate, floatEstimate.estimate],
        ["importance", scores.scores, floatScores.scores],
      ] as const
    ) {
      const greatest = float!.data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      const away = maxAbsDifference(own!.data, float!.data) / greatest;
      ok(away > 0 && away < 0.15, `${name}: ${away}`);
    }
  } finally {
    await Deno.remove(cacheDir, { recursive: true });
  }
});
