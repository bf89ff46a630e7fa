/**
 * Traces of the twelve-layer checkpoint, as PyTorch computed them, and what scikit-learn and numpy say of them.
 *
 * @module
 */
import { ok } from "@std/assert";
import type { Capture } from "../../src/ask/trace/recorders.ts";
import type { Trace } from "../../src/ask/trace/trace.ts";
import type { FloatTensor } from "../../src/base/tensor.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import { maxAbsDifference, openGolden, openGoldenFile } from "../support/goldens.ts";

const FOLDER = new URL("../goldens/analysis/", import.meta.url);
const source = await openGolden("twelve_layers");

/** A case of NMF. */
export interface NmfCase {
  readonly init: "nndsvda" | "nndsvd" | "custom";
  readonly factors: number;
  readonly prompts: readonly string[];
  readonly layers?: readonly number[];
  readonly error: number;
  readonly relativeError: number;
  readonly iterations: number;
}

/** A case of k-means. */
export interface ClusterCase {
  readonly prompt: string;
  readonly layer: number;
  readonly clusters: number;
  readonly scale: "none" | "unit";
  readonly silhouette: number;
  readonly inertia: number;
}

/** The single numbers of the goldens. */
export const FACTS: {
  readonly headCounts: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly nmf: Readonly<Record<string, NmfCase>>;
  readonly errorCurve: { readonly factors: readonly number[]; readonly relativeErrors: readonly number[] };
  readonly ecco: { readonly factors: number; readonly iterations: number; readonly relativeErrors: readonly number[] };
  readonly clusters: Readonly<Record<string, ClusterCase>>;
} = JSON.parse(await Deno.readTextFile(new URL("golden.json", FOLDER)));

/** An array of the goldens. */
export const golden = (key: string) => openGoldenFile(new URL("golden.safetensors", FOLDER), key);

/** A text of which only the ids matter. */
export function sequenceOfIds(tokenIds: readonly number[]): Sequence {
  return { tokenIds, tokens: [], promptLength: tokenIds.length, text: "" };
}

/** The trace of a golden prompt. */
export async function goldenTrace(prompt: string, capture: Capture): Promise<Trace> {
  const { data, shape } = await source.array(`${prompt}/${capture}`);
  return { sequence: sequenceOfIds(source.prompts[prompt]!.tokenIds), [capture]: { data, shape } };
}

/** A trace of given numbers. */
export function traceOf(capture: Capture, shape: readonly number[], numbers: Iterable<number>): Trace {
  const T = capture === "attention" ? shape[2]! : shape[1]!;
  const ids = Array.from({ length: T }, (_, t) => t);
  return { sequence: sequenceOfIds(ids), [capture]: { data: Float32Array.from(numbers), shape } };
}

/** The recorded blocks of a trace alone. */
export function layersOf(trace: Trace, capture: "attention" | "activations", layers: readonly number[]): Trace {
  const { data, shape } = trace[capture]!;
  const size = data.length / shape[0]!;
  const kept = layers.flatMap((layer) => [...data.subarray(layer * size, (layer + 1) * size)]);
  return {
    ...trace,
    layers,
    [capture]: { data: Float32Array.from(kept), shape: [layers.length, ...shape.slice(1)] },
  };
}

/** Holds a tensor to a golden, absolutely. */
export async function equalsGolden({ data, shape }: FloatTensor, key: string, bound: number): Promise<void> {
  const expected = await golden(key);
  ok(`${shape}` === `${expected.shape}`, `${key}: shape ${shape} instead of ${expected.shape}`);
  const difference = maxAbsDifference(data, expected.data);
  ok(difference <= bound, `${key}: ${difference} > ${bound}`);
}
