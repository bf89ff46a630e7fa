import { deepEqual, equal, ok } from "@std/assert";
import { LanguageModel } from "../../../mod.ts";
import {
  decodeOptions,
  type DrawSettings,
  drawToken,
  OWN_SETTINGS,
  settledProbabilities,
} from "../../../src/ask/write/settled.ts";

const PROMPT = "The keys to the cabinet";
const SETTINGS: readonly DrawSettings[] = [
  OWN_SETTINGS,
  { temperature: 0, topK: 0, topP: 1 },
  { temperature: 0.7, topK: 0, topP: 1 },
  { temperature: 1, topK: 3, topP: 1 },
  { temperature: 1, topK: 0, topP: 0.6 },
  { temperature: 1.6, topK: 40, topP: 0.85 },
];

Deno.test("settings are the model's own: what is left, how likely it is, what is drawn", async (t) => {
  await using model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
  const { logits: { data: logits }, predictions } = await model.candidates(model.sequence(PROMPT));
  for (const settings of SETTINGS) {
    await t.step(JSON.stringify(settings), async () => {
      const { left, probability: settled } = settledProbabilities(logits, settings);
      const options = { ...decodeOptions(settings), candidates: 10 };
      for (const seed of [0, 1, 2, 3, 4]) {
        const { value } = await model.steps(PROMPT, { ...options, seed, maxNewTokens: 1 }).next();
        ok(value);
        equal(drawToken(logits, settings, seed), value.tokenId);
        const { possible = settings.temperature === 0 ? 1 : logits.length, candidates = undefined } = value.processed ??
          {};
        equal(left, possible);
        for (const { tokenId, probability } of candidates ?? []) {
          ok(Math.abs(settled(tokenId) - probability) < 1e-9);
        }
      }
    });
  }
  const greedy = settledProbabilities(logits, { temperature: 0, topK: 0, topP: 1 });
  deepEqual(predictions.map(({ tokenId }) => greedy.probability(tokenId)), [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  const { tokenId, probability } = predictions[0]!;
  ok(Math.abs(settledProbabilities(logits, OWN_SETTINGS).probability(tokenId) - probability) < 1e-9);
});
