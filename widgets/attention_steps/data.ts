/**
 * One head of a layer as numbers: what each query makes of the keys and values.
 *
 * @module
 */
import type { Trace } from "../../src/ask/trace/trace.ts";
import type { FloatTensor } from "../../src/base/tensor.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import { spelled } from "../kit/characters.ts";
import { isSequence, nameOf } from "../kit/expect.ts";
import { expectShape } from "../kit/expect_shape.ts";
import { layerIndex, recordedLayers } from "../kit/layers.ts";

/** How the steps of a head are shown. */
export interface AttentionStepsViewOptions {
  /** The layer, one that the trace holds; by default the first of them. */
  readonly layer?: number;
  /**
   * The head.
   *
   * @default {0}
   */
  readonly head?: number;
  /** The position of the token whose query is shown at first; by default the last. */
  readonly position?: number;
  /** The first token that is drawn, of up to 16. By default the last ones up to the query are. */
  readonly start?: number;
  /** The title of a saved page. */
  readonly title?: string;
}

/** What is drawn: a head, and the tokens of a part of the text. */
export interface StepsShown {
  readonly sequence: Sequence;
  /** The layer's number. */
  readonly layer: number;
  readonly head: number;
  /** How many heads there are. */
  readonly heads: number;
  /** How many numbers a head has. */
  readonly size: number;
  /** The first token that is drawn, and the one after the last. */
  readonly start: number;
  readonly end: number;
  /** The query that is shown at first. */
  readonly position: number;
  /** What products of queries and keys are multiplied by. */
  readonly scale: number;
  /** Whether later tokens cannot be seen. */
  readonly causal: boolean;
  readonly query: (position: number) => Float32Array;
  readonly key: (position: number) => Float32Array;
  readonly value: (position: number) => Float32Array;
  /** The product of a query and a key. */
  readonly score: (query: number, key: number) => number;
  /** The model's own attention. */
  readonly weight: (query: number, key: number) => number;
  /** The heads' sums of a token side by side, as the model has them. */
  readonly merged: (position: number) => Float32Array;
  /** What attention adds to the stream. */
  readonly output: (position: number) => Float32Array;
  /** How far what is drawn is from the model's own attention and sums, at most. */
  readonly apart: number;
}

/** The most tokens that are drawn. */
const MOST_TOKENS = 16;
const WHAT = "the steps of attention";

const FIELDS = ["queries", "keys", "values", "attention", "headSums", "attentionOutputs"] as const;

type Recorded = Readonly<Record<typeof FIELDS[number], FloatTensor>>;

function expectRecorded(trace: Trace): Recorded {
  const fields = (trace ?? {}) as Partial<Trace>;
  const missing = FIELDS.find((name) => fields[name] === undefined);
  if (isSequence(fields.sequence) && missing === undefined) return trace as Trace & Recorded;
  const found = isSequence(fields.sequence) ? `a trace without ${missing}` : nameOf(trace);
  throw new TypeError(
    `Cannot draw ${found} as ${WHAT}; pass what await model.trace(sequence, { capture: ["attentionSteps"] }) returned`,
  );
}

function expectShapes(trace: Trace, recorded: Recorded): { K: number; H: number; Hk: number; T: number; D: number } {
  const T = trace.sequence.tokens.length;
  const [K = 0, H = 0, , D = 0] = recorded.queries.shape ?? [];
  const [, Hk = 0] = recorded.keys.shape ?? [];
  const width = recorded.attentionOutputs.shape?.at(-1) ?? 0;
  if (!(K > 0 && H > 0 && D > 0 && Hk > 0 && H % Hk === 0 && T > 0 && width > 0)) {
    throw new RangeError(`Cannot draw ${WHAT} of ${T} tokens with ${H} heads of queries and ${Hk} of keys`);
  }
  const shapes = {
    ...{ queries: [K, H, T, D], keys: [K, Hk, T, D], values: [K, Hk, T, D], attention: [K, H, T, T] },
    ...{ headSums: [K, T, H * D], attentionOutputs: [K, T, width] },
  };
  for (const field of FIELDS) expectShape({ what: WHAT, field: `trace.${field}` }, recorded[field], shapes[field]);
  return { K, H, Hk, T, D };
}

function expectIndex(name: string, value: number, count: number): number {
  if (Number.isInteger(value) && value >= 0 && value < count) return value;
  throw new RangeError(`Cannot draw ${WHAT} of ${name} ${value} as there are 0 to ${count - 1}`);
}

/** What an attention of scores comes to: the largest difference from the model's own, and of the sums of values. */
function farthest(shown: Omit<StepsShown, "apart">, T: number): number {
  const { score, weight, scale, causal, value, merged, head, size, start, end } = shown;
  let apart = 0;
  for (let query = start; query < end; ++query) {
    const last = causal ? query : T - 1;
    const scores = Float64Array.from({ length: last + 1 }, (_, key) => scale * score(query, key));
    const most = scores.reduce((greatest, one) => Math.max(greatest, one), -Infinity);
    const powers = scores.map((one) => Math.exp(one - most));
    const sum = powers.reduce((total, one) => total + one, 0);
    const sums = new Float64Array(size);
    powers.forEach((power, key) => {
      apart = Math.max(apart, Math.abs(power / sum - weight(query, key)));
      value(key).forEach((one, d) => sums[d]! += weight(query, key) * one);
    });
    const own = merged(query).subarray(head * size, (head + 1) * size);
    sums.forEach((one, d) => apart = Math.max(apart, Math.abs(one - own[d]!)));
  }
  return apart;
}

function windowOf(position: number, T: number, start?: number): { start: number; end: number } {
  const first = start ?? Math.max(0, Math.min(T - MOST_TOKENS, position - MOST_TOKENS + 1));
  expectIndex("start", first, T);
  const end = Math.min(T, first + MOST_TOKENS);
  if (position >= first && position < end) return { start: first, end };
  throw new RangeError(
    `Cannot draw ${WHAT} of position ${position} as tokens ${first} to ${end - 1} are drawn; choose another start`,
  );
}

/** Checks what was given. */
export function stepsShown(trace: Trace, options: AttentionStepsViewOptions): StepsShown {
  const recorded = expectRecorded(trace);
  const { K, H, Hk, T, D } = expectShapes(trace, recorded);
  const layers = recordedLayers(WHAT, trace, K);
  const layer = options.layer ?? layers[0]!;
  const k = layerIndex(layers, layer);
  const head = expectIndex("head", options.head ?? 0, H);
  const position = expectIndex("position", options.position ?? T - 1, T);
  const scale = trace.attentionScales?.[k] ?? 1 / Math.sqrt(D);
  const shared = Math.floor(head * Hk / H);
  const rows = ({ data, shape }: FloatTensor, first: number) => {
    const width = shape.at(-1)!;
    const all = Array.from(
      { length: T },
      (_, row) => Float32Array.from(data.slice((first * T + row) * width, (first * T + row + 1) * width)),
    );
    return (row: number) => all[row]!;
  };
  const [query, key, value] = [
    rows(recorded.queries, k * H + head),
    rows(recorded.keys, k * Hk + shared),
    rows(recorded.values, k * Hk + shared),
  ];
  const attention = rows(recorded.attention, k * H + head);
  const weight = (from: number, to: number) => attention(from)[to]!;
  const each = Array.from({ length: T }, (_, t) => t);
  const shown = {
    ...{
      sequence: spelled(trace.sequence),
      layer,
      head,
      heads: H,
      size: D,
      position,
      scale,
      query,
      key,
      value,
      weight,
    },
    ...windowOf(position, T, options.start),
    causal: each.every((from) => each.slice(from + 1).every((to) => weight(from, to) === 0)),
    score: (from: number, to: number) => query(from).reduce((sum, one, d) => sum + one * key(to)[d]!, 0),
    merged: rows(recorded.headSums, k),
    output: rows(recorded.attentionOutputs, k),
  };
  return { ...shown, apart: farthest(shown, T) };
}

/** The tokens that are drawn. */
export function drawnTokens({ start, end }: StepsShown): number[] {
  return Array.from({ length: end - start }, (_, i) => start + i);
}

/** The number that is farthest from zero. */
export function greatestOf(rows: readonly Float32Array[]): number {
  return rows.reduce((most, row) => row.reduce((most, one) => Math.max(most, Math.abs(one) || 0), most), 0);
}

/** A token's attention to those before the ones that are drawn. */
export function earlierWeight({ start, weight }: StepsShown, query: number): number {
  let sum = 0;
  for (let key = 0; key < start; ++key) sum += weight(query, key);
  return sum;
}

/** Whether a query sees a key. */
export function sees({ causal }: StepsShown, query: number, key: number): boolean {
  return !causal || key <= query;
}

/** How strongly a query lights up a key: from 0 for the least score of those that it sees to 1 for the greatest. */
export function scoreShare(shown: StepsShown, query: number): (key: number) => number {
  const scores = drawnTokens(shown).filter((key) => sees(shown, query, key)).map((key) => shown.score(query, key));
  const [least, greatest] = [Math.min(...scores), Math.max(...scores)];
  return (key) =>
    greatest > least ? Math.max(0, Math.min(1, (shown.score(query, key) - least) / (greatest - least))) : 0;
}
