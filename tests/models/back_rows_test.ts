import { deepEqual } from "@std/assert";
import { packRows } from "../../src/models/back_rows.ts";

Deno.test("packRows() keeps the rows up to each scalar's own, and one of zeros", () => {
  // Scalar 0 is the number at token 1, scalar 1 the sum of those at tokens 0 and 2.
  deepEqual(packRows(4, [1, 0, 2], [1, 0, 0, 0, -1, 2]), {
    scalars: [0, 0, 1, 1, 1, 0],
    tokens: [0, 1, 0, 1, 2, 2],
    slots: [0, 1, 5, 5, 2, 3, 4, 5],
  });
});

Deno.test("packRows() begins at the text of each scalar where there are several", () => {
  // texts of two and of three tokens; scalars at the last row of each, and at the second of the second
  const mix = [1, 0, 0, 0, 1, 0, 0, 0, 1];
  deepEqual(packRows(5, [1, 3, 4], mix, "causal", [0, 0, 1, 1, 1]), {
    scalars: [0, 0, 1, 1, 2, 2, 2, 0],
    tokens: [0, 1, 2, 3, 2, 3, 4, 2],
    slots: [0, 1, 7, 7, 7, 7, 7, 2, 3, 7, 7, 7, 4, 5, 6],
  });
  deepEqual(packRows(2, [1], [1], "causal", [0, 1]), { scalars: [0, 0], tokens: [1, 0], slots: [1, 0] });
});

Deno.test("packRows() has no row of zeros when all rows go back", () => {
  deepEqual(packRows(2, [1], [1]), { scalars: [0, 0], tokens: [0, 1], slots: [0, 1] });
  deepEqual(packRows(1, [0, 0], [1, 0, 0, 1]), { scalars: [0, 1], tokens: [0, 0], slots: [0, 1] });
});

Deno.test("packRows() packs nothing when there is no scalar, and zeros for one of nothing", () => {
  deepEqual(packRows(3, [0, 1], []), { scalars: [], tokens: [], slots: [] });
  deepEqual(packRows(3, [], []), { scalars: [], tokens: [], slots: [] });
  deepEqual(packRows(2, [1], [0]), { scalars: [0], tokens: [0], slots: [0, 0] });
});
