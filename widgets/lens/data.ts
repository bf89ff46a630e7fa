/**
 * The lens over a whole text as cells: layers down, positions across.
 *
 * @module
 */
import type { Lens } from "../../src/ask/lens/lens.ts";
import type { Token } from "../../src/tokenizer/token.ts";
import { spelledAt } from "../kit/characters.ts";
import { shownValue } from "../kit/css.ts";
import { isSequence, nameOf } from "../kit/expect.ts";
import { expectLength, expectPosition, expectShape } from "../kit/expect_shape.ts";
import { informationText, type InformationUnit, normWords, probabilityText, wholeText } from "../kit/quantities.ts";
import { probabilityShare } from "../kit/ramp.ts";
import { rankCeiling, rankShare } from "../kit/ranks.ts";
import { tokenLabel } from "../kit/token_text.ts";

/**
 * What the colour of a cell says: the probability of the layer's likeliest token, or the rank or the surprise of the token
 * that the text has there.
 */
export type LensColour = "probability" | "rank" | "surprise";

/** All of them, in the order in which they are offered. */
export const COLOURS: readonly LensColour[] = ["probability", "rank", "surprise"];

/** What one layer predicts at one position. */
export interface LensCell {
  /** The likeliest token as a label. */
  readonly word: string;
  readonly probability: number;
  /** Whether that is the ranked token. */
  readonly right: boolean;
  readonly rank: number;
  /** In nats. */
  readonly surprise: number;
  /** In nats. */
  readonly entropy: number;
  /** In nats. */
  readonly divergence: number;
}

/** One position. */
export interface LensColumn {
  readonly position: number;
  /** The ranked token, when it is known. */
  readonly token: Token | undefined;
  /** The ranked token as a label. */
  readonly word: string;
  /** The first layer first. */
  readonly cells: readonly LensCell[];
}

/** What is drawn. */
export interface LensTable {
  readonly lens: Lens;
  readonly layers: number;
  readonly columns: readonly LensColumn[];
  /** The end of the scale of ranks. */
  readonly ceiling: number;
  /** The largest surprise that is a number, in nats; 1 when there is none. */
  readonly largest: number;
}

/** The columns of a word in a cell. */
const WORD = 10;

function checkLens(lens: Lens): void {
  const fields = (lens ?? {}) as Partial<Lens>;
  if (!isSequence(fields.sequence) || !Array.isArray(fields.positions) || !fields.best?.data) {
    throw new TypeError(`Cannot draw ${nameOf(lens)} as a lens; pass what await model.lens(sequence) returned`);
  }
  const what = "the lens";
  const { sequence, positions, tokenIds, tokens, best, ranks } = lens;
  const [layers = 0] = Array.isArray(best.shape) ? best.shape : [];
  if (positions.length === 0 || !(layers > 0)) {
    throw new RangeError(`Cannot draw ${what} as it is empty: the shape of the best tokens is [${best.shape}]`);
  }
  if (!Array.isArray(tokens)) throw new TypeError(`Cannot draw ${what} as tokens are no list: ${nameOf(tokens)}`);
  for (const field of ["best", "bestProbabilities", "ranks", "logProbs", "entropies", "divergences"] as const) {
    expectShape({ what, field }, lens[field], [layers, positions.length]);
  }
  expectLength({ what, field: "tokenIds" }, tokenIds, positions.length);
  for (const position of positions) expectPosition(what, sequence, position, true);
  const wrong = Array.from(ranks.data).find((rank) => !(Number.isInteger(rank) && rank >= 1));
  if (wrong !== undefined) {
    throw new RangeError(`Cannot draw ${what} as a rank is a whole number from 1, and one is ${shownValue(wrong)}`);
  }
}

/**
 * What is to be drawn.
 *
 * @throws {TypeError | RangeError} When the lens is none, or its parts do not fit each other.
 */
export function lensTable(lens: Lens): LensTable {
  checkLens(lens);
  const { positions, tokenIds, best, bestProbabilities, ranks, logProbs, entropies, divergences } = lens;
  const tokenOf = new Map(lens.tokens.map((token) => [token.id, token]));
  const labels = new Map<number, string>();
  const tokenAt = (id: number, position: number) => {
    const token = tokenOf.get(id);
    return token && spelledAt(lens.sequence, position, token);
  };
  const labelOf = (id: number, position: number) => {
    const token = tokenAt(id, position);
    if (token !== tokenOf.get(id)) return tokenLabel(token!, WORD);
    const label = labels.get(id) ?? (token === undefined ? `id ${id}` : tokenLabel(token, WORD));
    labels.set(id, label);
    return label;
  };
  const [layers = 0] = best.shape;
  const N = positions.length;
  const columns = positions.map((position, n): LensColumn => ({
    position,
    token: tokenAt(tokenIds[n]!, position),
    word: labelOf(tokenIds[n]!, position),
    cells: Array.from({ length: layers }, (_, layer) => {
      const i = layer * N + n;
      return {
        ...{ word: labelOf(best.data[i]!, position), probability: bestProbabilities.data[i]! },
        ...{ right: best.data[i] === tokenIds[n], rank: ranks.data[i]!, surprise: 0 - logProbs.data[i]! },
        ...{ entropy: entropies.data[i]!, divergence: divergences.data[i]! },
      };
    }),
  }));
  const surprises = columns.flatMap(({ cells }) => cells.map(({ surprise }) => surprise)).filter(Number.isFinite);
  const largest = surprises.reduce((most, one) => Math.max(most, one), 0) || 1;
  return { lens, layers, columns, ceiling: rankCeiling(ranks.data), largest };
}

/** How strong the colour of a cell is, from 0 to 1. */
export function cellShare({ ceiling, largest }: LensTable, cell: LensCell, colour: LensColour): number {
  if (colour === "probability") return probabilityShare(cell.probability) || 0;
  if (colour === "rank") return rankShare(cell.rank, ceiling);
  return Math.max(0, Math.min(1, cell.surprise / largest)) || 0;
}

/** Where a column stands, in words: `token 5, “are”`, or the next token. */
export function columnWords({ lens: { sequence } }: LensTable, { position, word }: LensColumn): string {
  const here = position === sequence.tokens.length;
  return here ? `the next token, of which the model prefers ${word}` : `token ${position}, which is ${word}`;
}

/** What a cell says, line by line. */
export function cellWords(cell: LensCell, layer: number, word: string, unit: InformationUnit): string[] {
  return [
    `layer ${layer}: ${cell.word}, probability ${probabilityText(cell.probability)}`,
    `${word}: rank ${wholeText(cell.rank)}, surprise ${informationText(cell.surprise, unit)} ${unit}`,
    `entropy ${informationText(cell.entropy, unit)} ${unit}, KL to the output ${
      informationText(cell.divergence, unit)
    } ${unit}`,
  ];
}

/** What was computed, in one line. */
export function lensDefinition({ lens: { norm }, layers }: LensTable): string {
  return `The likeliest token of each of ${layers} layers at each position; ${normWords(norm)}.`;
}

/** What a frame means. */
export function frameWords({ lens: { positions, sequence } }: LensTable): string {
  const next = positions.includes(sequence.tokens.length);
  return `Framed: the token that the text has there${next ? ", or for the next one what the model prefers" : ""}.`;
}

/** What the colour says, in words. */
export function colourWords(colour: LensColour, unit: InformationUnit): string {
  if (colour === "probability") return "Probability of the word in the cell:";
  if (colour === "rank") return "Rank of the text’s token, 1 is the most likely:";
  return `Surprise about the text’s token (${unit}):`;
}
