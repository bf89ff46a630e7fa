import { deepEqual, equal, ok, rejects, throws } from "@std/assert";
import { agreement, type GroupedMap, groupSaliency, groupScores, spearman } from "../../src/analysis/mod.ts";
import { pearson } from "../../src/analysis/agreement.ts";
import type { Saliency, SaliencyDefinition } from "../../src/ask/saliency/definition.ts";
import { CAPTUM, ECCO, LIT, sequenceOf } from "../widgets/fixtures.ts";

const SEQUENCE = sequenceOf(["a", "b", "c", "d", "e"], 1);

function map(
  rows: readonly (readonly number[])[],
  positions: readonly number[],
  options: SaliencyDefinition,
  T = 5,
): Saliency {
  return {
    sequence: SEQUENCE,
    positions,
    scores: { data: Float32Array.from(rows.flat()), shape: [rows.length, T] },
    options,
  };
}

const near = (actual: number, expected: number) => ok(Math.abs(actual - expected) <= 1e-12, `${actual} != ${expected}`);

Deno.test("spearman() equals scipy 1.16.3, ties included", () => {
  near(spearman([1, 2, 3, 4, 5], [5, 6, 7, 8, 7]), 0.8207826816681233);
  near(spearman([0.5, -1, 0.5, 2, 0, 0], [3, 3, 1, 4, -2, 9]), 0.1343433226559697);
  near(spearman([1, 1, 1, 2], [4, 3, 2, 1]), -0.7745966692414834);
});

Deno.test("spearman() has no answer without an order", () => {
  ok(Number.isNaN(spearman([], [])));
  ok(Number.isNaN(spearman([1], [2])));
  ok(Number.isNaN(spearman([1, 2, 3], [4, 4, 4])));
  throws(() => spearman([1, 2], [1]), { name: "RangeError", message: "Cannot correlate 2 numbers with 1" });
});

Deno.test("agreement() compares the rows of shared positions, over the tokens before each", async () => {
  const a = map([[1, 2, 3, 0, 0], [4, 3, 2, 1, 0], [1, 0, 0, 0, 0]], [3, 4, 1], ECCO);
  const b = map([[4, 3, 2, 1, 9], [-3, 2, -1, 7, 7]], [4, 3], CAPTUM);
  const signed = await agreement(a, b);
  deepEqual(signed.positions, [3, 4]);
  near(signed.correlations[0]!, 0.5); // ranks 1 2 3 and 1 3 2: 1 - 6 (0 + 1 + 1) / (3 x 8)
  near(signed.correlations[1]!, 1);
  near(signed.mean, 0.75);
  near((await agreement(a, b, { absolute: true })).correlations[0]!, -1);
});

Deno.test("agreement() leaves rows without an order out of the mean", async () => {
  const rows = map([[1, 0, 0, 0, 0], [1, 2, 3, 4, 0]], [1, 4], ECCO);
  const { correlations, mean } = await agreement(rows, rows);
  ok(Number.isNaN(correlations[0]));
  equal(mean, 1);
});

Deno.test("agreement() of maps of all targets together compares their one row", async () => {
  const a = map([[1, 2, 3, 4, 0]], [2, 4], LIT);
  const { positions, correlations } = await agreement(a, map([[1, 2, 4, 3, 0]], [4, 2], LIT));
  deepEqual(positions, [4]);
  near(correlations[0]!, 0.8);
});

Deno.test("agreement() refuses maps that do not belong together", async () => {
  const a = map([[1, 0, 0, 0, 0]], [1], ECCO);
  const other = { ...map([[1, 0]], [1], ECCO, 2), sequence: sequenceOf(["a", "b"], 1) };
  await rejects(() => agreement(a, other), {
    name: "RangeError",
    message: /^Cannot compare maps of different texts, of 5 and 2/,
  });
  await rejects(() => agreement(a, { ...a, positions: [2] }), {
    name: "RangeError",
    message: "Cannot compare maps of different positions: positions 1 and 2",
  });
  await rejects(() => agreement(a, { ...a, options: LIT }), { name: "TypeError", message: /explained together/ });
});

Deno.test("agreement() compares words with words of the same text and cut, and no others", async () => {
  const a = map([[1, 2, 3, 4, 0]], [4], CAPTUM);
  const b = map([[4, 1, 2, 8, 0]], [4], CAPTUM);
  const [words, others] = [a, b].map((each) => groupSaliency(each, /bc|e/)) as [GroupedMap, GroupedMap];
  const { positions, correlations } = await agreement(words, others);
  deepEqual(positions, [3]);
  near(correlations[0]!, -0.5); // 1, 5, 4 and 4, 3, 8: ranks 1 3 2 and 2 1 3, 1 - 6 (1 + 4 + 1) / (3 x 8)
  const refused = (x: Saliency, y: Saliency, name: string, message: string) =>
    rejects(agreement(x, y), { name, message });
  await refused(words, a, "TypeError", "Cannot compare a map by group with one by token; group both alike");
  const letters = groupSaliency(a, /[^]/g);
  await refused(a, letters, "TypeError", "Cannot compare a map by token with one by group; group both alike");
  const sentence = groupSaliency(a, "sentence");
  await refused(words, sentence, "TypeError", "Cannot compare a map by group with one by sentence; group both alike");
  const cut = groupSaliency(b, /ab|d/);
  await refused(words, cut, "RangeError", "Cannot compare maps of different groups, 4 and 4 of them; group both alike");
  const text = { ...a, sequence: { ...SEQUENCE, text: "abcdf" } };
  await refused(a, text, "RangeError", "Cannot compare maps of different texts, of 5 and 5 tokens");
  const filtered = { ...a, positions: [3, 4] };
  await refused(a, filtered, "RangeError", "Cannot compare a map of the shape [1, 5]; its rows need [2, 5]");
  await rejects(agreement(a, groupScores(b, "word") as never), {
    name: "TypeError",
    message: /^Cannot use what groupS/,
  });
});

Deno.test("pearson() is 1 on a line, whatever its slope, and NaN where there is none", () => {
  near(pearson([1, 2, 3, 4, 5], [5, 6, 7, 8, 7]), 6 / Math.sqrt(10 * 5.2)); // by hand: sums of squares about the means
  near(pearson([0, 1, 3], [-1, -3, -7]), -1);
  equal(pearson([1, 2], [4, 4]), NaN);
  equal(pearson([], []), NaN);
});
