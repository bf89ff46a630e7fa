import { deepEqual, equal } from "@std/assert";
import type { Feed } from "../../../src/onnx/feed.ts";
import { FeedPacker, FeedUnpacker } from "../../../src/runtime/worker/feed_packing.ts";

const PAST = { name: "past", dtype: "float32" } as const;

function past(numbers: readonly number[], lineage: object): Feed {
  return { value: PAST, data: Float32Array.from(numbers), dims: [numbers.length], lineage };
}

/** Sends feeds from one to the other, and returns what arrives and how many bytes went. */
function channel() {
  const packer = new FeedPacker();
  const unpacker = new FeedUnpacker();
  return (...feeds: Feed[]) => {
    const { feeds: packed, numbers } = packer.pack(feeds);
    return { arrived: unpacker.unpack(structuredClone(packed), numbers), bytes: numbers.byteLength };
  };
}

Deno.test("FeedPacker packs feeds of each type, and leaves the buffers of the caller alone", () => {
  const whole = new Float32Array([0, 1.5, -2, 9]);
  const feeds = [
    { value: { name: "a", dtype: "bool" }, data: Uint8Array.of(1, 0, 1), dims: [3] },
    { value: { name: "b", dtype: "float32" }, data: whole.subarray(1, 3), dims: [2, 1] },
    { value: { name: "c", dtype: "int64" }, data: BigInt64Array.of(-7n), dims: [1] },
    { value: { name: "d", dtype: "float32" }, data: new Float32Array(0), dims: [0, 4] },
  ] as const;
  const { arrived, bytes } = channel()(...feeds);
  deepEqual(arrived.map(({ value, data, dims }) => ({ value, data: data.slice(), dims })), [
    { value: feeds[0].value, data: Uint8Array.of(1, 0, 1), dims: [3] },
    { value: feeds[1].value, data: Float32Array.of(1.5, -2), dims: [2, 1] },
    { value: feeds[2].value, data: BigInt64Array.of(-7n), dims: [1] },
    { value: feeds[3].value, data: new Float32Array(0), dims: [0, 4] },
  ]);
  equal(bytes, 24);
  equal(whole.join(), "0,1.5,-2,9");
});

Deno.test("FeedPacker sends what is new of a feed that grows, and all of one that is not the same", () => {
  const send = channel();
  const [first, second] = [{}, {}];
  const numbers = Array.from({ length: 40 }, (_, i) => i + 0.5);
  const step = (length: number, lineage: object, scale = 1) => {
    const expected = numbers.slice(0, length).map((x) => x * scale);
    const { arrived, bytes } = send(past(expected, lineage));
    deepEqual(Array.from(arrived[0]!.data as Float32Array), expected);
    return bytes / 4;
  };
  equal(step(10, first), 10);
  equal(step(12, first), 2);
  equal(step(12, first), 0);
  equal(step(40, first), 28);
  equal(step(38, first), 38); // shorter: what stands behind may have changed
  equal(step(40, first), 2);
  equal(step(40, second, -1), 40);
  equal(step(40, first), 40);
  equal(step(0, first), 0);
  equal(step(6, first), 6); // forgotten, as an empty one was fed
  equal(step(8, first), 2);
});

Deno.test("FeedPacker sends a feed whole that does not say how it grows", () => {
  const send = channel();
  const feed = { value: PAST, data: Float32Array.of(1, 2), dims: [2] };
  for (const _ of [1, 2]) equal(send(feed).bytes, 8);
  const lineage = {};
  equal(send({ ...feed, lineage }).bytes, 8);
  equal(send(feed).bytes, 8);
  equal(send({ ...feed, lineage }).bytes, 8);
});
