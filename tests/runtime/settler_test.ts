import { deepEqual, equal, rejects } from "@std/assert";
import { Settler } from "../../src/runtime/settler.ts";

/** A heap that takes 3 ms to trim, and a clock that stands still meanwhile. */
function heapAndClock() {
  const clock = { now: 0 };
  const heap = { trims: 0, trim: () => void (++heap.trims, clock.now += 3) };
  return { clock, heap, settler: new Settler(heap, { now: () => clock.now }) };
}

Deno.test("Settler trims when a hundred times as long was computed as the last trim took", async () => {
  const { clock, heap, settler } = heapAndClock();
  const run = (time: number) => settler.watch(() => Promise.resolve(clock.now += time));
  const trims: number[] = [];
  for (const time of [1, 299, 1, 150, 149, 1]) {
    await run(time);
    clock.now += 1000; // what is not computed does not count
    settler.settle();
    trims.push(heap.trims);
  }
  deepEqual(trims, [1, 1, 2, 2, 2, 3]);
});

Deno.test("Settler.watch() gives what the run gives, and its error", async () => {
  const { settler } = heapAndClock();
  equal(await settler.watch(() => Promise.resolve(7)), 7);
  await rejects(() => settler.watch(() => Promise.reject(new RangeError("no"))), { name: "RangeError", message: "no" });
});
