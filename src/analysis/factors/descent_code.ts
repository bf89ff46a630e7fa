/**
 * The inner loops of coordinate descent in WebAssembly, which has two doubles in a register and does the same on every
 * machine; JavaScript takes five times as long.
 *
 * A row has `stride` doubles, a multiple of `block`, as many as are kept in registers. Addresses are bytes.
 *
 * @module
 */
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
  select,
  set,
  store,
  sub,
  twice,
  type WasmFunction,
  wasmModule,
  zero,
} from "./wasm_code.ts";

/** The bytes of a double. */
export const DOUBLE = 8;
const PAIR = 2 * DOUBLE;
/** The bytes of an entry. */
export const ENTRY = 8;
/** How many neurons go through all steps at a time: few enough that their entries stay in the fastest cache. */
export const ROWS_AT_A_TIME = 64;

/** Where things are in the memory of a kernel. */
export interface Layout {
  /** How many doubles of a row are in registers at a time: even. */
  readonly block: number;
  /** How many doubles a row has. */
  readonly stride: number;
  /** W, a row for each token. */
  readonly activity: number;
  /** H, a row for each neuron. */
  readonly neurons: number;
  /** X Hᵀ, a row for each token. */
  readonly cross: number;
  /** The Gram matrix that is added up. */
  readonly gram: number;
  /** For each row of the scaled Gram matrix what is taken off the others, in two parts: see {@linkcode improve}. */
  readonly upper: number;
  readonly lower: number;
  /** The diagonal of the Gram matrix that a step divides by, and its reciprocal. */
  readonly curvature: number;
  readonly reciprocal: number;
  /** Rows of Xᵀ W, {@linkcode ROWS_AT_A_TIME} of them. */
  readonly gathered: number;
  /** Where each neuron's entries begin, as addresses; one more than neurons. */
  readonly starts: number;
  /**
   * For each entry where its token's row begins, from the first row on, as int32, and its activation, as float32; a neuron
   * with an odd number of them has one more, of 0, as loops take two at a time.
   */
  readonly entries: number;
  /** The end of all that. */
  readonly bytes: number;
}

/** What a module exports. */
export interface DescentExports {
  readonly memory: WebAssembly.Memory;
  /** Writes the activations of the neurons `from` to before `to` times W, rows of Xᵀ W, to an address. */
  readonly gather: (from: number, to: number, address: number) => void;
  /** Adds the activations of the neurons `from` to before `to` times their rows of H to X Hᵀ. */
  readonly scatter: (from: number, to: number) => void;
  /** One Newton step for each number of some rows, and the sum of the sizes of the projected gradient. */
  readonly improve: (rows: number, cross: number, end: number) => number;
  /** Adds the products of the numbers of each of some rows to the Gram matrix. */
  readonly addGram: (rows: number, end: number) => void;
}

/** The bytes of a module for one layout. */
export function descentModule(layout: Layout): Uint8Array<ArrayBuffer> {
  return wasmModule([gather(layout), scatter(layout), improve(layout), addGram(layout)], layout.bytes);
}

/** Code for each pair of doubles of a block. */
function eachPair({ block }: Layout, code: (index: number) => Code): Code[] {
  return Array.from({ length: block / 2 }, (_, index) => code(index));
}

/** Runs `body` for each block of a row, whose offset in bytes is a local. */
function eachBlock({ stride, block }: Layout, offset: number, body: Code): Code {
  return [set(offset, int(0)), repeat(offset, block * DOUBLE, int(stride * DOUBLE), body)];
}

/** Runs `body` for each entry of a neuron, two at a time; `row` becomes the offset of the token's row's block. */
function eachEntry(
  { starts, stride, block }: Layout,
  locals: { readonly [name in "neuron" | "entry" | "end" | "offset" | "row" | "activation"]: number },
  body: Code,
): Code {
  const { neuron, entry, end, offset, row, activation } = locals;
  const start = mulInts(get(neuron), int(4));
  const one = (at: number): Code => {
    const token = loadInt(get(entry), at);
    return [
      set(row, stride > block ? addInts(token, get(offset)) : token),
      set(activation, loadFloatTwice(get(entry), at + 4)),
      body,
    ];
  };
  return [
    set(entry, loadInt(start, starts)),
    set(end, loadInt(start, starts + 4)),
    repeat(entry, 2 * ENTRY, get(end), [one(0), one(ENTRY)]),
  ];
}

function gather(layout: Layout): WasmFunction {
  const locals = { neuron: 0, to: 1, address: 2, entry: 3, end: 4, offset: 5, row: 6, activation: 7, sums: 8 };
  const { neuron, to, address, offset, row, activation, sums } = locals;
  const take = eachPair(layout, (i) => {
    return set(sums + i, add(get(sums + i), mul(get(activation), load(get(row), layout.activity + i * PAIR))));
  });
  const block = [
    eachPair(layout, (i) => set(sums + i, zero)),
    eachEntry(layout, locals, take),
    eachPair(layout, (i) => store(addInts(get(address), get(offset)), i * PAIR, get(sums + i))),
  ];
  const code = repeat(neuron, 1, get(to), [
    eachBlock(layout, offset, block),
    set(address, addInts(get(address), int(layout.stride * DOUBLE))),
  ]);
  return { name: "gather", parameters: 3, ints: 4, vectors: 1 + layout.block / 2, returns: false, code };
}

function scatter(layout: Layout): WasmFunction {
  const locals = { neuron: 0, to: 1, entry: 2, end: 3, offset: 4, row: 5, activation: 6, weights: 7 };
  const { neuron, to, offset, row, activation, weights } = locals;
  const own = addInts(mulInts(get(neuron), int(layout.stride * DOUBLE)), get(offset));
  const give = eachPair(layout, (i) => {
    const at = layout.cross + i * PAIR;
    return store(get(row), at, add(load(get(row), at), mul(get(activation), get(weights + i))));
  });
  const block = [
    eachPair(layout, (i) => set(weights + i, load(own, layout.neurons + i * PAIR))),
    eachEntry(layout, locals, give),
  ];
  const code = repeat(neuron, 1, get(to), eachBlock(layout, offset, block));
  return { name: "scatter", parameters: 2, ints: 4, vectors: 1 + layout.block / 2, returns: false, code };
}

/**
 * The number k of a row becomes max(0, t), where t = (cross[k] - Σ gram[k, r] row[r] over all r but k) / gram[k, k], one
 * after the other. What old numbers and those of other blocks take off is in `upper`; what a new number takes off the
 * later ones of its block, in `lower`. The gradient is (old - t) gram[k, k].
 */
function improve(layout: Layout): WasmFunction {
  const [row, cross, end, offset, other, scaled, number, violation, t] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const { block, stride, upper, lower, curvature, reciprocal } = layout;
  const rowBytes = stride * DOUBLE;
  const takeOff = (i: number, matrix: Code, at: number) => {
    return set(t + i, sub(get(t + i), mul(get(number), load(matrix, at + i * PAIR))));
  };
  const before = [
    eachPair(layout, (i) => {
      return set(
        t + i,
        mul(load(addInts(get(cross), get(offset)), i * PAIR), load(get(offset), reciprocal + i * PAIR)),
      );
    }),
    set(scaled, get(offset)),
    set(other, int(0)),
    repeat(other, DOUBLE, int(rowBytes), [
      set(number, loadTwice(addInts(get(row), get(other)), 0)),
      eachPair(layout, (i) => takeOff(i, get(scaled), upper)),
      set(scaled, addInts(get(scaled), int(rowBytes))),
    ]),
  ];
  const inTurn = Array.from({ length: block }, (_, k): Code => [
    set(number, twice(lane(greater(zero, get(t + (k >> 1))), k % 2))),
    eachPair(layout, (i) => i < (k + 1) >> 1 ? [] : takeOff(i, get(offset), lower + k * rowBytes)),
  ]);
  const own = addInts(get(row), get(offset));
  const after = eachPair(layout, (i) => {
    const old = load(own, i * PAIR);
    const next = greater(zero, get(t + i));
    const size = select(next, abs(sub(old, get(t + i))), equal(old, zero));
    return [
      set(violation, add(get(violation), mul(size, load(get(offset), curvature + i * PAIR)))),
      store(own, i * PAIR, next),
    ];
  });
  const code = [
    repeat(row, rowBytes, get(end), [
      eachBlock(layout, offset, [before, inTurn, after]),
      set(cross, addInts(get(cross), int(rowBytes))),
    ]),
    addDoubles(lane(get(violation), 0), lane(get(violation), 1)),
  ];
  return { name: "improve", parameters: 3, ints: 3, vectors: 2 + block / 2, returns: true, code };
}

function addGram(layout: Layout): WasmFunction {
  const [rows, end, offset, number, row, sums] = [0, 1, 2, 3, 4, 6];
  const into = 5;
  const rowBytes = layout.stride * DOUBLE;
  const block = [
    set(number, int(0)),
    set(into, get(offset)),
    repeat(number, DOUBLE, int(rowBytes), [
      eachPair(layout, (i) => set(sums + i, load(get(into), layout.gram + i * PAIR))),
      set(row, get(rows)),
      repeat(
        row,
        rowBytes,
        get(end),
        eachPair(layout, (i) => {
          const own = loadTwice(addInts(get(row), get(number)), 0);
          return set(sums + i, add(get(sums + i), mul(own, load(addInts(get(row), get(offset)), i * PAIR))));
        }),
      ),
      eachPair(layout, (i) => store(get(into), layout.gram + i * PAIR, get(sums + i))),
      set(into, addInts(get(into), int(rowBytes))),
    ]),
  ];
  const code = eachBlock(layout, offset, block);
  return { name: "addGram", parameters: 2, ints: 4, vectors: layout.block / 2, returns: false, code };
}
