import { deepEqual, equal, ok, rejects, throws } from "@std/assert";
import { type ByteSource, openBytes } from "../../../src/checkpoint/byte_source.ts";
import { parseConfig } from "../../../src/models/families.ts";
import { Program } from "../../../src/models/program.ts";
import { selectWeights, weightLocation } from "../../../src/models/weights.ts";
import { Graph } from "../../../src/onnx/mod.ts";
import { LazyFile } from "../../../src/runtime/backends/lazy_file.ts";
import { Session } from "../../../src/runtime/session.ts";
import { runnerOf } from "../../support/run_graph.ts";
import { feedsOf, randomCheckpoint, tensorSpecs, TINY } from "../../support/tiny_gpt2.ts";

const BYTES = Uint8Array.from({ length: 100 }, (_, i) => i);

/** A source that notes which ranges are read. */
function watched(source: ByteSource) {
  const ranges: (readonly [start: number, end: number])[] = [];
  const readInto = (start: number, target: Uint8Array) => {
    ranges.push([start, start + target.length]);
    source.readInto(start, target);
  };
  const { name, size } = source;
  const watch: ByteSource = { name, size, readInto, read: (a, b) => source.read(a, b), close: () => source.close() };
  return { watch, ranges };
}

Deno.test("LazyFile is as long as its source and reads nothing by itself", () => {
  const { watch, ranges } = watched(openBytes("bytes", BYTES));
  const file = new LazyFile(watch);
  ok(file instanceof Uint8Array);
  deepEqual([file.length, file.byteLength], [100, 100]);
  deepEqual(ranges, []);
});

Deno.test("LazyFile.subarray() reads the range that is asked for", () => {
  const { watch, ranges } = watched(openBytes("bytes", BYTES));
  const file = new LazyFile(watch);
  deepEqual([...file.subarray(10, 13)], [10, 11, 12]);
  deepEqual([...file.subarray(98)], [98, 99]);
  deepEqual([...file.subarray(40, 60)], [...BYTES.subarray(40, 60)]);
  equal(file.subarray(5, 5).length, 0);
  equal(file.subarray().length, 100);
  deepEqual(ranges, [[10, 13], [98, 100], [40, 60], [5, 5], [0, 100]]);
});

Deno.test("LazyFile.subarray() reuses one buffer", () => {
  const file = new LazyFile(openBytes("bytes", BYTES));
  const large = file.subarray(0, 50);
  const small = file.subarray(60, 62);
  equal(small.buffer, large.buffer);
  deepEqual([...large.subarray(0, 3)], [60, 61, 2]);
});

Deno.test("LazyFile.subarray() refuses a range outside the file", () => {
  const file = new LazyFile(openBytes("bytes", BYTES));
  const message = "Cannot read bytes 90 to 101 of bytes as it has 100 bytes";
  throws(() => file.subarray(90, 101), { name: "RangeError", message });
});

Deno.test("LazyFile.free() gives the buffer back at once, and the file can be read again", () => {
  const file = new LazyFile(openBytes("bytes", BYTES));
  const part = file.subarray(10, 20);
  file.free();
  equal(part.length, 0);
  equal(part.buffer.detached, true);
  deepEqual([...file.subarray(1, 3)], [1, 2]);
  file.free();
  file.free();
});

Deno.test("LazyFile holds onnxruntime-web to its loader: the same logits as with the bytes, read tensor by tensor", async () => {
  const config = parseConfig(TINY);
  const specs = tensorSpecs(config)
    .set("transformer.wpe.weight", { shape: [16, 12], dtype: "BF16" })
    .set("transformer.ln_f.weight", { shape: [12], dtype: "F16" });
  const weights = selectWeights(config, await randomCheckpoint(specs));
  const program = new Program(config, weights);
  const first = weights.values().next().value!;
  const request = { tokenIds: [5, 22, 7, 0], rows: [0, 1, 2, 3], targets: [1, 2, 3, 4], mix: [[1, 1, 1, 1]] };
  const feeds = feedsOf(config, program, request);
  const fetches = [program.outputs.logits, program.outputs.scores.gradientL2];
  const location = weightLocation(first);

  const { watch, ranges } = watched(first.source);
  await using session = await Session.create(program.graph, new Map([[location, watch]]), {
    backend: "wasm",
    threads: 1,
  });
  const lazy = await session.run(feeds, fetches);
  ok(lazy.every((numbers) => numbers.length > 0 && numbers.every(Number.isFinite)));

  await using runner = await runnerOf(program.graph, { [location]: await first.source.read(0, first.source.size) });
  const numbers = (data: ArrayLike<number | bigint>) => Array.from(data, Number);
  const whole = await runner.run(feeds.map((feed) => ({ ...feed, data: numbers(feed.data) })), fetches);
  deepEqual(lazy, whole.map(({ data }) => data));
  const tensors = [...weights.values()].map(({ start, end }) => `${start} ${end}`);
  deepEqual(new Set(ranges.map((range) => range.join(" "))), new Set(tensors));
});

Deno.test("LazyFile: onnxruntime-web says that a constant is outside the file", async () => {
  const g = new Graph();
  const weight = g.external("weight", "float32", [4], { location: "file", offset: 90, length: 16 });
  g.output(g.relu(weight));
  const file = new LazyFile(openBytes("bytes", BYTES));
  await rejects(runnerOf(g, { file }), { name: "Error", message: /"file".*Out of bounds/s });
});

Deno.test("LazyFile: onnxruntime-web fails when the file cannot be read", async () => {
  const g = new Graph();
  const weight = g.external("weight", "float32", [4], { location: "file", offset: 0, length: 16 });
  g.output(g.relu(weight));
  const source = openBytes("bytes", BYTES);
  source.close();
  await rejects(runnerOf(g, { file: new LazyFile(source) }), {
    name: "Error",
    message: /Failed to load external data file/,
  });
});
