import { equal } from "@std/assert";
import type { SaliencyDefinition } from "../../../src/ask/saliency/definition.ts";
import { definitionLine } from "../../../widgets/saliency/rows.ts";
import { CAPTUM, LIT, saliencyOf, sequenceOf } from "../fixtures.ts";

const SEQUENCE = sequenceOf(["The", " keys", " are"], 1);
const { tokens, tokenIds } = sequenceOf([" is"], 1);
const contrast = { text: " is", tokenIds, tokens };

const LINES: readonly (readonly [SaliencyDefinition, string])[] = [
  [
    { ...CAPTUM, method: "integratedGradients", steps: 50, baseline: "zero" },
    "Integrated gradients (50 steps from zero) of the log-probability of each explained token, " +
    "signed sum over the embedding, not normalised · Σ x ⊙ ∫ ∂log p/∂x · preset “captum”",
  ],
  [
    { ...CAPTUM, of: "logit", contrast },
    "Gradient × input of the logit of each explained token rather than “ is”, " +
    "signed sum over the embedding, not normalised · Σ ∂(logit − logit′)/∂x ⊙ x · preset “captum”",
  ],
  [
    { ...LIT, contrast },
    "Gradient of the cross-entropy of all 2 explained tokens together rather than “ is”, " +
    "L2 norm over the embedding, not normalised · ‖∂Σ(logit − logit′)/∂x‖₂ · preset “lit”",
  ],
];

for (const [definition, line] of LINES) {
  Deno.test(`definitionLine() says: ${line.slice(0, 70)}`, () => {
    equal(definitionLine(saliencyOf(SEQUENCE, definition)), line);
  });
}
