import { deepEqual, equal, ok } from "@std/assert";
import { type Chunk, groupTargets, mostRows, type RunSize, runSize } from "../../../src/ask/saliency/target_groups.ts";
import { random } from "../../checkpoint/random.ts";

const within = ({ length, rows }: RunSize) => rows <= mostRows(length, "wasm");
const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

/** The fewest rows of all ways to cut targets in order into runs, each run 64 rows more. */
function fewest(ends: readonly number[], fits: (size: RunSize) => boolean): number {
  if (ends.length === 0) return 0;
  let least = Infinity;
  for (let count = 1; count <= ends.length; ++count) {
    const length = ends[count - 1]!;
    const rows = sum(ends.slice(0, count));
    if (count > 1 && !fits({ count, length, rows })) break;
    least = Math.min(least, 64 + length + rows + fewest(ends.slice(count), fits));
  }
  return least;
}

Deno.test("groupTargets() takes the fewest rows of all ways", () => {
  const next = random(5);
  for (let trial = 0; trial < 60; ++trial) {
    const positions = Array.from({ length: 1 + Math.floor(9 * next()) }, () => 1 + Math.floor(700 * next()));
    const chunks = groupTargets(positions, false, within);
    const cost = ({ length, rows }: RunSize) => 64 + length + rows;
    const total = sum(chunks.map((chunk) => cost(runSize(chunk, positions, false))));
    equal(total, fewest(positions.toSorted((a, b) => a - b), within));
    deepEqual(chunks.flatMap(({ targets }) => targets).toSorted((a, b) => a - b), [...positions.keys()]);
    for (const chunk of chunks) {
      equal(chunk.length, Math.max(...chunk.targets.map((target) => positions[target]!)));
      ok(chunk.targets.length === 1 || within(runSize(chunk, positions, false)));
    }
  }
});

Deno.test("groupTargets() keeps targets together that go back as one row", () => {
  const positions = Array.from({ length: 100 }, (_, i) => 100 + i);
  equal(groupTargets(positions, true, () => true).length, 1);
  const few = ({ count }: RunSize) => count <= 40;
  deepEqual(groupTargets(positions, true, few).map(({ targets }) => targets.length), [20, 40, 40]);
});

Deno.test("runSize() counts the rows of each target, or of all that are explained together", () => {
  const chunk: Chunk = { length: 9, targets: [2, 0] };
  deepEqual(runSize(chunk, [9, 1, 4], false), { count: 2, length: 9, rows: 13 });
  deepEqual(runSize(chunk, [9, 1, 4], true), { count: 2, length: 9, rows: 9 });
});

Deno.test("mostRows() is 2048 on native, 1024 elsewhere, or four texts", () => {
  deepEqual(["native", "wasm", "webgpu"].map((backend) => mostRows(100, backend as "native")), [2048, 1024, 1024]);
  deepEqual([mostRows(256, "wasm"), mostRows(257, "wasm"), mostRows(1000, "native")], [1024, 1028, 4000]);
});

Deno.test("groupTargets() keeps two targets apart that do not fit into one run", () => {
  const runs = groupTargets([5, 6], false, ({ count }) => count < 2);
  deepEqual(runs.map(({ length, targets }) => [length, targets]), [[5, [0]], [6, [1]]]);
  equal(groupTargets([5, 6], false, () => true).length, 1);
});
