import { free, logitsRow } from "../../base/numbers.ts";
import type { FloatTensor } from "../../base/tensor.ts";
import { gradientsAt, seenAt } from "../../model/places.ts";
import { readPrompt } from "../../model/prompts.ts";
import type { ModelRunner } from "../../model/runner.ts";
import type { Sequence } from "../../model/sequence.ts";
import type { SiteName } from "../../models/sites.ts";
import type { AskedModel, Question, Watch } from "../question.ts";
import { differentiated, factorOf, measured, settledMetric } from "./metric.ts";
import { rowsAt, sitesOf } from "./places.ts";
import { type Pair, PATCH_OPTIONS, type PatchOptions, type PatchPlan, planPatching } from "./plan.ts";
import { lengthOf, type Patch, runPatches, runsOf } from "./sweep.ts";
import type { Metric, Patching } from "./types.ts";

/** The question that {@linkcode LanguageModel.patch} asks. */
export const PATCH: Question<Pair, PatchOptions, PatchPlan, Patching> = {
  label: "Patching",
  options: PATCH_OPTIONS,
  needs: "next token",
  plan: planPatching,
  run: patch,
};

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
  const { clean, corrupted, position, at, asked, method, layers, columns, indices, cost } = plan;
  expectPatchable(model.runner, plan);
  const every = sitesOf(at, plan.place);
  const runner = await model.inside({ edits: every, seen: every });
  const sites = layers.map((layer) => every[layer]!);
  let completed = 0;
  const done = (runs: number) => {
    completed += runs;
    const message = `${completed} of ${cost.runs} runs`;
    onProgress?.({ task: "patch", completed, total: cost.runs, message });
  };
  const runs = [];
  for (const text of [clean, corrupted]) {
    runs.push(await seenAt(runner, { ...readOf(text, plan), rows: [position - 1] }, sites, signal));
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
  const what = { clean, corrupted, position, at, layers, columns, indices, metric, cleanValue, corruptedValue };
  return { ...what, ...values, ...estimate };
}

/** What is read of a text: all before the position, and its source. */
function readOf({ tokenIds, source }: Sequence, { position }: PatchPlan) {
  return { tokenIds: tokenIds.slice(0, position), source: source?.tokenIds };
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
function columnsOf({ program }: ModelRunner, { columns, place }: PatchPlan, site: SiteName, index: number) {
  const width = program.sites.get(site)!.at(-1) as number;
  const size = width / place.heads;
  return columns === "heads" ? [index * size, (index + 1) * size] as const : [0, width] as const;
}

/** The metric with each part replaced, `[K, N]`. */
async function exact(runner: ModelRunner, plan: PatchPlan, known: Known, signal: AbortSignal): Promise<FloatTensor> {
  const { corrupted, position, place, layers, columns, indices } = plan;
  const { sites, clean, logits, metric, done } = known;
  const text = readOf(corrupted, plan);
  const rows = rowsAt(place, corrupted, position).length;
  const data = new Float32Array(layers.length * indices.length);
  const patches = sites.flatMap((site, k) =>
    indices.map((index, n): Patch => ({
      ...{ site, clean: clean[k]!, index: k * indices.length + n },
      ...columns === "heads" ? { row: 0, count: rows } : { row: index, count: 1 },
      from: columns === "heads" || place.inSource ? 0 : index,
      columns: columnsOf(runner, plan, site, index),
    }))
  );
  using read = runner.emptyCache();
  const source = corrupted.source && { source: corrupted.source };
  const isShared = patches.some(({ from }) => from > 0) || source && !place.inSource;
  if (isShared) free(await readPrompt(runner, { tokenIds: text.tokenIds, ...source }, read, signal));
  const lengths = { T: position, E: text.source?.length ?? 0, inSource: place.inSource };
  for (const run of runsOf(patches, lengthOf(lengths))) {
    const found = await runPatches(runner, { ...text, inSource: place.inSource }, read, run, signal);
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
  const { position, place, layers, columns, indices } = plan;
  const { sites, clean, corrupted, logits, metric, done } = known;
  const scalar = differentiated(metric);
  const factor = factorOf(metric, logits.corrupted);
  const request = { ...readOf(plan.corrupted, plan), rows: scalar.targets.map(() => position - 1), ...scalar };
  const { gradients } = await gradientsAt(runner, request, sites, { signal });
  done(1);
  const T = rowsAt(place, plan.corrupted, position).length;
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
