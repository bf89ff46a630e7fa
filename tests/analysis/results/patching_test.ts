/** What is no patching is refused, and patchings of other things are not compared. */
import { deepEqual, equal, rejects, throws } from "@std/assert";
import { diffResults, encodeResults } from "../../../src/analysis/mod.ts";
import { kindOf } from "../../../src/analysis/results/kinds.ts";
import type { Patching } from "../../../src/ask/patching/types.ts";
import { counted } from "../../support/counted.ts";
import { sequenceOf } from "../../widgets/fixtures.ts";
import { floats, RESULTS } from "./fixtures.ts";

const { patching } = RESULTS;
const { estimate: _, ...VALUES } = patching;
const [target, contrast] = [patching.metric.target!, patching.metric.contrast!];

Deno.test("encodeResults() takes every form of a patching", async () => {
  const { values: _, ...estimated } = patching;
  const forms: readonly Patching[] = [
    VALUES,
    estimated,
    { ...VALUES, metric: { name: "kl" } },
    { ...patching, metric: { name: "logProb", target } },
    { ...patching, at: "z", columns: "heads", indices: [0, 7, 99] },
    { ...patching, cleanValue: NaN, corruptedValue: Infinity },
  ];
  for (const form of counted(forms, 6)) {
    await encodeResults({ form });
    equal(diffResults(form, { ...form }).equal, true);
  }
});

Deno.test("encodeResults() refuses what is no patching", async () => {
  const cases: readonly (readonly [object, RegExp])[] = [
    [{ clean: sequenceOf(["a"], 1) }, /x\.corrupted has T 6, and T is 1/],
    [{ at: "resid_post" }, /x\.at is "resid_post", not "resid" or "resid_mid" or "attn_out" or/],
    [{ layers: [2, 0] }, /x\.layers\.1 is 0 after 2, not in rising order/],
    [{ layers: [0, 1, 2] }, /x\.values has shape \[2,3\], not \[K,N\], as K is 3/],
    [{ columns: "tokens" }, /x\.columns is "tokens", not "positions" or "heads"/],
    [{ columns: "heads" }, /x\.columns are heads, and those of resid are positions/],
    [{ indices: [1, 4, 6] }, /x\.indices has position 6, and 6 tokens are read/],
    [{ position: 5 }, /x\.indices has position 5, and 5 tokens are read/],
    [{ position: 7 }, /x\.position is 7, and T is 6/],
    [{ at: "source_resid" }, /x\.indices has position 5, and 0 tokens are read/],
    [{ indices: [1, 4] }, /x\.values has shape \[2,3\], not \[K,N\], as N is 2/],
    [{ metric: { name: "rank", target } }, /x\.metric\.name is "rank", not "logitDifference" or/],
    [{ metric: { name: "kl", target } }, /x\.metric is kl, which has no words/],
    [{ metric: { name: "logit", target, contrast } }, /x\.metric is logit, which has a target and no contrast/],
    [
      { metric: { name: "logitDifference", target } },
      /x\.metric is logitDifference, which has a target and a contrast/,
    ],
    [{ metric: { name: "kl" } }, /x has an estimate of kl, which there is not/],
    [{ cleanValue: "2" }, /x\.cleanValue is "2", not a number/],
    [{ estimate: floats(3, 2) }, /x\.estimate has shape \[3,2\], not \[K,N\], as K is 2/],
    [{ values: undefined, estimate: undefined }, /x has neither values nor an estimate/],
    [{ layer: 1 }, /x has "layer", which is no field of it/],
  ];
  for (const [change, message] of counted(cases, 20)) {
    await rejects(encodeResults({ x: { ...patching, ...change } }), { name: "TypeError", message });
  }
});

Deno.test("diffResults() finds what a patching differs in, and compares none of other things", () => {
  equal(kindOf(patching), "patching");
  const data = patching.values!.data.slice();
  data[4]! += 0.5;
  const { differences } = diffResults(patching, { ...patching, values: { data, shape: [2, 3] }, cleanValue: 3 });
  deepEqual(differences.map(({ path, index }) => [path, index]), [["patching.cleanValue", undefined], [
    "patching.values",
    [1, 1],
  ]]);
  const others: readonly (readonly [Partial<Patching>, RegExp])[] = [
    [{ clean: patching.corrupted }, /^Cannot compare patching of different texts: /],
    [{ at: "mlp_out" }, /^Cannot compare patching of different sites: "resid" and "mlp_out"/],
    [{ layers: [0, 1] }, /^Cannot compare patching of different layers: \[0,2\] and \[0,1\]/],
    [{ indices: [0, 4, 5] }, /^Cannot compare patching of different columns: \{"positions":\[1,4,5\]\} and /],
    [{ metric: { name: "logit", target } }, /^Cannot compare patching of different metrics: /],
  ];
  for (const [change, message] of counted(others, 5)) {
    throws(() => diffResults(patching, { ...patching, ...change }), { name: "RangeError", message });
  }
});
