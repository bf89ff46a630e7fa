/**
 * The inner loops of coordinate descent in WebAssembly, which has two doubles in a register and does the same on every
 * machine; JavaScript takes five times as long.
 *
 * A row has `stride` doubles, a multiple of `block`, as many as are kept in registers. Addresses are bytes.
 *
 * @module
 */
import { DOUBLE, ENTRY, type Layout } from "./descent_layout.ts";
import {
  abs,
  add,
  addDoubles,
  addInts,
  type Code,
  equal,
  get,
  greater,
  int,
  lane,
  load,
  loadFloatTwice,
  loadInt,
  loadTwice,
  mul,
  mulInts,
  repeat,
  secondTwice,
  select,
  set,
  store,
  sub,
  twice,
  type WasmFunction,
  wasmModule,
  zero,
} from "./wasm_code.ts";

const PAIR = 2 * DOUBLE;
/** What a module exports. */
export interface DescentExports {
  readonly memory: WebAssembly.Memory;
  /** Writes the activations of the neurons `from` to before `to` times W, rows of Xᵀ W, to an address. */
  readonly gather: (from: number, to: number, address: number) => void;
  /** Adds the activations of the neurons `from` to before `to` times their rows of H to X Hᵀ. */
  readonly scatter: (from: number, to: number) => void;
  /** One Newton step for each number of some rows, and the sum of the sizes of the projected gradient. */
  readonly improve: (rows: number, cross: number, end: number) => number;
  /** Adds the products of the numbers of each of some rows to the Gram matrix, on its diagonal and after it at least. */
  readonly addGram: (rows: number, end: number) => void;
}

/** The bytes of a module for one layout. */
export function descentModule(layout: Layout): Uint8Array<ArrayBuffer> {
  return wasmModule([gather(layout), scatter(layout), improve(layout), addGram(layout)], layout.bytes);
}

/** Code for each pair of doubles of a block, from one on. */
function eachPair({ block }: Layout, code: (index: number) => Code, first = 0): Code[] {
  return Array.from({ length: block / 2 - first }, (_, index) => code(first + index));
}

/**
 * Runs `body` for each block of a row, whose offset in bytes is a local. Of a single one it is a constant, as what is at an
 * address that is known needs no check that it is within the memory.
 */
function eachBlock({ stride, block }: Layout, offset: number, body: (offset: Code) => Code): Code {
  if (stride === block) return body(int(0));
  return [set(offset, int(0)), repeat(offset, block * DOUBLE, int(stride * DOUBLE), body(get(offset)))];
}

/** Runs `body` for each entry of a neuron, four at a time and then two; `row` becomes the offset of the token's row's block. */
function eachEntry(
  { starts, stride, block }: Layout,
  locals: { readonly [name in "neuron" | "entry" | "end" | "row" | "activation"]: number },
  offset: Code,
  body: Code,
): Code {
  const { neuron, entry, end, row, activation } = locals;
  const start = mulInts(get(neuron), int(4));
  const one = (at: number): Code => {
    const token = loadInt(get(entry), at);
    return [
      set(row, stride > block ? addInts(token, offset) : token),
      set(activation, loadFloatTwice(get(entry), at + 4)),
      body,
    ];
  };
  const some = (count: number) => Array.from({ length: count }, (_, i) => one(i * ENTRY));
  return [
    set(entry, loadInt(start, starts)),
    set(end, loadInt(start, starts + 4)),
    repeat(entry, 4 * ENTRY, addInts(get(end), int(-3 * ENTRY)), some(4)),
    repeat(entry, 2 * ENTRY, get(end), some(2)),
  ];
}

function gather(layout: Layout): WasmFunction {
  const locals = { neuron: 0, to: 1, address: 2, entry: 3, end: 4, offset: 5, row: 6, activation: 7, sums: 8 };
  const { neuron, to, address, row, activation, sums } = locals;
  const take = eachPair(layout, (i) => {
    return set(sums + i, add(get(sums + i), mul(get(activation), load(get(row), layout.activity + i * PAIR))));
  });
  const block = (offset: Code) => [
    eachPair(layout, (i) => set(sums + i, zero)),
    eachEntry(layout, locals, offset, take),
    eachPair(layout, (i) => store(addInts(get(address), offset), i * PAIR, get(sums + i))),
  ];
  const code = repeat(neuron, 1, get(to), [
    eachBlock(layout, locals.offset, block),
    set(address, addInts(get(address), int(layout.stride * DOUBLE))),
  ]);
  return { name: "gather", parameters: 3, ints: 4, vectors: 1 + layout.block / 2, returns: false, code };
}

function scatter(layout: Layout): WasmFunction {
  const locals = { neuron: 0, to: 1, entry: 2, end: 3, offset: 4, row: 5, activation: 6, weights: 7 };
  const { neuron, to, row, activation, weights } = locals;
  const give = eachPair(layout, (i) => {
    const at = layout.cross + i * PAIR;
    return store(get(row), at, add(load(get(row), at), mul(get(activation), get(weights + i))));
  });
  const block = (offset: Code) => {
    const own = addInts(mulInts(get(neuron), int(layout.stride * DOUBLE)), offset);
    return [
      eachPair(layout, (i) => set(weights + i, load(own, layout.neurons + i * PAIR))),
      eachEntry(layout, locals, offset, give),
    ];
  };
  const code = repeat(neuron, 1, get(to), eachBlock(layout, locals.offset, block));
  return { name: "scatter", parameters: 2, ints: 4, vectors: 1 + layout.block / 2, returns: false, code };
}

/** The locals of {@linkcode improve}; `t` begins those of each row that is improved. */
const STEP = { row: 0, cross: 1, end: 2, offset: 3, other: 4, scaled: 5, violation: 6, number: 7, t: 8 };

/**
 * The number k of a row becomes max(0, t), where t = (cross[k] - Σ gram[k, r] row[r] over all r but k) / gram[k, k], one
 * after the other. What old numbers and those of other blocks take off is in `upper`; what a new number takes off the
 * later ones of its block, in `lower`. The gradient is (old - t) gram[k, k]. Two rows go side by side, as each of their
 * steps waits for the one before.
 */
function improve(layout: Layout): WasmFunction {
  const { row, cross, end, violation } = STEP;
  const rowBytes = layout.stride * DOUBLE;
  const rows = (count: number): Code =>
    repeat(row, count * rowBytes, count > 1 ? addInts(get(end), int((1 - count) * rowBytes)) : get(end), [
      eachBlock(layout, STEP.offset, (offset) => stepOfBlock(layout, offset, count)),
      set(cross, addInts(get(cross), int(count * rowBytes))),
    ]);
  const code = [rows(2), rows(1), addDoubles(lane(get(violation), 0), lane(get(violation), 1))];
  return { name: "improve", parameters: 3, ints: 3, vectors: 2 + layout.block, returns: true, code };
}

/** One step for the numbers of a block of some rows, one behind another. */
function stepOfBlock(layout: Layout, offset: Code, rows: number): Code {
  const { row, cross, violation, number, t: first } = STEP;
  const { block, stride, lower, curvature, reciprocal } = layout;
  const rowBytes = stride * DOUBLE;
  const eachRow = (code: (t: number, at: number) => Code): Code =>
    Array.from({ length: rows }, (_, i) => code(first + i * block / 2, i * rowBytes));
  const begin = eachRow((t, at) =>
    eachPair(layout, (i) => {
      return set(t + i, mul(load(addInts(get(cross), offset), at + i * PAIR), load(offset, reciprocal + i * PAIR)));
    })
  );
  const inTurn = Array.from({ length: block }, (_, k): Code =>
    eachRow((t) => [
      set(number, greater(zero, get(t + (k >> 1)))),
      set(number, k % 2 === 0 ? twice(lane(get(number), 0)) : secondTwice(number)),
      takenOff(layout, t, offset, lower + k * rowBytes, (k + 1) >> 1),
    ]));
  const own = addInts(get(row), offset);
  const finish = eachRow((t, at) =>
    eachPair(layout, (i) => {
      const old = load(own, at + i * PAIR);
      const next = greater(zero, get(t + i));
      const size = select(next, abs(sub(old, get(t + i))), equal(old, zero));
      return [
        set(violation, add(get(violation), mul(size, load(offset, curvature + i * PAIR)))),
        store(own, at + i * PAIR, next),
      ];
    })
  );
  return [begin, ofOldNumbers(layout, offset, eachRow), inTurn, finish];
}

/** Takes off what the numbers of all of each row do as they are. */
function ofOldNumbers(
  layout: Layout,
  offset: Code,
  eachRow: (code: (t: number, at: number) => Code) => Code,
): Code {
  const { row, other, scaled, number } = STEP;
  const { stride, block, upper } = layout;
  const rowBytes = stride * DOUBLE;
  const one = (at: Code, fixed: number, matrix: Code, place: number) =>
    eachRow((t, ofRow) => [
      set(number, loadTwice(addInts(get(row), at), ofRow + fixed)),
      takenOff(layout, t, matrix, place),
    ]);
  if (stride === block) {
    return Array.from({ length: block }, (_, r) => one(int(0), r * DOUBLE, int(0), upper + r * rowBytes));
  }
  return [
    set(scaled, offset),
    set(other, int(0)),
    repeat(other, DOUBLE, int(rowBytes), [
      one(get(other), 0, get(scaled), upper),
      set(scaled, addInts(get(scaled), int(rowBytes))),
    ]),
  ];
}

/** Takes the product of a number and a row of a matrix off the pairs of `t`, from one on. */
function takenOff(layout: Layout, t: number, matrix: Code, place: number, from = 0): Code {
  const { number } = STEP;
  return eachPair(layout, (i) => {
    return set(t + i, sub(get(t + i), mul(get(number), load(matrix, place + i * PAIR))));
  }, from);
}

/**
 * Takes two numbers of all rows at a time, so that what is read serves both; of a single block only what stands on the
 * diagonal or after it, as the matrix is symmetric.
 */
function addGram(layout: Layout): WasmFunction {
  const [rows, end, offset, number, row, into] = [0, 1, 2, 3, 4, 5];
  const [one, other, sums] = [6, 7, 8];
  const { stride, block, gram } = layout;
  const rowBytes = stride * DOUBLE;
  const pass = (column: Code, place: Code, at: number, first: number): Code => {
    const both = (code: (sum: number, address: number) => Code) =>
      eachPair(layout, (i) => [
        code(sums + i, at * rowBytes + i * PAIR),
        code(sums + block / 2 + i, (at + 1) * rowBytes + i * PAIR),
      ], first);
    const own = load(addInts(get(row), get(number)), at * DOUBLE);
    return [
      both((sum, address) => set(sum, load(place, gram + address))),
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
      both((sum, address) => store(place, gram + address, get(sum))),
    ];
  };
  const code = stride === block
    ? Array.from({ length: block / 2 }, (_, pair) => pass(int(0), int(0), 2 * pair, pair))
    : eachBlock(layout, offset, (column) => [
      set(number, int(0)),
      set(into, column),
      repeat(number, PAIR, int(rowBytes), [
        pass(column, get(into), 0, 0),
        set(into, addInts(get(into), int(2 * rowBytes))),
      ]),
    ]);
  return { name: "addGram", parameters: 2, ints: 4, vectors: 2 + block, returns: false, code };
}
