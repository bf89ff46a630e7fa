/**
 * The inner loops of coordinate descent in WebAssembly, which has two doubles in a register and does the same on every
 * machine; JavaScript takes five times as long.
 *
 * A row has `stride` doubles, a multiple of `block`, as many as are kept in registers. Addresses are bytes.
 *
 * @module
 */
import { DOUBLE, type Layout, ROWS_AT_A_TIME } from "./descent_layout.ts";
import { error, products } from "./descent_rest.ts";
import { improve } from "./descent_step.ts";
import { addGram, gather, scatter } from "./descent_sums.ts";
import {
  addDoubles,
  addInts,
  below,
  call,
  choose,
  type Code,
  get,
  int,
  loadDouble,
  mulInts,
  repeat,
  set,
  storeDouble,
  type WasmFunction,
  type WasmMemory,
  wasmModule,
} from "./wasm_code.ts";

/** Does something for the neurons `from` to before `to`, and adds what comes of it to the sums of a part. */
export type Job = (from: number, to: number, part: number) => void;

/** What a module exports; all but `improve` and `addGram` are jobs. */
export interface DescentExports {
  /** One Newton step for each number of some rows. Returns the sum of the sizes of the projected gradient. */
  readonly improve: (rows: number, cross: number, end: number) => number;
  /** Adds the products of the numbers of each of some rows to the Gram matrix of a part. */
  readonly addGram: (rows: number, end: number, base: number) => void;
  /** Adds what the neurons are to the next step of the tokens: to X Hᵀ and to Hᵀ's Gram matrix. */
  readonly add: Job;
  /** Improves the neurons' rows and adds the sizes of their projected gradient to the sums; then as `add`. */
  readonly sweep: Job;
  /** Writes Xᵀ W into the neurons' rows. */
  readonly project: Job;
  /** Adds the squares of what is left of the neurons' activations, and of themselves, to the sums. */
  readonly error: Job;
  /** Here `from` and `to` are tokens: see {@linkcode products}. */
  readonly products: Job;
}

/** What can be shared out. */
export type JobName = Exclude<keyof DescentExports, "improve" | "addGram">;

/** Where functions are in the module that others call. */
const [GATHER, SCATTER, IMPROVE, ADD_GRAM] = [0, 1, 2, 3];

/** The bytes of a module for one layout. */
export function descentModule(layout: Layout, memory: WasmMemory): Uint8Array<ArrayBuffer> {
  const called = [gather(layout), scatter(layout), improve(layout), addGram(layout)];
  const jobs = [sweep(layout, "add"), sweep(layout, "sweep"), project(layout), error(layout), products(layout)];
  return wasmModule([...called, ...jobs], memory);
}

/** Takes some neurons at a time, so that what is known of them is near for all that is done with them. */
function sweep(layout: Layout, name: "add" | "sweep"): WasmFunction {
  const [from, to, base, end] = [0, 1, 2, 3];
  const { neurons, stride, scratch, sums, partBytes } = layout;
  const row = (neuron: number) => addInts(int(neurons), mulInts(get(neuron), int(stride * DOUBLE)));
  const next = addInts(get(from), int(ROWS_AT_A_TIME));
  const gathered = addInts(get(base), int(scratch));
  const violation = call(IMPROVE!, row(from), gathered, row(end));
  const improved: Code = [
    call(GATHER!, get(from), get(end), gathered),
    storeDouble(get(base), sums, addDoubles(loadDouble(get(base), sums), violation)),
  ];
  const code = [
    set(base, mulInts(get(base), int(partBytes))),
    repeat(from, ROWS_AT_A_TIME, get(to), [
      set(end, choose(next, get(to), below(next, get(to)))),
      name === "sweep" ? improved : [],
      call(SCATTER!, get(from), get(end), get(base)),
      call(ADD_GRAM!, row(from), row(end), get(base)),
    ]),
  ];
  return { name, parameters: 3, ints: 1, vectors: 0, returns: false, code };
}

function project({ neurons, stride }: Layout): WasmFunction {
  const [from, to] = [0, 1];
  const row = addInts(int(neurons), mulInts(get(from), int(stride * DOUBLE)));
  return {
    name: "project",
    ...{ parameters: 3, ints: 0, vectors: 0, returns: false },
    code: call(GATHER!, get(from), get(to), row),
  };
}
