import { equal } from "@std/assert";
import { createRandom, createSampler, type SamplingOptions } from "../../src/lm/sampling.ts";

/** A draw as it is defined: all scores sorted, cut by top-k, then by top-p, and laid end to end by index. */
function drawn(logits: Float32Array, { temperature = 1, topK = Infinity, topP = 1 }: SamplingOptions, lot: number) {
  const max = Math.max(...logits);
  const weightOf = (logit: number) => Math.exp((logit - max) / temperature);
  const sorted = [...logits].sort((a, b) => b - a).slice(0, topK);
  const share = topP * sorted.reduce((sum, logit) => sum + weightOf(logit), 0);
  let reached = 0;
  const least = topP === 1 ? sorted.at(-1)! : sorted.find((logit) => (reached += weightOf(logit)) >= share)!;
  const weights = [...logits].map((logit) => logit >= least ? weightOf(logit) : 0);
  let rest = lot * weights.reduce((sum, weight) => sum + weight, 0);
  return weights.findIndex((weight) => weight > 0 && (rest -= weight) < 0);
}

const CASES: readonly SamplingOptions[] = [
  { temperature: 0.7 },
  { topK: 1 },
  { topK: 5 },
  { topK: 300 },
  { topK: 1000 },
  { topP: 0.3 },
  { topP: 0.95 },
  { topP: 0.999 },
  { topP: 0.5, temperature: 20 },
  { topK: 40, topP: 0.6, temperature: 1.3 },
];

for (const options of CASES) {
  Deno.test(`createSampler(${JSON.stringify(options)}) draws what sorting all scores would draw`, () => {
    const random = createRandom(3);
    for (const size of [1, 2, 97, 1000]) {
      for (const width of [0, 0.01, 2, 12, 300]) { // all equal, nearly flat, ..., one far above the rest
        for (const step of [0, 0.5]) { // with 0.5 many scores are equal
          const round = (score: number) => step === 0 ? score : Math.round(score / step) * step;
          const logits = Float32Array.from({ length: size }, () => round(width * (random() + random() - 1)) - 7);
          const [sample, lots] = [createSampler({ ...options, seed: 11 }), createRandom(11)];
          for (let draw = 0; draw < 8; ++draw) equal(sample(logits), drawn(logits, options, lots()));
        }
      }
    }
  });
}
