import { deepEqual, equal, ok, rejects, throws } from "@std/assert";
import { attentionOf, attentionRollout, headScores, repeatedRandomTokens } from "../../src/analysis/mod.ts";
import type { Trace } from "../../src/ask/trace/trace.ts";
import { maxAbsDifference } from "../support/goldens.ts";
import { equalsGolden, FACTS, goldenTrace, layersOf, sequenceOfIds, traceOf } from "./analysis_goldens.ts";

const BOUND = 1e-6;
const SCORES = ["previousToken", "firstToken", "duplicateToken", "induction"] as const;

/** Two heads over three tokens, in one block. */
const SMALL = traceOf("attention", [1, 2, 3, 3], [
  1,
  0,
  0,
  0.5,
  0.5,
  0,
  0.25,
  0.25,
  0.5,
  1,
  0,
  0,
  0,
  1,
  0,
  0.75,
  0,
  0.25,
]);

for (const prompt of ["long", "single"]) {
  Deno.test(`attentionRollout() equals numpy on twelve layers, prompt ${prompt}`, async () => {
    const trace = await goldenTrace(prompt, "attention");
    for (const heads of ["mean", "max"] as const) {
      await equalsGolden((await attentionRollout(trace, { heads })).rollout, `rollout/${prompt}/${heads}`, BOUND);
    }
    deepEqual(await attentionRollout(trace), await attentionRollout(trace, { heads: "mean" }));
  });

  Deno.test(`headScores() equals numpy on TransformerLens's patterns, prompt ${prompt}`, async () => {
    const scores = await headScores(await goldenTrace(prompt, "attention"));
    for (const name of SCORES) await equalsGolden(scores[name], `heads/${prompt}/${name}`, BOUND);
    deepEqual(scores.counts, FACTS.headCounts[prompt]);
  });
}

Deno.test("attentionOf() gives one head, or the mean of all", () => {
  deepEqual([...attentionOf(SMALL, { layer: 0, head: 1 }).data], [1, 0, 0, 0, 1, 0, 0.75, 0, 0.25]);
  const { data, shape } = attentionOf(SMALL, { layer: 0 });
  deepEqual([...data], [1, 0, 0, 0.25, 0.75, 0, 0.5, 0.125, 0.375]);
  deepEqual(shape, [3, 3]);
});

Deno.test("attentionOf() finds blocks by their index, also when only some were recorded", async () => {
  const trace = await goldenTrace("long", "attention");
  const some = layersOf(trace, "attention", [2, 10]);
  deepEqual(attentionOf(some, { layer: 10, head: 2 }), attentionOf(trace, { layer: 10, head: 2 }));
  throws(() => attentionOf(some, { layer: 3 }), {
    name: "RangeError",
    message: "Cannot read attention in layer 3 as the trace holds layers 2, 10",
  });
  throws(() => attentionOf(some, { layer: 2, head: 3 }), {
    name: "RangeError",
    message: "Cannot read the attention of head 3 as there are heads 0 to 2",
  });
});

Deno.test("headScores() scores the recorded blocks", async () => {
  const trace = await goldenTrace("long", "attention");
  const some = await headScores(layersOf(trace, "attention", [2, 10]));
  deepEqual(some.layers, [2, 10]);
  deepEqual(some.induction.shape, [2, 3]);
  const all = await headScores(trace);
  equal(all.layers, undefined);
  deepEqual(some.induction.data.subarray(3), all.induction.data.subarray(30, 33));
});

Deno.test("headScores() is 0, not NaN, where no token has such a place, and says so", async () => {
  const { duplicateToken, induction, previousToken, counts } = await headScores(SMALL);
  deepEqual([...duplicateToken.data, ...induction.data], [0, 0, 0, 0]);
  deepEqual([...previousToken.data], [0.375, 0]); // (0.5 + 0.25) / 2 and (0 + 0) / 2
  deepEqual(counts, { previousToken: 2, firstToken: 2, duplicateToken: 0, induction: 0 });
});

Deno.test("headScores() takes no attention to the token itself for induction", async () => {
  const twice: Trace = { ...SMALL, sequence: sequenceOfIds([5, 5, 5]) };
  const { induction, duplicateToken, counts } = await headScores(twice);
  equal(counts?.induction, 1); // the third looks at the second, which follows the first
  deepEqual([...induction.data], [0.25, 0]);
  deepEqual([...duplicateToken.data], [0.5, 0.375]); // (0.5 + 0.25 + 0.25) / 2 and (0 + 0.75 + 0) / 2
});

Deno.test("repeatedRandomTokens() refuses what is no size of a vocabulary", () => {
  for (const vocabSize of [0, -1, 1.5, NaN, Infinity, 1e12]) {
    throws(() => repeatedRandomTokens({ vocabSize, length: 2 }), {
      name: "RangeError",
      message: `Cannot draw from ${vocabSize} tokens; pass the size of a vocabulary, model.config.vocabSize`,
    });
  }
});

Deno.test("headScores() of a perfect induction head on repeatedRandomTokens() is 1", async () => {
  const ids = repeatedRandomTokens({ vocabSize: 50, length: 6, prefix: [0] });
  const T = ids.length;
  const data = Float32Array.from({ length: T * T }, (_, i) => {
    const [t, s] = [Math.floor(i / T), i % T];
    return s === (t > 6 ? t - 5 : 0) ? 1 : 0;
  });
  const { induction, counts } = await headScores({
    sequence: sequenceOfIds(ids),
    attention: { data, shape: [1, 1, T, T] },
  });
  equal(induction.data[0], 1);
  equal(counts?.induction, 6);
});

Deno.test("one token: its rollout is itself, its scores are 0", async () => {
  const one = traceOf("attention", [2, 1, 1, 1], [1, 1]);
  deepEqual([...(await attentionRollout(one)).rollout.data], [1, 1]);
  const { firstToken, counts } = await headScores(one);
  deepEqual([...firstToken.data], [0, 0]);
  equal(counts?.firstToken, 0);
});

Deno.test("attentionRollout() needs all layers up to the last one", async () => {
  const trace = await goldenTrace("long", "attention");
  const { rollout } = await attentionRollout(layersOf(trace, "attention", [0, 1, 2]));
  equal(
    maxAbsDifference(rollout.data, (await attentionRollout(trace)).rollout.data.subarray(0, rollout.data.length)),
    0,
  );
  await rejects(() => attentionRollout(layersOf(trace, "attention", [1, 2])), {
    name: "RangeError",
    message: "Cannot roll attention out over layers 1, 2 alone; record all layers up to the last one",
  });
});

Deno.test("attention that is missing, damaged or of another text is refused", async () => {
  await rejects(() => headScores({ sequence: sequenceOfIds([1]) }), {
    name: "TypeError",
    message: "Cannot score heads as the trace has no attention; " +
      'record it with model.trace(sequence, { capture: ["attention"] })',
  });
  const damaged = traceOf("attention", [1, 1, 2, 2], [1, 0, NaN, 1]);
  await rejects(() => attentionRollout(damaged), {
    name: "RangeError",
    message: "Cannot roll attention out as the trace has NaN at attention[0, 0, 1, 0]",
  });
  await rejects(() => headScores({ ...SMALL, sequence: sequenceOfIds([1, 2]) }), {
    name: "RangeError",
    message:
      "Cannot score heads as the trace has 18 numbers of shape [1, 2, 3, 3] as attention, which does not fit a text of 2 tokens",
  });
  await rejects(() => headScores({ ...SMALL, layers: [0, 1] }), {
    name: "RangeError",
    message: "Cannot read a trace of layers [0, 1] as the recording of layers has length 1",
  });
  await rejects(() => attentionRollout(SMALL, { heads: JSON.parse('"min"') }), {
    name: "TypeError",
    message: 'Cannot roll attention out over the "min" of heads; use "mean" or "max"',
  });
});

Deno.test("repeatedRandomTokens() draws different tokens, twice, by seed", () => {
  const ids = repeatedRandomTokens({ vocabSize: 20, length: 18, prefix: [7, 3], seed: 1 });
  deepEqual(ids.slice(0, 2), [7, 3]);
  deepEqual(ids.slice(2, 20), ids.slice(20));
  deepEqual([...new Set(ids)].sort((a, b) => a - b), Array.from({ length: 20 }, (_, id) => id));
  deepEqual(repeatedRandomTokens({ vocabSize: 20, length: 18, prefix: [7, 3], seed: 1 }), ids);
  ok(`${repeatedRandomTokens({ vocabSize: 20, length: 18, prefix: [7, 3], seed: 2 })}` !== `${ids}`);
  for (const length of [0, 1.5, 19, NaN]) {
    throws(() => repeatedRandomTokens({ vocabSize: 20, length, prefix: [7, 3] }), {
      name: "RangeError",
      message: `Cannot draw ${length} different tokens; use a whole number from 1 to 18`,
    });
  }
  throws(() => repeatedRandomTokens({ vocabSize: 20, length: 2, seed: 0.5 }), {
    name: "RangeError",
    message: "Cannot seed with 0.5 as a seed must be a whole number",
  });
});
