import { deepEqual, equal, ok } from "@std/assert";
import { type Chunk, groupTargets, mostRows } from "../../src/lm/target_groups.ts";
import { random } from "../checkpoint/random.ts";

const rowsOf = ({ length, targets }: Chunk) => (targets.length + 1) * length;
const within = (count: number, length: number) => count * length <= mostRows(length);

/** The fewest rows of all ways to cut targets in order into runs, each run 16 rows more. */
function fewest(ends: readonly number[], fits: (count: number, length: number) => boolean): number {
  if (ends.length === 0) return 0;
  let least = Infinity;
  for (let count = 1; count <= ends.length; ++count) {
    const length = ends[count - 1]!;
    if (count > 1 && !fits(count, length)) break;
    least = Math.min(least, 16 + (count + 1) * length + fewest(ends.slice(count), fits));
  }
  return least;
}

Deno.test("groupTargets() takes the fewest rows of all ways", () => {
  const next = random(5);
  for (let trial = 0; trial < 60; ++trial) {
    const positions = Array.from({ length: 1 + Math.floor(9 * next()) }, () => 1 + Math.floor(300 * next()));
    const chunks = groupTargets(positions, false, within);
    const total = chunks.reduce((sum, chunk) => sum + 16 + rowsOf(chunk), 0);
    equal(total, fewest(positions.toSorted((a, b) => a - b), within));
    deepEqual(chunks.flatMap(({ targets }) => targets).toSorted((a, b) => a - b), [...positions.keys()]);
    for (const { length, targets } of chunks) {
      equal(length, Math.max(...targets.map((target) => positions[target]!)));
      ok(targets.length === 1 || within(targets.length, length));
    }
  }
});

Deno.test("groupTargets() spends little more rows than are needed", () => {
  const spent = (first: number, count: number) => {
    const positions = Array.from({ length: count }, (_, i) => first + i);
    const rows = groupTargets(positions, false, within).reduce((sum, chunk) => sum + rowsOf(chunk), 0);
    return rows / positions.reduce((sum, position) => sum + position, 0);
  };
  ok(spent(23, 20) < 1.27, `20 after 23: ${spent(23, 20)}`);
  ok(spent(48, 16) < 1.2, `16 of 64: ${spent(48, 16)}`);
  ok(spent(192, 64) < 1.27, `64 of 256: ${spent(192, 64)}`);
  ok(spent(496, 16) < 1.27, `16 of 512: ${spent(496, 16)}`);
});

Deno.test("groupTargets() keeps targets together that go back as one row", () => {
  const positions = Array.from({ length: 100 }, (_, i) => 100 + i);
  equal(groupTargets(positions, true, () => true).length, 1);
  deepEqual(groupTargets(positions, true, (count) => count <= 40).map(({ targets }) => targets.length), [20, 40, 40]);
});
