/**
 * What the view of edges draws: the strongest of them.
 *
 * @module
 */
import type { HeadEdges } from "../../src/ask/patching/types.ts";
import { isSequence, nameOf } from "../kit/expect.ts";
import { expectPosition, expectShape } from "../kit/expect_shape.ts";
import { checkMetric } from "./data.ts";

/** What a head reads by. */
export const INPUTS = ["query", "key", "value"] as const satisfies readonly EdgeInput[];

/** By which of them. */
export type EdgeInput = "query" | "key" | "value";

/** A head. */
export interface Head {
  readonly layer: number;
  readonly head: number;
}

/** One edge. */
export interface Edge {
  /** The head that writes. */
  readonly from: Head;
  /** The head that reads. */
  readonly to: Head;
  /** What it reads it by. */
  readonly input: EdgeInput;
  /** By how much the metric rises. */
  readonly effect: number;
}

/** What is drawn. */
export interface EdgesDrawing {
  /** What was given. */
  readonly given: HeadEdges;
  /** L and H. */
  readonly layers: number;
  readonly heads: number;
  /** The edges by size, largest first: those that are not 0. */
  readonly strongest: readonly Edge[];
  /** How many are not 0. */
  readonly count: number;
  /** The inputs that are shown. */
  readonly inputs: readonly EdgeInput[];
}

const WHAT = "edges between heads";

/**
 * What is to be drawn.
 *
 * @throws {TypeError | RangeError} When it is none, or its parts do not fit each other.
 */
export function edgesDrawing(
  given: HeadEdges,
  { input, most }: { readonly input?: EdgeInput | undefined; readonly most: number },
): EdgesDrawing {
  const [layers, heads] = checkedShape(given);
  const inputs = input === undefined ? INPUTS : [input];
  const all = inputs.flatMap((own) => edgesOf(given, own));
  const strongest = all.sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect)).slice(0, most);
  return { given, layers, heads, strongest, count: all.length, inputs };
}

function checkedShape(given: HeadEdges): readonly [layers: number, heads: number] {
  const fields = (given ?? {}) as Partial<HeadEdges>;
  if (!isSequence(fields.clean) || !isSequence(fields.corrupted) || Object(fields.metric) !== fields.metric) {
    throw new TypeError(`Cannot draw ${nameOf(given)} as ${WHAT}; pass what await model.edges() returned`);
  }
  checkMetric(WHAT, given.metric);
  expectPosition(WHAT, given.corrupted, given.position, true);
  const [L = 0, H = 0] = given.query?.shape ?? [];
  const K = given.key?.shape?.[3] ?? 0;
  expectShape({ what: WHAT, field: "query" }, given.query, [L, H, L, H]);
  expectShape({ what: WHAT, field: "key" }, given.key, [L, H, L, K]);
  expectShape({ what: WHAT, field: "value" }, given.value, [L, H, L, K]);
  if (L * H * K === 0) throw new RangeError(`Cannot draw ${WHAT} as there are no heads: [${given.query.shape}]`);
  return [L, H];
}

/** The edges by one input that are numbers, and not 0. */
function edgesOf(given: HeadEdges, input: EdgeInput): Edge[] {
  const { data, shape } = given[input];
  const [L, H, , R] = shape as [number, number, number, number];
  const found: Edge[] = [];
  for (let i = 0; i < data.length; ++i) {
    const effect = Number(data[i]);
    if (effect === 0 || !Number.isFinite(effect)) continue;
    const sender = Math.floor(i / (L * R));
    const reader = i % (L * R);
    found.push({
      from: { layer: Math.floor(sender / H), head: sender % H },
      to: { layer: Math.floor(reader / R), head: reader % R },
      ...{ input, effect },
    });
  }
  return found;
}
