import { free, logitsRow } from "../../base/numbers.ts";
import type { OptionTable } from "../../base/options.ts";
import type { Progress } from "../../base/progress.ts";
import type { FloatTensor } from "../../base/tensor.ts";
import { type MemoryOptions, READING } from "../../model/cost.ts";
import { costOf, explainBytes, FLOAT, memoryLimit, readBytes, weightBytes } from "../../model/memory.ts";
import type { ModelRunner } from "../../model/runner.ts";
import type { Sequence } from "../../model/sequence.ts";
import type { SiteName } from "../../models/sites.ts";
import type { AskedModel, Plan, Question, Watch } from "../question.ts";
import { chosen } from "./chosen.ts";
import { type AskedMetric, askedMetric, differentiated, measured, METRICS, settledMetric } from "./metric.ts";
import { type Patch, runPatches, runsOf } from "./sweep.ts";
import type { Metric, MetricName, Patching, PatchSite } from "./types.ts";

/** Options of {@linkcode LanguageModel.patch}. */
export interface PatchOptions extends MemoryOptions {
  /**
   * What is replaced: the residual stream that enters a layer (`resid`), or between its attention and its MLP
   * (`resid_mid`), or what its attention (`attn_out`) or its MLP (`mlp_out`) adds to it, each at one position; or the sum
   * of one head before the output projection (`z`), at all positions.
   *
   * @default {"resid"}
   */
  readonly at?: PatchSite;
  /**
   * What is measured of the prediction of the next token.
   *
   * @default {"logitDifference"}
   */
  readonly metric?: MetricName;
  /** The word that the metric is about; by default the token that the clean text predicts. */
  readonly target?: string | number;
  /** The word that its logit is compared with; by default the token that the corrupted text predicts. */
  readonly contrast?: string | number;
  /**
   * `exact` runs the corrupted text once for each part; `estimate` takes the first-order estimate of all parts from one
   * backward pass (attribution patching); `both` does both.
   *
   * @default {"exact"}
   */
  readonly method?: "exact" | "estimate" | "both";
  /** The layers whose parts are replaced; all by default. */
  readonly layers?: readonly number[];
  /** The positions whose rows are replaced; all by default. Not of `z`. */
  readonly positions?: readonly number[];
  /** The heads that are replaced; all by default. Of `z` only. */
  readonly heads?: readonly number[];
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

const SITES: readonly PatchSite[] = ["resid", "resid_mid", "attn_out", "mlp_out", "z"];

const OPTIONS: OptionTable<PatchOptions> = {
  task: "patch",
  kinds: {
    ...{ at: SITES, metric: METRICS, target: "a text or a number", contrast: "a text or a number" },
    ...{ method: ["exact", "estimate", "both"], layers: "an array", positions: "an array", heads: "an array" },
    ...READING,
  },
};

/** The two texts of {@linkcode LanguageModel.patch}. */
export interface Pair {
  /** The text whose activations are put in. */
  readonly clean: Sequence;
  /** The text that is run with them. */
  readonly corrupted: Sequence;
}

interface PatchPlan extends Plan, Pair {
  readonly at: PatchSite;
  readonly asked: AskedMetric;
  readonly method: "exact" | "estimate" | "both";
  readonly layers: readonly number[];
  readonly columns: "positions" | "heads";
  readonly indices: readonly number[];
}

/** The question that {@linkcode LanguageModel.patch} asks. */
export const PATCH: Question<Pair, PatchOptions, PatchPlan, Patching> = {
  label: "Patching",
  options: OPTIONS,
  needs: "next token",
  plan: planPatching,
  run: patch,
};

function planPatching({ runner: machine, reader }: AskedModel, pair: Pair, options: PatchOptions): PatchPlan {
  const { at = "resid", metric = "logitDifference", method = "exact" } = options;
  const T = expectPair(pair, (text) => reader.expectSequence(text));
  const { config } = machine;
  if (method !== "exact") machine.expectDifferentiable?.("estimate patches");
  const asked = askedMetric(reader, metric, options);
  if (method !== "exact" && metric === "kl") {
    throw new TypeError('Cannot estimate kl as only metrics of words are differentiated; use method: "exact"');
  }
  const layers = chosen("patch", "layers", options.layers, config.nLayer);
  const columns = at === "z" ? "heads" : "positions";
  const other = at === "z" ? "positions" : "heads";
  if (options[other]) {
    throw new TypeError(`Cannot patch some ${other} at "${at}"; name ${columns}, or patch another place`);
  }
  const indices = columns === "heads"
    ? chosen("patch", "heads", options.heads, config.nHead)
    : chosen("patch", "positions", options.positions, T);
  const starts = layers.flatMap(() => indices.map((index) => ({ from: columns === "heads" ? 0 : index })));
  const sweeps = method === "estimate" ? [] : runsOf(starts, T);
  const bytes = sweeps.map(({ from, patches }) =>
    readBytes(machine, { T: patches.length * (T - from), S: from + patches.length * (T - from), R: patches.length })
  );
  const kept = 2 * FLOAT * layers.length * T * Math.max(config.nEmbd, config.nInner);
  const gradient = method === "exact" ? 0 : explainBytes(config, { N: 1, T }) + kept;
  const second = machine.backend === "native" ? 0 : weightBytes(config);
  const cost = costOf(
    2 + sweeps.length + (method === "exact" ? 0 : 1),
    Math.max(readBytes(machine, { T, R: 1 }), gradient, ...bytes) + kept + second,
    FLOAT * layers.length * indices.length * (method === "both" ? 2 : 1),
  );
  return {
    ...{ ...pair, at, asked, method, layers, columns, indices, cost },
    task: `patch ${at} of ${T} tokens in ${layers.length} layers`,
    maxMemory: memoryLimit(machine, options.maxMemory),
    advice: "patch shorter texts, or fewer layers",
  };
}

/** Refuses texts that cannot stand for each other, and says how long both are. */
function expectPair({ clean, corrupted }: Pair, expectSequence: (text: Sequence) => void): number {
  for (const text of [clean, corrupted]) expectSequence(text);
  const [T, other] = [clean, corrupted].map(({ tokenIds }) => tokenIds.length) as [number, number];
  if (T !== other) {
    throw new RangeError(
      `Cannot patch a text of ${other} tokens with one of ${T}; change words for others of as many tokens`,
    );
  }
  if (clean.source || corrupted.source) {
    throw new TypeError(
      "Cannot patch a text with a source, as its encoder would have to be patched too; use model.with()",
    );
  }
  return T;
}

/** What both runs have given, and how much of the work there is. */
interface Known {
  readonly sites: readonly SiteName[];
  /** The clean activations of each layer, `[T, W]`. */
  readonly clean: readonly Float32Array[];
  /** Those of the corrupted text. */
  readonly corrupted: readonly Float32Array[];
  readonly logits: { readonly clean: Float32Array; readonly corrupted: Float32Array };
  readonly metric: Metric;
  readonly done: (runs: number) => void;
}

async function patch(
  model: AskedModel<ModelRunner>,
  plan: PatchPlan,
  { onProgress, signal }: Watch,
): Promise<Patching> {
  const { clean, corrupted, at, asked, method, layers, columns, indices, cost } = plan;
  expectPatchable(model.runner, plan);
  const every = Array.from({ length: model.runner.config.nLayer }, (_, layer): SiteName => `${at}.${layer}`);
  const runner = await model.inside({ edits: every, seen: every });
  const sites = layers.map((layer) => every[layer]!);
  let completed = 0;
  const done = (runs: number) => {
    completed += runs;
    const message = `${completed} of ${cost.runs} runs`;
    onProgress?.({ task: "patch", completed, total: cost.runs, message });
  };
  const last = clean.tokenIds.length - 1;
  const runs = [];
  for (const { tokenIds } of [clean, corrupted]) {
    runs.push(await runner.seen({ tokenIds, rows: [last] }, sites, signal));
    done(1);
  }
  const [a, b] = runs as [typeof runs[0], typeof runs[0]];
  const logits = { clean: a.logits, corrupted: b.logits };
  const metric = settledMetric(model.reader, asked, logits.clean, logits.corrupted);
  const known = { sites, clean: a.values, corrupted: b.values, logits, metric, done };
  const values = method !== "estimate" && { values: await exact(runner, plan, known, signal) };
  const estimate = method !== "exact" && { estimate: await estimated(runner, plan, known, signal) };
  const [cleanValue, corruptedValue] = [a.logits, b.logits].map((one) => measured(metric, one, a.logits)) as [
    number,
    number,
  ];
  free(...a.values, ...b.values);
  return { clean, corrupted, at, layers, columns, indices, metric, cleanValue, corruptedValue, ...values, ...estimate };
}

/** A place that is changed already would have to be changed twice, and a pattern that is set is that of a single text. */
function expectPatchable({ changes }: ModelRunner, { at, method }: PatchPlan): void {
  const changed = changes?.changes.find(({ site }) => site.startsWith(`${at}.`));
  const why = "patch the model that it was made of";
  if (changed) throw new TypeError(`Cannot patch "${at}" as the model is changed at "${changed.site}"; ${why}`);
  const [pattern] = changes?.patterns.keys() ?? [];
  if (pattern === undefined || method === "estimate") return;
  throw new TypeError(
    `Cannot patch side by side as the model is changed at "${pattern}" for a single text; use method: "estimate", or ${why}`,
  );
}

/** The columns of a place that a patch replaces. */
function columnsOf({ program, config }: ModelRunner, { columns }: PatchPlan, site: SiteName, index: number) {
  const width = program.sites.get(site)!.at(-1) as number;
  const size = width / config.nHead;
  return columns === "heads" ? [index * size, (index + 1) * size] as const : [0, width] as const;
}

/** The metric with each part replaced, `[K, N]`. */
async function exact(runner: ModelRunner, plan: PatchPlan, known: Known, signal: AbortSignal): Promise<FloatTensor> {
  const { corrupted: { tokenIds }, layers, columns, indices } = plan;
  const { sites, clean, logits, metric, done } = known;
  const data = new Float32Array(layers.length * indices.length);
  const patches = sites.flatMap((site, k) =>
    indices.map((index, n): Patch => ({
      ...{ site, clean: clean[k]!, index: k * indices.length + n },
      ...columns === "heads" ? { from: 0, count: tokenIds.length } : { from: index, count: 1 },
      columns: columnsOf(runner, plan, site, index),
    }))
  );
  using read = runner.emptyCache();
  if (patches.some(({ from }) => from > 0)) free(await runner.readPrompt({ tokenIds }, read, signal));
  for (const run of runsOf(patches, tokenIds.length)) {
    const found = await runPatches(runner, tokenIds, read, run, signal);
    run.patches.forEach(({ index }, i) => {
      data[index] = measured(metric, logitsRow(found, i, run.patches.length), logits.clean);
    });
    free(found);
    done(1);
  }
  return { data, shape: [layers.length, indices.length] };
}

/** The first-order estimate of the metric with each part replaced, `[K, N]`, by one backward pass. */
async function estimated(
  runner: ModelRunner,
  plan: PatchPlan,
  known: Known,
  signal: AbortSignal,
): Promise<FloatTensor> {
  const { corrupted: { tokenIds }, layers, columns, indices } = plan;
  const { sites, clean, corrupted, logits, metric, done } = known;
  const T = tokenIds.length;
  const { factor, ...scalar } = differentiated(metric, logits.corrupted);
  const rows = scalar.targets.map(() => T - 1);
  const { gradients } = await runner.differentiate({ tokenIds, rows, ...scalar }, sites, signal);
  done(1);
  const value = measured(metric, logits.corrupted, logits.clean);
  const data = new Float32Array(layers.length * indices.length);
  sites.forEach((site, k) => {
    const width = gradients[k]!.length / T;
    indices.forEach((index, n) => {
      const [start, end] = columnsOf(runner, plan, site, index);
      const [from, to] = columns === "heads" ? [0, T] : [index, index + 1];
      let sum = 0;
      for (let t = from; t < to; ++t) {
        for (let c = t * width + start; c < t * width + end; ++c) {
          sum += (clean[k]![c]! - corrupted[k]![c]!) * gradients[k]![c]!;
        }
      }
      data[k * indices.length + n] = value + factor * sum;
    });
  });
  free(...gradients);
  return { data, shape: [layers.length, indices.length] };
}
