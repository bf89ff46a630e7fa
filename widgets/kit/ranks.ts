/**
 * The colours of ranks: the first is the strongest, and the scale is logarithmic.
 *
 * @module
 */

/** The end of a scale: a power of ten that no rank is above. */
export function rankCeiling(ranks: ArrayLike<number>): number {
  const worst = Array.from(ranks).reduce((most, rank) => Math.max(most, rank), 1);
  let ceiling = 10;
  while (ceiling < worst) ceiling *= 10;
  return ceiling;
}

/** How strong a rank's colour is: 1 for the first, 0 for the end of the scale, by the logarithm. */
export function rankShare(rank: number, ceiling: number): number {
  return Math.max(0, 1 - Math.log(rank) / Math.log(ceiling));
}

/** The powers of ten of the scale. */
export function rankTicks(ceiling: number): number[] {
  const ticks = [];
  for (let tick = 1; tick <= ceiling; tick *= 10) ticks.push(tick);
  return ticks;
}
