import { argmax, free, logitsRow, logSumExp, normalizeL1, rankOf } from "../../base/numbers.ts";
import type { OptionTable } from "../../base/options.ts";
import type { FloatTensor } from "../../base/tensor.ts";
import { shown } from "../../base/words.ts";
import { costOf, explainBytes, FLOAT, memoryLimit, readBytes } from "../../model/memory.ts";
import type { Reader } from "../../model/reader.ts";
import type { ModelRunner } from "../../model/runner.ts";
import type { Sequence } from "../../model/sequence.ts";
import { PREDICTION } from "../lens/reading.ts";
import { predict, type Prediction } from "../prediction.ts";
import { type AskedModel, expectHead, type Plan, type Question, type Watch } from "../question.ts";
import { scoreOf } from "../saliency/definition.ts";
import { WHOLE_TEXT, type WholeTextDefinition, wholeTextDefinition, type WholeTextOptions } from "./definition.ts";
import { maskedPositions } from "./fill_mask.ts";

/** Options of {@linkcode LanguageModel.maskedSaliency}. */
export interface MaskedSaliencyOptions extends WholeTextOptions {
  /**
   * The explained positions; by default the masks of the text. A token that is no mask is masked while it is explained,
   * one position at a time.
   */
  readonly positions?: readonly number[];
  /**
   * The token that is explained at each position: a text, of which the first token is taken, or an id. By default the
   * token that stands there, or the likeliest one where there is a mask.
   */
  readonly targets?: readonly (string | number)[];
}

const OPTIONS: OptionTable<MaskedSaliencyOptions> = {
  task: "explain masked tokens",
  kinds: { positions: "an array", targets: "an array", ...WHOLE_TEXT },
};

/** Which tokens, before and after it, made each masked token likely. */
export interface MaskedSaliency {
  /** The text, as it was given. */
  readonly sequence: Sequence;
  /** The explained positions, N of them. */
  readonly positions: readonly number[];
  /** What was explained at each: a token, and how likely the model found it there. */
  readonly targets: readonly Prediction[];
  /** `[N, T]`, on both sides of the position, and of the mask itself. */
  readonly scores: FloatTensor;
  /** The definition used. */
  readonly options: WholeTextDefinition;
}

interface MaskedPlan extends Plan {
  readonly sequence: Sequence;
  readonly positions: readonly number[];
  /** The explained ids; undefined where it is the likeliest. */
  readonly targets: readonly (number | undefined)[];
  readonly maskId: number;
  readonly definition: WholeTextDefinition;
}

/** The question that {@linkcode LanguageModel.maskedSaliency} asks. */
export const MASKED_SALIENCY: Question<Sequence, MaskedSaliencyOptions, MaskedPlan, MaskedSaliency> = {
  label: "MaskedSaliency",
  options: OPTIONS,
  needs: "whole text",
  plan({ runner: machine, reader }, sequence, options) {
    expectHead(OPTIONS.task, machine);
    reader.expectSequence(sequence);
    const definition = wholeTextDefinition(options);
    const maskId = reader.maskId();
    const positions = checkedMasks(sequence, maskId, options.positions);
    const targets = checkedTargets(reader, sequence, maskId, positions, options.targets);
    const T = sequence.tokenIds.length;
    const unknown = targets.filter((target) => target === undefined).length;
    const read = readBytes(machine, { T, R: Math.max(1, unknown) });
    const bytes = Math.max(read, explainBytes(machine, { N: 1, T }));
    return {
      ...{ sequence, positions, targets, maskId, definition },
      task: `explain a masked token of ${T} tokens`,
      cost: costOf(positions.length + Math.min(1, unknown), bytes, positions.length * (FLOAT * T + PREDICTION)),
      maxMemory: memoryLimit(machine, options.maxMemory),
      advice: "explain a shorter text",
    };
  },
  run: explainMasked,
};

function checkedMasks(sequence: Sequence, maskId: number, given?: readonly number[]): readonly number[] {
  const positions = given ?? maskedPositions(sequence, maskId);
  const { length: T } = sequence.tokenIds;
  if (positions.length === 0) {
    throw new RangeError(
      given
        ? "Cannot explain an empty list of positions"
        : `Cannot explain masked tokens as none of the ${T} tokens is a mask; pass positions, and they are masked`,
    );
  }
  const wrong = positions.find((position) => !Number.isInteger(position) || position < 0 || position >= T);
  if (wrong === undefined) return [...positions];
  throw new RangeError(`Cannot explain position ${wrong} as a sequence of ${T} tokens has the positions 0 to ${T - 1}`);
}

function checkedTargets(
  reader: Reader,
  { tokenIds }: Sequence,
  maskId: number,
  positions: readonly number[],
  given?: readonly (string | number)[],
): readonly (number | undefined)[] {
  if (given === undefined) return positions.map((p) => tokenIds[p] === maskId ? undefined : tokenIds[p]!);
  if (given.length !== positions.length) {
    throw new RangeError(`Cannot explain ${given.length} targets at ${positions.length} positions; pass one for each`);
  }
  return given.map((target) => {
    if (typeof target === "string" || typeof target === "number") return reader.word(target).tokenIds[0]!;
    throw new TypeError(`Cannot explain the target ${shown(target)}; pass a text or a token id`);
  });
}

/** Explains masked tokens one at a time, each in a text where it alone is masked beside the masks of the text. */
async function explainMasked(
  { runner, reader }: AskedModel<ModelRunner>,
  { sequence, positions, targets: ids, maskId, definition }: MaskedPlan,
  { onProgress, signal }: Watch,
): Promise<MaskedSaliency> {
  const { tokenTypes, tokenIds: { length: T } } = sequence;
  const likeliest = await likeliestAt(runner, sequence, positions.filter((_, n) => ids[n] === undefined), signal);
  const data = new Float32Array(positions.length * T);
  const targets: Prediction[] = [];
  for (const [n, position] of positions.entries()) {
    const tokenIds = sequence.tokenIds.with(position, maskId);
    const text = { tokenIds, tokenTypes, rows: [position] };
    const target = ids[n] ?? likeliest.get(position)!;
    const asked = { ...text, targets: [target], mix: Float32Array.of(1), ofLogit: definition.of === "logit" };
    const { numbers: [row], logits } = await runner.explain({
      ...asked,
      fetch: [scoreOf(definition.method, definition.reduce)],
    }, signal);
    const prediction = { ...predict(reader, [target], logits, logSumExp(logits))[0]!, rank: rankOf(logits, target) };
    targets.push(prediction);
    data.set(scored(row!, definition, prediction.probability), n * T);
    free(row!, logits);
    const message = `Explained ${n + 1} of ${positions.length} tokens`;
    onProgress?.({ task: "saliency", completed: n + 1, total: positions.length, message });
  }
  return { sequence, positions, targets, scores: { data, shape: [positions.length, T] }, options: definition };
}

/** The likeliest token at each of some masks of a text, which is read once. */
async function likeliestAt(
  runner: ModelRunner,
  { tokenIds, tokenTypes }: Sequence,
  masks: readonly number[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<number, number>> {
  if (masks.length === 0) return new Map();
  const logits = await runner.logits({ tokenIds, tokenTypes, rows: masks }, signal);
  const found = new Map(masks.map((mask, r) => [mask, argmax(logitsRow(logits, r, masks.length))]));
  free(logits);
  return found;
}

/** dp = p dlogp, which a normalised row does not need. */
function scored(row: Float32Array, { of: scalar, normalize }: WholeTextDefinition, probability: number): Float32Array {
  if (normalize) return normalizeL1(row);
  return scalar === "probability" ? row.map((score) => score * probability) : row;
}
