/** Numbers that cannot be put anywhere, with the words of the refusal, which say what fits. */
import { counted } from "../support/counted.ts";
import { type Refused, testRefused } from "../support/refused_changes.ts";

const tensor = (shape: readonly number[], value = 0.5) => ({
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value),
  shape,
});
/** Rows that see no later token. */
const LOWER = [1, 0, 0.5, 0.5];
const HOLE = [1, 2, 3, 4, 5, 6];
delete HOLE[2];

const REFUSED: readonly Refused[] = [
  // Numbers.
  [
    { site: "resid.0", add: [1, NaN, 3, 4, 5, 6] },
    "RangeError",
    /^Cannot add the numbers for "resid\.0" as number 1 is NaN; pass finite ones/,
  ],
  [
    { site: "resid.0", set: [1, 2, 3, 4, 5, Infinity] },
    "RangeError",
    /^Cannot set the numbers for "resid\.0" as number 5 is Infinity/,
  ],
  [
    { site: "resid.0", set: [1e39, 2, 3, 4, 5, 6] },
    "RangeError",
    /as number 0 is 1e\+39; pass finite ones in single precision$/,
  ],
  [{ site: "resid.0", add: HOLE }, "RangeError", /^Cannot add the numbers for "resid\.0" as number 2 is undefined/],
  [
    { site: "resid.0", add: [1, 2, null, 4, 5, 6] },
    "TypeError",
    /^Cannot add \[1,2,null,4,5,6\] at "resid\.0"; pass numbers, or a tensor/,
  ],
  [{ site: "resid.0", add: ["1"] }, "TypeError", /^Cannot add \["1"\] at "resid\.0"; pass numbers/],
  [
    { site: "resid.0", add: new Float64Array(6) },
    "TypeError",
    /at "resid\.0"; pass numbers, or a tensor such as a trace has$/,
  ],
  [
    { site: "resid.0", add: { data: "123456" } },
    "TypeError",
    /at "resid\.0"; pass numbers, or a tensor such as a trace has$/,
  ],
  [
    { site: "resid.0", add: { 0: 1, 1: 2, 3: 3 } },
    "TypeError",
    /^Cannot add \{"0":1,"1":2,"3":3\} at "resid\.0"; pass numbers, or a tensor/,
  ],
  [{ site: "resid.0", add: {} }, "TypeError", /^Cannot add \{\} at "resid\.0"; pass numbers/],
  [{ site: "resid.0", add: 1 }, "TypeError", /^Cannot change a model with add 1 as it must be an object$/],
  [{ site: "resid.0", add: null }, "TypeError", /^Cannot change a model with add null; leave it out/],
  // Sizes.
  [
    { site: "resid.0", set: { data: new Float32Array(36), shape: [2, 3, 6] } },
    "RangeError",
    /^Cannot put numbers of the shape \[2,3,6\] at "resid\.0"; pass 6; with positions, as many for each; of a trace, which holds all/,
  ],
  [
    { site: "resid.0", add: [1, 2, 3] },
    "RangeError",
    /^Cannot put 3 numbers at "resid\.0"; pass 6; with positions, as many for each$/,
  ],
  [
    { site: "resid.0", set: [] },
    "RangeError",
    /^Cannot put 0 numbers at "resid\.0"; pass 6; with positions, as many for each$/,
  ],
  [
    { site: "resid.0", set: tensor([3, 6]) },
    "RangeError",
    /^Cannot put numbers of the shape \[3,6\] at "resid\.0"; pass 6; with positions/,
  ],
  [
    { site: "resid.0", positions: [1, 2], set: tensor([3, 6]) },
    "RangeError",
    /shape \[3,6\] at "resid\.0"; pass 6, or 2 positions x 6$/,
  ],
  [
    { site: "resid.0", positions: [1, 2], set: tensor([6, 2]) },
    "RangeError",
    /shape \[6,2\] at "resid\.0"; pass 6, or 2 positions x 6$/,
  ],
  [
    { site: "resid.0", set: { data: new Float32Array(6), shape: [2, 6] } },
    "RangeError",
    /^Cannot set 6 numbers of the shape \[2,6\] at "resid\.0"/,
  ],
  [
    { site: "resid.0", set: { data: new Float32Array(6), shape: "6" } },
    "RangeError",
    /^Cannot set 6 numbers of the shape "6" at "resid\.0"/,
  ],
  [
    { site: "z.0", heads: [1, 2], add: tensor([12]) },
    "RangeError",
    /^Cannot put 12 numbers at "z\.0"; pass 6; with positions, as many/,
  ],
  [
    { site: "neurons.0", neurons: [1], set: [1, 2] },
    "RangeError",
    /^Cannot put 2 numbers at "neurons\.0"; pass 1; with positions/,
  ],
  // Patterns.
  [
    { site: "pattern.0", scale: 0 },
    "TypeError",
    /^Cannot scale or add to "pattern\.0", whose rows are probabilities; set its rows, or scale "z"/,
  ],
  [
    { site: "pattern.0", add: LOWER },
    "TypeError",
    /^Cannot scale or add to "pattern\.0", whose rows are probabilities/,
  ],
  [
    { site: "pattern.0", set: [1, 2, 3] },
    "RangeError",
    /^Cannot set 3 numbers at "pattern\.0"; pass \[T, T\] rows, or \[4, T, T\]$/,
  ],
  [{ site: "pattern.0", set: [] }, "RangeError", /^Cannot set 0 numbers at "pattern\.0"; pass \[T, T\] rows/],
  [
    { site: "pattern.0", set: tensor([2, 3], 0) },
    "RangeError",
    /^Cannot set numbers of the shape \[2,3\] at "pattern\.0"; pass \[T, T\] rows/,
  ],
  [
    { site: "pattern.0", heads: [1, 2], set: tensor([4, 2, 2], 0) },
    "RangeError",
    /shape \[4,2,2\] at "pattern\.0"; pass \[T, T\] rows, or \[2, T, T\]$/,
  ],
  [
    { site: "pattern.0", set: tensor([2, 4, 2], 0) },
    "RangeError",
    /shape \[2,4,2\] at "pattern\.0"; pass \[T, T\] rows, or \[4, T, T\]$/,
  ],
  [
    { site: "pattern.0", set: tensor([16], 0) },
    "RangeError",
    /^Cannot tell whether 16 numbers at "pattern\.0" are \[4, 4\] or \[4, 2, 2\]; pass a tensor with its shape$/,
  ],
  [
    { site: "pattern.0", positions: [2], set: tensor([2, 2], 0) },
    "RangeError",
    /^Cannot set the row of position 2 at "pattern\.0" as the 2 rows end before it$/,
  ],
  [
    { site: "pattern.0", set: tensor([2, 2]) },
    "RangeError",
    /^Cannot set row 0 at "pattern\.0" to see token 1, which comes after it; pass 0 there$/,
  ],
  [
    { site: "cross_pattern.0", set: LOWER },
    "TypeError",
    /^Cannot change "cross_pattern\.0" as that is not built; change what comes of it, as in "cross_z\.0"$/,
  ],
  [{ site: "cross_pattern.0", scale: 0 }, "TypeError", /^Cannot change "cross_pattern\.0" as that is not built/],
];

testRefused(counted(REFUSED, 34));
