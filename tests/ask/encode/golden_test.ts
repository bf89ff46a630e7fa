import { deepEqual, equal, ok } from "@std/assert";
import { LanguageModel } from "../../../mod.ts";
import { counted } from "../../support/counted.ts";
import { ENCODER_NAMES, encoderCopy, maxAbsDifference, openEncoderGolden } from "../../support/encoders.ts";

const STATE_BOUND = 1e-4;
const BOUND = 1e-5;
const OF = ["probability", "logProb", "logit"] as const;
const METHODS = ["gradientXInput", "gradient"] as const;
const REDUCTIONS = ["l2", "sum"] as const;
const POOLINGS = ["mean", "cls"] as const;

/** Every definition that there are goldens of. */
const DEFINITIONS = counted(
  OF.flatMap((scalar) => METHODS.flatMap((method) => REDUCTIONS.map((reduce) => ({ of: scalar, method, reduce })))),
  12,
);

/** Holds `actual` to `golden` within `bound`, absolutely and relative to the largest number where that is above 1. */
function close(actual: ArrayLike<number>, golden: ArrayLike<number>, bound: number, what: string): void {
  const scale = Math.max(1, ...Array.from(golden, Math.abs));
  const difference = maxAbsDifference(actual, golden);
  ok(difference <= bound * scale, `${what}: ${difference} > ${bound} x ${scale}`);
}

for (const backend of ["wasm", "native"] as const) {
  for (const name of ENCODER_NAMES) {
    Deno.test(`LanguageModel on ${backend} equals transformers and PyTorch on ${name}`, async (t) => {
      const golden = await openEncoderGolden(name);
      await using copy = await encoderCopy(name);
      await using model = await LanguageModel.fromPretrained(copy.directory, { backend });
      equal(model.backend, backend);
      const hasHead = !name.endsWith("no_head");

      for (const [key, { tokenIds, tokenTypes, positions }] of Object.entries(golden.texts)) {
        const types = tokenTypes.includes(1) ? { tokenTypes } : {};
        const sequence = model.sequence(tokenIds, types);

        await t.step(`${key}: trace`, async () => {
          const states = ["hiddenStates", "attention", "activations"] as const;
          const capture = [...states, ...hasHead ? ["logits" as const] : []];
          const trace = await model.trace(sequence, { capture });
          for (const state of capture) {
            const { data, shape } = await golden.array(`${key}/${state}`);
            deepEqual(trace[state]!.shape, shape);
            close(trace[state]!.data, data, STATE_BOUND, `${key} ${state}`);
          }
        });

        for (const pooling of POOLINGS) {
          await t.step(`${key}: encode by ${pooling}`, async () => {
            const { vectors } = await model.encode([sequence], { pooling, normalize: false });
            const { data } = await golden.array(`${key}/embedding/${pooling}`);
            deepEqual(vectors.shape, [1, model.config.nEmbd]);
            close(vectors.data, data, BOUND, `${key} ${pooling}`);
          });
          const classifier = await golden.classifier(pooling);
          for (const definition of DEFINITIONS) {
            const { of: scalar, method, reduce } = definition;
            const path = `class/${pooling}/${scalar}/${method}/${reduce}`;
            await t.step(`${key}: ${path}`, async () => {
              const { scores } = await model.classSaliency(sequence, classifier, { ...definition, normalize: false });
              const { data, shape } = await golden.array(`${key}/${path}`);
              deepEqual(scores.shape, shape);
              close(scores.data, data, BOUND, `${key} ${path}`);
            });
          }
        }
        if (!hasHead) continue;

        await t.step(`${key}: fillMask of each position`, async () => {
          const { data: logits } = await golden.array(`${key}/masked/logits`);
          const V = model.config.vocabSize;
          for (const [n, position] of positions.entries()) {
            const masked = { ...sequence, tokenIds: tokenIds.with(position, golden.maskTokenId) };
            const { masks } = await model.fillMask(masked, { topK: V });
            deepEqual(masks.map((mask) => mask.position), [position]);
            const found = new Float32Array(V);
            masks[0]!.predictions.forEach(({ tokenId, logit }) => found[tokenId] = logit);
            close(found, logits.subarray(n * V, (n + 1) * V), STATE_BOUND, `${key} logits at ${position}`);
          }
        });
        for (const definition of DEFINITIONS) {
          const { of: scalar, method, reduce } = definition;
          const path = `saliency/${scalar}/${method}/${reduce}`;
          await t.step(`${key}: masked ${path}`, async () => {
            const options = { ...definition, positions, normalize: false };
            const { scores, targets } = await model.maskedSaliency(sequence, options);
            const { data, shape } = await golden.array(`${key}/${path}`);
            deepEqual(scores.shape, shape);
            deepEqual(targets.map(({ tokenId }) => tokenId), positions.map((position) => tokenIds[position]));
            close(scores.data, data, BOUND, `${key} ${path}`);
          });
        }
      }

      for (const pooling of POOLINGS) {
        await t.step(`encode by ${pooling} equals texts that were padded together`, async () => {
          const { vectors } = await model.encode(golden.batch, { pooling, normalize: false });
          const { data, shape } = await golden.array(`batch/${pooling}`);
          deepEqual(vectors.shape, shape);
          close(vectors.data, data, BOUND, pooling);
        });
      }
    });
  }
}
