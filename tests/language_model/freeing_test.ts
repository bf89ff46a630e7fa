import { deepEqual, equal, ok } from "@std/assert";
import { LanguageModel } from "../../mod.ts";
import { free } from "../../src/base/numbers.ts";
import { Session } from "../../src/runtime/session.ts";

Deno.test("free() frees whole arrays, once, and leaves parts of others alone", () => {
  const [whole, other] = [new Float32Array(4), new Float32Array(4)];
  free(whole, other.subarray(1));
  free(whole, new Float32Array(0));
  deepEqual([whole.buffer.byteLength, other.buffer.byteLength], [0, 16]);
});

for (const [backend, worker] of [["native", false], ["native", true], ["wasm", false]] as const) {
  const place = worker ? `${backend} in a worker` : backend;
  Deno.test(`calls on ${place} free what the runs gave them, and not what they give`, async () => {
    const given: Float32Array[] = [];
    const run = Session.prototype.run;
    Session.prototype.run = async function (...args) {
      const results = await run.apply(this, args);
      given.push(...results);
      return results;
    };
    try {
      await using model = await LanguageModel.fromPretrained(undefined, { backend, worker });
      const kept = () => given.splice(0).filter(({ buffer }) => buffer.byteLength > 0).length;
      const sequence = await model.generate("The keys to the cabinet", { maxNewTokens: 4 });
      deepEqual([given.length > 4, kept()], [true, 0]);
      await model.generateBatch(["The keys", "A"], { maxNewTokens: 3 });
      deepEqual([given.length > 3, kept()], [true, 1]); // the logits after the prompts, which are read row by row
      for (const options of [{}, { completeness: true }, { method: "integratedGradients", steps: 2 }] as const) {
        const { scores } = await model.saliency(sequence, options);
        ok(scores.data.byteLength > 0 && scores.data.some((score) => score !== 0), "scores");
      }
      const trace = await model.trace(sequence, { capture: ["hiddenStates", "logits"] });
      ok(trace.logits!.data.every(Number.isFinite) && trace.hiddenStates!.data.some((x) => x !== 0), "trace");
      given.length = 0;
      const steps = await Array.fromAsync(model.steps("The keys", { maxNewTokens: 2 }));
      ok(steps.every(({ logits }) => logits.length === model.config.vocabSize), "the logits of steps are the caller's");
      equal(given.filter(({ buffer }) => buffer.byteLength > 0).length, steps.length);
    } finally {
      Session.prototype.run = run;
    }
  });
}
