/**
 * L-BFGS with Armijo's and the curvature condition: Nocedal and Wright 2006, Numerical Optimization, algorithms 7.4, 7.5.
 *
 * @module
 */
import { dot } from "../../base/numbers.ts";

/** A smooth function: its value at a point, and its gradient there, which is written into `gradient`. */
export type Smooth = (point: Float64Array, gradient: Float64Array) => number;

/** How far a descent is. */
export interface Descent {
  /** Where it is. */
  readonly point: Float64Array;
  /** The value there. */
  readonly value: number;
  /** The greatest part of the gradient there. */
  readonly slope: number;
  /** How many steps were taken. */
  readonly steps: number;
}

/** How many of the last steps make the next one. */
const MEMORY = 10;
/** A step must gain this share of what the slope promises. */
const GAIN = 1e-4;
/** After a step the slope along it must be this share of what it was at most. */
const FLATTER = 0.9;
const MOST_TRIALS = 60;

interface Pair {
  readonly s: Float64Array;
  readonly y: Float64Array;
  readonly rho: number;
}

interface Place {
  readonly point: Float64Array;
  readonly gradient: Float64Array;
  readonly value: number;
}

/**
 * Descends from `start`, and gives where it is after each step. It ends where no step along the gradient gains anything
 * any more, which is a minimum to the last digits where `f` is convex.
 */
export function* descend(f: Smooth, start: Float64Array): Generator<Descent, void> {
  const placeAt = (point: Float64Array): Place => {
    const gradient = new Float64Array(point.length);
    return { point, gradient, value: f(point, gradient) };
  };
  let pairs: Pair[] = [];
  let at = placeAt(start);
  yield descentOf(at, 0);
  for (let steps = 1;; ++steps) {
    const next = step(placeAt, at, direction(at.gradient, pairs)) ??
      (pairs.length > 0 ? step(placeAt, at, direction(at.gradient, pairs = [])) : undefined);
    if (!next) return;
    const s = next.point.map((x, i) => x - at.point[i]!);
    const y = next.gradient.map((x, i) => x - at.gradient[i]!);
    const curvature = dot(s, y);
    if (curvature > 0) pairs = [...pairs, { s, y, rho: 1 / curvature }].slice(-MEMORY);
    at = next;
    yield descentOf(at, steps);
  }
}

function descentOf({ point, value, gradient }: Place, steps: number): Descent {
  return { point, value, steps, slope: gradient.reduce((most, x) => Math.max(most, Math.abs(x)), 0) };
}

/** The two loops: minus the gradient, times the inverse of the curvature that the pairs have seen. */
function direction(gradient: Float64Array, pairs: readonly Pair[]): Float64Array {
  const q = gradient.map((x) => -x);
  const shares: number[] = [];
  for (const { s, y, rho } of pairs.toReversed()) {
    const share = rho * dot(s, q);
    shares.unshift(share);
    addTo(q, y, -share);
  }
  const last = pairs.at(-1);
  const scale = last ? dot(last.s, last.y) / dot(last.y, last.y) : 1 / Math.max(1, Math.sqrt(dot(q, q)));
  for (let i = 0; i < q.length; ++i) q[i]! *= scale;
  pairs.forEach(({ s, y, rho }, i) => addTo(q, s, shares[i]! - rho * dot(y, q)));
  return q;
}

/** A step that gains enough and flattens the slope, by bisection; none where there is no such step. */
function step(placeAt: (point: Float64Array) => Place, from: Place, along: Float64Array): Place | undefined {
  const slope = dot(from.gradient, along);
  if (!(slope < 0)) return undefined;
  let [least, most, length] = [0, Infinity, 1];
  for (let trial = 0; trial < MOST_TRIALS; ++trial) {
    const next = placeAt(from.point.map((x, i) => x + length * along[i]!));
    if (!(next.value <= from.value + GAIN * length * slope)) most = length;
    else if (dot(next.gradient, along) < FLATTER * slope) least = length;
    else return next.value < from.value ? next : undefined;
    length = most === Infinity ? 2 * length : (least + most) / 2;
  }
  return undefined;
}

function addTo(a: Float64Array, b: Float64Array, factor: number): void {
  for (let i = 0; i < a.length; ++i) a[i]! += factor * b[i]!;
}
