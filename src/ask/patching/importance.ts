import { free } from "../../base/numbers.ts";
import type { OptionTable } from "../../base/options.ts";
import type { Progress } from "../../base/progress.ts";
import { type MemoryOptions, READING } from "../../model/cost.ts";
import { costOf, explainBytes, FLOAT, memoryLimit, weightBytes } from "../../model/memory.ts";
import type { ModelRunner } from "../../model/runner.ts";
import type { Sequence } from "../../model/sequence.ts";
import type { SiteName } from "../../models/sites.ts";
import type { AskedModel, Plan, Question, Watch } from "../question.ts";
import { type AskedMetric, askedMetric, differentiated, measured, METRICS, settledMetric } from "./metric.ts";
import { chosen } from "./chosen.ts";
import type { Importance, ImportanceSite, MetricName } from "./types.ts";

/** Options of {@linkcode LanguageModel.importance}. */
export interface ImportanceOptions extends MemoryOptions {
  /**
   * What is judged: heads (`z`) or neurons (`neurons`), over all positions; or positions, of the residual stream (`resid`,
   * `resid_mid`) or of what attention (`attn_out`) or MLP (`mlp_out`) adds to it.
   *
   * @default {"z"}
   */
  readonly at?: ImportanceSite;
  /** What is measured of the next token; by default a log-probability, or the difference of logits with a `contrast`. */
  readonly metric?: Exclude<MetricName, "kl">;
  /** The word that the metric is about; by default the likeliest token. */
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

/** What can be judged. */
const SITES: readonly ImportanceSite[] = ["z", "neurons", "resid", "resid_mid", "attn_out", "mlp_out"];

const OPTIONS: OptionTable<ImportanceOptions> = {
  task: "judge importance",
  kinds: {
    ...{ at: SITES, metric: METRICS.filter((name) => name !== "kl"), layers: "an array" },
    ...{ target: "a text or a number", contrast: "a text or a number" },
    ...READING,
  },
};

interface ImportancePlan extends Plan {
  readonly sequence: Sequence;
  readonly at: ImportanceSite;
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
  reader.expectSequence(sequence);
  machine.expectDifferentiable?.();
  if (sequence.source) {
    throw new TypeError(
      "Cannot judge the parts of a model with an encoder; use model.with() to turn them off one by one",
    );
  }
  const { at = "z", contrast, metric = contrast === undefined ? "logProb" : "logitDifference" } = options;
  const { config } = machine;
  const layers = chosen("judge", "layers", options.layers, config.nLayer);
  const T = sequence.tokenIds.length;
  const width = at === "neurons" ? config.nInner : config.nEmbd;
  const second = machine.backend === "native" ? 0 : weightBytes(config);
  const bytes = explainBytes(config, { N: 1, T }) + 3 * FLOAT * config.nLayer * T * width + second;
  const columns = at === "z" ? config.nHead : at === "neurons" ? config.nInner : T;
  return {
    ...{ sequence, at, layers, asked: askedMetric(reader, metric, options) },
    task: `judge ${at} of ${T} tokens in ${layers.length} layers`,
    cost: costOf(2, bytes, FLOAT * layers.length * columns),
    maxMemory: memoryLimit(machine, options.maxMemory),
    advice: "use a shorter text",
  };
}

async function judge(
  model: AskedModel<ModelRunner>,
  { sequence, at, asked, layers }: ImportancePlan,
  { onProgress, signal }: Watch,
): Promise<Importance> {
  const every = Array.from({ length: model.runner.config.nLayer }, (_, layer): SiteName => `${at}.${layer}`);
  const runner = await model.inside({ seen: every });
  const sites = layers.map((layer) => every[layer]!);
  const { tokenIds } = sequence;
  const T = tokenIds.length;
  const done = (completed: number) => {
    onProgress?.({ task: "importance", completed, total: 2, message: `${completed} of 2 runs` });
  };
  const { values, logits } = await runner.seen({ tokenIds, rows: [T - 1] }, sites, signal);
  done(1);
  const metric = settledMetric(model.reader, asked, logits, logits);
  const { factor, ...scalar } = differentiated(metric, logits);
  const rows = scalar.targets.map(() => T - 1);
  const { gradients } = await runner.differentiate({ tokenIds, rows, ...scalar }, sites, signal);
  done(2);
  const columns = at === "z" ? "heads" : at === "neurons" ? "neurons" : "positions";
  const count = columns === "heads" ? model.runner.config.nHead : columns === "neurons" ? values[0]!.length / T : T;
  const data = new Float32Array(layers.length * count);
  values.forEach((activations, k) => {
    const width = activations.length / T;
    const columnOf = (i: number) =>
      columns === "positions" ? Math.floor(i / width) : Math.floor(i % width / (width / count));
    const sums = new Float64Array(count);
    for (let i = 0; i < activations.length; ++i) sums[columnOf(i)]! += activations[i]! * gradients[k]![i]!;
    data.set(sums.map((sum) => factor * sum), k * count);
  });
  const value = measured(metric, logits, logits);
  free(...values, ...gradients);
  return { sequence, at, layers, columns, metric, value, scores: { data, shape: [layers.length, count] } };
}
