import { deepEqual, equal, ok } from "@std/assert";
import {
  type ChangeCase,
  CHANGED,
  type ChangeGolden,
  logitsOf,
  openChanges,
  relativeDifference,
  scoresOf,
} from "../support/change_goldens.ts";
import type { LanguageModel } from "../../mod.ts";
import { folderOf, openGoldenFile } from "../support/goldens.ts";

/** Relative to the largest number of an array where that is above 1. */
const BOUND = 1e-5;

/** What a changed model writes, as far as it does not end a text. */
async function expectContinuation(model: LanguageModel, golden: ChangeGolden, { name, continuation }: ChangeCase) {
  if (!continuation) return;
  const prompt = golden.sourceIds ?? golden.tokenIds;
  const { tokenIds, promptLength } = await model.generate(prompt, { maxNewTokens: continuation.length });
  const end = continuation.findIndex((id) => model.config.eosTokenIds.includes(id));
  deepEqual(tokenIds.slice(promptLength), continuation.slice(0, end < 0 ? undefined : end + 1), name);
}

for (const backend of ["native", "wasm"] as const) {
  for (const [name, count] of CHANGED) {
    const tried = backend === "native" ? count : Math.ceil(count / 2);
    Deno.test(`with() on ${backend} equals hooks of PyTorch on ${name}, in ${tried} cases`, async () => {
      await using opened = await openChanges(name, count, { backend });
      const { golden, model, sequence } = opened;
      // Of what native computes wasm takes every second: the graphs are the same, and each operator is in these too.
      const cases = golden.cases.filter((_, i) => backend === "native" || i % 2 === 0);
      for (const one of cases) {
        await using changed = await model.with(one.changes);
        const logits = relativeDifference(await logitsOf(changed, sequence), one.logits);
        ok(logits <= BOUND, `${one.name}: logits ${logits}`);
        const scores = relativeDifference(await scoresOf(changed, sequence, golden.positions), one.saliency);
        ok(scores <= BOUND, `${one.name}: saliency ${scores}`);
        await expectContinuation(changed, golden, one);
      }
      equal(cases.length, tried);
    });
  }
}

for (const name of ["gpt2/f32", "gpt2/twelve_layers"]) {
  Deno.test(`with() equals hooks of TransformerLens on ${name}, in 18 cases`, async () => {
    await using opened = await openChanges(name, 18);
    const { golden, model, sequence } = opened;
    const file = new URL("transformer_lens_changes.safetensors", folderOf(name));
    const { data, shape: [, V] } = await openGoldenFile(file, "logits");
    for (const [k, { name, changes }] of golden.cases.entries()) {
      await using changed = await model.with(changes);
      const last = (await logitsOf(changed, sequence)).slice(-V!);
      const difference = relativeDifference(last, data.subarray(k * V!, (k + 1) * V!));
      ok(difference <= BOUND, `${name}: ${difference}`);
    }
  });
}
