/** What a changed model is not asked, as the answer would be about something else, and what it is. */
import { equal, ok, rejects, throws } from "@std/assert";
import type { Change, SaliencyOptions } from "../../mod.ts";
import { openChanges } from "../support/change_goldens.ts";
import { counted } from "../support/counted.ts";

const C = 16;
const OF_EMBEDDINGS: readonly Change[] = counted([
  { site: "embed", scale: 2 },
  { site: "embed", positions: [1], add: new Float32Array(C).fill(1) },
  { site: "embed", positions: [5], set: new Float32Array(C) },
], 3);
const BEGIN_AT_ZERO: readonly (readonly [options: SaliencyOptions, message: string])[] = counted([
  [
    { preset: "captum", method: "integratedGradients", steps: 2 },
    'Cannot integrate gradients with a model that is changed at "embed" as embeddings of zeros would not be zeros there; ' +
    'use method: "gradientXInput"',
  ],
  [
    { preset: "captum", completeness: true },
    'Cannot say how complete a map is with a model that is changed at "embed" as embeddings of zeros would not be zeros ' +
    "there; leave completeness out",
  ],
], 2);

Deno.test("saliency() refuses what begins at embeddings of zeros, where a model is changed at `embed`", async () => {
  await using opened = await openChanges("gpt2/f32", 18);
  const { model, sequence } = opened;
  for (const change of OF_EMBEDDINGS) {
    await using changed = await model.with([{ site: "mlp_out.0", scale: 0.5 }, change]);
    for (const [options, message] of BEGIN_AT_ZERO) {
      await rejects(changed.saliency(sequence, options), { name: "TypeError", message });
      throws(() => changed.cost.saliency(sequence, options), { name: "TypeError", message });
    }
    equal((await changed.saliency(sequence)).scores.shape[0], sequence.tokenIds.length - 1);
  }
});

Deno.test("saliency() refuses the same where a source's embeddings are changed", async () => {
  await using opened = await openChanges("bart/scaled", 33);
  await using changed = await opened.model.with([{ site: "source_embed", scale: 2 }]);
  const options = { preset: "captum", method: "integratedGradients", steps: 2 } as const;
  await rejects(changed.saliency(opened.sequence, options), {
    name: "TypeError",
    message: /^Cannot integrate gradients with a model that is changed at "source_embed" as/,
  });
});

Deno.test("integrated gradients of a model that is changed elsewhere add up to what the change leaves", async () => {
  await using opened = await openChanges("gpt2/f32", 18);
  const { model, sequence } = opened;
  const changes = [{ site: "z.0", heads: [1], scale: 0 }, { site: "resid.1", positions: [2], scale: 0.5 }];
  await using changed = await model.with(changes);
  const options = { preset: "captum", method: "integratedGradients", steps: 100 } as const;
  const { scores, convergenceGaps } = await changed.saliency(sequence, options);
  const gaps = counted(convergenceGaps!, sequence.tokenIds.length - 1);
  ok(gaps.every((gap) => Math.abs(gap) < 5e-3), `${gaps}`);
  const T = sequence.tokenIds.length;
  const sums = gaps.map((_, n) => scores.data.subarray(n * T, (n + 1) * T).reduce((a, b) => a + b, 0));
  ok(sums.some((sum) => Math.abs(sum) > 0.1), `${sums}`); // what a gap is small beside
});

/** What `faithfulness` says of the model. */
const PLACED: readonly (readonly [change: Change, message: RegExp])[] = counted([
  [
    { site: "resid.1", positions: [2], scale: 0 },
    /^Cannot try a map with a model that is changed at positions of "resid\.1" as that stays when/,
  ],
  [
    { site: "embed", positions: [2], scale: 0 },
    /^Cannot try a map with a model that is changed at positions of "embed" as/,
  ],
  [
    { site: "pattern.0", set: { data: Float32Array.of(1, 0, 1, 0), shape: [2, 2] } },
    /^Cannot try a map with a model that is given rows of "pattern\.0" as/,
  ],
  [
    { site: "embed", add: new Float32Array(C).fill(1) },
    /^Cannot try a map with a model that is changed at "embed" as .*; change "resid\.0" instead$/,
  ],
], 4);

Deno.test("faithfulness() refuses a model that is changed at positions, at `embed`, or given a pattern", async () => {
  await using opened = await openChanges("gpt2/f32", 18);
  const { model, sequence } = opened;
  const saliency = await model.saliency(sequence);
  for (const [change, message] of PLACED) {
    await using changed = await model.with([{ site: "z.0", scale: 0.5 }, change]);
    await rejects(changed.faithfulness(saliency), { name: "TypeError", message });
    throws(() => changed.cost.faithfulness(saliency), { name: "TypeError", message });
  }
});

Deno.test("faithfulness() of a model that is changed at all positions ends with what that model predicts", async () => {
  await using opened = await openChanges("gpt2/f32", 18);
  const { model, sequence } = opened;
  await using changed = await model.with([{ site: "z.0", heads: [0], scale: 0 }, { site: "mlp_out.1", scale: 0.5 }]);
  const saliency = await changed.saliency(sequence);
  const { deletion, positions } = await changed.faithfulness(saliency, { randomOrders: 1 });
  const { logProbs } = await changed.surprise(sequence, { positions: [...positions] });
  const S = deletion.shape[1]!;
  positions.forEach((_, n) => ok(Math.abs(deletion.data[n * S]! - Math.exp(logProbs.data[n]!)) < 1e-5));
});
