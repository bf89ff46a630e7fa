import { deepEqual, equal } from "@std/assert";
import { PANEL_WIDTH, panelShape, toPanels } from "../../src/checkpoint/panels.ts";
import { counted } from "../support/counted.ts";

const SIZES = counted([[1, 1], [2, 16], [3, 17], [33, 15], [70, 50], [64, 32]] as const, 6);

for (const [rows, columns] of SIZES) {
  for (const transpose of [false, true]) {
    Deno.test(`toPanels() has each number of ${rows} x ${columns} in its place${transpose ? ", transposed" : ""}`, () => {
      const stored = transpose ? [columns, rows] as const : [rows, columns] as const;
      const numbers = Float32Array.from({ length: 1 + rows * columns }, (_, i) => i).subarray(1);
      const found = toPanels(numbers, stored, transpose);
      const [panels, height, width] = panelShape([rows, columns]);
      deepEqual([panels, height, width], [Math.ceil(columns / 16), rows, 16]);
      const expected = Float32Array.from({ length: panels * rows * width }, (_, at) => {
        const [panel, row, i] = [Math.floor(at / (rows * 16)), Math.floor(at / 16) % rows, at % 16];
        const column = 16 * panel + i;
        if (column >= columns) return 0;
        return numbers[transpose ? column * rows + row : row * columns + column]!;
      });
      deepEqual(found, expected);
    });
  }
}

Deno.test("toPanels() copies bits: NaN with its payload, -0 and the least number too", () => {
  equal(PANEL_WIDTH, 16);
  const bits = Uint32Array.of(0x7fa00001, 0x80000000, 1, 0xffc12345);
  const found = toPanels(new Float32Array(bits.buffer), [4, 1], false);
  deepEqual([0, 16, 32, 48].map((at) => new Uint32Array(found.buffer)[at]), [...bits]);
});
