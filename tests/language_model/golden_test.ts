import { deepEqual, equal, ok } from "@std/assert";
import { LanguageModel, type SaliencyOptions } from "../../mod.ts";
import { checkpointCopy, FAMILY_NAMES, GOLDEN_NAMES, maxAbsDifference, openGolden } from "../support/goldens.ts";
import { NO_WEBGPU } from "../support/webgpu.ts";

const STATE_BOUND = 1e-4;
const SALIENCY_BOUND = 1e-5;

const OF = ["probability", "logProb", "logit"] as const;
const METHODS = ["gradientXInput", "gradient"] as const;
const REDUCTIONS = ["l2", "sum"] as const;

/** Holds `actual` to `golden` within `bound`, absolutely and relative to the largest number where that is above 1. */
function close(actual: ArrayLike<number>, golden: ArrayLike<number>, bound: number, what: string): void {
  const scale = Math.max(1, ...Array.from(golden, Math.abs));
  const difference = maxAbsDifference(actual, golden);
  ok(difference <= bound * scale, `${what}: ${difference} > ${bound} x ${scale}`);
}

/** On webgpu, which is slow in software: many layers, half precision, and each way to read the logits. */
const WEBGPU_NAMES: readonly string[] = ["bf16", "f16", "gelu", "twelve_layers", "untied", "llama/grouped"];
/** Of these the long prompt too: software compiles the same programs for each length anew. */
const WEBGPU_LONG: readonly string[] = ["bf16", "llama/grouped"];

for (const backend of ["wasm", "native", "webgpu"] as const) {
  const ignore = backend === "webgpu" && NO_WEBGPU;
  for (const name of [...GOLDEN_NAMES, ...FAMILY_NAMES]) {
    if (backend === "webgpu" && !WEBGPU_NAMES.includes(name)) continue;
    const title = `LanguageModel on ${backend} equals Hugging Face and PyTorch on ${name}`;
    Deno.test(title, { ignore }, async (t) => {
      const golden = await openGolden(name);
      await using copy = await checkpointCopy(name);
      await using model = await LanguageModel.fromPretrained(copy.directory, { backend });
      equal(model.backend, backend);
      const eos = model.config.eosTokenIds;

      for (const [key, { tokenIds, promptLength, positions }] of Object.entries(golden.prompts)) {
        if (backend === "webgpu" && key === "long" && !WEBGPU_LONG.includes(name)) continue;
        const sequence = model.sequence(tokenIds, { promptLength });

        await t.step(`${key}: greedy continuation`, async () => {
          const maxNewTokens = tokenIds.length - promptLength;
          const generated = await model.generate(tokenIds.slice(0, promptLength), { maxNewTokens });
          // The oracle writes on after an end-of-text token.
          const end = tokenIds.findIndex((id, i) => i >= promptLength && eos.includes(id));
          deepEqual(generated.tokenIds, end < 0 ? tokenIds : tokenIds.slice(0, end + 1));
          equal(generated.promptLength, promptLength);
        });

        await t.step(`${key}: trace`, async () => {
          const capture = ["hiddenStates", "attention", "activations", "logits"] as const;
          const trace = await model.trace(sequence, { capture });
          for (const state of capture) {
            const { data, shape } = await golden.array(`${key}/${state}`);
            deepEqual(trace[state]!.shape, shape);
            close(trace[state]!.data, data, STATE_BOUND, `${key} ${state}`);
          }
        });

        for (const [i, scalar] of OF.entries()) {
          for (const [j, method] of METHODS.entries()) {
            for (const [k, reduce] of REDUCTIONS.entries()) {
              if (backend === "webgpu" && (i + j + k) % 2 > 0) continue; // every second, so that each output comes up
              await t.step(`${key}: saliency of ${scalar}, ${method}, ${reduce}`, async () => {
                const options: SaliencyOptions = { of: scalar, method, reduce, normalize: false, positions };
                const { scores } = await model.saliency(sequence, options);
                const { data, shape } = await golden.array(`${key}/saliency/${scalar}/${method}/${reduce}`);
                deepEqual(scores.shape, shape);
                close(scores.data, data, SALIENCY_BOUND, `${key} ${scalar} ${method} ${reduce}`);
              });
            }
          }
        }
      }
    });
  }
}
