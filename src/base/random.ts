/**
 * Checks a seed.
 *
 * @throws {RangeError} When it is no whole number.
 */
export function expectSeed(seed: number): void {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`Cannot seed with ${seed} as a seed must be a whole number`);
}

/**
 * Numbers in [0, 1), the same for the same seed. Seeds from 0 to 2^32 - 1 are those of Mulberry32; of others, both halves
 * of their 64 bits are the first two numbers of sfc32's state, with 0 and 1 after them and twelve numbers left out, so
 * that no two are the same.
 * https://github.com/cprosche/mulberry32, https://pracrand.sourceforge.net
 */
export function createRandom(seed: number): () => number {
  return seed >= 0 && seed < 2 ** 32 ? mulberry32(seed) : sfc32(seed);
}

function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6D2B79F5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function sfc32(seed: number): () => number {
  let [a, b, c, count] = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0, 0, 1];
  const next = () => {
    const sum = (a + b + count++) >>> 0;
    a = (b ^ (b >>> 9)) >>> 0;
    b = (c + (c << 3)) >>> 0;
    c = (((c << 21) | (c >>> 11)) + sum) >>> 0;
    return sum / 4294967296;
  };
  for (let i = 0; i < 12; ++i) next();
  return next;
}
