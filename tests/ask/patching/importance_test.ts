import { deepEqual, equal, ok, rejects, throws } from "@std/assert";
import { openPatching } from "../../support/patching.ts";

Deno.test("importance() of some layers is that of all, in rising order", async () => {
  await using opened = await openPatching("twelve_layers", { backend: "native" });
  const { model, clean, words } = opened;
  for (const at of ["z", "neurons", "resid"] as const) {
    const all = await model.importance(clean, { at, ...words });
    const some = await model.importance(clean, { at, layers: [7, 2, 7], ...words });
    const [, N] = all.scores.shape as [number, number];
    deepEqual(some.layers, [2, 7]);
    deepEqual(some.scores.shape, [2, N]);
    equal(N, { z: 3, neurons: 48, resid: 8 }[at]);
    deepEqual([...some.scores.data], some.layers.flatMap((k) => [...all.scores.data.subarray(k * N, (k + 1) * N)]));
  }
});

Deno.test("importance() is of the log-probability of the likeliest token, or of a difference where a word is named", async () => {
  await using opened = await openPatching("f32");
  const { model, clean, texts, words } = opened;
  const plain = await model.importance(clean);
  deepEqual([plain.at, plain.metric.name, plain.metric.target!.tokenIds], ["z", "logProb", [texts.target]]);
  equal(plain.metric.contrast, undefined);
  const difference = await model.importance(clean, { contrast: texts.contrast });
  deepEqual([difference.metric.name, difference.metric.target!.tokenIds], ["logitDifference", [texts.target]]);
  const named = await model.importance(clean, words);
  deepEqual([...named.scores.data], [...difference.scores.data]);
});

Deno.test("importance() of both words by logit differs by that of their difference", async () => {
  await using opened = await openPatching("llama/grouped");
  const { model, clean, words: { target, contrast } } = opened;
  for (const at of ["z", "neurons", "mlp_out"] as const) {
    const [a, b] = [
      await model.importance(clean, { at, metric: "logit", target }),
      await model.importance(clean, { at, metric: "logit", target: contrast }),
    ];
    const { scores } = await model.importance(clean, { at, target, contrast });
    const greatest = Math.max(...scores.data.map(Math.abs));
    scores.data.forEach((score, i) => {
      ok(Math.abs(a.scores.data[i]! - b.scores.data[i]! - score) <= 1e-5 * greatest, `${at} ${i}`);
    });
  }
});

Deno.test("importance() of all heads of a layer is that of what its attention adds, but for its bias", async () => {
  await using opened = await openPatching("llama/grouped"); // whose attention has none
  const { model, clean, words } = opened;
  const sums = async (at: "z" | "attn_out" | "neurons" | "mlp_out") => {
    const { scores: { data, shape: [, N] } } = await model.importance(clean, { at, ...words });
    return [0, 1].map((k) => data.subarray(k * N!, (k + 1) * N!).reduce((sum, x) => sum + x, 0));
  };
  for (const [parts, whole] of [["z", "attn_out"], ["neurons", "mlp_out"]] as const) {
    const [a, b] = [await sums(parts), await sums(whole)];
    a.forEach((sum, k) => ok(Math.abs(sum - b[k]!) <= 1e-5 * Math.max(1, Math.abs(sum)), `${parts}: ${a} and ${b}`));
  }
});

Deno.test("importance() on a model of changes judges what they make, at a changed place too", async () => {
  await using opened = await openPatching("f32", { backend: "native" });
  const { model, clean, words } = opened;
  await using without = await model.with([{ site: "z.1", heads: [0], scale: 0 }]);
  const { scores } = await without.importance(clean, words);
  equal(scores.data[2], 0);
  ok(scores.data[3] !== 0);
});

Deno.test("importance() of several kinds of parts at once is that of each alone, to the bit, by as few runs as one", async () => {
  const at = ["neurons", "z", "resid_mid"] as const;
  for (const name of ["f32", "twelve_layers", "llama/grouped"]) {
    await using opened = await openPatching(name);
    const { model, clean, words } = opened;
    for (const options of [words, { ...words, layers: [0] }, {}, { metric: "probability", position: 3 }] as const) {
      const seen: string[] = [];
      const together = await model.importance(clean, { ...options, at, onProgress: (one) => seen.push(one.message) });
      equal(seen.length, "position" in options || "target" in options ? 1 : 2);
      equal(model.cost.importance(clean, { ...options, at }).runs, seen.length);
      deepEqual(together.map(({ at }) => at), [...at]);
      for (const [i, own] of at.entries()) {
        deepEqual(together[i], await model.importance(clean, { ...options, at: own }));
      }
      const bytes = at.map((own) => model.cost.importance(clean, { ...options, at: own }).bytes);
      ok(model.cost.importance(clean, { ...options, at }).bytes > Math.max(...bytes));
    }
  }
});

Deno.test("importance() refuses lists that make no sense, and its cost too", async () => {
  await using opened = await openPatching("f32");
  const { model, clean } = opened;
  const cases: [readonly unknown[], RegExp][] = [
    [[], /^Cannot judge importance of nothing; name resid, resid_mid, .*neurons/],
    [["z", "heads"], /^Cannot judge importance with at .* as each must be "resid" or .*: "heads"$/],
    [["z", 1], /^Cannot judge importance with at .* as each must be .*: 1$/],
    [["z", "neurons", "z"], /^Cannot judge importance with at .* as z is there twice$/],
    [["z", "source_z"], /^Cannot judge "source_z" as .* has no encoder; name resid/],
  ];
  for (const [at, message] of cases) {
    const options = { at: at as ["z"] };
    await rejects(() => model.importance(clean, options), { name: "TypeError", message });
    throws(() => model.cost.importance(clean, options), { name: "TypeError", message });
  }
});
