/**
 * What views of attention share: which layers a trace holds, which of them fit into a page, and where a token looks most.
 *
 * @module
 */
import type { Trace } from "../../src/ask/trace/trace.ts";
import { expectLength } from "./expect_shape.ts";

/** The layers that a trace holds, `count` of them; one that names none holds all. `what` is what is drawn. */
export function recordedLayers(what: string, trace: Trace, count: number): readonly number[] {
  const layers = trace.layers ?? Array.from({ length: count }, (_, layer) => layer);
  expectLength({ what, field: "trace.layers" }, layers, count);
  return layers;
}

/** The index of a layer among those that a trace holds. */
export function layerIndex(layers: readonly number[], layer: number | undefined): number {
  const index = layers.findIndex((one) => one === layer);
  if (index < 0) throw new RangeError(`Cannot show layer ${layer} as the trace holds layers ${layers.join(", ")}`);
  return index;
}

/** The indices of the layers that fit into a page, of `count` layers at most `most`: the chosen one and its neighbours. */
export function layersAround(index: number, count: number, most: number): number[] {
  const length = Math.max(1, Math.min(count, most));
  const first = Math.max(0, Math.min(count - length, index - Math.floor(length / 2)));
  return Array.from({ length }, (_, i) => first + i);
}

/** A token that is looked at. */
export interface LookedAt {
  /** Its position. */
  readonly position: number;
  /** How much of the attention it gets. */
  readonly weight: number;
}

/** The positions, from 0 to before `count`, with the largest weights, largest first; those below a half percent are left out. */
export function strongestWeights(count: number, weight: (position: number) => number, most: number): LookedAt[] {
  return Array.from({ length: count }, (_, position) => ({ position, weight: weight(position) }))
    .filter((one) => one.weight >= 0.005)
    .sort((a, b) => b.weight - a.weight || a.position - b.position)
    .slice(0, most);
}
