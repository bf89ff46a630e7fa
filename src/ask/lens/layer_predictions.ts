import type { OptionTable } from "../../base/options.ts";
import type { Progress } from "../../base/progress.ts";
import { type MemoryOptions, READING } from "../../model/cost.ts";
import type { ModelRunner } from "../../model/runner.ts";
import type { Sequence } from "../../model/sequence.ts";
import { predictedPosition } from "../positions.ts";
import type { Prediction } from "../prediction.ts";
import type { AskedModel, Plan, Question, Watch } from "../question.ts";
import {
  checkedTopK,
  depthsOf,
  expectNorm,
  type LensNorm,
  planReading,
  PREDICTION,
  predictionsOf,
  type ReadingPlan,
  readLens,
} from "./reading.ts";

/** Options of {@linkcode LanguageModel.layerPredictions}. */
export interface LayerPredictionsOptions extends MemoryOptions {
  /**
   * The 0-based index of the token that is predicted: any but the first, given or written.
   *
   * @default That of the next token, `sequence.tokenIds.length`
   */
  readonly position?: number;
  /**
   * How many tokens each layer lists.
   *
   * @default {10}
   */
  readonly topK?: number;
  /**
   * The norm before the unembedding.
   *
   * @default {"final"}
   */
  readonly norm?: LensNorm;
  /**
   * Whether each layer is read twice, after its attention and at its end: 2L entries rather than L.
   *
   * @default {false}
   */
  readonly halves?: boolean;
  /** Called after each part. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Whether a bar shows how far the call is when it takes more than a second, in a notebook or a terminal. It is taken
   * away when the call ends. Your own `onProgress` is called all the same.
   *
   * @default {true}
   */
  readonly progress?: boolean;
  /** Stops between two runs. */
  readonly signal?: AbortSignal;
}

const OPTIONS: OptionTable<LayerPredictionsOptions> = {
  task: "show the layers",
  kinds: { position: "a number", topK: "a number", norm: "anything", halves: "true or false", ...READING },
};

/** What one layer, or its attention half, would predict if it were the last. */
export interface LayerPrediction {
  /** The 0-based index of the layer. */
  readonly layer: number;
  /** Where in the layer: after its attention was added to the residual stream, or after its MLP, which ends it. */
  readonly after: "attention" | "block";
  /** The most likely tokens, best first. */
  readonly predictions: readonly Prediction[];
  /** The entropy of the whole distribution, in nats. */
  readonly entropy: number;
  /**
   * KL(final || this), in nats, as the tuned lens (Belrose et al. 2023) measures it: how far this distribution is from the
   * model's own; 0 after the last layer.
   */
  readonly divergence: number;
}

/** What each layer would predict at one position. */
export interface LayerPredictions {
  /** The text that was read. */
  readonly sequence: Sequence;
  /** The index of the predicted token, as large as the text is long when it is the next one. */
  readonly position: number;
  /** The norm before the unembedding. */
  readonly norm: LensNorm;
  /**
   * The first layer first: L entries, or with `halves` 2L, attention before layer. The last one is what the model itself
   * predicts.
   */
  readonly layers: readonly LayerPrediction[];
}

interface PredictionsPlan extends Plan, ReadingPlan {
  readonly sequence: Sequence;
  readonly position: number;
  readonly topK: number;
  readonly norm: LensNorm;
  readonly halves: boolean;
}

/** The question that {@linkcode LanguageModel.layerPredictions} asks. */
export const LAYER_PREDICTIONS: Question<Sequence, LayerPredictionsOptions, PredictionsPlan, LayerPredictions> = {
  label: "LayerPredictions",
  options: OPTIONS,
  needs: "next token",
  plan: planPredictions,
  run: predictLayers,
};

function planPredictions(
  { runner: machine, reader }: AskedModel,
  sequence: Sequence,
  options: LayerPredictionsOptions,
): PredictionsPlan {
  reader.expectSequence(sequence);
  const { norm = "final", halves = false } = options;
  const position = predictedPosition("show the layers at", sequence, options.position);
  const topK = checkedTopK(options.topK, 10, machine.config.vocabSize);
  expectNorm(norm);
  const depths = machine.config.nLayer * (halves ? 2 : 1);
  const resultBytes = depths * topK * PREDICTION;
  return {
    ...planReading(machine, { sequence, length: position, questions: 1, resultBytes, depths }, options),
    ...{ sequence, position, topK, norm, halves },
    task: `show the layers at position ${position}`,
    advice: "ask for an earlier position",
  };
}

async function predictLayers(
  { runner, reader }: AskedModel<ModelRunner>,
  plan: PredictionsPlan,
  { onProgress, signal }: Watch,
): Promise<LayerPredictions> {
  const { sequence, position, topK, norm, halves } = plan;
  const row = position - 1;
  const asked = [{ row, tokenId: sequence.tokenIds[row]! }]; // the lens ranks a token; which one does not matter here
  const depths = depthsOf(norm, runner.config.nLayer, halves);
  const onAnswered = (completed: number) =>
    onProgress?.({ task: "rankings", completed, total: 1, message: `Read the layers at position ${position}` });
  const seen = await readLens(runner, sequence, asked, { depths, best: topK, plan, onAnswered, signal });
  const layers = depths.map(({ index }, d): LayerPrediction => ({
    layer: Math.floor(index / 2),
    after: index % 2 === 0 ? "attention" : "block",
    predictions: predictionsOf(reader, seen, d, topK),
    entropy: seen.entropies[d]!,
    divergence: seen.divergences[d]!,
  }));
  return { sequence, position, norm, layers };
}
