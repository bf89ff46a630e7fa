import { free } from "../../base/numbers.ts";
import type { OptionTable } from "../../base/options.ts";
import type { Progress } from "../../base/progress.ts";
import type { FloatTensor } from "../../base/tensor.ts";
import { type MemoryOptions, READING } from "../../model/cost.ts";
import { costOf, explainBytes, FLOAT, type Machine, memoryLimit, secondProgramBytes } from "../../model/memory.ts";
import { edgesFrom, seenAt } from "../../model/places.ts";
import type { ModelRunner } from "../../model/runner.ts";
import type { SiteName } from "../../models/sites.ts";
import { expectOwnStream } from "../changed.ts";
import { writersOf } from "../logit_attribution/writers.ts";
import type { AskedModel, Plan, Question, Watch } from "../question.ts";
import { type AskedMetric, askedMetric, differentiated, factorOf, measured, METRICS, settledMetric } from "./metric.ts";
import { expectPair, type Pair } from "./plan.ts";
import type { HeadEdges, MetricName } from "./types.ts";

/** Options of {@linkcode LanguageModel.edges}. */
export interface EdgesOptions extends MemoryOptions {
  /**
   * The 0-based index of the token whose prediction is measured: any but the first.
   *
   * @default That of the next token, `sequence.tokenIds.length`
   */
  readonly position?: number;
  /**
   * What is measured of the prediction.
   *
   * @default {"logitDifference"}
   */
  readonly metric?: Exclude<MetricName, "kl">;
  /** The word that the metric is about; by default the token that the clean text predicts. */
  readonly target?: string | number;
  /** The word that its logit is compared with; by default the token that the corrupted text predicts. */
  readonly contrast?: string | number;
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

const TASK = "take edges between heads";

const OPTIONS: OptionTable<EdgesOptions> = {
  task: TASK,
  kinds: {
    ...{ position: "a number", metric: METRICS.filter((name) => name !== "kl") },
    ...{ target: "a text or a number", contrast: "a text or a number" },
    ...READING,
  },
};

interface EdgesPlan extends Plan, Pair {
  readonly position: number;
  readonly asked: AskedMetric;
}

/** The question that {@linkcode LanguageModel.edges} asks. */
export const EDGES: Question<Pair, EdgesOptions, EdgesPlan, HeadEdges> = {
  label: "HeadEdges",
  options: OPTIONS,
  needs: "next token",
  plan({ runner: machine, reader }, pair, options) {
    writersOf(TASK, machine);
    expectOwnStream(TASK, machine);
    const position = expectPair("compare", reader, pair, options.position);
    const asked = askedMetric(reader, options.metric ?? "logitDifference", options);
    return {
      ...{ ...pair, position, asked, task: `${TASK} of ${position} tokens`, cost: costOfEdges(machine, position) },
      maxMemory: memoryLimit(machine, options.maxMemory),
      advice: "use shorter texts",
    };
  },
  run: takeEdges,
};

/** What heads write, `[T, C, J]`, and of what reads one stream at a time, `[R, T, C]`, with what its gradient needs. */
function costOfEdges(machine: Machine, T: number) {
  const { nLayer: L, nHead: H, nEmbd: C } = machine.config;
  const second = secondProgramBytes(machine);
  const written = 3 * L * H * T * C + 8 * H * T * 3 * C;
  const edges = 3 * (L * H) ** 2;
  return costOf(3, explainBytes(machine, { N: 1, T }) + FLOAT * (written + edges) + second, FLOAT * edges);
}

async function takeEdges(
  model: AskedModel<ModelRunner>,
  { clean, corrupted, position, asked }: EdgesPlan,
  { onProgress, signal }: Watch,
): Promise<HeadEdges> {
  const { nLayer: L, nHead: H } = model.runner.config;
  const sites = Array.from({ length: L }, (_, layer): SiteName => `z.${layer}`);
  const runner = await model.inside({ seen: sites, edges: true });
  const done = (completed: number) => {
    onProgress?.({ task: "edges", completed, total: 3, message: `${completed} of 3 runs` });
  };
  const read = (tokenIds: readonly number[]) =>
    seenAt(runner, { tokenIds: tokenIds.slice(0, position), rows: [position - 1] }, sites, signal);
  const a = await read(clean.tokenIds);
  done(1);
  const b = await read(corrupted.tokenIds);
  done(2);
  const metric = settledMetric(model.reader, asked, a.logits, b.logits);
  const scalar = differentiated(metric);
  const factor = factorOf(metric, b.logits);
  const sent = a.values.slice(0, -1).map((sums, i) => sums.map((value, n) => value - b.values[i]![n]!));
  const rows = scalar.targets.map(() => position - 1);
  const request = { tokenIds: corrupted.tokenIds.slice(0, position), rows, ...scalar };
  const found = await edgesFrom(runner, request, sent, signal);
  done(3);
  const [cleanValue, corruptedValue] = [measured(metric, a.logits, a.logits), measured(metric, b.logits, a.logits)];
  const [query, key, value] = [0, 1, 2].map((part) => {
    return placed(found.filter((_, i) => i % 3 === part), L, H, factor);
  }) as [FloatTensor, FloatTensor, FloatTensor];
  free(...a.values, ...b.values, ...found);
  return { clean, corrupted, position, metric, cleanValue, corruptedValue, query, key, value };
}

/** `[L, H, L, R]` of what each layer but the first reads of all layers but the last, `[R, (L - 1) H]` each. */
function placed(parts: readonly Float32Array[], L: number, H: number, factor: number): FloatTensor {
  const J = (L - 1) * H;
  const R = J === 0 ? H : parts[0]!.length / J;
  const data = new Float32Array(L * H * L * R);
  parts.forEach((edges, i) => {
    const layer = i + 1;
    for (let r = 0; r < R; ++r) {
      for (let j = 0; j < layer * H; ++j) data[(j * L + layer) * R + r] = factor * edges[r * J + j]!;
    }
  });
  return { data, shape: [L, H, L, R] };
}
