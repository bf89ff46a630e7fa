import type { LayerPrediction, LayerPredictions } from "../../src/ask/lens/layer_predictions.ts";
import type { Lens } from "../../src/ask/lens/lens.ts";
import type { Rankings } from "../../src/ask/lens/rankings.ts";
import type { LensNorm } from "../../src/ask/lens/reading.ts";
import type { Prediction } from "../../src/ask/prediction.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import type { Token } from "../../src/tokenizer/token.ts";
import { KEYS, sequenceOf } from "./fixtures.ts";

/** Numbers from 0 to 1 that are the same everywhere. */
export function generator(seed = 7): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}

/** Emoji of several code points, wide and right-to-left scripts, and a combining mark. */
export const SCRIPTS: Sequence = sequenceOf(
  ["Hello", " 世界", "一二三四五六七八九十", " سلام", " עולם", " 👩‍👩‍👧‍👦", " e\u0301te\u0301", " ไทย", " हिन्दी", "!"],
  4,
);

/** The token that tries to leave its place. */
export const INJECTION = "</script><img src=x onerror=alert(1)>";

/** An Injection at each place of a text, as the explained token too. */
export const INJECTED: Sequence = sequenceOf(
  [INJECTION, ` "'${INJECTION}`, INJECTION, " --s0:9;}</style>", INJECTION],
  2,
);

/** A text of many tokens. */
export function longSequence(count: number, promptLength = 1): Sequence {
  return sequenceOf(Array.from({ length: count }, (_, i) => i % 40 === 39 ? "\n" : ` word${i}`), promptLength);
}

/** Ranks that come down from about `worst` to 1 or a little more, after as many layers. */
export function rankingsOf(
  sequence: Sequence,
  layers = 6,
  { worst = 5000, norm = "final" as LensNorm, positions = range(Math.max(1, sequence.promptLength), sequence) } = {},
): Rankings {
  const next = generator(11);
  const count = positions.length;
  const ranks = new Int32Array(layers * count);
  const probabilities = new Float32Array(layers * count);
  for (let n = 0; n < count; ++n) {
    const speed = 0.6 + 1.2 * next();
    for (let layer = 0; layer < layers; ++layer) {
      const left = Math.max(0, 1 - speed * layer / Math.max(1, layers - 1)) * (0.7 + 0.3 * next());
      const rank = Math.max(1, Math.round(worst ** left));
      ranks[layer * count + n] = rank;
      probabilities[layer * count + n] = 0.62 / rank ** 1.1;
    }
  }
  const shape = [layers, count];
  return {
    sequence,
    positions,
    tokenIds: positions.map((position) => sequence.tokenIds[position] ?? 0),
    ranks: { data: ranks, shape },
    probabilities: { data: probabilities, shape },
    entropies: { data: probabilities.map((p) => 2 + 3 * (1 - p)), shape },
    divergences: { data: probabilities.map((p) => 4 * (0.62 - p)), shape },
    norm,
  };
}

function range(start: number, { tokens }: Sequence): number[] {
  return tokens.map((_, position) => position).slice(start);
}

/** Words that are watched in the place of one token. */
export function watchedOf(
  sequence: Sequence = KEYS,
  position = 5,
  words: readonly (readonly string[])[] = [[" are"], [" is"], [" were"], [" cab", "inets"]],
): Rankings {
  const all = words.map((parts) => {
    const { tokens, tokenIds, text } = sequenceOf(parts, parts.length);
    return { text, tokens, tokenIds };
  });
  const positions = all.map(() => position);
  return {
    ...rankingsOf(sequence, 6, { positions }),
    tokenIds: all.map(({ tokenIds }) => tokenIds[0] ?? 0),
    words: all,
  };
}

/** Predictions of these tokens with falling probabilities; the first has `best`. */
export function predictionsOf(tokens: readonly Token[], best = 0.5): Prediction[] {
  return tokens.map((token, i) => {
    const probability = best * (1 - best) ** i;
    return { tokenId: token.id, token, probability, logit: 12 + Math.log(probability), rank: i + 1 };
  });
}

export interface LayerFixture {
  readonly layers?: number;
  readonly topK?: number;
  readonly norm?: LensNorm;
  readonly position?: number;
  /** Whether each layer is read after its attention too. */
  readonly halves?: boolean;
}

const RIVALS = [" of", " is", " the", " was", " were", "s", " that", " to", " and", ",", ".", " has", " on", " had"];

/** What comes next, where the text has nothing yet. */
const NEXT: Token = { ...sequenceOf([" next"], 1).tokens[0]!, id: 5000 };

/** Predictions in which the token of the text rises to the first place. */
export function layerPredictionsOf(sequence: Sequence = KEYS, options: LayerFixture = {}): LayerPredictions {
  const { layers = 6, topK = 5, norm = "final", halves = false } = options;
  const position = options.position ?? Math.max(1, sequence.promptLength);
  const chosen = sequence.tokens[position] ?? (position === sequence.tokens.length ? NEXT : undefined);
  if (chosen === undefined) throw new RangeError(`position ${position}`);
  const next = generator(3);
  const rivals = sequenceOf(Array.from({ length: topK + 4 }, (_, i) => RIVALS[i] ?? ` rival${i}`), 1).tokens
    .map((token) => ({ ...token, id: token.id + 1000 }));
  const rows = layers * (halves ? 2 : 1);
  const all = Array.from({ length: rows }, (_, row): LayerPrediction => {
    const progress = rows === 1 ? 1 : row / (rows - 1);
    const place = Math.round((1 - progress) ** 1.5 * (topK + 2));
    const start = Math.floor(next() * 3);
    const others = [...rivals.slice(start), ...rivals.slice(0, start)].slice(0, topK);
    const tokens = [...others.slice(0, place), ...(place < topK ? [chosen] : []), ...others.slice(place)].slice(
      0,
      topK,
    );
    const last = row === rows - 1;
    return {
      layer: halves ? Math.floor(row / 2) : row,
      after: halves && row % 2 === 0 ? "attention" : "block",
      predictions: predictionsOf(tokens, 0.12 + 0.7 * progress * next()),
      entropy: 6.5 - 4.4 * progress,
      divergence: last ? 0 : 7.1 * (1 - progress) ** 1.3,
    };
  });
  return { sequence, position, norm, layers: all };
}

/** A lens over a text, in which the token of the text rises to the first place at some positions. */
export function lensOf(sequence: Sequence = KEYS, layers = 6, norm: LensNorm = "final"): Lens {
  const next = generator(5);
  const T = sequence.tokens.length;
  const positions = sequence.tokens.map((_, before) => before + 1);
  const rivals = sequenceOf(RIVALS, 1).tokens.map((token) => ({ ...token, id: token.id + 1000 }));
  const tokenIds = positions.map((position) => position === T ? NEXT.id : sequence.tokenIds[position]!);
  const [best, ranks] = [new Int32Array(layers * T), new Int32Array(layers * T)];
  const [bestProbabilities, logProbs] = [new Float32Array(layers * T), new Float32Array(layers * T)];
  for (let i = 0; i < layers * T; ++i) {
    const progress = layers === 1 ? 1 : Math.floor(i / T) / (layers - 1);
    const found = i === layers * T - 1 || next() < progress * 0.8;
    const p = 0.1 + 0.8 * progress * next();
    best[i] = found ? tokenIds[i % T]! : rivals[Math.floor(next() * rivals.length)]!.id;
    ranks[i] = found ? 1 : 2 + Math.floor(next() ** 3 * 900);
    bestProbabilities[i] = p;
    logProbs[i] = Math.log(found ? p : p / (1 + ranks[i]!));
  }
  const shape = [layers, T];
  const tokens = [...sequence.tokens, ...rivals, NEXT].map((token, i) =>
    i < T ? { ...token, id: sequence.tokenIds[i]! } : token
  );
  const spelled = new Map(tokens.map((token) => [token.id, token]));
  return {
    ...{ sequence, positions, tokenIds, norm },
    best: { data: best, shape },
    bestProbabilities: { data: bestProbabilities, shape },
    tokens: [...spelled.values()].sort((a, b) => a.id - b.id),
    ranks: { data: ranks, shape },
    logProbs: { data: logProbs, shape },
    entropies: { data: bestProbabilities.map((p) => 6 * (1 - p)), shape },
    divergences: { data: bestProbabilities.map((p, i) => i < (layers - 1) * T ? 5 * (1 - p) : 0), shape },
  };
}
