/** `prepack: true` says the same as Hugging Face, PyTorch, and a model that does not prepack. */
import { deepEqual, equal, ok } from "@std/assert";
import { LanguageModel } from "../../mod.ts";
import { counted } from "../support/counted.ts";
import { checkpointCopy, FAMILY_NAMES, GOLDEN_NAMES, maxAbsDifference, openGolden } from "../support/goldens.ts";

const SALIENCY_BOUND = 1e-5;
const BOUND = 1e-5;

const NAMES = counted(
  [...GOLDEN_NAMES, ...FAMILY_NAMES].filter((name) =>
    /^(f32|f16|untied|.+\/.*(grouped|parallel|pre_norm))$/.test(name)
  ),
  6,
);

for (const backend of ["native", "wasm"] as const) {
  for (const name of NAMES) {
    Deno.test(`prepack on ${backend} equals Hugging Face and PyTorch on ${name}`, async () => {
      const golden = await openGolden(name);
      await using copy = await checkpointCopy(name);
      const cacheDir = `${copy.directory}/hub`;
      await using model = await LanguageModel.fromPretrained(copy.directory, { backend, prepack: true, cacheDir });
      await using plain = await LanguageModel.fromPretrained(copy.directory, { backend, prepack: false });
      for (const [key, { tokenIds, promptLength, positions }] of Object.entries(golden.prompts)) {
        const sequence = model.sequence(tokenIds, { promptLength });
        const written = await model.generate(tokenIds.slice(0, promptLength), {
          maxNewTokens: tokenIds.length - promptLength,
        });
        deepEqual(written.tokenIds, tokenIds.slice(0, written.tokenIds.length));
        const { scores } = await model.saliency(sequence, { of: "logProb", reduce: "l2", normalize: false, positions });
        const { data, shape } = await golden.array(`${key}/saliency/logProb/gradientXInput/l2`);
        deepEqual(scores.shape, shape);
        const scale = Math.max(1, ...data.map(Math.abs));
        ok(maxAbsDifference(scores.data, data) <= SALIENCY_BOUND * scale, key);

        const [lens, plainLens] = await Promise.all([model, plain].map((one) => one.rankings(sequence)));
        deepEqual(lens!.ranks.data, plainLens!.ranks.data);
        const capture = ["hiddenStates", "logits"] as const;
        const [seen, plainSeen] = await Promise.all([model, plain].map((one) => one.trace(sequence, { capture })));
        for (const state of capture) {
          const [own, other] = [seen![state]!.data, plainSeen![state]!.data];
          const greatest = other.reduce((most, number) => Math.max(most, Math.abs(number)), 1);
          ok(maxAbsDifference(own, other) <= BOUND * greatest, `${key} ${state}`);
        }
      }
      equal(model.backend, backend);
    });
  }
}
