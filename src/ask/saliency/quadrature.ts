/** A rule that integrates a function over [0, 1]: Σ weights[k] f(nodes[k]). */
export interface Quadrature {
  /** Where the function is evaluated, in rising order, strictly between 0 and 1. */
  readonly nodes: Float64Array;
  /** The weights; they sum to 1. */
  readonly weights: Float64Array;
}

/**
 * The Gauss-Legendre rule of `count` nodes, which is exact for polynomials of degree 2 count - 1. The nodes are the
 * roots of the Legendre polynomial, found by Newton's method from the estimates of Abramowitz and Stegun 22.16.6.
 */
export function gaussLegendre(count: number): Quadrature {
  const nodes = new Float64Array(count);
  const weights = new Float64Array(count);
  for (let i = 0; i < count; ++i) {
    let x = Math.cos(Math.PI * (i + 0.75) / (count + 0.5)); // falling from 1 to -1
    let slope = 0;
    for (let round = 0; round < 100; ++round) {
      const [value, before] = legendre(count, x);
      slope = count * (x * value - before) / (x * x - 1);
      const step = value / slope;
      x -= step;
      if (Math.abs(step) < 1e-15) break;
    }
    nodes[count - 1 - i] = (1 + x) / 2;
    weights[count - 1 - i] = 1 / ((1 - x * x) * slope * slope);
  }
  return { nodes, weights };
}

/** P_n(x) and P_{n-1}(x), by Bonnet's recursion. */
function legendre(n: number, x: number): [number, number] {
  let [before, value] = [1, x];
  for (let k = 2; k <= n; ++k) [before, value] = [value, ((2 * k - 1) * x * value - (k - 1) * before) / k];
  return [value, before];
}
