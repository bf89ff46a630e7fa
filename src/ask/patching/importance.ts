import { free } from "../../base/numbers.ts";
import type { OptionTable } from "../../base/options.ts";
import type { Progress } from "../../base/progress.ts";
import { type MemoryOptions, READING } from "../../model/cost.ts";
import { shown } from "../../base/words.ts";
import { costOf, explainBytes, FLOAT, memoryLimit, secondProgramBytes } from "../../model/memory.ts";
import { gradientsAt } from "../../model/places.ts";
import type { ModelRunner } from "../../model/runner.ts";
import type { Sequence } from "../../model/sequence.ts";
import { predictedPosition } from "../positions.ts";
import type { AskedModel, Plan, Question, Watch } from "../question.ts";
import {
  type AskedMetric,
  askedMetric,
  differentiated,
  factorOf,
  isSettled,
  measured,
  METRICS,
  settledMetric,
} from "./metric.ts";
import { chosen } from "./chosen.ts";
import { IMPORTANCE_SITES, type Place, placeOf, rowsAt, sitesOf } from "./places.ts";
import type { Importance, ImportanceSite, Metric, MetricName } from "./types.ts";

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

/** Options of {@linkcode LanguageModel.importance} for several kinds of parts, which are judged by the same runs. */
export interface ImportancesOptions extends Omit<ImportanceOptions, "at"> {
  /** What is judged, each as in {@linkcode ImportanceOptions.at}; results are in the same order. */
  readonly at: readonly ImportanceSite[];
}

const KINDS: OptionTable<ImportanceOptions>["kinds"] = {
  ...{
    at: IMPORTANCE_SITES,
    position: "a number",
    metric: METRICS.filter((name) => name !== "kl"),
    layers: "an array",
  },
  ...{ target: "a text or a number", contrast: "a text or a number" },
  ...READING,
};
const TASK = "judge importance";

/** What is judged, and where it is. */
interface Judged {
  readonly at: ImportanceSite;
  readonly place: Place;
  readonly layers: readonly number[];
}

interface ImportancePlan extends Plan {
  readonly sequence: Sequence;
  readonly position: number;
  readonly judged: readonly Judged[];
  readonly asked: AskedMetric;
}

/** The question that {@linkcode LanguageModel.importance} asks. */
export const IMPORTANCE: Question<Sequence, ImportanceOptions, ImportancePlan, Importance> = {
  label: "Importance",
  options: { task: TASK, kinds: KINDS },
  needs: "next token",
  plan: (model, sequence, { at = "z", ...options }) => planImportance(model, sequence, [at], options),
  run: async (model, plan, watch) => (await judge(model, plan, watch))[0]!,
};

/** The question that {@linkcode LanguageModel.importance} asks of several kinds of parts at once. */
export const IMPORTANCES: Question<Sequence, ImportancesOptions, ImportancePlan, readonly Importance[]> = {
  label: "Importance",
  options: { task: TASK, kinds: { ...KINDS, at: "an array" } },
  needs: "next token",
  plan: (model, sequence, { at, ...options }) => planImportance(model, sequence, expectSites(at), options),
  run: judge,
};

/** Whether several kinds of parts are asked for. */
export function isOfSeveral(options: ImportanceOptions | ImportancesOptions = {}): options is ImportancesOptions {
  return Array.isArray(Object(options).at);
}

/** Refuses what is no list of parts: each must be known, and is judged once. */
function expectSites(at: readonly ImportanceSite[]): readonly ImportanceSite[] {
  if (at.length === 0) throw new TypeError(`Cannot ${TASK} of nothing; name ${IMPORTANCE_SITES.join(", ")}`);
  at.forEach((site, i) => {
    if (!IMPORTANCE_SITES.includes(site)) {
      const known = `"${IMPORTANCE_SITES.join('" or "')}"`;
      throw new TypeError(`Cannot ${TASK} with at ${shown(at)} as each must be ${known}: ${shown(site)}`);
    }
    if (at.indexOf(site) !== i) throw new TypeError(`Cannot ${TASK} with at ${shown(at)} as ${site} is there twice`);
  });
  return at;
}

function planImportance(
  { runner: machine, reader }: AskedModel,
  sequence: Sequence,
  sites: readonly ImportanceSite[],
  options: Omit<ImportanceOptions, "at">,
): ImportancePlan {
  reader.expectOwnSequence(sequence);
  const { contrast, metric = contrast === undefined ? "logProb" : "logitDifference" } = options;
  const { config } = machine;
  const places = sites.map((at) => ({ at, place: placeOf("judge", config, at) }));
  const position = predictedPosition("measure what is predicted for", sequence, options.position);
  const target = options.target ?? sequence.tokenIds[position];
  if (metric === "logitDifference" && contrast === undefined && options.target === undefined) {
    throw new TypeError("Cannot measure a difference of one word; name a contrast");
  }
  const judged = places.map(({ at, place }): Judged => {
    return { at, place, layers: chosen("judge", "layers", options.layers, place.layers) };
  });
  const asked = askedMetric(reader, metric, { target, contrast });
  const [first] = judged as [Judged];
  const E = sequence.source?.tokenIds.length ?? 0;
  const bytes = judged.map(({ place, layers }) => {
    const rows = rowsAt(place, sequence, position).length;
    const columns = { heads: place.heads, neurons: place.width, positions: rows }[place.columns];
    return { kept: 3 * FLOAT * place.layers * rows * place.width, result: FLOAT * layers.length * columns };
  });
  const sum = (of: "kept" | "result") => bytes.reduce((all, own) => all + own[of], 0);
  return {
    ...{ sequence, position, judged, asked },
    task: `judge ${sites.join(" and ")} of ${
      rowsAt(first.place, sequence, position).length
    } tokens in ${first.layers.length} layers`,
    cost: costOf(
      isSettled(asked) ? 1 : 2,
      explainBytes(machine, { N: 1, T: position, E }) + sum("kept") + secondProgramBytes(machine),
      sum("result"),
    ),
    maxMemory: memoryLimit(machine, options.maxMemory),
    advice: "use a shorter text",
  };
}

/** What a run gives at the places that are judged, and how the prediction is measured. */
interface Run {
  readonly metric: Metric;
  readonly logits: Float32Array;
  readonly factor: number;
  readonly values: readonly Float32Array[];
  readonly gradients: readonly Float32Array[];
}

/** One run, where all words of the metric are known before, else a first one that says what is likeliest. */
async function runBackward(
  model: AskedModel<ModelRunner>,
  { sequence, position, judged, asked, cost }: ImportancePlan,
  { onProgress, signal }: Watch,
): Promise<Run> {
  const runner = await model.inside({ seen: judged.flatMap(({ at, place }) => sitesOf(at, place)) });
  const sites = judged.flatMap(({ at, place, layers }) => layers.map((layer) => sitesOf(at, place)[layer]!));
  const read = { tokenIds: sequence.tokenIds.slice(0, position), source: sequence.source?.tokenIds };
  const total = cost.runs;
  const done = (completed: number) => {
    onProgress?.({ task: "importance", completed, total, message: `${completed} of ${total} runs` });
  };
  const settled = isSettled(asked);
  const first = settled ? undefined : await runner.logits({ ...read, rows: [position - 1] }, signal);
  if (first) done(1);
  const metric = settledMetric(model.reader, asked, first ?? NONE, first ?? NONE);
  const scalar = differentiated(metric);
  const rows = scalar.targets.map(() => position - 1);
  const { values, gradients, logits } = await gradientsAt(runner, { ...read, rows, ...scalar }, sites, {
    seen: true,
    signal,
  });
  done(total);
  const own = logits.subarray(0, logits.length / rows.length);
  return { metric, logits: own, factor: factorOf(metric, own), values, gradients };
}

const NONE = new Float32Array(0);

async function judge(
  model: AskedModel<ModelRunner>,
  plan: ImportancePlan,
  watch: Watch,
): Promise<readonly Importance[]> {
  const { sequence, position, judged } = plan;
  const { metric, logits, factor, values, gradients } = await runBackward(model, plan, watch);
  const value = measured(metric, logits, logits);
  let from = 0;
  const found = judged.map(({ at, place, layers }): Importance => {
    const own = { start: from, end: from += layers.length };
    const length = rowsAt(place, sequence, position).length;
    const { columns } = place;
    const count = { heads: place.heads, neurons: values[own.start]!.length / length, positions: length }[columns];
    const data = new Float32Array(layers.length * count);
    layers.forEach((_, k) => {
      const sums = productSums(values[own.start + k]!, gradients[own.start + k]!, { length, count, columns });
      data.set(sums.map((sum) => factor * sum), k * count);
    });
    return { sequence, position, at, layers, columns, metric, value, scores: { data, shape: [layers.length, count] } };
  });
  free(...values, ...gradients);
  return found;
}

/** Activations times gradients, summed over all that is of one column. */
function productSums(
  activations: Float32Array,
  gradients: Float32Array,
  { length, count, columns }: { readonly length: number; readonly count: number; readonly columns: Place["columns"] },
): Float64Array {
  const width = activations.length / length;
  const each = width / count;
  const columnOf = (i: number) => columns === "positions" ? Math.floor(i / width) : Math.floor(i % width / each);
  const sums = new Float64Array(count);
  for (let i = 0; i < activations.length; ++i) sums[columnOf(i)]! += activations[i]! * gradients[i]!;
  return sums;
}
