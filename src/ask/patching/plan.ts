import type { OptionTable } from "../../base/options.ts";
import type { Progress } from "../../base/progress.ts";
import { type MemoryOptions, READING } from "../../model/cost.ts";
import {
  costOf,
  explainBytes,
  FLOAT,
  type Machine,
  memoryLimit,
  readBytes,
  secondProgramBytes,
} from "../../model/memory.ts";
import type { Reader } from "../../model/reader.ts";
import type { Sequence } from "../../model/sequence.ts";
import { predictedPosition } from "../positions.ts";
import type { AskedModel, Plan } from "../question.ts";
import { chosen } from "./chosen.ts";
import { type AskedMetric, askedMetric, METRICS } from "./metric.ts";
import { PATCH_SITES, type Place, placeOf, rowsAt } from "./places.ts";
import { lengthOf, type Lengths, runsOf } from "./sweep.ts";
import type { MetricName, PatchSite } from "./types.ts";

/** Options of {@linkcode LanguageModel.patch}. */
export interface PatchOptions extends MemoryOptions {
  /**
   * What is replaced: the residual stream that enters a layer (`resid`), or between its attention and its MLP
   * (`resid_mid`), or what its attention (`attn_out`) or its MLP (`mlp_out`) adds to it, each at one position; or the sum
   * of one head before the output projection (`z`), at all positions. Where there is an encoder these are of the decoder;
   * `resid_cross`, `cross_out` and `cross_z` are of its attention to the source, and names that begin with `source_`, as
   * in `source_resid`, of the encoder: then both sources have as many tokens, and positions are of them.
   *
   * @default {"resid"}
   */
  readonly at?: PatchSite;
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
  /** The positions whose rows are replaced; all that are read by default. Not where heads are replaced. */
  readonly positions?: readonly number[];
  /** The heads that are replaced; all by default. Of `z`, `cross_z` and `source_z` only. */
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

export const PATCH_OPTIONS: OptionTable<PatchOptions> = {
  task: "patch",
  kinds: {
    ...{ at: PATCH_SITES, metric: METRICS, target: "a text or a number", contrast: "a text or a number" },
    ...{ method: ["exact", "estimate", "both"], layers: "an array", positions: "an array", heads: "an array" },
    ...{ position: "a number", ...READING },
  },
};

/** The two texts of {@linkcode LanguageModel.patch}. */
export interface Pair {
  /** The text whose activations are put in. */
  readonly clean: Sequence;
  /** The text that is run with them. */
  readonly corrupted: Sequence;
}

/** What is patched, and how. */
export interface PatchPlan extends Plan, Pair {
  readonly position: number;
  readonly at: PatchSite;
  readonly place: Place;
  readonly asked: AskedMetric;
  readonly method: "exact" | "estimate" | "both";
  readonly layers: readonly number[];
  readonly columns: "positions" | "heads";
  readonly indices: readonly number[];
}

/** Checks what is to be patched, and says what that takes. */
export function planPatching(
  { runner: machine, reader }: AskedModel,
  pair: Pair,
  options: PatchOptions,
): PatchPlan {
  const { at = "resid", metric = "logitDifference", method = "exact" } = options;
  const place = placeOf("patch", machine.config, at);
  const position = expectPair("patch", reader, pair, options.position);
  if (place.inSource) expectSources(pair);
  const asked = askedMetric(reader, metric, options);
  if (method !== "exact" && metric === "kl") {
    throw new TypeError('Cannot estimate kl as only metrics of words are differentiated; use method: "exact"');
  }
  const layers = chosen("patch", "layers", options.layers, place.layers);
  const columns = place.columns as PatchPlan["columns"];
  const other = columns === "heads" ? "positions" : "heads";
  if (options[other]) {
    throw new TypeError(`Cannot patch some ${other} at "${at}"; name ${columns}, or patch another place`);
  }
  const rows = rowsAt(place, pair.corrupted, position).length;
  const indices = columns === "heads"
    ? chosen("patch", "heads", options.heads, place.heads)
    : chosen("patch", "positions", options.positions, rows);
  const plan = { ...pair, position, at, place, asked, method, layers, columns, indices };
  return {
    ...plan,
    cost: costOfPatching(machine, plan),
    task: `patch ${at} of ${rows} tokens in ${layers.length} layers`,
    maxMemory: memoryLimit(machine, options.maxMemory),
    advice: "patch shorter texts, or fewer layers",
  };
}

function costOfPatching(
  machine: Machine,
  { corrupted, clean, position: T, place, method, layers, columns, indices }: Omit<PatchPlan, keyof Plan>,
) {
  const E = Math.max(...[clean, corrupted].map(({ source }) => source?.tokenIds.length ?? 0));
  const lengths: Lengths = { T, E, inSource: place.inSource };
  const from = (index: number) => columns === "heads" || place.inSource ? 0 : index;
  const starts = layers.flatMap(() => indices.map((index) => ({ from: from(index) })));
  const sweeps = method === "estimate" ? [] : runsOf(starts, lengthOf(lengths));
  const bytes = sweeps.map(({ from, patches: { length: R } }) => {
    const own = R * (T - from);
    return readBytes(machine, { T: own, S: from + own, R, ...place.inSource ? { E: R * E } : { Z: E } });
  });
  const kept = 2 * FLOAT * layers.length * Math.max(T, E) * place.width;
  const gradient = method === "exact" ? 0 : explainBytes(machine, { N: 1, T, E }) + kept;
  const second = secondProgramBytes(machine);
  return costOf(
    2 + sweeps.length + (method === "exact" ? 0 : 1),
    Math.max(readBytes(machine, { T, R: 1, E }), gradient, ...bytes) + kept + second,
    FLOAT * layers.length * indices.length * (method === "both" ? 2 : 1),
  );
}

/** Refuses texts that cannot stand for each other, and says where the prediction is that is asked about. */
export function expectPair(task: string, reader: Reader, { clean, corrupted }: Pair, position?: number): number {
  for (const text of [clean, corrupted]) reader.expectOwnSequence(text);
  expectAlike(task, "text", clean, corrupted);
  return predictedPosition("measure what is predicted for", corrupted, position);
}

function expectSources({ clean, corrupted }: Pair): void {
  expectAlike("patch", "source", clean.source!, corrupted.source!);
}

function expectAlike(task: string, what: string, clean: Sequence, corrupted: Sequence): void {
  const [T, other] = [clean, corrupted].map(({ tokenIds }) => tokenIds.length) as [number, number];
  if (T === other) return;
  throw new RangeError(
    `Cannot ${task} a ${what} of ${other} tokens with one of ${T}; change words for others of as many tokens`,
  );
}
