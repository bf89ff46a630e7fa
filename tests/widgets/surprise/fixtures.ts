import type { Surprise } from "../../../src/ask/surprise.ts";
import type { Sequence } from "../../../src/model/sequence.ts";
import { KEYS, sequenceOf } from "../fixtures.ts";
import { generator, predictionsOf } from "../lens_fixtures.ts";

const RIVALS = sequenceOf([" of", " is", "\n", " was", ",", " the", "."], 1).tokens
  .map((token) => ({ ...token, id: token.id + 1000 }));

/** How much a text surprised; by default every token but the first. Perplexity and ranks fit the probabilities. */
export function surpriseOf(
  sequence: Sequence = KEYS,
  positions: readonly number[] = sequence.tokens.map((_, position) => position).slice(1),
  topK = 5,
): Surprise {
  const next = generator(9);
  const rows = positions.map((position) => {
    const token = sequence.tokens[position]!;
    const place = Math.floor(9 * next() ** 2);
    const best = 0.2 + 0.6 * next();
    const tokens = [...RIVALS.slice(0, place), token, ...RIVALS.slice(place)].slice(0, topK);
    const alternatives = predictionsOf(tokens, best);
    const own = alternatives.find(({ tokenId }) => tokenId === token.id);
    const logProb = Math.log(own?.probability ?? 0.02 * next() ** 3 + 1e-4);
    return { alternatives, logProb, rank: own?.rank ?? 40 + Math.floor(900 * next()), entropy: 0.6 + 4 * (1 - best) };
  });
  const shape = [rows.length];
  const logProbs = Float32Array.from(rows, ({ logProb }) => logProb);
  return {
    sequence,
    positions,
    logProbs: { data: logProbs, shape },
    entropies: { data: Float32Array.from(rows, ({ entropy }) => entropy), shape },
    ranks: { data: Int32Array.from(rows, ({ rank }) => rank), shape },
    alternatives: rows.map(({ alternatives }) => alternatives),
    perplexity: Math.exp(-logProbs.reduce((sum, value) => sum + value, 0) / rows.length),
  };
}
