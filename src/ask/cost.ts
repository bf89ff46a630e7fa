import { expectOptions } from "../base/options.ts";
import type { Cost } from "../model/cost.ts";
import { type Machine, memoryLimit } from "../model/memory.ts";
import type { Reader } from "../model/reader.ts";
import type { Sequence } from "../model/sequence.ts";
import { planFaithfulness } from "./faithfulness/plan.ts";
import { FAITHFULNESS, type FaithfulnessOptions } from "./faithfulness/types.ts";
import { LAYER_PREDICTIONS, type LayerPredictionsOptions, planPredictions } from "./lens/layer_predictions.ts";
import {
  planRankings,
  RANKINGS,
  RANKINGS_WATCH,
  type RankingsOptions,
  type RankingsWatchOptions,
  readWords,
} from "./lens/rankings.ts";
import { checkedPositions, predictedPosition } from "./positions.ts";
import { SALIENCY, type Saliency, type SaliencyOptions } from "./saliency/definition.ts";
import { planSaliency } from "./saliency/saliency.ts";
import { planSurprise, SURPRISE, type SurpriseOptions, surprisePositions } from "./surprise.ts";
import { planTrace, TRACE, type TraceOptions } from "./trace.ts";
import { readBatch } from "./write/batch.ts";
import { planBatch } from "./write/batch_plan.ts";
import { beamSettings, searchSettings } from "./write/beam_settings.ts";
import { BEAMS, type BeamSearchOptions } from "./write/beam_types.ts";
import { expectCount, expectRoomAfter } from "./write/decode.ts";
import { decodeCost } from "./write/decode_plan.ts";
import { DECODE, type DecodeOptions } from "./write/options.ts";
import { mostNewTokens, overDefaults } from "./write/scores/lengths.ts";

/**
 * Says what a call will take before it is made: each method takes what the method of {@linkcode LanguageModel} by the
 * same name takes, checks it alike, runs nothing and answers at once. When not even the smallest runs keep within
 * `maxMemory`, the answer is what those take, and the call itself would be refused.
 *
 * @example Is there room for all of the attention?
 * ```ts
 * import { LanguageModel } from "@looking-glass/looking-glass";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const sequence = model.sequence("The keys to the cabinet are on the table");
 * const { runs, bytes } = model.cost.trace(sequence, { capture: ["attention"], layers: [0, 1] });
 * console.log(runs, bytes / 2 ** 20, "MiB");
 * ```
 */
export class CostEstimator {
  readonly #own: Machine;
  readonly #reader: Reader;
  readonly #defaults: DecodeOptions;
  readonly #expectUsable: () => void;

  /** Estimates for a model on a backend that decodes by `defaults`, as long as `expectUsable` does not throw. */
  constructor(
    machine: Machine,
    reader: Reader,
    defaults: DecodeOptions = {},
    expectUsable: () => void = () => {},
  ) {
    this.#own = machine;
    this.#reader = reader;
    this.#defaults = defaults;
    this.#expectUsable = expectUsable;
  }

  /** As a call to a disposed model is refused, so is its estimate. */
  get #machine(): Machine {
    this.#expectUsable();
    return this.#own;
  }

  /** What {@linkcode LanguageModel.generate} takes, and {@linkcode LanguageModel.steps} up to its end. */
  generate(
    prompt: string | readonly number[],
    options: Pick<DecodeOptions, "maxNewTokens" | "maxLength" | "maxMemory" | "beams"> = {},
  ): Cost {
    const whole = overDefaults(this.#defaults, expectOptions(options, DECODE));
    const machine = this.#machine;
    const { tokenIds } = this.#reader.read(prompt);
    expectRoomAfter(tokenIds, machine.config);
    memoryLimit(machine, whole.maxMemory);
    const most = mostNewTokens(whole, tokenIds.length);
    expectCount("maxNewTokens", most, 1);
    if (beamSettings(whole, options)) return planBatch(machine, [tokenIds.length], whole).cost;
    return decodeCost(machine, tokenIds.length, most);
  }

  /** What {@linkcode LanguageModel.generateBatch} takes. */
  generateBatch(
    prompts: readonly (string | readonly number[])[],
    options: Pick<DecodeOptions, "maxNewTokens" | "maxLength" | "maxMemory" | "beams"> = {},
  ): Cost {
    const whole = overDefaults(this.#defaults, expectOptions(options, DECODE));
    beamSettings(whole, options);
    const read = readBatch(this.#reader, this.#machine.config, prompts, whole);
    return planBatch(this.#machine, read.map(({ tokenIds }) => tokenIds.length), whole).cost;
  }

  /** What {@linkcode LanguageModel.beams} takes. */
  beams(
    prompt: string | readonly number[],
    options: Pick<BeamSearchOptions, "maxNewTokens" | "maxLength" | "maxMemory" | "beams"> = {},
  ): Cost {
    const whole = overDefaults(this.#defaults, expectOptions(options, BEAMS));
    const { beams } = searchSettings(whole);
    const machine = this.#machine;
    const { tokenIds } = this.#reader.read(prompt);
    expectRoomAfter(tokenIds, machine.config);
    return planBatch(machine, [tokenIds.length], { ...whole, beams, keepLogits: true }).cost;
  }

  /** What {@linkcode LanguageModel.trace} takes. */
  trace(sequence: Sequence, options: TraceOptions = {}): Cost {
    options = expectOptions(options, TRACE);
    this.#reader.expectSequence(sequence);
    return planTrace(this.#machine, sequence, options).cost;
  }

  /** What {@linkcode LanguageModel.saliency} takes. */
  saliency(sequence: Sequence, options: SaliencyOptions = {}): Cost {
    options = expectOptions(options, SALIENCY);
    this.#reader.expectSequence(sequence);
    return planSaliency(this.#machine, this.#reader, sequence, options).cost;
  }

  /** What {@linkcode LanguageModel.faithfulness} takes. */
  faithfulness(saliency: Saliency, options: FaithfulnessOptions = {}): Cost {
    options = expectOptions(options, FAITHFULNESS);
    return planFaithfulness(this.#machine, this.#reader, saliency, options).cost;
  }

  /** What {@linkcode LanguageModel.layerPredictions} takes. */
  layerPredictions(sequence: Sequence, options: LayerPredictionsOptions = {}): Cost {
    options = expectOptions(options, LAYER_PREDICTIONS);
    this.#reader.expectSequence(sequence);
    const position = predictedPosition("show the layers at", sequence, options.position);
    return planPredictions(this.#machine, position, options).cost;
  }

  /** What {@linkcode LanguageModel.rankings} takes. */
  rankings(sequence: Sequence, options: RankingsOptions = {}): Cost {
    options = expectOptions(options, RANKINGS);
    this.#reader.expectSequence(sequence);
    return planRankings(this.#machine, checkedPositions("rank", sequence, options.positions), options).cost;
  }

  /** What {@linkcode LanguageModel.rankingsWatch} takes. */
  rankingsWatch(sequence: Sequence, options: RankingsWatchOptions): Cost {
    options = expectOptions(options, RANKINGS_WATCH);
    this.#reader.expectSequence(sequence);
    const words = readWords(this.#reader, options.watch);
    const position = predictedPosition("watch words at", sequence, options.position);
    return planRankings(this.#machine, words.map(() => position), options).cost;
  }

  /** What {@linkcode LanguageModel.surprise} takes. */
  surprise(sequence: Sequence, options: SurpriseOptions = {}): Cost {
    options = expectOptions(options, SURPRISE);
    this.#reader.expectSequence(sequence);
    return planSurprise(this.#machine, surprisePositions(sequence, options.positions), options).cost;
  }
}
