/**
 * The sums over entries that the steps of coordinate descent need. What is added to belongs to a part: `base` is its offset.
 *
 * @module
 */
import { DOUBLE, type Layout } from "./descent_layout.ts";
import { eachBlock, eachEntry, eachPair, PAIR } from "./descent_loops.ts";
import {
  add,
  addInts,
  type Code,
  get,
  int,
  lane,
  load,
  mul,
  mulInts,
  repeat,
  secondTwice,
  set,
  store,
  twice,
  type WasmFunction,
  zero,
} from "./wasm_code.ts";

/** Writes the activations of the neurons `from` to before `to` times W, rows of Xᵀ W, to an address. */
export function gather(layout: Layout): WasmFunction {
  const locals = { neuron: 0, to: 1, address: 2, entry: 3, end: 4, offset: 5, row: 6, activation: 7, sums: 8 };
  const { neuron, to, address, row, activation, sums } = locals;
  const take = eachPair(layout, (i) => {
    return set(sums + i, add(get(sums + i), mul(get(activation), load(get(row), layout.activity + i * PAIR))));
  });
  const block = (offset: Code) => [
    eachPair(layout, (i) => set(sums + i, zero)),
    eachEntry(layout, locals, layout.stride > layout.block ? offset : undefined, take),
    eachPair(layout, (i) => store(addInts(get(address), offset), i * PAIR, get(sums + i))),
  ];
  const code = repeat(neuron, 1, get(to), [
    eachBlock(layout, locals.offset, block),
    set(address, addInts(get(address), int(layout.stride * DOUBLE))),
  ]);
  return { name: "gather", parameters: 3, ints: 4, vectors: 1 + layout.block / 2, returns: false, code };
}

/** Adds the activations of the neurons `from` to before `to` times their rows of H to the X Hᵀ of a part. */
export function scatter(layout: Layout): WasmFunction {
  const locals = {
    ...{ neuron: 0, to: 1, base: 2, entry: 3, end: 4, offset: 5, place: 6, row: 7 },
    ...{ activation: 8, weights: 9 },
  };
  const { neuron, to, base, place, row, activation, weights } = locals;
  const give = eachPair(layout, (i) => {
    const at = layout.cross + i * PAIR;
    return store(get(row), at, add(load(get(row), at), mul(get(activation), get(weights + i))));
  });
  const block = (offset: Code) => {
    const own = addInts(mulInts(get(neuron), int(layout.stride * DOUBLE)), offset);
    return [
      eachPair(layout, (i) => set(weights + i, load(own, layout.neurons + i * PAIR))),
      set(place, addInts(get(base), offset)),
      eachEntry(layout, locals, get(place), give),
    ];
  };
  const code = repeat(neuron, 1, get(to), eachBlock(layout, locals.offset, block));
  return { name: "scatter", parameters: 3, ints: 5, vectors: 1 + layout.block / 2, returns: false, code };
}

/**
 * Adds the products of the numbers of each of some rows to the Gram matrix of a part, on its diagonal and after it at least.
 * Takes two numbers of all rows at a time, so that what is read serves both; of a single block only what stands on the
 * diagonal or after it, as the matrix is symmetric.
 */
export function addGram(layout: Layout): WasmFunction {
  const [rows, end, base, offset, number, row, into] = [0, 1, 2, 3, 4, 5, 6];
  const [one, other, sums] = [7, 8, 9];
  const { stride, block, gram } = layout;
  const rowBytes = stride * DOUBLE;
  const pass = (column: Code, at: number, first: number): Code => {
    const both = (code: (sum: number, address: number) => Code) =>
      eachPair(layout, (i) => [
        code(sums + i, at * rowBytes + i * PAIR),
        code(sums + block / 2 + i, (at + 1) * rowBytes + i * PAIR),
      ], first);
    const own = load(addInts(get(row), get(number)), at * DOUBLE);
    return [
      both((sum, address) => set(sum, load(get(into), gram + address))),
      set(row, get(rows)),
      repeat(row, rowBytes, get(end), [
        set(other, own),
        set(one, twice(lane(get(other), 0))),
        set(other, secondTwice(other)),
        eachPair(layout, (i) => {
          const pair = load(addInts(get(row), column), i * PAIR);
          return [one, other].map((factor, n) => {
            const sum = sums + n * block / 2 + i;
            return set(sum, add(get(sum), mul(get(factor), pair)));
          });
        }, first),
      ]),
      both((sum, address) => store(get(into), gram + address, get(sum))),
    ];
  };
  const code = stride === block
    ? [set(into, get(base)), Array.from({ length: block / 2 }, (_, pair) => pass(int(0), 2 * pair, pair))]
    : eachBlock(layout, offset, (column) => [
      set(number, int(0)),
      set(into, addInts(get(base), column)),
      repeat(number, PAIR, int(rowBytes), [
        pass(column, 0, 0),
        set(into, addInts(get(into), int(2 * rowBytes))),
      ]),
    ]);
  return { name: "addGram", parameters: 3, ints: 4, vectors: 2 + block, returns: false, code };
}
