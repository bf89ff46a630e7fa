import { deepEqual, equal, notEqual, ok, rejects, throws } from "@std/assert";
import { LanguageModel, type Sequence } from "../../mod.ts";
import { checkpointCopy, openGolden } from "../support/goldens.ts";
import { maxAbsDifference, openSourceModel } from "../support/sources.ts";

const CAPTURES = ["hiddenStates", "crossAttention", "sourceAttention", "logits"] as const;

Deno.test("a model with an encoder gives the same bits in a worker", async () => {
  for (const backend of ["wasm", "native"] as const) {
    const answers = [];
    for (const worker of [false, true]) {
      await using golden = await openSourceModel("marian/marian", { backend, worker });
      const { model, pairs } = golden;
      const sequence = golden.sequenceOf(pairs.long!);
      const written = await model.generateBatch([pairs.long!.sourceIds, pairs.single!.sourceIds], { maxNewTokens: 9 });
      const { branches } = await model.beams(pairs.long!.sourceIds, { beams: 3, maxNewTokens: 9 });
      const surprise = await model.surprise(sequence);
      const trace = await model.trace(sequence, { capture: CAPTURES });
      answers.push([written, branches, await model.saliency(sequence), trace, surprise]);
    }
    deepEqual(answers[1], answers[0]);
  }
});

/** A checkpoint of BART with random tables of so many positions. */
function longCheckpoint(nPositions: number) {
  return checkpointCopy("bart/bart", async (directory) => {
    const config = JSON.parse(await Deno.readTextFile(`${directory}/config.json`));
    const file = `${directory}/model.safetensors`;
    await Deno.writeFile(file, await withPositions(await Deno.readFile(file), nPositions + 2));
    await Deno.writeTextFile(
      `${directory}/config.json`,
      JSON.stringify({ ...config, "max_position_embeddings": nPositions }),
    );
  });
}
