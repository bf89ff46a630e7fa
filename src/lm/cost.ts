import type { Cost, MemoryOptions } from "./cost_types.ts";
import { type DecodeOptions, expectCount } from "./decode.ts";
import { planFaithfulness } from "./faithfulness.ts";
import type { FaithfulnessOptions } from "./faithfulness_types.ts";
import { planPredictions, planRankings, planSurprise } from "./lens_plan.ts";
import type { LayerPredictionsOptions, RankingsOptions, RankingsWatchOptions } from "./lens_types.ts";
import { costOf, type Machine, readBytes } from "./memory.ts";
import { CHUNK_TOKENS } from "./model_runner.ts";
import { checkedPositions } from "./positions.ts";
import { planSaliency } from "./saliency_plan.ts";
import type { Saliency, SaliencyOptions } from "./saliency_types.ts";
import type { Reader } from "./sequence.ts";
import type { SurpriseOptions } from "./surprise_types.ts";
import { planTrace } from "./trace.ts";
import type { TraceOptions } from "./trace_types.ts";
import type { Sequence } from "./types.ts";

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
  readonly #machine: Machine;
  readonly #reader: Reader;

  /** Estimates for a model on a backend. */
  constructor(machine: Machine, reader: Reader) {
    this.#machine = machine;
    this.#reader = reader;
  }

  /** What {@linkcode LanguageModel.generate} takes, and {@linkcode LanguageModel.steps} up to its end. */
  generate(prompt: string | readonly number[], options: Pick<DecodeOptions, "maxNewTokens"> = {}): Cost {
    const { config } = this.#machine;
    const P = this.#reader.read(prompt).tokenIds.length;
    if (options.maxNewTokens !== undefined) expectCount("maxNewTokens", options.maxNewTokens, 1);
    const written = Math.max(0, Math.min(options.maxNewTokens ?? 20, config.nPositions - P));
    const first = readBytes(config, { T: Math.min(P, CHUNK_TOKENS), S: P, R: 1 });
    const last = readBytes(config, { T: 1, S: P + written, R: 1 });
    return costOf(Math.ceil(P / CHUNK_TOKENS) + Math.max(0, written - 1), Math.max(first, last), 8 * (P + written));
  }

  /** What {@linkcode LanguageModel.trace} takes. */
  trace(sequence: Sequence, options: TraceOptions = {}): Cost {
    this.#reader.expectSequence(sequence);
    return planTrace(this.#machine, sequence, options).cost;
  }

  /** What {@linkcode LanguageModel.saliency} takes. */
  saliency(sequence: Sequence, options: SaliencyOptions = {}): Cost {
    this.#reader.expectSequence(sequence);
    return planSaliency(this.#machine, this.#reader, sequence, options).cost;
  }

  /** What {@linkcode LanguageModel.faithfulness} takes. */
  faithfulness(saliency: Saliency, options: FaithfulnessOptions = {}): Cost {
    return planFaithfulness(this.#machine, this.#reader, saliency, options).cost;
  }

  /** What {@linkcode LanguageModel.layerPredictions} takes. */
  layerPredictions(sequence: Sequence, options: LayerPredictionsOptions & MemoryOptions): Cost {
    const [position] = this.#positions(sequence, [options.position]) as [number];
    return planPredictions(this.#machine, position, options.topK ?? 10, options).cost;
  }

  /** What {@linkcode LanguageModel.rankings} takes. */
  rankings(sequence: Sequence, options: RankingsOptions & MemoryOptions = {}): Cost {
    return planRankings(this.#machine, this.#positions(sequence, options.positions), options).cost;
  }

  /** What {@linkcode LanguageModel.rankingsWatch} takes. */
  rankingsWatch(sequence: Sequence, options: RankingsWatchOptions & MemoryOptions): Cost {
    const [position] = this.#positions(sequence, [options.position]) as [number];
    return planRankings(this.#machine, options.watch.map(() => position), options).cost;
  }

  /** What {@linkcode LanguageModel.surprise} takes. */
  surprise(sequence: Sequence, options: SurpriseOptions & MemoryOptions = {}): Cost {
    this.#reader.expectSequence(sequence);
    const positions = this.#positions(sequence, options.positions ?? sequence.tokenIds.map((_, t) => t).slice(1));
    return planSurprise(this.#machine, positions, options.topK ?? 5, options).cost;
  }

  #positions(sequence: Sequence, positions?: readonly number[]): readonly number[] {
    this.#reader.expectSequence(sequence);
    return checkedPositions("look at", sequence, positions);
  }
}
