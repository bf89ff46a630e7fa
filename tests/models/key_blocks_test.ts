import { deepEqual, equal } from "@std/assert";
import { addedUp, blockSizes, blocksOf, boundsOf } from "../../src/models/key_blocks.ts";
import { idsFeed } from "../../src/onnx/feed.ts";
import { Graph } from "../../src/onnx/mod.ts";
import { Session } from "../../src/runtime/session.ts";

Deno.test("boundsOf() cuts tokens into blocks of one length, or nearly, some of nothing where there are few", () => {
  deepEqual(boundsOf(512, 4), [0, 128, 256, 384, 512]);
  deepEqual(boundsOf(7, 3), [0, 2, 5, 7]);
  deepEqual(boundsOf(2, 4), [0, 1, 1, 2, 2]);
  deepEqual(boundsOf(5, 1), [0, 5]);
});

Deno.test("blockSizes() says how long the axes of each block are", () => {
  deepEqual(blockSizes([0, 2, 5, 7]), {
    "T": 7,
    "T of block 0": 2,
    "T from block 1": 5,
    "T of block 1": 3,
    "T from block 2": 2,
    "T of block 2": 2,
  });
});

for (const T of [1, 2, 3, 6, 9]) {
  Deno.test(`addedUp() puts back together what blocksOf() cuts ${T} tokens into`, async () => {
    const g = new Graph();
    const x = g.input("x", "float32", ["T", 2]);
    const bounds = g.input("bounds", "int64", [5]);
    const blocks = blocksOf(g, bounds);
    const sum = g.output(addedUp(g, blocks.map(({ from }) => from(x)), bounds));
    const own = g.output(g.concat(blocks.map((block) => block.own(x, -2)), -2, "T"));
    await using session = await Session.create(g, new Map(), { backend: "native" });
    const data = Float32Array.from({ length: 2 * T }, (_, i) => i + 1);
    const at = boundsOf(T, 4);
    const feeds = [{ value: x, data, dims: [T, 2] }, idsFeed(bounds, at)];
    const [summed, joined] = await session.run(feeds, [sum, own]);
    deepEqual(joined, data);
    // A token is in its own block and in what stands from each block before on.
    const times = (t: number) => at.slice(0, -1).filter((start) => start <= t).length;
    deepEqual(summed, data.map((number, i) => number * times(Math.floor(i / 2))));
    equal(summed!.length, 2 * T);
  });
}
