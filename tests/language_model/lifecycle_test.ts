import { deepEqual, equal, ok, rejects, throws } from "@std/assert";
import { LanguageModel, type Progress } from "../../mod.ts";
import { checkpointCopy, openGolden } from "../support/goldens.ts";

const { prompts } = await openGolden("f32");
const GREEDY = prompts.long!.tokenIds;

Deno.test("fromPretrained() takes a path, a file: URL, and nothing for the bundled model", async () => {
  await using copy = await checkpointCopy("f32");
  const url = `file://${copy.directory}`;
  for (const id of [copy.directory, `${copy.directory}/`, url, new URL(url)]) {
    await using model = await LanguageModel.fromPretrained(id, { backend: "wasm" });
    equal(model.id, String(id));
    equal(model.config.nLayer, 2);
  }
  await using bundled = await LanguageModel.fromPretrained();
  equal(bundled.config.nLayer, 6);
  ok((await bundled.generate("Once upon a time", { maxNewTokens: 3 })).text.startsWith("Once upon a time"));
});

Deno.test("fromPretrained() follows symbolic links, as the caches of hubs use them", async () => {
  await using copy = await checkpointCopy("f32", async (directory) => {
    await Deno.mkdir(`${directory}/blobs`);
    for (const name of ["config.json", "model.safetensors", "tokenizer.json"]) {
      await Deno.rename(`${directory}/${name}`, `${directory}/blobs/${name.length}`);
      await Deno.symlink(`blobs/${name.length}`, `${directory}/${name}`);
    }
  });
  for (const backend of ["wasm", "native"] as const) {
    await using model = await LanguageModel.fromPretrained(copy.directory, { backend });
    deepEqual((await model.generate(GREEDY.slice(0, 20), { maxNewTokens: 8 })).tokenIds, GREEDY);
  }
});

Deno.test("fromPretrained() reports progress and says what it chose", async () => {
  await using copy = await checkpointCopy("f32");
  const seen: Progress[] = [];
  await using model = await LanguageModel.fromPretrained(copy.directory, { onProgress: (p) => seen.push(p) });
  deepEqual(seen.map(({ completed }) => completed), [0, 1, 2, 3, 4]);
  equal(seen.at(-1)!.message, `Ready on ${model.backend}: ${model.backendReason}`);
  ok(Deno.inspect(model).includes(`on ${model.backend}`));
});

Deno.test("an aborted call rejects with the signal's reason and leaves the model usable", async () => {
  await using copy = await checkpointCopy("f32");
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  const sequence = model.sequence(GREEDY, { promptLength: 20 });
  const reason = new Error("enough");
  const aborted = AbortSignal.abort(reason);
  await rejects(model.generate(GREEDY.slice(0, 5), { signal: aborted }), reason);
  await rejects(model.trace(sequence, { signal: aborted }), reason);
  await rejects(model.saliency(sequence, { signal: aborted }), reason);
  await rejects(LanguageModel.fromPretrained(copy.directory, { signal: aborted }), reason);

  const controller = new AbortController();
  const onProgress = () => controller.abort(reason);
  const maxMemory = model.cost.saliency(sequence, { maxMemory: 1 }).bytes;
  const midway = model.saliency(sequence, { maxMemory, onProgress, signal: controller.signal });
  await rejects(midway, reason);

  const stop = new AbortController();
  const seen: number[] = [];
  const stopped = (async () => {
    for await (const { tokenId } of model.steps(GREEDY.slice(0, 20), { signal: stop.signal })) {
      seen.push(tokenId);
      if (seen.length === 2) stop.abort(reason);
    }
  })();
  await rejects(stopped, reason);
  deepEqual(seen, GREEDY.slice(20, 22));
  deepEqual((await model.generate(GREEDY.slice(0, 20), { maxNewTokens: 8 })).tokenIds, GREEDY);
});

Deno.test("calls at the same time do not disturb each other", async () => {
  await using copy = await checkpointCopy("f32");
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  const sequence = model.sequence(GREEDY, { promptLength: 20 });
  const alone = await model.saliency(sequence);
  const [written, , explained] = await Promise.all([
    model.generate(GREEDY.slice(0, 20), { maxNewTokens: 8 }),
    rejects(model.generate([1], { temperature: -1 })),
    model.saliency(sequence),
    model.trace(sequence, { capture: ["attention"] }),
  ]);
  deepEqual(written.tokenIds, GREEDY);
  deepEqual(explained.scores.data, alone.scores.data);
});

Deno.test("a disposed model refuses every call, and disposing twice does nothing", async () => {
  await using copy = await checkpointCopy("f32");
  const model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  const sequence = model.sequence(GREEDY, { promptLength: 20 });
  const running = model.generate(GREEDY.slice(0, 20), { maxNewTokens: 1 });
  await running;
  await model.dispose();
  await model.dispose();
  const refusal = { name: "Error", message: `Cannot use ${copy.directory} as it is disposed; load it again` };
  await rejects(model.generate("a"), refusal);
  await rejects(model.steps("a").next(), refusal);
  await rejects(model.trace(sequence), refusal);
  await rejects(model.saliency(sequence), refusal);
  throws(() => model.cost.generate([1]), refusal);
  throws(() => model.cost.saliency(sequence), refusal);
  throws(() => model.cost.layerPredictions(sequence, { position: 1 }), refusal);
  deepEqual(model.sequence([1, 2]).tokenIds, [1, 2]); // the tokenizer needs no memory of the backend
});
