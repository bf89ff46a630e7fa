import { DOUBLE, type Layout } from "./descent_layout.ts";
import { eachBlock, eachPair, PAIR } from "./descent_loops.ts";
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
  loadTwice,
  mul,
  repeat,
  secondTwice,
  select,
  set,
  store,
  sub,
  twice,
  type WasmFunction,
  zero,
} from "./wasm_code.ts";

/** The locals of {@linkcode improve}; `t` begins those of each row that is improved. */
const STEP = { row: 0, cross: 1, end: 2, offset: 3, other: 4, scaled: 5, violation: 6, number: 7, t: 8 };

/**
 * The number k of a row becomes max(0, t), where t = (cross[k] - Σ gram[k, r] row[r] over all r but k) / gram[k, k], one
 * after the other. What old numbers and those of other blocks take off is in `upper`; what a new number takes off the
 * later ones of its block, in `lower`. The gradient is (old - t) gram[k, k]. Two rows go side by side, as each of their
 * steps waits for the one before. Returns the sum of the sizes of the projected gradient.
 *
 * Parameters: the address of the first row, that of its row of `cross`, and that of the end of the rows.
 */
export function improve(layout: Layout): WasmFunction {
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
