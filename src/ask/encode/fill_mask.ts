import { free, logitsRow, logSumExp, topK } from "../../base/numbers.ts";
import type { OptionTable } from "../../base/options.ts";
import type { Progress } from "../../base/progress.ts";
import { type MemoryOptions, READING } from "../../model/cost.ts";
import { costOf, memoryLimit, readBytes } from "../../model/memory.ts";
import type { WholeText } from "../../model/reader.ts";
import type { ModelRunner } from "../../model/runner.ts";
import type { Sequence } from "../../model/sequence.ts";
import { checkedTopK, PREDICTION } from "../lens/reading.ts";
import { predict, type Prediction } from "../prediction.ts";
import { type AskedModel, expectHead, type Plan, type Question, type Watch } from "../question.ts";

/** Options of {@linkcode LanguageModel.fillMask}. */
export interface FillMaskOptions extends MemoryOptions {
  /**
   * How many tokens are listed for each mask.
   *
   * @default {5}
   */
  readonly topK?: number;
  /** Called when the text has been read. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Whether a bar shows how far the call is when it takes more than a second, in a notebook or a terminal. It is taken
   * away when the call ends. Your own `onProgress` is called all the same.
   *
   * @default {true}
   */
  readonly progress?: boolean;
  /** Stops before the run. */
  readonly signal?: AbortSignal;
}

const OPTIONS: OptionTable<FillMaskOptions> = { task: "fill masks", kinds: { topK: "a number", ...READING } };

/** A masked token, and what may stand there. */
export interface FilledMask {
  /** Where it stands. */
  readonly position: number;
  /** The likeliest tokens, best first. */
  readonly predictions: readonly Prediction[];
}

/** What may stand in the place of each mask of a text. */
export interface FilledMasks {
  /** The text that was read, with its masks. */
  readonly sequence: Sequence;
  /** The masks, in reading order. */
  readonly masks: readonly FilledMask[];
}

interface FillPlan extends Plan {
  readonly sequence: Sequence;
  readonly positions: readonly number[];
  readonly topK: number;
}

/** The question that {@linkcode LanguageModel.fillMask} asks. */
export const FILL_MASK: Question<WholeText, FillMaskOptions, FillPlan, FilledMasks> = {
  label: "FilledMasks",
  options: OPTIONS,
  needs: "whole text",
  plan({ runner: machine, reader }, text, options) {
    expectHead(OPTIONS.task, machine);
    const topK = checkedTopK(options.topK, 5, machine.config.vocabSize);
    const sequence = reader.whole(text);
    const positions = maskedPositions(sequence, reader.maskId());
    if (positions.length === 0) {
      const mask = reader.spell([reader.maskId()]);
      throw new RangeError(`Cannot fill masks as none of the ${sequence.tokenIds.length} tokens is ${mask}; write one`);
    }
    const bytes = readBytes(machine, { T: sequence.tokenIds.length, R: positions.length });
    return {
      ...{ sequence, positions, topK },
      task: `fill ${positions.length} masks of ${sequence.tokenIds.length} tokens`,
      cost: costOf(1, bytes, positions.length * topK * PREDICTION),
      maxMemory: memoryLimit(machine, options.maxMemory),
      advice: "shorten the text",
    };
  },
  run: fillMasks,
};

/** Where a text has masks. */
export function maskedPositions({ tokenIds }: Sequence, maskId: number): readonly number[] {
  return tokenIds.keys().filter((position) => tokenIds[position] === maskId).toArray();
}

async function fillMasks(
  { runner, reader }: AskedModel<ModelRunner>,
  { sequence, positions, topK: count }: FillPlan,
  { onProgress, signal }: Watch,
): Promise<FilledMasks> {
  const { tokenIds, tokenTypes } = sequence;
  const logits = await runner.logits({ tokenIds, tokenTypes, rows: positions }, signal);
  const masks = positions.map((position, r): FilledMask => {
    const row = logitsRow(logits, r, positions.length);
    return { position, predictions: predict(reader, topK(row, count), row, logSumExp(row)) };
  });
  free(logits);
  const total = positions.length;
  onProgress?.({ task: "fillMask", completed: total, total, message: `Filled ${total} masks` });
  return { sequence, masks };
}
