/**
 * A logit taken apart as records: the steps from 0 to the logit, the heads, and what counts most.
 *
 * @module
 */
import type { AddedPart, LogitAttribution } from "../../src/ask/logit_attribution/types.ts";
import type { Prediction } from "../../src/ask/prediction.ts";
import type { FloatTensor } from "../../src/base/tensor.ts";
import { spelledPredictions, spelledResult } from "../kit/characters.ts";
import { shownValue } from "../kit/css.ts";
import { isSequence, nameOf } from "../kit/expect.ts";
import { expectPosition, expectShape } from "../kit/expect_shape.ts";
import { probabilityText, wholeText } from "../kit/quantities.ts";
import { placeName, quoted } from "../kit/token_text.ts";

/** One step on the way from 0 to the logit. */
export interface Step {
  /** What adds, in a few letters. */
  readonly name: string;
  /** What it adds. */
  readonly value: number;
  /** The sum of all before it. */
  readonly start: number;
}

/** A part of a part, such as a head or a neuron, and what it gives. */
export interface Part {
  /** Which one: `layer 3, head 5`. */
  readonly name: string;
  /** What it gives. */
  readonly value: number;
}

/** What is drawn. */
export interface AttributionRows {
  /** What was given. */
  readonly attribution: LogitAttribution;
  /** L and H. */
  readonly layers: number;
  readonly heads: number;
  /** From 0 to the logit. */
  readonly steps: readonly Step[];
  /** The logit, or the difference of two. */
  readonly logit: number;
  /** What a head gives. */
  readonly headAt: (layer: number, head: number) => number;
  /** The heads, neurons and looks at a token that count most, largest first; those that were not asked for are none. */
  readonly topHeads: readonly Part[];
  readonly topNeurons: readonly Part[];
  readonly topLooks: readonly Part[];
  /** What all heads give by each token, where it was asked for. */
  readonly byToken: readonly number[];
}

/** How many parts of a kind are listed. */
const LISTED = 12;
/** Above this many layers some next to each other make a step together. */
const MOST_LAYERS = 96;

/**
 * The records of a view.
 *
 * @throws {TypeError | RangeError} When it is no attribution, or its parts do not fit each other.
 */
export function attributionRows(given: LogitAttribution): AttributionRows {
  const [L, H] = checkedShape(given);
  const attribution = spelledAttribution(given);
  const { heads, neurons, tokens, position, sequence } = attribution;
  const headAt = (layer: number, head: number) => at(heads, layer * H + head);
  const width = neurons?.shape[1] ?? 0;
  const looks = (i: number) => `${headName(Math.floor(i / position), H)} by ${quoted(sequence.tokens[i % position]!)}`;
  return {
    ...{ attribution, layers: L, heads: H, headAt },
    steps: stepsOf(attribution, L, H),
    logit: Number(attribution.logit),
    topHeads: topParts(heads, (i) => headName(i, H)),
    topNeurons: topParts(neurons, (i) => `layer ${Math.floor(i / width)}, neuron ${i % width}`),
    topLooks: topParts(tokens, (i) => `${looks(i)}, token ${i % position}`),
    byToken: tokens ? Array.from({ length: position }, (_, s) => tokenSum(tokens, s, position)) : [],
  };
}

/** The same, with the characters that tokens are parts of. */
function spelledAttribution(given: LogitAttribution): LogitAttribution {
  const { sequence, position, target, contrast } = given;
  const [first = target, second = contrast] = spelledPredictions(sequence, position, [
    target,
    ...contrast?.token ? [contrast] : [],
  ]);
  return { ...spelledResult(given), target: first, ...second && { contrast: second } };
}

function checkedShape(attribution: LogitAttribution): readonly [layers: number, heads: number] {
  const fields = (attribution ?? {}) as Partial<LogitAttribution>;
  if (!isSequence(fields.sequence) || !fields.target?.token || !fields.heads?.data || !fields.mlps) {
    const call = "await model.logitAttribution() returned";
    throw new TypeError(`Cannot draw ${nameOf(attribution)} as a logit taken apart; pass what ${call}`);
  }
  const what = "a logit taken apart";
  const { sequence, position, heads, attentionBiases, mlps, neurons, tokens } = attribution;
  expectPosition(what, sequence, position, true);
  const [L = 0, H = 0] = heads.shape ?? [];
  expectShape({ what, field: "heads" }, heads, [L, H]);
  if (!(heads.data.length > 0)) throw new RangeError(`Cannot draw ${what} as there are 0 heads`);
  expectShape({ what, field: "attentionBiases" }, attentionBiases, [L]);
  expectShape({ what, field: "mlps" }, mlps, [L]);
  if (neurons) expectShape({ what, field: "neurons" }, neurons, [L, neurons.shape?.[1] ?? 0]);
  if (tokens) expectShape({ what, field: "tokens" }, tokens, [L, H, position]);
  return [L, H];
}

/** A number of a tensor; what is none is NaN. */
function at({ data }: FloatTensor, i: number): number {
  return Number(data[i] ?? NaN);
}

function headName(i: number, H: number): string {
  return `layer ${Math.floor(i / H)}, head ${i % H}`;
}

/** What a step starts from: a number that a drawing can hold. */
export function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}

function stepsOf(attribution: LogitAttribution, L: number, H: number): Step[] {
  const { embedding, positionEmbedding, heads, attentionBiases, mlps, added, bias } = attribution;
  const attention = (layer: number) => {
    const own = Array.from({ length: H }, (_, head) => at(heads, layer * H + head));
    return own.reduce((sum, value) => sum + value, at(attentionBiases, layer));
  };
  const together = Math.ceil(L / MOST_LAYERS);
  const ofLayers = Array.from({ length: Math.ceil(L / together) }, (_, group) => {
    const own = Array.from({ length: Math.min(together, L - group * together) }, (_, i) => group * together + i);
    const name = own.length === 1 ? `${own[0]}` : `${own[0]} to ${own.at(-1)}`;
    const sumOf = (value: (layer: number) => number) => own.reduce((sum, layer) => sum + value(layer), 0);
    return [
      { name: `attention ${name}`, value: sumOf(attention) },
      { name: `MLP ${name}`, value: sumOf((layer) => at(mlps, layer)) },
    ];
  });
  const parts: Part[] = [
    { name: "embedding", value: Number(embedding) },
    ...positionEmbedding === undefined ? [] : [{ name: "position", value: Number(positionEmbedding) }],
    ...ofLayers.flat(),
    ...(Array.isArray(added) ? added as readonly AddedPart[] : []).map(({ site, value }) => ({
      name: `added at ${shownValue(site)}`,
      value: Number(value),
    })),
    { name: "bias", value: Number(bias) },
  ];
  let start = 0;
  return parts.map(({ name, value }) => {
    const step = { name, value, start };
    start += finite(value);
    return step;
  });
}

/** The largest numbers, by size, of a tensor; numbers that are none are left out. */
function topParts(tensor: FloatTensor | undefined, nameAt: (i: number) => string): Part[] {
  if (!tensor) return [];
  const best: number[] = []; // indices, largest first
  for (let i = 0; i < tensor.data.length; ++i) {
    const size = Math.abs(at(tensor, i));
    if (!(size > (best.length < LISTED ? 0 : Math.abs(at(tensor, best.at(-1)!))))) continue;
    let place = best.length;
    while (place > 0 && size > Math.abs(at(tensor, best[place - 1]!))) --place;
    best.splice(place, 0, i);
    if (best.length > LISTED) best.pop();
  }
  return best.map((i) => ({ name: nameAt(i), value: at(tensor, i) }));
}

/** What all heads of all layers give by a token. */
function tokenSum(tokens: FloatTensor, s: number, position: number): number {
  let sum = 0;
  for (let i = s; i < tokens.data.length; i += position) sum += at(tokens, i);
  return sum;
}

/** The largest size of some numbers that are numbers; 1 where all are 0. */
export function largestOf(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(finite(value))), 0) || 1;
}

/** What is taken apart: `the logit of “are” less that of “is”`. */
export function logitName({ target, contrast }: LogitAttribution): string {
  return `the logit of ${quoted(target.token)}${contrast?.token ? ` less that of ${quoted(contrast.token)}` : ""}`;
}

/** Where, and how likely the tokens are. */
export function placeLine({ sequence, position, target, contrast }: LogitAttribution): string {
  const words = ({ token, probability, rank }: Prediction) =>
    `${quoted(token)} has probability ${probabilityText(Number(probability))}, rank ${wholeText(Number(rank))}`;
  const other = contrast?.token ? `; ${words(contrast)}` : "";
  return `In the place of ${placeName(sequence, position)}: ${words(target)}${other}.`;
}

/** What the numbers are. */
export const MEANING =
  "What each part of the model wrote at the token before, read as the logit is, with the scale of the final norm held " +
  "(direct logit attribution): all steps add up to it. Orange raises it, blue lowers it.";
