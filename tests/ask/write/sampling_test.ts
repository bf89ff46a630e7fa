import { equal } from "@std/assert";
import { createSampler, type SamplingOptions } from "../../../src/ask/write/sampling.ts";
import { createProcessors } from "../../../src/ask/write/scores/processors.ts";
import { createRandom } from "../../../src/base/random.ts";

/** A draw as it is defined: all scores sorted, cut by top-k, by top-p, where greater ids go first, and laid end to end. */
function drawn(logits: Float32Array, { temperature = 1, topK, topP = 1 }: SamplingOptions, lot: number) {
  const scores = logits.map((logit) => logit / Math.fround(temperature));
  const max = Math.max(...scores);
  const weightOf = (id: number) => Math.exp(scores[id]! - max);
  const sorted = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || b - a);
  const least = scores[sorted[Math.min(topK ?? Infinity, sorted.length) - 1]!]!;
  const among = sorted.filter((id) => scores[id]! >= least);
  const share = topP * among.reduce((sum, id) => sum + weightOf(id), 0);
  let reached = 0;
  const kept = new Set(topP === 1 ? among : among.filter((id) => reached < share && (reached += weightOf(id)) > 0));
  const weights = [...scores.keys()].map((id) => kept.has(id) ? weightOf(id) : 0);
  let rest = lot * weights.reduce((sum, weight) => sum + weight, 0);
  return weights.findIndex((weight) => weight > 0 && (rest -= weight) < 0);
}

const context = (vocabSize: number) => ({ prompt: [], end: 9, eosTokenIds: [], vocabSize });

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
          const scores = createProcessors(options, context(size))?.([], logits) ?? logits;
          for (let draw = 0; draw < 8; ++draw) equal(sample(scores), drawn(logits, options, lots()));
        }
      }
    }
  });
}
