import { deepEqual, equal, ok, rejects } from "@std/assert";
import { LanguageModel, type LensNorm, type Prediction, type Progress } from "../../../mod.ts";
import { readLens } from "../../../src/ask/lens/reading.ts";
import { readGenerationConfig } from "../../../src/ask/write/generation_config.ts";
import { logSumExp, rankOf, topK } from "../../../src/base/numbers.ts";
import { findModelFiles } from "../../../src/hub/model_files.ts";
import { loadModel } from "../../../src/model/load/load.ts";
import { checkpointCopy, FAMILY_NAMES, GOLDEN_NAMES, maxAbsDifference, openGolden } from "../../support/goldens.ts";

const LOGIT_BOUND = 1e-4;
const PROBABILITY_BOUND = 1e-5;
const NATS_BOUND = 2e-5; // of entropies and divergences, which reach 8
const NORMS: readonly LensNorm[] = ["final", "none"];

/** A golden checkpoint, its longer prompt, and a model of it. */
async function open(name = "f32", backend: "wasm" | "native" = "wasm") {
  const golden = await openGolden(name);
  const copy = await checkpointCopy(name);
  const model = await LanguageModel.fromPretrained(copy.directory, { backend });
  const { tokenIds, promptLength } = golden.prompts.long!;
  const dispose = async () => {
    await model.dispose();
    await copy[Symbol.asyncDispose]();
  };
  const sequence = model.sequence(tokenIds, { promptLength });
  return { golden, model, sequence, directory: copy.directory, [Symbol.asyncDispose]: dispose };
}

/** Holds `actual` to `golden` within `bound`. */
function close(actual: ArrayLike<number>, golden: ArrayLike<number>, bound: number, what: string): void {
  const difference = maxAbsDifference(actual, golden);
  ok(difference <= bound, `${what}: ${difference} > ${bound}`);
}

/** Holds predictions to the logits of a whole vocabulary, in their order. */
function equalsLogits(predictions: readonly Prediction[], logits: Float32Array): void {
  const norm = logSumExp(logits);
  predictions.forEach(({ tokenId, token, logit, probability, rank }, k) => {
    equal(token.id, tokenId);
    equal(tokenId, topK(logits, k + 1)[k]);
    equal(rank, rankOf(logits, tokenId));
    ok(Math.abs(logit - logits[tokenId]!) <= LOGIT_BOUND, `${logit} is not ${logits[tokenId]}`);
    ok(Math.abs(probability - Math.exp(logits[tokenId]! - norm)) <= PROBABILITY_BOUND);
  });
}

for (const backend of ["wasm", "native"] as const) {
  for (const name of [...GOLDEN_NAMES, ...FAMILY_NAMES]) {
    Deno.test(`layerPredictions() and rankings() on ${backend} equal PyTorch on ${name}`, async () => {
      const golden = await openGolden(name);
      await using opened = await open(name, backend);
      const { model } = opened;
      const { nLayer, vocabSize } = model.config;
      for (const [key, { tokenIds, promptLength, positions }] of Object.entries(golden.prompts)) {
        const sequence = model.sequence(tokenIds, { promptLength });
        for (const norm of NORMS) {
          const all = (await golden.array(`${key}/layerLogits/${norm}`)).data;
          const position = positions.at(-1)!;
          const seen = await model.layerPredictions(sequence, { position, norm });
          deepEqual([seen.position, seen.norm, seen.sequence], [position, norm, sequence]);
          deepEqual(seen.layers.map(({ layer }) => layer), [...Array(nLayer).keys()]);
          seen.layers.forEach(({ layer, after, predictions }) => {
            equal(after, "block");
            equal(predictions.length, 10);
            equalsLogits(predictions, all.subarray(layer * vocabSize, (layer + 1) * vocabSize));
          });

          const rankings = await model.rankings(sequence, { norm });
          const expected = await golden.array(`${key}/rankings/${norm}`);
          deepEqual(rankings.positions, positions);
          deepEqual(rankings.tokenIds, positions.map((position) => tokenIds[position]));
          deepEqual(rankings.ranks.shape, expected.shape);
          deepEqual([...rankings.ranks.data], [...expected.data]);
          ok(rankings.ranks.data instanceof Int32Array);
        }
      }
    });

    Deno.test(`the lens on ${backend} measures what PyTorch and the tuned lens measure on ${name}`, async () => {
      const golden = await openGolden(name);
      await using opened = await open(name, backend);
      const { model } = opened;
      const { nLayer, vocabSize } = model.config;
      for (const [key, { tokenIds, promptLength, positions }] of Object.entries(golden.prompts)) {
        const sequence = model.sequence(tokenIds, { promptLength });
        const N = positions.length;
        for (const norm of NORMS) {
          const theirs = async (array: string) =>
            (await golden.array(`${key}/lens/${norm}/${array}`, "predictions.safetensors")).data;
          const [logits, entropies, divergences] = await Promise.all(
            ["logits", "entropies", "divergences"].map(theirs),
          );

          const { layers } = await model.layerPredictions(sequence, {
            position: positions.at(-1)!,
            norm,
            halves: true,
          });
          deepEqual(layers.map(({ layer }) => layer), Array.from({ length: 2 * nLayer }, (_, i) => Math.floor(i / 2)));
          layers.forEach(({ after, predictions, entropy, divergence }, d) => {
            equal(after, d % 2 === 0 ? "attention" : "block");
            equalsLogits(predictions, logits!.subarray(d * vocabSize, (d + 1) * vocabSize));
            close([entropy], [entropies![(d + 1) * N - 1]!], NATS_BOUND, `entropy ${d}`);
            close([divergence], [divergences![(d + 1) * N - 1]!], NATS_BOUND, `divergence ${d}`);
          });
          equal(layers.at(-1)!.divergence, 0);

          const seen = await model.rankings(sequence, { norm });
          const ofBlocks = (array: Float32Array) => array.filter((_, i) => Math.floor(i / N) % 2 === 1);
          for (const array of ["probabilities", "entropies", "divergences"] as const) {
            deepEqual(seen[array].shape, [nLayer, N]);
            ok(seen[array].data instanceof Float32Array);
            const bound = array === "probabilities" ? PROBABILITY_BOUND : NATS_BOUND;
            close(seen[array].data, ofBlocks(await theirs(array)), bound, `${key} ${norm} ${array}`);
          }
          deepEqual([...seen.divergences.data.subarray(-N)], Array(N).fill(0));
        }
      }
    });
  }

  Deno.test(`layerPredictions() and rankingsWatch() of the next token on ${backend} equal PyTorch`, async () => {
    let compared = 0;
    for (const name of GOLDEN_NAMES) {
      await using opened = await open(name, backend);
      const { model, golden } = opened;
      const { nLayer, vocabSize: V } = model.config;
      const all = [...Array(V).keys()];
      for (const [key, { tokenIds }] of Object.entries(golden.prompts)) {
        const texts = [tokenIds.slice(0, 1), tokenIds]; // as the golden has them
        for (const norm of NORMS) {
          const [logits, entropies, divergences] = await Promise.all(
            ["logits", "entropies", "divergences"].map(async (array) =>
              (await golden.array(`${key}/next/${norm}/${array}`, "predictions.safetensors")).data
            ),
          ) as [Float32Array, Float32Array, Float32Array];
          for (const [i, ids] of texts.entries()) {
            const sequence = model.sequence(ids, { promptLength: ids.length });
            const { position, layers } = await model.layerPredictions(sequence, { norm, halves: true });
            equal(position, ids.length);
            equal(layers.length, 2 * nLayer);
            const own = (d: number) => logits.subarray((i * 2 * nLayer + d) * V, (i * 2 * nLayer + d + 1) * V);
            layers.forEach(({ predictions, entropy, divergence }, d) => {
              equalsLogits(predictions, own(d));
              close([entropy], [entropies[i * 2 * nLayer + d]!], NATS_BOUND, `entropy ${d}`);
              close([divergence], [divergences[i * 2 * nLayer + d]!], NATS_BOUND, `divergence ${d}`);
            });

            const watched = await model.rankingsWatch(sequence, { watch: all, norm });
            deepEqual(watched.positions, all.map(() => ids.length));
            for (let layer = 0; layer < nLayer; ++layer) {
              const expected = own(2 * layer + 1);
              const sum = logSumExp(expected);
              const ranks = watched.ranks.data.subarray(layer * V, (layer + 1) * V);
              deepEqual([...ranks], all.map((id) => rankOf(expected, id)));
              const probabilities = watched.probabilities.data.subarray(layer * V, (layer + 1) * V);
              close(probabilities, expected.map((logit) => Math.exp(logit - sum)), PROBABILITY_BOUND, `${layer}`);
            }
            ++compared;
          }
        }
      }
    }
    equal(compared, GOLDEN_NAMES.length * 2 * 2 * 2); // checkpoints, prompts, norms, texts
  });

  Deno.test(`layerPredictions() and rankings() of norm "none" on ${backend} equal Ecco 0.1.2 itself`, async () => {
    for (const name of ["f32", "twelve_layers"]) {
      await using opened = await open(name, backend);
      const { model, sequence, golden } = opened;
      const theirs = (array: string) => golden.array(`long/${array}`, "ecco_0_1_2.safetensors");
      const { ranks } = await model.rankings(sequence, { norm: "none" });
      deepEqual([...ranks.data], [...(await theirs("rankings")).data]);

      const position = sequence.tokenIds.length - 1;
      const { layers } = await model.layerPredictions(sequence, { position, topK: 5, norm: "none" });
      const predictions = layers.flatMap(({ predictions }) => predictions);
      deepEqual(predictions.map(({ tokenId }) => tokenId), [...(await theirs("layerPredictions/tokenIds")).data]);
      const probabilities = predictions.map(({ probability }) => probability);
      ok(maxAbsDifference(probabilities, (await theirs("layerPredictions/probabilities")).data) <= PROBABILITY_BOUND);
    }
  });
}

Deno.test("layerPredictions() of the last layer is what the model predicts, at every position", async () => {
  await using opened = await open("twelve_layers");
  const { model, sequence } = opened;
  const { logits } = await model.trace(sequence, { capture: ["logits"] });
  const V = model.config.vocabSize;
  for (let position = 1; position < sequence.tokenIds.length; ++position) {
    const { layers } = await model.layerPredictions(sequence, { position, topK: V });
    const own = logits!.data.subarray((position - 1) * V, position * V) as Float32Array;
    equalsLogits(layers.at(-1)!.predictions.slice(0, 3), own);
    const sum = layers[0]!.predictions.reduce((sum, { probability }) => sum + probability, 0);
    ok(Math.abs(sum - 1) <= 1e-5, `${sum}`);
  }
});

Deno.test("rankings() covers the prompt and text that the model did not write, in the order asked for", async () => {
  await using opened = await open();
  const { model, sequence } = opened;
  const positions = [25, 1, 7, 7];
  const { ranks } = await model.rankings(sequence, { positions });
  const { logits } = await model.trace(sequence, { capture: ["logits"] });
  const V = model.config.vocabSize;
  const last = positions.map((position) => {
    const own = logits!.data.subarray((position - 1) * V, position * V) as Float32Array;
    return rankOf(own, sequence.tokenIds[position]!);
  });
  deepEqual([...ranks.data.subarray(-4)], last);
  const forced = model.sequence(sequence.tokenIds);
  deepEqual((await model.rankings(forced)).positions.length, forced.tokenIds.length - 1);
  deepEqual((await model.rankings(forced, { positions })).ranks, ranks);
});

Deno.test("rankings() are the same whatever the chunks", async () => {
  await using copy = await checkpointCopy("twelve_layers");
  const { tokenIds } = (await openGolden("twelve_layers")).prompts.long!;
  const { runner } = await loadModel(await findModelFiles(copy.directory), { backend: "wasm" }, readGenerationConfig);
  await using _ = runner;
  const asked = [...[9, 3, 3, 3, 26, 0].map((row) => ({ row, tokenId: tokenIds[row + 1]! })), { row: 3, tokenId: 50 }];
  const sequence = { tokenIds, tokens: [], promptLength: 1, text: "" };
  const depths = Array.from({ length: 12 }, (_, layer) => ({ index: 2 * layer + 1, normed: true }));
  const whole = await readLens(runner, sequence, asked, {
    depths,
    best: 3,
    plan: { chunkTokens: 256, chunkRows: 256 },
  });
  for (const [rows, chunkTokens] of [[1, 256], [2, 256], [3, 256], [9, 4], [2, 1], [1, 5]] as const) {
    const steps: number[] = [];
    const onAnswered = (count: number) => steps.push(count);
    const plan = { chunkRows: rows, chunkTokens };
    const cut = await readLens(runner, sequence, asked, { depths, best: 3, plan, onAnswered });
    if (chunkTokens === 256) {
      deepEqual(steps, Array.from({ length: Math.ceil(7 / rows) }, (_, i) => Math.min(7, rows * (i + 1))));
    }
    equal(steps.at(-1), 7);
    deepEqual([cut.ranks, cut.tokenIds], [whole.ranks, whole.tokenIds]);
    ok(maxAbsDifference(cut.logits, whole.logits) <= 1e-5);
    for (const name of ["logSums", "logProbs", "entropies", "divergences"] as const) {
      ok(maxAbsDifference(cut[name], whole[name]) <= 1e-5, name);
    }
  }
  await rejects(
    readLens(runner, sequence, asked, {
      depths: depths.with(11, { index: 23, normed: false }),
      best: 1,
      plan: { chunkTokens: 9, chunkRows: 9 },
    }),
    {
      name: "Error",
      message: /^Cannot read the layers as the last one is [\d.]+ away from the model's own logits$/,
    },
  );
});

Deno.test("rankingsWatch() ranks words and ids in the place of one token", async () => {
  await using opened = await open("twelve_layers");
  const { model, sequence, golden } = opened;
  const position = sequence.tokenIds.length - 1;
  const own = sequence.tokenIds[position]!;
  const word = model.sequence([40, 41]).text;
  for (const norm of NORMS) {
    const logits = (await golden.array(`long/layerLogits/${norm}`)).data;
    const seen = await model.rankingsWatch(sequence, {
      position,
      watch: [own, 40, word, model.tokenizer.decode([5])],
      norm,
    });
    deepEqual(seen.tokenIds, [own, 40, 40, 5]);
    deepEqual(seen.positions, Array(4).fill(position));
    deepEqual(seen.words!.map(({ tokenIds }) => tokenIds), [[own], [40], [40, 41], [5]]);
    equal(seen.words![2]!.text, word);
    deepEqual(seen.ranks.shape, [12, 4]);
    const expected = Array.from({ length: 12 }, (_, layer) => {
      return seen.tokenIds.map((id) => rankOf(logits.subarray(layer * 97, (layer + 1) * 97), id));
    });
    deepEqual([...seen.ranks.data], expected.flat());
    const probabilities = Array.from({ length: 12 }, (_, layer) => {
      const own = logits.subarray(layer * 97, (layer + 1) * 97);
      return seen.tokenIds.map((id) => Math.exp(own[id]! - logSumExp(own)));
    });
    close(seen.probabilities.data, probabilities.flat(), PROBABILITY_BOUND, norm);
    deepEqual([seen.entropies.shape, seen.divergences.shape], [[12, 4], [12, 4]]);
  }
});

Deno.test("layerPredictions() without halves are the blocks of those with halves", async () => {
  await using opened = await open("twelve_layers");
  const { model, sequence } = opened;
  for (const norm of NORMS) {
    const both = (await model.layerPredictions(sequence, { position: 9, norm, halves: true })).layers;
    const { layers } = await model.layerPredictions(sequence, { position: 9, norm, halves: false });
    const blocks = both.filter(({ after }) => after === "block");
    layers.forEach(({ layer, predictions, entropy, divergence }, i) => {
      equal(layer, blocks[i]!.layer);
      deepEqual(predictions.map(({ tokenId }) => tokenId), blocks[i]!.predictions.map(({ tokenId }) => tokenId));
      close([entropy, divergence], [blocks[i]!.entropy, blocks[i]!.divergence], NATS_BOUND, `${i}`);
    });
  }
});

Deno.test("layerPredictions() and rankingsWatch() tell what follows a full context, within what cost tells", async () => {
  await using opened = await open();
  const { model } = opened;
  const { nPositions, vocabSize } = model.config;
  const ids = Array.from({ length: nPositions }, (_, t) => (7 * t + 3) % vocabSize);
  const sequence = model.sequence(ids);
  const { logits } = await model.trace(sequence, { capture: ["logits"] });
  const own = logits!.data.subarray(-vocabSize);
  const { layers, position } = await model.layerPredictions(sequence);
  equal(position, nPositions);
  equalsLogits(layers.at(-1)!.predictions, own);
  const { ranks } = await model.rankingsWatch(sequence, { watch: ids.slice(0, 5) });
  deepEqual([...ranks.data.subarray(-5)], ids.slice(0, 5).map((id) => rankOf(own, id)));
  deepEqual(model.cost.layerPredictions(sequence), model.cost.layerPredictions(sequence, { position: nPositions }));
  const watch = [1, 2];
  deepEqual(
    model.cost.rankingsWatch(sequence, { watch }),
    model.cost.rankingsWatch(sequence, { watch, position: nPositions }),
  );
  const maxMemory = model.cost.layerPredictions(sequence, { maxMemory: 1 }).bytes;
  equalsLogits((await model.layerPredictions(sequence, { maxMemory })).layers.at(-1)!.predictions, own);
});

Deno.test("what needs a token in the text says so when asked about the next one", async () => {
  await using opened = await open();
  const { model, sequence } = opened;
  const options = { positions: [5, 28] };
  const calls = {
    explain: [() => model.saliency(sequence, options), () => model.cost.saliency(sequence, options)],
    rank: [() => model.rankings(sequence, options), () => model.cost.rankings(sequence, options)],
    measure: [() => model.surprise(sequence, options), () => model.cost.surprise(sequence, options)],
  };
  for (const [verb, both] of Object.entries(calls)) {
    for (const call of both) {
      await rejects(async () => await call(), {
        name: "RangeError",
        message:
          `Cannot ${verb} position 28 as no token stands there yet: the text has 28; ask layerPredictions() or ` +
          "rankingsWatch() what comes next, or append a token to the text first",
      });
    }
  }
});

Deno.test("the lens refuses what it cannot show", async () => {
  await using opened = await open();
  const { model, sequence } = opened;
  const range = "as a sequence of 28 tokens has the positions 1 to 28, the last of which is the next token's";
  for (const position of [0, 29, 1.5, NaN]) {
    const refused = { name: "RangeError", message: `Cannot show the layers at position ${position} ${range}` };
    await rejects(model.layerPredictions(sequence, { position }), refused);
    const watched = { name: "RangeError", message: `Cannot watch words at position ${position} ${range}` };
    await rejects(model.rankingsWatch(sequence, { position, watch: [1] }), watched);
  }
  for (const topK of [0, 98, 2.5]) {
    const message = `Cannot list topK ${topK} tokens as it must be a whole number from 1 to 97`;
    await rejects(model.layerPredictions(sequence, { position: 3, topK }), { name: "RangeError", message });
  }
  const norm = "all" as LensNorm;
  const wrongNorm = { name: "TypeError", message: 'Cannot use norm "all"; use "final" or "none"' };
  await rejects(model.layerPredictions(sequence, { position: 3, norm }), wrongNorm);
  await rejects(model.rankings(sequence, { norm }), wrongNorm);
  await rejects(model.rankings(sequence, { positions: [] }), {
    name: "RangeError",
    message: "Cannot rank an empty list of positions",
  });
  await rejects(model.rankings(model.sequence([1, 2], { promptLength: 2 })), {
    name: "RangeError",
    message: "Cannot rank a sequence that is all prompt (2 tokens); pass positions",
  });
  const watches: readonly [unknown, string, RegExp][] = [
    [[], "RangeError", /^Cannot watch an empty list of words; pass some/],
    [" is", "TypeError", /^Cannot watch " is" as words; pass an array of texts and token ids$/],
    [[""], "RangeError", /^Cannot ask about an empty word; pass a text/],
    [[97], "RangeError", /^Cannot read token id 97 as the vocabulary holds 97 tokens$/],
    [["é "], "RangeError", /^Cannot encode "é " as the vocabulary has no token for byte 0x/],
    [[null], "TypeError", /^Cannot read null as a text/],
  ];
  for (const [watch, name, message] of watches) {
    await rejects(model.rankingsWatch(sequence, { position: 3, watch: watch as string[] }), { name, message });
  }
});

Deno.test("the lens reports progress, hears signals and leaves the model usable", async () => {
  await using opened = await open();
  const { model, sequence } = opened;
  const steps: Progress[] = [];
  await model.rankings(sequence, { onProgress: (progress) => steps.push(progress) });
  deepEqual(steps, [{ task: "rankings", completed: 8, total: 8, message: "Ranked 8 of 8 tokens" }]);
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  await rejects(model.rankings(sequence, { signal }), reason);
  await rejects(model.layerPredictions(sequence, { position: 3, signal }), reason);
  await rejects(model.rankingsWatch(sequence, { position: 3, watch: [4], signal }), reason);
  equal((await model.rankings(sequence)).ranks.shape[1], 8);
  await model.dispose();
  await rejects(model.rankings(sequence), { name: "Error", message: /disposed/ });
});
