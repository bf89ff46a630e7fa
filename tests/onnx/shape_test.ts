import { deepEqual, equal, throws } from "@std/assert";
import {
  axisIndex,
  broadcastShapes,
  dimAt,
  elementCount,
  formatShape,
  sameShape,
  type Shape,
  withDim,
} from "../../src/onnx/shape.ts";

Deno.test("formatShape() writes sizes and names", () => {
  equal(formatShape(["T", 768]), "[T,768]");
  equal(formatShape([]), "[]");
});

Deno.test("sameShape() compares rank, sizes and names", () => {
  equal(sameShape([], []), true);
  equal(sameShape(["T", 4], ["T", 4]), true);
  equal(sameShape(["T", 4], ["S", 4]), false);
  equal(sameShape(["T", 4], [4, "T"]), false);
  equal(sameShape([4], [4, 1]), false);
  equal(sameShape(["4"], [4]), false);
});

Deno.test("axisIndex() counts from either end", () => {
  deepEqual([-3, -2, -1, 0, 1, 2].map((axis) => axisIndex([7, 8, 9], axis)), [0, 1, 2, 0, 1, 2]);
});

for (const axis of [3, -4, 0.5, NaN]) {
  Deno.test(`axisIndex() refuses axis ${axis} of three`, () => {
    const message = `Cannot take axis ${axis} of [T,8,9]`;
    throws(() => axisIndex(["T", 8, 9], axis), { name: "RangeError", message });
    throws(() => dimAt(["T", 8, 9], axis), { name: "RangeError", message });
    throws(() => withDim(["T", 8, 9], axis, 1), { name: "RangeError", message });
  });
}

Deno.test("dimAt() and withDim() address an axis from either end", () => {
  const shape = ["T", 8] as const;
  equal(dimAt(shape, 0), "T");
  equal(dimAt(shape, -1), 8);
  deepEqual(withDim(shape, -2, 3), [3, 8]);
  deepEqual(shape, ["T", 8]);
});

const BROADCASTS: readonly (readonly [Shape, Shape, Shape | undefined])[] = [
  [[], [], []],
  [[2, 3], [], [2, 3]],
  [[3], [2, 3], [2, 3]],
  [[2, 1], [1, 3], [2, 3]],
  [["N", 1, 4], ["T", 4], ["N", "T", 4]],
  [["T", 1], [1, "S"], ["T", "S"]],
  [["P", 4], [4], ["P", 4]],
  [[0, 4], [1, 4], [0, 4]],
  [[2], [3], undefined],
  [[0], [2], undefined],
  [["T"], ["S"], undefined],
  [["T"], [2], undefined],
  [[2, 3], [2], undefined],
];

for (const [a, b, expected] of BROADCASTS) {
  const result = expected ? `as ${formatShape(expected)}` : "not at all";
  Deno.test(`broadcastShapes() joins ${formatShape(a)} and ${formatShape(b)} ${result}`, () => {
    deepEqual(broadcastShapes(a, b), expected);
    deepEqual(broadcastShapes(b, a), expected);
  });
}

Deno.test("elementCount() multiplies sizes, of which none may be a name", () => {
  equal(elementCount([]), 1);
  equal(elementCount([2, 3]), 6);
  equal(elementCount([2, 0]), 0);
  equal(elementCount(["T", 3]), undefined);
  equal(elementCount([0, "T"]), undefined);
});
