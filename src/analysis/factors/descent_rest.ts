/**
 * What is done once with a factorisation: the error that is left at its end, and the products of tokens that its start is
 * made of.
 *
 * @module
 */
import { DOUBLE, ENTRY, type Layout } from "./descent_layout.ts";
import { eachBlock, eachEntry, eachPair, PAIR } from "./descent_loops.ts";
import {
  add,
  addDoubles,
  addInts,
  below,
  clear,
  type Code,
  divInts,
  get,
  int,
  lane,
  load,
  loadDouble,
  loadFloatTwice,
  loadInt,
  mul,
  mulDoubles,
  mulInts,
  repeat,
  set,
  store,
  storeDouble,
  storeInt,
  sub,
  subInts,
  sumsOf,
  type WasmFunction,
  when,
} from "./wasm_code.ts";

const ERROR = {
  ...{ neuron: 0, to: 1, base: 2, entry: 3, end: 4, row: 5, at: 6, own: 7, offset: 8, last: 9 },
  ...{ activation: 10, left: 11, all: 12, one: 13, other: 14, weights: 15 },
};

/**
 * Adds ‖X - W H‖² and ‖X‖² of the neurons `from` to before `to` to the sums of a part, of which the first is that of even tokens;
 * entry by entry, as differences of large sums would lose digits.
 */
export function error(layout: Layout): WasmFunction {
  const { neuron, to, base, row, at, own, last, activation, left, all, one } = ERROR;
  const { stride, scratch, sums, partBytes, evenTokens } = layout;
  const place = addInts(get(at), get(base));
  const spread = [
    set(at, divInts(get(row), int(stride))),
    storeDouble(place, scratch, addDoubles(loadDouble(place, scratch), lane(get(activation), 0))),
    set(all, add(get(all), mul(get(activation), get(activation)))),
  ];
  const squares = [
    set(at, get(base)),
    repeat(at, PAIR, get(last), [
      set(one, load(get(at), scratch)),
      set(left, add(get(left), mul(get(one), get(one)))),
    ]),
  ];
  const code = [
    set(base, mulInts(get(base), int(partBytes))),
    set(last, addInts(get(base), int(evenTokens * DOUBLE))),
    set(left, load(get(base), sums)),
    set(all, load(get(base), sums + PAIR)),
    repeat(neuron, 1, get(to), [
      clear(addInts(get(base), int(scratch)), evenTokens * DOUBLE),
      eachEntry(layout, ERROR, undefined, spread),
      set(own, mulInts(get(neuron), int(stride * DOUBLE))),
      eachBlock(layout, ERROR.offset, (offset) => withoutProducts(layout, offset)),
      squares,
    ]),
    store(get(base), sums, get(left)),
    store(get(base), sums + PAIR, get(all)),
  ];
  return { name: "error", parameters: 3, ints: 7, vectors: 5 + layout.block / 2, returns: false, code };
}

/** Takes a block of the products with a neuron's row off what is in the scratch of a part, two tokens at a time. */
function withoutProducts(layout: Layout, offset: Code): Code {
  const { base, row, at, own, last, one, other, weights } = ERROR;
  const { stride, scratch, activity } = layout;
  const begin = [one, other].map((sum, token) => {
    return set(sum, mul(load(get(row), activity + token * stride * DOUBLE), get(weights)));
  });
  const go = eachPair(layout, (i) =>
    [one, other].map((sum, token) => {
      const numbers = load(get(row), activity + token * stride * DOUBLE + i * PAIR);
      return set(sum, add(get(sum), mul(numbers, get(weights + i))));
    }), 1);
  return [
    eachPair(layout, (i) => set(weights + i, load(addInts(get(own), offset), layout.neurons + i * PAIR))),
    set(row, offset),
    set(at, get(base)),
    repeat(at, PAIR, get(last), [
      begin,
      go,
      store(get(at), scratch, sub(load(get(at), scratch), sumsOf(one, other))),
      set(row, addInts(get(row), int(2 * stride * DOUBLE))),
    ]),
  ];
}

/** The bytes of an entry in the scratch of {@linkcode products}: the place of its token in a row, and its activation. */
export const WIDE_ENTRY = 16;

/**
 * Adds the products of the activations of some neurons to the rows `from` to before `to` of X Xᵀ, on the diagonal and before
 * it. The neurons are those between the two numbers at `range`.
 */
export function products(layout: Layout): WasmFunction {
  const [from, to, base, neuron, entry, end, next, other, row, token] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  const own = 10;
  const { tokens, stride, starts, scratch, range, square, partBytes } = layout;
  const start = mulInts(get(neuron), int(4));
  const cell = addInts(get(row), loadInt(get(other), 0));
  const product = mulDoubles(lane(get(own), 0), loadDouble(get(other), DOUBLE));
  const withEarlier = [
    set(row, mulInts(get(token), int(tokens))),
    set(other, get(base)),
    repeat(other, WIDE_ENTRY, addInts(get(next), int(WIDE_ENTRY)), [
      storeDouble(cell, square, addDoubles(loadDouble(cell, square), product)),
    ]),
  ];
  const code = [
    set(base, addInts(mulInts(get(base), int(partBytes)), int(scratch))),
    set(from, mulInts(get(from), int(DOUBLE))),
    set(to, mulInts(get(to), int(DOUBLE))),
    set(neuron, loadInt(int(range))),
    repeat(neuron, 1, loadInt(int(range), 4), [
      set(next, get(base)),
      set(entry, loadInt(start, starts)),
      set(end, loadInt(start, starts + 4)),
      repeat(entry, ENTRY, get(end), [
        set(token, divInts(loadInt(get(entry)), int(stride))),
        set(own, loadFloatTwice(get(entry), 4)),
        storeInt(get(next), 0, get(token)),
        storeDouble(get(next), DOUBLE, lane(get(own), 0)),
        when(below(subInts(get(token), get(from)), subInts(get(to), get(from))), withEarlier),
        set(next, addInts(get(next), int(WIDE_ENTRY))),
      ]),
    ]),
  ];
  return { name: "products", parameters: 3, ints: 7, vectors: 1, returns: false, code };
}
