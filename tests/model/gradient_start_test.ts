/** On native the gradient is a program of its own, which is started when it is first asked for. */
import { deepEqual, equal, rejects } from "@std/assert";
import { LanguageModel } from "../../mod.ts";
import { ASKED } from "../../src/ask/question.ts";
import { watchRuntime } from "../support/default_graphs.ts";
import { checkpointCopy, maxAbsDifference, openGolden } from "../support/goldens.ts";

const IDS = [5, 22, 7, 40, 7, 13, 11];

Deno.test("native starts the gradient once, when it is first asked for, and wasm with the model", async () => {
  for (const [backend, counts] of [["native", [1, 2, 2]], ["wasm", [1, 1, 1]]] as const) {
    using given = watchRuntime(backend);
    await using copy = await checkpointCopy("f32");
    await using model = await LanguageModel.fromPretrained(copy.directory, { backend });
    const written = await model.generate(IDS, { maxNewTokens: 3 });
    await model.rankings(written);
    const found: number[] = [given.models.length];
    const [first, second] = await Promise.all([model.saliency(written), model.saliency(written)]);
    found.push(given.models.length);
    const third = await model.saliency(written, { method: "integratedGradients", steps: 2 });
    found.push(given.models.length);
    deepEqual([backend, found], [backend, [...counts]]);
    deepEqual(first, second);
    equal(third.scores.data.length, first.scores.data.length);
  }
});

Deno.test("saliency() says what is wrong when the weights are gone before the gradient starts, and works when they are back", async () => {
  await using copy = await checkpointCopy("f32");
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "native" });
  const golden = await openGolden("f32");
  const { tokenIds, promptLength, positions } = golden.prompts.long!;
  const sequence = model.sequence(tokenIds, { promptLength });
  const path = `${copy.directory}/model.safetensors`;
  const ask = () => model.saliency(sequence, { of: "logProb", reduce: "l2", normalize: false, positions });
  await Deno.rename(path, `${path}.away`);
  await rejects(ask, /^Error: Cannot use .*model\.safetensors as it was deleted while it was in use; load it again$/);
  equal((await model.generate(IDS, { maxNewTokens: 2 })).tokenIds.length, IDS.length + 2);
  await Deno.rename(`${path}.away`, path);
  const { scores } = await ask();
  const { data } = await golden.array("long/saliency/logProb/gradientXInput/l2");
  equal(maxAbsDifference(scores.data, data) <= 1e-5 * Math.max(1, ...data.map(Math.abs)), true);
});

Deno.test("dispose() ends both programs, also when the gradient has just been asked for", async () => {
  await using copy = await checkpointCopy("f32");
  const model = await LanguageModel.fromPretrained(copy.directory, { backend: "native" });
  const asked = model.saliency(model.sequence(IDS)).then(() => "answered", () => "refused");
  await model.dispose();
  equal(["answered", "refused"].includes(await asked), true);
  await rejects(() => model.saliency(model.sequence(IDS)), /disposed/);
});

Deno.test("ModelRunner.explain() starts no gradient once the model is disposed, as for a corpus that is being explained", async () => {
  using given = watchRuntime("native");
  await using copy = await checkpointCopy("f32");
  const model = await LanguageModel.fromPretrained(copy.directory, { backend: "native" });
  const { runner } = model[ASKED];
  await model.dispose();
  const explanation = { tokenIds: IDS, rows: [6], targets: [3], mix: Float32Array.of(1), ofLogit: true };
  await rejects(runner.explain({ ...explanation, fetch: ["gradientXInputL2"] }), {
    name: "Error",
    message: "Cannot run the model as it is disposed",
  });
  equal(given.models.length, 1);
});
