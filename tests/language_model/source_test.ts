/** What else holds of models with an encoder, beside the goldens of `source_golden_test.ts`. */
import { deepEqual, equal, ok, rejects, throws } from "@std/assert";
import { type Capture, LanguageModel, type Sequence } from "../../mod.ts";
import { readGenerationConfig } from "../../src/ask/write/generation_config.ts";
import { logSumExp, rankOf } from "../../src/base/numbers.ts";
import { findModelFiles } from "../../src/hub/model_files.ts";
import { loadModel } from "../../src/model/load/load.ts";
import { CHUNK_TOKENS } from "../../src/model/prompts.ts";
import { counted } from "../support/counted.ts";
import { checkpointCopy } from "../support/goldens.ts";
import { maxAbsDifference, openSourceModel } from "../support/sources.ts";

const CAPTURES: readonly Capture[] = ["hiddenStates", "crossAttention", "sourceAttention", "logits"];

/** A copy of a checkpoint with other fields in its config.json, or a generation_config.json. */
function changedCopy(name: string, fields: Record<string, unknown>, generation?: Record<string, unknown>) {
  return checkpointCopy(name, async (directory) => {
    const path = `${directory}/config.json`;
    const config = { ...JSON.parse(await Deno.readTextFile(path)), ...fields };
    await Deno.writeTextFile(path, JSON.stringify(config));
    if (generation) await Deno.writeTextFile(`${directory}/generation_config.json`, JSON.stringify(generation));
  });
}

for (const backend of ["wasm", "native"] as const) {
  Deno.test(`a model with an encoder gives the same bits in a worker, on ${backend}`, async () => {
    const answers = [];
    for (const worker of [false, true]) {
      await using golden = await openSourceModel("marian/marian", { backend, worker });
      const { model, pairs } = golden;
      const sequence = golden.sequenceOf(pairs.long!);
      const written = await model.generateBatch([pairs.long!.sourceIds, pairs.single!.sourceIds], { maxNewTokens: 9 });
      const { branches } = await model.beams(pairs.long!.sourceIds, { beams: 3, maxNewTokens: 9 });
      const trace = await model.trace(sequence, { capture: CAPTURES });
      answers.push([written, branches, await model.saliency(sequence), trace, await model.surprise(sequence)]);
    }
    deepEqual(answers[1], answers[0]);
  });
}

Deno.test("a text and a source longer than one run are read in chunks to the numbers of a single run", async () => {
  const length = CHUNK_TOKENS + 60;
  await using copy = await changedCopy("marian/marian", { "max_position_embeddings": length });
  const files = await findModelFiles(copy.directory);
  const { runner } = await loadModel(files, { backend: "wasm" }, readGenerationConfig);
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  const ids = Array.from({ length }, (_, i) => (7 * i * i + 3 * i) % 97);
  const source = ids.toReversed();
  const sequence = model.sequence(ids, { source });
  const whole = await runner.logits({ tokenIds: ids, source, rows: [...ids.keys()] });
  await runner.dispose();

  const { logits, crossAttention, sourceAttention } = await model.trace(sequence, { capture: CAPTURES });
  ok(maxAbsDifference(logits!.data, whole) <= 1e-4);
  deepEqual(crossAttention!.shape, [2, 4, length, length]);
  for (const { data } of [crossAttention!, sourceAttention!]) {
    for (let row = 0; row < data.length; row += length) {
      const sum = data.subarray(row, row + length).reduce((a, b) => a + b, 0);
      ok(Math.abs(sum - 1) <= 1e-4, `row ${row / length} sums to ${sum}`);
    }
  }
  const { logProbs } = await model.surprise(sequence);
  logProbs.data.forEach((logProb, n) => {
    const row = whole.subarray(n * 97, (n + 1) * 97);
    ok(Math.abs(logProb - (row[ids[n + 1]!]! - logSumExp(row))) <= 1e-4);
  });
});

Deno.test("the lens and surprise() read a text after its source: they end at the model's own logits", async () => {
  for (const name of ["bart/bart", "marian/stored"]) {
    await using golden = await openSourceModel(name);
    const { model, pairs } = golden;
    for (const [key, pair] of Object.entries(pairs)) {
      const sequence = golden.sequenceOf(pair);
      const { data: logits } = await golden.array(`${key}/logits`);
      const { ranks, logProbs, positions } = await model.surprise(sequence);
      const rankings = await model.rankings(sequence);
      const last = rankings.ranks.data.slice(-rankings.positions.length);
      for (const [n, position] of positions.entries()) {
        const row = logits.subarray((position - 1) * 97, position * 97);
        const id = sequence.tokenIds[position]!;
        equal(ranks.data[n], rankOf(row, id));
        ok(Math.abs(logProbs.data[n]! - (row[id]! - logSumExp(row))) <= 1e-5);
        equal(last[rankings.positions.indexOf(position)], rankOf(row, id));
      }
      const { layers } = await model.layerPredictions(sequence, { position: 3, topK: 97 });
      const row = logits.subarray(2 * 97, 3 * 97);
      for (const { tokenId, logit } of layers.at(-1)!.predictions) ok(Math.abs(logit - row[tokenId]!) <= 1e-5);
      const watched = await model.rankingsWatch(sequence, { position: 2, watch: [5, 6] });
      equal(watched.ranks.data.at(-1), rankOf(logits.subarray(97, 2 * 97), 6));
    }
  }
});

Deno.test("readLens() reads a source once, however its rows are cut into runs", async () => {
  await using golden = await openSourceModel("bart/scaled");
  const { model, pairs } = golden;
  const sequence = golden.sequenceOf(pairs.long!);
  const whole = await model.surprise(sequence);
  const { bytes: maxMemory, runs } = model.cost.surprise(sequence, { maxMemory: 1 });
  ok(runs > 8);
  const cut = await model.surprise(sequence, { maxMemory });
  ok(maxAbsDifference(cut.logProbs.data, whole.logProbs.data) <= 1e-5);
  const again = await model.surprise(sequence, { positions: [1, 1, 1], maxMemory });
  equal(new Set(again.logProbs.data).size, 1);
});

for (const name of ["bart/bart", "bart/scaled", "marian/marian"]) {
  Deno.test(`integrated gradients of ${name} add up to what source and text gain`, async () => {
    await using golden = await openSourceModel(name);
    const sequence = golden.sequenceOf(golden.pairs.long!);
    const gapsWith = async (steps: number) => {
      const options = { method: "integratedGradients", of: "logit", reduce: "sum", normalize: false, steps } as const;
      const { convergenceGaps, scores } = await golden.model.saliency(sequence, options);
      equal(scores.shape[1], 11 + 9);
      return Math.max(...convergenceGaps!.map(Math.abs));
    };
    const [few, many] = [await gapsWith(8), await gapsWith(300)];
    ok(many < 0.02 && many < few / 4, `${few} with 8 steps, ${many} with 300`);
  });
}

Deno.test("a model with an encoder refuses what does not go with it, by name", async () => {
  await using golden = await openSourceModel("bart/bart");
  const { model, pairs: { long } } = golden;
  await using plain = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
  const sequence = golden.sequenceOf(long!);
  const own = plain.sequence("The keys");
  const needs = "Cannot use a text without its source as BART reads one; pass what generate() returned, or { source }";
  const has = "Cannot use a text with a source as GPT-2 has no encoder; pass the text alone";
  const long49 = Array<number>(49).fill(5);
  const calls: readonly (readonly [() => Promise<unknown>, string, string])[] = [
    [() => model.trace(own), "TypeError", needs],
    [() => model.saliency(own), "TypeError", needs],
    [() => model.surprise(own), "TypeError", needs],
    [() => model.rankings(own), "TypeError", needs],
    [() => plain.trace(sequence), "TypeError", has],
    [() => plain.surprise(sequence), "TypeError", has],
    [
      () => plain.trace(own, { capture: ["crossAttention"] }),
      "TypeError",
      "Cannot capture crossAttention as GPT-2 has no encoder; leave it out",
    ],
    [
      () => model.generate(long49),
      "RangeError",
      "Cannot read 49 tokens as the context holds 48; shorten the text",
    ],
    [
      () => model.generateBatch([[5], long49]),
      "RangeError",
      "In prompts[1]: Cannot read 49 tokens as the context holds 48; shorten the text",
    ],
    [
      () => model.trace({ ...sequence, source: { ...sequence.source!, tokenIds: [97] } }),
      "RangeError",
      "Cannot read token id 97 as the vocabulary holds 97 tokens",
    ],
    [
      async () => await model.faithfulness(await model.saliency(sequence)),
      "TypeError",
      "Cannot try a map of a source and a text as that is not built; try one of a model without encoder",
    ],
  ];
  for (const [call, name, message] of counted(calls, 11)) await rejects(call, { name, message });
  throws(() => model.sequence([2, 5]), { name: "TypeError", message: needs });
  throws(() => plain.sequence("a", { source: "b" }), { name: "TypeError", message: has });
});

Deno.test("fromPretrained() refuses vocabularies of its own for each stack, by the names of the fields", async () => {
  await using copy = await checkpointCopy("marian/separate");
  await rejects(LanguageModel.fromPretrained(copy.directory, { backend: "wasm" }), (error: Error) => {
    ok(/share_encoder_decoder_embeddings|decoder_vocab_size/.test(error.message), error.message);
    return error instanceof TypeError;
  });
});

Deno.test("a text begins with decoder_start_token_id, of generation_config.json before config.json", async () => {
  // As transformers 5.23 begins with these files.
  const cases: readonly (readonly [Record<string, unknown>, Record<string, unknown> | undefined, number])[] = [
    [{}, undefined, 2],
    [{ "decoder_start_token_id": 7 }, undefined, 7],
    [{ "decoder_start_token_id": null }, undefined, 0],
    [{}, { "decoder_start_token_id": 5 }, 5],
    [{}, { "bos_token_id": 0 }, 0],
  ];
  for (const [fields, generation, start] of counted(cases, 5)) {
    await using copy = await changedCopy("bart/bart", fields, generation);
    await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
    const written = await model.generate([44, 4, 21, 80], { maxNewTokens: 4 });
    deepEqual(written.tokenIds, [start, 30, 30, 30, 30], JSON.stringify([fields, generation]));
    equal(model.sequence("AB", { source: "C" }).tokenIds[0], start);
  }
});

Deno.test("generate() does what the files of a model say about forced tokens and beams", async () => {
  const settings = { "forced_bos_token_id": 31, "forced_eos_token_id": 2, "num_beams": 3, "early_stopping": true };
  for (const place of ["config", "generation"]) {
    const generation = { "decoder_start_token_id": 2, ...settings };
    await using copy = place === "config"
      ? await changedCopy("bart/bart", settings)
      : await changedCopy("bart/bart", {}, generation);
    await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
    const { tokenIds, decoding }: Sequence = await model.generate([44, 4, 21, 80], { maxNewTokens: 5 });
    deepEqual([tokenIds[0], tokenIds[1], tokenIds.at(-1)], [2, 31, 2], place);
    deepEqual([decoding!.beams, decoding!.earlyStopping, decoding!.forcedBosTokenId], [3, true, 31]);
  }
});
