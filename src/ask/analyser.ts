import { stoppable } from "../base/kernel.ts";
import { expectOptions, type OptionTable } from "../base/options.ts";
import type { Reader } from "../model/reader.ts";
import type { ModelRunner } from "../model/runner.ts";
import type { Sequence } from "../model/sequence.ts";
import { type Watched, watched } from "../model/watch.ts";
import { showing } from "../show/showing.ts";
import { tryMap } from "./faithfulness/faithfulness.ts";
import { FAITHFULNESS, type Faithfulness, type FaithfulnessOptions } from "./faithfulness/types.ts";
import {
  LAYER_PREDICTIONS,
  type LayerPredictions,
  type LayerPredictionsOptions,
  predictLayers,
} from "./lens/layer_predictions.ts";
import {
  RANKINGS,
  type Rankings,
  RANKINGS_WATCH,
  type RankingsOptions,
  type RankingsWatchOptions,
  rankSequence,
  rankWords,
} from "./lens/rankings.ts";
import { SALIENCY, type Saliency, type SaliencyOptions } from "./saliency/definition.ts";
import { explainSequence } from "./saliency/saliency.ts";
import { measureSurprise, SURPRISE, type Surprise, type SurpriseOptions } from "./surprise.ts";
import { TRACE, type Trace, type TraceOptions, traceSequence } from "./trace.ts";

/** Reads texts and explains them, for the methods of {@linkcode LanguageModel} by the same names. */
export class Analyser {
  readonly #runner: ModelRunner;
  readonly #reader: Reader;
  readonly #expectUsable: () => void;

  /** `expectUsable` throws when the model cannot be used any more. */
  constructor(runner: ModelRunner, reader: Reader, expectUsable: () => void) {
    this.#runner = runner;
    this.#reader = reader;
    this.#expectUsable = expectUsable;
  }

  /** What the model computes on the way. */
  async trace(sequence: Sequence, options: TraceOptions): Promise<Trace> {
    const asked = this.#about(sequence, options, TRACE);
    return await this.#answer("Trace", asked, (asked) => traceSequence(this.#runner, sequence, asked));
  }

  /** How much each earlier token made the model write a token. */
  async saliency(sequence: Sequence, options: SaliencyOptions): Promise<Saliency> {
    const asked = this.#about(sequence, options, SALIENCY);
    const work = (asked: SaliencyOptions) => explainSequence(this.#runner, this.#reader, sequence, asked);
    return await this.#answer("Saliency", asked, work);
  }

  /** Whether a map is true. */
  async faithfulness(saliency: Saliency, options: FaithfulnessOptions): Promise<Faithfulness> {
    const asked = this.#asked(options, FAITHFULNESS);
    return await this.#answer("Faithfulness", asked, (asked) => tryMap(this.#runner, this.#reader, saliency, asked));
  }

  /** What each layer would predict. */
  async layerPredictions(sequence: Sequence, options: LayerPredictionsOptions): Promise<LayerPredictions> {
    const asked = this.#about(sequence, options, LAYER_PREDICTIONS);
    const work = (asked: LayerPredictionsOptions) => predictLayers(this.#runner, this.#reader, sequence, asked);
    return await this.#answer("LayerPredictions", asked, work);
  }

  /** How tokens rank in what each layer would predict. */
  async rankings(sequence: Sequence, options: RankingsOptions): Promise<Rankings> {
    const asked = this.#about(sequence, options, RANKINGS);
    return await this.#answer("Rankings", asked, (asked) => rankSequence(this.#runner, sequence, asked));
  }

  /** How chosen words rank in what each layer would predict. */
  async rankingsWatch(sequence: Sequence, options: RankingsWatchOptions): Promise<Rankings> {
    const asked = this.#about(sequence, options, RANKINGS_WATCH);
    const work = (asked: RankingsWatchOptions) => rankWords(this.#runner, this.#reader, sequence, asked);
    return await this.#answer("Rankings", asked, work);
  }

  /** How much each token surprised the model. */
  async surprise(sequence: Sequence, options: SurpriseOptions): Promise<Surprise> {
    const asked = this.#about(sequence, options, SURPRISE);
    const work = (asked: SurpriseOptions) => measureSurprise(this.#runner, this.#reader, sequence, asked);
    return await this.#answer("Surprise", asked, work);
  }

  /** Does the work under a bar, and lets its result show itself. */
  async #answer<Options extends Watched, Result>(
    label: string,
    asked: Options,
    work: (asked: Options) => Promise<Result>,
  ): Promise<Result> {
    return showing(label, await watched(asked, (asked) => this.#runner.session.settled(work(asked))));
  }

  /** What a question about a sequence is asked with: checks both, and lets a notebook's Stop button stop it. */
  #about<T extends { readonly signal?: AbortSignal }>(
    sequence: Sequence,
    options: T,
    table: OptionTable<T>,
  ): T & { signal: AbortSignal } {
    const asked = this.#asked(options, table);
    this.#reader.expectSequence(sequence);
    return asked;
  }

  #asked<T extends { readonly signal?: AbortSignal }>(options: T, table: OptionTable<T>): T & { signal: AbortSignal } {
    this.#expectUsable();
    const asked = expectOptions(options, table);
    return { ...asked, signal: stoppable(asked.signal) };
  }
}
