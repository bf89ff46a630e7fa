import { free } from "../../base/numbers.ts";
import type { OptionTable } from "../../base/options.ts";
import type { Progress } from "../../base/progress.ts";
import { type MemoryOptions, READING } from "../../model/cost.ts";
import { costOf, explainBytes, FLOAT, memoryLimit, secondProgramBytes } from "../../model/memory.ts";
import type { ModelRunner } from "../../model/runner.ts";
import type { Sequence } from "../../model/sequence.ts";
import { predictedPosition } from "../positions.ts";
import type { AskedModel, Plan, Question, Watch } from "../question.ts";
import { type AskedMetric, askedMetric, differentiated, measured, METRICS, settledMetric } from "./metric.ts";
import { chosen } from "./chosen.ts";
import { IMPORTANCE_SITES, type Place, placeOf, rowsAt, sitesOf } from "./places.ts";
import type { Importance, ImportanceSite, MetricName } from "./types.ts";

/** Options of {@linkcode LanguageModel.importance}. */
export interface ImportanceOptions extends MemoryOptions {
  /**
   * What is judged: heads (`z`) or neurons (`neurons`), over all positions; or positions, of the residual stream (`resid`,
   * `resid_mid`) or of what attention (`attn_out`) or MLP (`mlp_out`) adds to it. Where there is an encoder these are of
   * the decoder; `resid_cross`, `cross_out` and `cross_z` are of its attention to the source, and names that begin with
   * `source_`, as in `source_z`, of the encoder.
   *
   * @default {"z"}
   */
  readonly at?: ImportanceSite;
  /**
   * The 0-based index of the token whose prediction is measured: any but the first.
   *
   * @default That of the next token, `sequence.tokenIds.length`
   */
  readonly position?: number;
  /** What is measured of the prediction; by default a log-probability, or the difference of logits with a `contrast`. */
  readonly metric?: Exclude<MetricName, "kl">;
  /** The word that the metric is about; by default the token at the position, for the next token the likeliest. */
  readonly target?: string | number;
  /** The word that its logit is compared with. */
  readonly contrast?: string | number;
  /** The layers that are judged; all by default. */
  readonly layers?: readonly number[];
  /** Called after each run. */
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

const OPTIONS: OptionTable<ImportanceOptions> = {
  task: "judge importance",
  kinds: {
    ...{
      at: IMPORTANCE_SITES,
      position: "a number",
      metric: METRICS.filter((name) => name !== "kl"),
      layers: "an array",
    },
    ...{ target: "a text or a number", contrast: "a text or a number" },
    ...READING,
  },
};

interface ImportancePlan extends Plan {
  readonly sequence: Sequence;
  readonly position: number;
  readonly at: ImportanceSite;
  readonly place: Place;
  readonly asked: AskedMetric;
  readonly layers: readonly number[];
}

/** The question that {@linkcode LanguageModel.importance} asks. */
export const IMPORTANCE: Question<Sequence, ImportanceOptions, ImportancePlan, Importance> = {
  label: "Importance",
  options: OPTIONS,
  needs: "next token",
  plan: planImportance,
  run: judge,
};

function planImportance(
  { runner: machine, reader }: AskedModel,
  sequence: Sequence,
  options: ImportanceOptions,
): ImportancePlan {
  reader.expectOwnSequence(sequence);
  machine.expectDifferentiable?.("judge importance");
  const { at = "z", contrast, metric = contrast === undefined ? "logProb" : "logitDifference" } = options;
  const { config } = machine;
  const place = placeOf("judge", config, at);
  const position = predictedPosition("measure what is predicted for", sequence, options.position);
  const target = options.target ?? sequence.tokenIds[position];
  if (metric === "logitDifference" && contrast === undefined && options.target === undefined) {
    throw new TypeError("Cannot measure a difference of one word; name a contrast");
  }
  const layers = chosen("judge", "layers", options.layers, place.layers);
  const E = sequence.source?.tokenIds.length ?? 0;
  const rows = rowsAt(place, sequence, position).length;
  const second = secondProgramBytes(machine);
  const kept = 3 * FLOAT * place.layers * rows * place.width;
  const columns = { heads: place.heads, neurons: place.width, positions: rows }[place.columns];
  return {
    ...{ sequence, position, at, place, layers, asked: askedMetric(reader, metric, { target, contrast }) },
    task: `judge ${at} of ${rows} tokens in ${layers.length} layers`,
    cost: costOf(
      2,
      explainBytes(config, { N: 1, T: position, E }) + kept + second,
      FLOAT * layers.length * columns,
    ),
    maxMemory: memoryLimit(machine, options.maxMemory),
    advice: "use a shorter text",
  };
}

async function judge(
  model: AskedModel<ModelRunner>,
  plan: ImportancePlan,
  { onProgress, signal }: Watch,
): Promise<Importance> {
  const { sequence, position, at, place, asked, layers } = plan;
  const every = sitesOf(at, place);
  const runner = await model.inside({ seen: every });
  const sites = layers.map((layer) => every[layer]!);
  const read = { tokenIds: sequence.tokenIds.slice(0, position), source: sequence.source?.tokenIds };
  const done = (completed: number) => {
    onProgress?.({ task: "importance", completed, total: 2, message: `${completed} of 2 runs` });
  };
  const { values, logits } = await runner.seen({ ...read, rows: [position - 1] }, sites, signal);
  done(1);
  const metric = settledMetric(model.reader, asked, logits, logits);
  const { factor, ...scalar } = differentiated(metric, logits);
  const rows = scalar.targets.map(() => position - 1);
  const { gradients } = await runner.differentiate({ ...read, rows, ...scalar }, sites, signal);
  done(2);
  const length = rowsAt(place, sequence, position).length;
  const { columns } = place;
  const count = { heads: place.heads, neurons: values[0]!.length / length, positions: length }[columns];
  const data = new Float32Array(layers.length * count);
  values.forEach((activations, k) => {
    const width = activations.length / length;
    const columnOf = (i: number) =>
      columns === "positions" ? Math.floor(i / width) : Math.floor(i % width / (width / count));
    const sums = new Float64Array(count);
    for (let i = 0; i < activations.length; ++i) sums[columnOf(i)]! += activations[i]! * gradients[k]![i]!;
    data.set(sums.map((sum) => factor * sum), k * count);
  });
  const value = measured(metric, logits, logits);
  free(...values, ...gradients);
  const scores = { data, shape: [layers.length, count] };
  return { sequence, position, at, layers, columns, metric, value, scores };
}
