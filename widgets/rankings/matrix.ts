/**
 * How tokens rank after each layer, as a matrix: layers down, tokens across.
 *
 * @module
 */
import type { Rankings } from "../../src/ask/lens/rankings.ts";
import type { Token } from "../../src/tokenizer/token.ts";
import { spelledResult } from "../kit/characters.ts";
import { placeWords } from "../kit/chips.ts";
import { shownValue } from "../kit/css.ts";
import { isSequence, nameOf } from "../kit/expect.ts";
import { expectLength, expectPosition, expectShape } from "../kit/expect_shape.ts";
import { spokenToken } from "../kit/glyphs.ts";
import { probabilityText, wholeText } from "../kit/quantities.ts";
import { rankCeiling } from "../kit/ranks.ts";
import { tokenName, wordToken } from "../kit/token_text.ts";

/** One ranked token. */
export interface RankingColumn {
  /** The token, when it is known. */
  readonly token: Token | undefined;
  /** The token and its place in words. */
  readonly words: string;
  /** The position that it is ranked for. */
  readonly position: number;
  /** Ranks after each layer. */
  readonly ranks: readonly number[];
  /** Probabilities after each layer. */
  readonly probabilities: readonly number[];
}

/** What is drawn. */
export interface RankingMatrix {
  /** What was given. */
  readonly rankings: Rankings;
  /** How many layers there are. */
  readonly layers: number;
  /** The ranked tokens. */
  readonly columns: readonly RankingColumn[];
  /** The end of the scale: a power of ten that no rank is above. */
  readonly ceiling: number;
}

function checkRankings(rankings: Rankings): void {
  const fields = (rankings ?? {}) as Partial<Rankings>;
  if (!isSequence(fields.sequence) || !Array.isArray(fields.positions) || fields.ranks?.data === undefined) {
    throw new TypeError(
      `Cannot draw ${nameOf(rankings)} as rankings; pass what await model.rankings() or model.rankingsWatch() returned`,
    );
  }
  const what = "the rankings";
  const { sequence, positions, tokenIds, ranks, probabilities, words } = rankings;
  const [layers = 0] = ranks.shape;
  if (positions.length === 0 || layers === 0) {
    throw new RangeError(`Cannot draw ${what} as there are none: the shape of the ranks is [${ranks.shape}]`);
  }
  expectShape({ what, field: "ranks" }, ranks, [layers, positions.length]);
  expectLength({ what, field: "tokenIds" }, tokenIds, positions.length);
  if (words !== undefined) expectLength({ what, field: "words" }, words, positions.length);
  expectShape({ what, field: "probabilities" }, probabilities, [layers, positions.length]);
  for (const position of positions) expectPosition(what, sequence, position, words !== undefined);
  const wrong = Array.from(ranks.data).find((rank) => !(Number.isInteger(rank) && rank >= 1));
  if (wrong !== undefined) {
    throw new RangeError(`Cannot draw ${what} as a rank is a whole number from 1, and one is ${shownValue(wrong)}`);
  }
}

function columnOf(rankings: Rankings, n: number, layers: number): RankingColumn {
  const { sequence, positions, ranks, probabilities, words } = rankings;
  const position = positions[n] ?? 0;
  const id = rankings.tokenIds[n];
  const there = sequence.tokens[position];
  const token = words ? wordToken(words[n]) : there?.id === id ? there : undefined;
  const said = token === undefined ? `token id ${id}` : spokenToken(token);
  const row = (data: ArrayLike<number>) =>
    Array.from({ length: layers }, (_, layer) => data[layer * positions.length + n] ?? NaN);
  return {
    token,
    words: words || token === undefined
      ? `${said}, as ${tokenName(sequence, position)}`
      : placeWords(sequence, position),
    position,
    ranks: row(ranks.data),
    probabilities: probabilities && row(probabilities.data),
  };
}

/**
 * What is to be drawn.
 *
 * @param given What was computed.
 * @returns The matrix, checked.
 * @throws {TypeError | RangeError} When the rankings are none, or their parts do not fit each other.
 */
export function rankingMatrix(given: Rankings): RankingMatrix {
  checkRankings(given);
  const rankings = spelledResult(given);
  const layers = rankings.ranks.shape[0] ?? 0;
  const data: ArrayLike<number> = rankings.ranks.data;
  const columns = rankings.positions.map((_, n) => columnOf(rankings, n, layers));
  return { rankings, layers, columns, ceiling: rankCeiling(data) };
}

/** `rank 12, probability 0.3%`. */
export function rankWords(column: RankingColumn, layer: number): string {
  const rank = `rank ${wholeText(column.ranks[layer] ?? NaN)}`;
  return `${rank}, probability ${probabilityText(column.probabilities[layer] ?? NaN)}`;
}

/** The first layer from which the token stays the most likely one to the end, if there is one. */
export function settledAt({ ranks }: RankingColumn): number | undefined {
  const layer = ranks.findLastIndex((rank) => rank !== 1) + 1;
  return layer < ranks.length ? layer : undefined;
}
