/** Holds `deno task parity` to its bounds. */
import { deepEqual, equal, ok } from "@std/assert";
import { measureParity, readReference, type VariantName, VARIANTS } from "../../scripts/parity.ts";
import { NO_WEBGPU } from "../support/webgpu.ts";

/** The most that a number may differ from wasm's, as a share of the greatest of its kind. */
const BOUNDS: Readonly<Record<VariantName, number>> = {
  "native": 1e-5, // 6e-6 measured, of an activation
  "webgpu": 2e-5, // 7e-6 measured
  "native q8": 5e-2, // 2e-2 measured
};

/** The least share of places with the same best token: all in float32, 0.99 measured in 8 bits. */
const LEAST_AGREEMENT: Readonly<Record<VariantName, number>> = { "native": 1, "webgpu": 1, "native q8": 0.95 };

const reference = await readReference();

for (const name of Object.keys(VARIANTS) as VariantName[]) {
  Deno.test(`${name} agrees with wasm`, { ignore: name === "webgpu" && NO_WEBGPU }, async () => {
    const { argmaxAgreement, greedyAgreement, differences } = await measureParity(name, reference);
    for (const [kind, { difference, magnitude }] of Object.entries(differences)) {
      ok(difference <= BOUNDS[name] * magnitude, `${kind}: ${difference} > ${BOUNDS[name]} x ${magnitude}`);
    }
    const gradients = ["saliency, ecco", "saliency, captum"];
    const kinds = [
      "hiddenStates",
      "attention",
      "activations",
      "logits",
      "logit lens",
      "log-probabilities",
      "entropies",
    ];
    deepEqual(Object.keys(differences), name === "native q8" ? kinds : [...kinds, ...gradients]);
    ok(differences.hiddenStates!.difference > 0, "the same program was run twice");
    ok(argmaxAgreement >= LEAST_AGREEMENT[name], `${argmaxAgreement} of the best tokens are the same`);
    equal(greedyAgreement, 1);
  });
}
