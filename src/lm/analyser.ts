import { stoppable } from "../runtime/kernel.ts";
import { showing } from "../show/showing.ts";
import { tryMap } from "./faithfulness.ts";
import type { Faithfulness, FaithfulnessOptions } from "./faithfulness_types.ts";
import { predictLayers, rankSequence, rankWords } from "./lens.ts";
import type {
  LayerPredictions,
  LayerPredictionsOptions,
  Rankings,
  RankingsOptions,
  RankingsWatchOptions,
} from "./lens_types.ts";
import type { ModelRunner } from "./model_runner.ts";
import {
  FAITHFULNESS,
  LAYER_PREDICTIONS,
  RANKINGS,
  RANKINGS_WATCH,
  SALIENCY,
  SURPRISE,
  TRACE,
} from "./option_tables.ts";
import { expectOptions, type OptionTable } from "./options.ts";
import { explainSequence } from "./saliency.ts";
import type { Saliency, SaliencyOptions } from "./saliency_types.ts";
import type { Reader } from "./sequence.ts";
import { measureSurprise } from "./surprise.ts";
import type { Surprise, SurpriseOptions } from "./surprise_types.ts";
import { traceSequence } from "./trace.ts";
import type { Trace, TraceOptions } from "./trace_types.ts";
import type { Sequence } from "./types.ts";

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
    return showing(
      "Trace",
      await this.#runner.session.settled(
        traceSequence(this.#runner, sequence, this.#about(sequence, options, TRACE)),
      ),
    );
  }

  /** How much each earlier token made the model write a token. */
  async saliency(sequence: Sequence, options: SaliencyOptions): Promise<Saliency> {
    return showing(
      "Saliency",
      await this.#runner.session.settled(
        explainSequence(this.#runner, this.#reader, sequence, this.#about(sequence, options, SALIENCY)),
      ),
    );
  }

  /** Whether a map is true. */
  async faithfulness(saliency: Saliency, options: FaithfulnessOptions): Promise<Faithfulness> {
    return showing(
      "Faithfulness",
      await this.#runner.session.settled(
        tryMap(this.#runner, this.#reader, saliency, this.#asked(options, FAITHFULNESS)),
      ),
    );
  }

  /** What each block would predict. */
  async layerPredictions(sequence: Sequence, options: LayerPredictionsOptions): Promise<LayerPredictions> {
    const asked = this.#about(sequence, options, LAYER_PREDICTIONS);
    return showing(
      "LayerPredictions",
      await this.#runner.session.settled(predictLayers(this.#runner, this.#reader, sequence, asked)),
    );
  }

  /** How tokens rank in what each block would predict. */
  async rankings(sequence: Sequence, options: RankingsOptions): Promise<Rankings> {
    return showing(
      "Rankings",
      await this.#runner.session.settled(
        rankSequence(this.#runner, sequence, this.#about(sequence, options, RANKINGS)),
      ),
    );
  }

  /** How chosen words rank in what each block would predict. */
  async rankingsWatch(sequence: Sequence, options: RankingsWatchOptions): Promise<Rankings> {
    return showing(
      "Rankings",
      await this.#runner.session.settled(
        rankWords(this.#runner, this.#reader, sequence, this.#about(sequence, options, RANKINGS_WATCH)),
      ),
    );
  }

  /** How much each token surprised the model. */
  async surprise(sequence: Sequence, options: SurpriseOptions): Promise<Surprise> {
    return showing(
      "Surprise",
      await this.#runner.session.settled(
        measureSurprise(this.#runner, this.#reader, sequence, this.#about(sequence, options, SURPRISE)),
      ),
    );
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
