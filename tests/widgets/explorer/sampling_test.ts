import { deepEqual, equal, ok } from "@std/assert";
import { LanguageModel } from "../../../mod.ts";
import {
  countLeft,
  decodeOptions,
  drawToken,
  OWN,
  type Settings,
  settledProbability,
  settledScores,
} from "../../../widgets/explorer/ui/sampling.ts";

const PROMPT = "The keys to the cabinet";
const SETTINGS: readonly Settings[] = [
  OWN,
  { temperature: 0, topK: 0, topP: 1 },
  { temperature: 0.7, topK: 0, topP: 1 },
  { temperature: 1, topK: 3, topP: 1 },
  { temperature: 1, topK: 0, topP: 0.6 },
  { temperature: 1.6, topK: 40, topP: 0.85 },
];

Deno.test("the settings of the page are the model's own: what is left, how likely it is, what is drawn", async (t) => {
  await using model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
  const { logits: { data: logits }, predictions } = await model.candidates(model.sequence(PROMPT));
  for (const settings of SETTINGS) {
    await t.step(JSON.stringify(settings), async () => {
      const scores = settledScores(logits, settings);
      const options = { ...decodeOptions(settings), candidates: 10 };
      for (const seed of [0, 1, 2, 3, 4]) {
        const { value } = await model.steps(PROMPT, { ...options, seed, maxNewTokens: 1 }).next();
        ok(value);
        equal(drawToken(logits, settings, seed), value.tokenId);
        const { possible = settings.temperature === 0 ? 1 : logits.length, candidates = undefined } = value.processed ??
          {};
        equal(countLeft(scores, settings), possible);
        for (const { tokenId, probability } of candidates ?? []) {
          ok(Math.abs(settledProbability(scores, tokenId, settings) - probability) < 1e-9);
        }
      }
    });
  }
  const greedy = { temperature: 0, topK: 0, topP: 1 };
  const likely = predictions.map(({ tokenId }) => settledProbability(settledScores(logits, greedy), tokenId, greedy));
  deepEqual(likely, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  ok(
    Math.abs(
      settledProbability(settledScores(logits, OWN), predictions[0]!.tokenId, OWN) - predictions[0]!.probability,
    ) < 1e-9,
  );
});
