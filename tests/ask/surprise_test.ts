import { deepEqual, equal, ok, rejects } from "@std/assert";
import { LanguageModel, type Progress } from "../../mod.ts";
import { logSumExp, rankOf, topK } from "../../src/base/numbers.ts";
import {
  checkpointCopy,
  FAMILY_NAMES,
  GOLDEN_NAMES,
  maxAbsDifference,
  openGolden,
  openGoldenFile,
} from "../support/goldens.ts";

/** Of ln p and entropies, in nats, which reach 9. */
const NATS_BOUND = 1e-5;
/** Of real texts and the bundled model, whose ln p reach -18. */
const TEXT_BOUND = 3e-5;
/** Of its divergences, which reach 15; PyTorch in float32 is off by 2e-5. */
const DIVERGENCE_BOUND = 1e-4;
/** Of the perplexity, relative. */
const PERPLEXITY_BOUND = 5e-6;

async function open(name = "f32", backend: "wasm" | "native" = "wasm") {
  const copy = await checkpointCopy(name);
  const model = await LanguageModel.fromPretrained(copy.directory, { backend });
  const { tokenIds, promptLength } = (await openGolden(name)).prompts.long!;
  const dispose = async () => {
    await model.dispose();
    await copy[Symbol.asyncDispose]();
  };
  return { model, sequence: model.sequence(tokenIds, { promptLength }), [Symbol.asyncDispose]: dispose };
}

for (const backend of ["wasm", "native"] as const) {
  for (const name of [...GOLDEN_NAMES, ...FAMILY_NAMES]) {
    Deno.test(`surprise() on ${backend} equals transformers on ${name}`, async () => {
      const golden = await openGolden(name);
      await using opened = await open(name, backend);
      const { model } = opened;
      for (const [key, { tokenIds, promptLength }] of Object.entries(golden.prompts)) {
        const theirs = async (array: string) =>
          (await golden.array(`${key}/surprise/${array}`, "predictions.safetensors")).data;
        const sequence = model.sequence(tokenIds, { promptLength });
        const seen = await model.surprise(sequence);
        const N = tokenIds.length - 1;
        equal(seen.sequence, sequence);
        deepEqual(seen.positions, Array.from({ length: N }, (_, n) => n + 1));
        for (const { shape } of [seen.logProbs, seen.entropies, seen.ranks]) deepEqual(shape, [N]);
        const logProbs = maxAbsDifference(seen.logProbs.data, await theirs("logProbs"));
        ok(logProbs <= NATS_BOUND, `logProbs: ${logProbs}`);
        const entropies = maxAbsDifference(seen.entropies.data, await theirs("entropies"));
        ok(entropies <= NATS_BOUND, `entropies: ${entropies}`);
        ok(seen.ranks.data instanceof Int32Array);
        deepEqual([...seen.ranks.data], [...await theirs("ranks")]);
        deepEqual(seen.alternatives.flat().map(({ tokenId }) => tokenId), [...await theirs("alternatives")]);
        const [perplexity] = await theirs("perplexity");
        ok(Math.abs(seen.perplexity / perplexity! - 1) <= PERPLEXITY_BOUND, `${seen.perplexity} is not ${perplexity}`);
      }
    });
  }
}

for (const backend of ["wasm", "native"] as const) {
  Deno.test(`surprise() and the lens on ${backend} equal PyTorch on texts of the bundled model`, async () => {
    const folder = new URL("../goldens/bundled/", import.meta.url);
    const { prompts } = JSON.parse(await Deno.readTextFile(new URL("golden.json", folder)));
    await using model = await LanguageModel.fromPretrained(undefined, { backend });
    for (const [number, { promptIds, tokenIds }] of prompts.entries()) {
      const close = async (actual: ArrayLike<number>, name: string) => {
        const golden = (await openGoldenFile(new URL("predictions.safetensors", folder), `${number}/${name}`)).data;
        const difference = maxAbsDifference(actual, golden);
        ok(difference <= TEXT_BOUND, `${number} ${name}: ${difference}`);
      };
      const sequence = model.sequence(tokenIds, { promptLength: promptIds.length });
      const { logProbs, entropies, ranks, alternatives, perplexity } = await model.surprise(sequence);
      await close(logProbs.data, "surprise/logProbs");
      await close(entropies.data, "surprise/entropies");
      await close(ranks.data, "surprise/ranks");
      await close(alternatives.flat().map(({ tokenId }) => tokenId), "surprise/alternatives");
      const loss = -logProbs.data.reduce((sum, logProb) => sum + logProb, 0) / (tokenIds.length - 1);
      ok(Math.abs(Math.log(perplexity) - loss) <= TEXT_BOUND);

      for (const norm of ["final", "none"] as const) {
        const seen = await model.rankings(sequence, { norm });
        const N = seen.positions.length;
        for (const name of ["probabilities", "entropies", "divergences"] as const) {
          const golden = await openGoldenFile(
            new URL("predictions.safetensors", folder),
            `${number}/lens/${norm}/${name}`,
          );
          const ofBlocks = golden.data.filter((_, i) => Math.floor(i / N) % 2 === 1);
          const difference = maxAbsDifference(seen[name].data, ofBlocks);
          const bound = name === "divergences" ? DIVERGENCE_BOUND : TEXT_BOUND;
          ok(difference <= bound, `${number} ${norm} ${name}: ${difference}`);
        }
      }
    }
  });
}

Deno.test("surprise() lists the alternatives as the logits have them, in the order asked for", async () => {
  await using opened = await open("twelve_layers");
  const { model, sequence } = opened;
  const positions = [27, 1, 8, 8];
  const V = model.config.vocabSize;
  const { logits } = await model.trace(sequence, { capture: ["logits"] });
  for (const count of [1, 3, V]) {
    const seen = await model.surprise(sequence, { positions, topK: count });
    deepEqual(seen.positions, positions);
    positions.forEach((position, n) => {
      const own = logits!.data.subarray((position - 1) * V, position * V);
      const sum = logSumExp(own);
      const tokenId = sequence.tokenIds[position]!;
      equal(seen.ranks.data[n], rankOf(own, tokenId));
      ok(Math.abs(seen.logProbs.data[n]! - (own[tokenId]! - sum)) <= NATS_BOUND);
      deepEqual(seen.alternatives[n]!.map(({ tokenId }) => tokenId), topK(own, count));
      for (const { tokenId, token, logit, probability, rank } of seen.alternatives[n]!) {
        equal(token.id, tokenId);
        equal(rank, rankOf(own, tokenId));
        ok(Math.abs(logit - own[tokenId]!) <= 1e-5);
        ok(Math.abs(probability - Math.exp(own[tokenId]! - sum)) <= 1e-6);
      }
    });
    const mean = seen.logProbs.data.reduce((a, b) => a + b, 0) / positions.length;
    ok(Math.abs(Math.log(seen.perplexity) + mean) <= 1e-6);
  }
});

Deno.test("surprise() measures a full context and a sequence of two tokens", async () => {
  await using opened = await open();
  const { model } = opened;
  const { nPositions } = model.config;
  const full = await model.surprise(model.sequence(Array.from({ length: nPositions }, (_, i) => (5 * i * i) % 97)));
  equal(full.logProbs.data.length, nPositions - 1);
  ok(full.logProbs.data.every((logProb) => logProb < 0) && full.perplexity > 1);
  const two = await model.surprise(model.sequence([4, 9]));
  ok(Math.abs(two.perplexity * Math.exp(two.logProbs.data[0]!) - 1) <= 1e-6);
});

Deno.test("surprise() refuses what it cannot measure", async () => {
  await using opened = await open();
  const { model, sequence } = opened;
  const single = "Cannot measure a sequence of 1 token as nothing stands before it; pass a longer one";
  await rejects(model.surprise(model.sequence([1])), { name: "RangeError", message: single });
  await rejects(model.surprise(sequence, { positions: [] }), {
    name: "RangeError",
    message: "Cannot measure an empty list of positions",
  });
  for (const position of [0, 29, 1.5, -1, NaN]) {
    const range = "as a sequence of 28 tokens has the positions 1 to 27 with tokens before them";
    const message = `Cannot measure position ${position} ${range}`;
    await rejects(model.surprise(sequence, { positions: [position] }), { name: "RangeError", message });
  }
  for (const topK of [0, 98, 2.5]) {
    const message = `Cannot list topK ${topK} tokens as it must be a whole number from 1 to 97`;
    await rejects(model.surprise(sequence, { topK }), { name: "RangeError", message });
  }
});

Deno.test("surprise() reports progress, hears signals and leaves the model usable", async () => {
  await using opened = await open();
  const { model, sequence } = opened;
  const steps: Progress[] = [];
  await model.surprise(sequence, { onProgress: (progress) => steps.push(progress) });
  deepEqual(steps, [{ task: "surprise", completed: 27, total: 27, message: "Measured 27 of 27 tokens" }]);
  const reason = new Error("enough");
  await rejects(model.surprise(sequence, { signal: AbortSignal.abort(reason) }), reason);
  equal((await model.surprise(sequence)).positions.length, 27);
  await model.dispose();
  await rejects(model.surprise(sequence), { name: "Error", message: /disposed/ });
});
