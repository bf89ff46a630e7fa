/**
 * What an attention view shows of a trace: every head as a thumbnail, and the heads and tokens that can be opened.
 *
 * @module
 */
import type { HeadScores } from "../../src/analysis/attention.ts";
import type { Trace, TraceOptions } from "../../src/ask/trace/trace.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import { spelled } from "../kit/characters.ts";
import { expectAttention } from "../kit/expect.ts";
import { layerIndex, layersAround, type LookedAt, recordedLayers, strongestWeights } from "../kit/layers.ts";
import { counted } from "../kit/numbers.ts";

/** What live attention asks: a `LanguageModel`. */
export interface AttentionModel {
  /** Cuts a text into tokens. */
  sequence(text: string): Sequence;
  /** Records where its heads look. */
  trace(sequence: Sequence, options?: TraceOptions): Promise<Trace>;
}

/** How the attention of a model is shown. */
export interface AttentionViewOptions {
  /**
   * The 0-based index of the layer whose head is shown at first; by default the first that was recorded.
   */
  readonly layer?: number;
  /**
   * The 0-based index of the head that is shown at first.
   *
   * @default {0}
   */
  readonly head?: number;
  /** What the heads look at, to name the strongest role of each. */
  readonly scores?: HeadScores;
  /**
   * The first of the up to 48 tokens that the matrix shows of a longer text; by default it shows the last ones.
   */
  readonly start?: number;
  /** The title of a saved page. */
  readonly title?: string;
  /** The model that is asked again when somebody edits the text, in a notebook whose kernel runs. */
  readonly live?: AttentionModel;
}

/** The most tokens in a matrix, and the most weights in a page; `data` keeps all. */
const MOST_TOKENS = 48;
const MOST_WEIGHTS = 36_000;

/** Smaller weights are left out of a page, in percent. */
export const LEAST_WEIGHT = 2;

/** The attention of one head: `weight(query, key)`. */
export type HeadWeights = (query: number, key: number) => number;

/** What is drawn. */
export interface AttentionShown {
  readonly sequence: Sequence;
  /** L. */
  readonly layers: number;
  /** The layer that each index from 0 to L-1 stands for: all, unless the trace recorded some. */
  readonly blocks: readonly number[];
  /** H. */
  readonly heads: number;
  /** T. */
  readonly length: number;
  /** The tokens in the matrix: from `start` to before `end`. */
  readonly start: number;
  readonly end: number;
  /** The index of the layer shown at first, and the head. */
  readonly layer: number;
  readonly head: number;
  /** The indices of the layers whose heads can be opened, in order. */
  readonly open: readonly number[];
  readonly scores: HeadScores | undefined;
  /** Whether these are no heads, but what has mixed after each layer. */
  readonly rollout: boolean;
  /** Whether tokens look at later ones too, as those of encoders do. */
  readonly both: boolean;
  readonly weights: (layer: number, head: number) => HeadWeights;
}

function checkIndex(name: string, value: number, count: number): void {
  if (Number.isInteger(value) && value >= 0 && value < count) return;
  throw new RangeError(`Cannot show ${name} ${value} as the trace holds ${counted(count, name)}, counted from 0`);
}

function checkShape(trace: Trace): readonly [number, number, number] {
  const { shape, data } = expectAttention(trace);
  const [layers = 0, heads = 0, length = 0] = shape;
  const T = trace.sequence.tokens.length;
  if (shape.length !== 4 || length !== T || shape[3] !== T || T === 0 || data.length !== layers * heads * T * T) {
    throw new RangeError(
      `Cannot draw the attention of ${counted(T, "token")} as its shape must be [L,H,${T},${T}]: ` +
        `[${shape}] with ${counted(data.length, "number")}`,
    );
  }
  return [layers, heads, T];
}

function checkScores(scores: HeadScores | undefined, layers: number, heads: number): void {
  if (scores === undefined) return;
  if (scores instanceof Promise) {
    throw new TypeError("Cannot name the heads by a promise; pass what await headScores() returned");
  }
  for (const role of ROLES) {
    const shape = scores[role.key]?.shape ?? [];
    if (shape.join() === `${layers},${heads}`) continue;
    throw new RangeError(
      `Cannot name the heads as scores.${role.key} must be of shape [${layers},${heads}]: [${shape}]`,
    );
  }
}

/**
 * Checks a trace and decides what of it is shown.
 *
 * @throws {TypeError} When it is no trace, or one without attention.
 * @throws {RangeError} When a shape does not fit, or an option is out of range.
 */
export function attentionShown(trace: Trace, options: AttentionViewOptions): AttentionShown {
  const [layers, heads, length] = checkShape(trace);
  const blocks = recordedLayers("attention", trace, layers);
  const { layer: block = blocks[0], head = 0, scores } = options;
  const layer = layerIndex(blocks, block);
  checkIndex("head", head, heads);
  checkScores(scores, layers, heads);
  const data = trace.attention?.data ?? [];
  const both = looksBothWays(data, layers * heads, length);
  const fitting = both
    ? Math.floor(Math.sqrt(MOST_WEIGHTS / heads))
    : Math.floor((Math.sqrt(1 + 8 * MOST_WEIGHTS / heads) - 1) / 2);
  const tokens = Math.max(1, Math.min(length, MOST_TOKENS, fitting));
  if (options.start !== undefined) checkIndex("token", options.start, length);
  const start = Math.min(options.start ?? Infinity, length - tokens);
  const pairs = both ? tokens ** 2 : tokens * (tokens + 1) / 2;
  return {
    sequence: spelled(trace.sequence),
    layers,
    blocks,
    heads,
    length,
    start,
    end: start + tokens,
    layer,
    head,
    open: layersAround(layer, layers, Math.floor(MOST_WEIGHTS / (heads * pairs))),
    scores,
    rollout: false,
    both,
    weights: (layer, head) => {
      const offset = (layer * heads + head) * length * length;
      return (query, key) => data[offset + query * length + key] ?? 0;
    },
  };
}

/** The attention of a token to all tokens before one. */
export function earlierWeight(weight: HeadWeights, start: number, query: number): number {
  let sum = 0;
  for (let key = 0; key < start; ++key) sum += weight(query, key);
  return sum;
}

/** Whether some first token looks at what follows it; where tokens see nothing after themselves, that is exactly 0. */
function looksBothWays(data: ArrayLike<number>, maps: number, length: number): boolean {
  return Array.from({ length: maps }, (_, map) => map * length ** 2)
    .some((offset) => Array.from({ length: length - 1 }, (_, i) => data[offset + 1 + i] ?? 0).some((one) => one > 0));
}

/** The last token that a token can look at, of those before `end`. */
export function lastKey({ both, end }: AttentionShown, query: number, before: number = end): number {
  return both ? before - 1 : query;
}

/** The tokens that a token attends to most, strongest first; weights below a half percent are left out. */
export function strongestKeys(
  shown: AttentionShown,
  weight: HeadWeights,
  query: number,
  count: number,
): LookedAt[] {
  return strongestWeights(lastKey(shown, query, shown.length) + 1, (key) => weight(query, key), count);
}

const ROLES = [
  { key: "previousToken", letter: "P", name: "the previous token" },
  { key: "firstToken", letter: "F", name: "the first token" },
  { key: "duplicateToken", letter: "D", name: "earlier occurrences of the same token" },
  { key: "induction", letter: "I", name: "what followed the same token before (induction)" },
] as const;

/** Below this a head has no role. */
const LEAST_SCORE = 0.3;

/** What a head looks at most. */
export interface HeadRole {
  readonly letter: string;
  readonly name: string;
  readonly score: number;
}

/** The strongest role of a head. */
export function roleOf({ scores, heads }: AttentionShown, layer: number, head: number): HeadRole | undefined {
  if (scores === undefined) return undefined;
  const all = ROLES.map(({ key, letter, name }) => ({
    letter,
    name,
    score: scores[key].data[layer * heads + head] || 0,
  }));
  const best = all.reduce((most, one) => one.score > most.score ? one : most);
  return best.score >= LEAST_SCORE ? best : undefined;
}

/** What the letters of the roles mean. */
export function rolesNote(): string {
  const roles = ROLES.map(({ letter, name }) => `${letter} ${name}`);
  return `A letter names what a head looks at most (on average at least ${LEAST_SCORE} of its attention): ${
    roles.join(", ")
  }.`;
}
