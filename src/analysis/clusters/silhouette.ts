import type { Pace } from "../pace.ts";

/**
 * The mean silhouette of some clusterings of the same points, with Euclidean distances, which are computed once for all
 * of them: of each point (b - a) / max(a, b), with a the mean distance to the others of its cluster and b the smallest
 * mean distance to another cluster; 0 for a point that is alone. It equals scikit-learn's `silhouette_score`.
 *
 * @param labelings For each clustering the cluster of each point, from 0 without gaps.
 */
export async function silhouettes(
  points: readonly (readonly number[])[],
  labelings: readonly Int32Array[],
  pace: Pace,
): Promise<number[]> {
  const [n, width] = [points.length, points[0]!.length];
  const flat = Float64Array.from(points.flat());
  const counts = labelings.map((labels) => Math.max(...labels) + 1);
  const sums = counts.map((count) => new Float64Array(n * count));
  for (let i = 0; i < n; ++i) {
    for (let j = 0; j < i; ++j) {
      const distance = distanceOf(flat, i * width, j * width, width);
      labelings.forEach((labels, index) => {
        const [sum, count] = [sums[index]!, counts[index]!];
        sum[i * count + labels[j]!]! += distance;
        sum[j * count + labels[i]!]! += distance;
      });
    }
    if (pace.isDue(i * width)) await pace.turn();
  }
  return labelings.map((labels, index) => meanSilhouette(labels, sums[index]!, counts[index]!));
}

function distanceOf(flat: Float64Array, a: number, b: number, width: number): number {
  let sum = 0;
  for (let k = 0; k < width; ++k) {
    const difference = flat[a + k]! - flat[b + k]!;
    sum += difference * difference;
  }
  return Math.sqrt(sum);
}

/** @param sums `[points, count]`, the sum of the distances of a point to the points of each cluster. */
function meanSilhouette(labels: Int32Array, sums: Float64Array, count: number): number {
  const sizes = new Float64Array(count);
  for (const label of labels) ++sizes[label]!;
  let total = 0;
  labels.forEach((own, i) => {
    if (sizes[own] === 1) return;
    const within = sums[i * count + own]! / (sizes[own]! - 1);
    let nearest = Infinity;
    for (let other = 0; other < count; ++other) {
      if (other !== own) nearest = Math.min(nearest, sums[i * count + other]! / sizes[other]!);
    }
    const larger = Math.max(within, nearest);
    if (larger > 0) total += (nearest - within) / larger;
  });
  return total / labels.length;
}
