import type { Step } from "../../../src/ask/write/step.ts";
import type { Sequence } from "../../../src/model/sequence.ts";
import { KEYS, sequenceOf } from "../fixtures.ts";
import { generator, predictionsOf } from "../lens_fixtures.ts";

const RIVALS = sequenceOf([" of", " is", "\n", " was", ",", " the", "."], 1).tokens
  .map((token) => ({ ...token, id: token.id + 1000 }));

/** A step for each token after the prompt; most are the likeliest candidate, some are none of them. */
export function stepsOf(sequence: Sequence = KEYS, candidates = 5): Step[] {
  const next = generator(5);
  return sequence.tokens.slice(sequence.promptLength).map((token, i): Step => {
    const best = 0.15 + 0.7 * next();
    const place = i % 4 === 3 ? candidates : i % 3;
    const tokens = [...RIVALS.slice(0, place), token, ...RIVALS.slice(place)].slice(0, candidates);
    const predictions = predictionsOf(tokens, best);
    const own = predictions.find(({ tokenId }) => tokenId === token.id);
    const logits = Float32Array.from({ length: token.id + 20 }, (_, id) => id === token.id ? 1 : id % 17 === 0 ? 2 : 0);
    return {
      position: sequence.promptLength + i,
      tokenId: token.id,
      token,
      logProb: Math.log(own?.probability ?? 0.004),
      candidates: predictions,
      logits,
    };
  });
}

/** The prompt of a sequence alone. */
export function promptOf(sequence: Sequence): Sequence {
  const tokens = sequence.tokens.slice(0, sequence.promptLength);
  return {
    tokens,
    tokenIds: tokens.map(({ id }) => id),
    promptLength: tokens.length,
    text: tokens.map(({ text }) => text).join(""),
  };
}
