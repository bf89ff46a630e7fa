/**
 * Runs two sessions on WebGPU, in one of which a kernel fails, and prints what each call says: a process of its own, as a
 * run that waits for ever blocks the event loop.
 *
 * @module
 */
import { messageOf } from "../../src/base/words.ts";
import { Graph } from "../../src/onnx/mod.ts";
import { Session } from "../../src/runtime/session.ts";

const worker = Deno.args.includes("--worker");

/** A graph that shapes its numbers as it is told; where their count is another, the kernel throws. */
async function open() {
  const g = new Graph();
  const x = g.input("x", "float32", ["A"]);
  const shape = g.input("shape", "int64", [1]);
  const [shaped] = g.emit("Reshape", [g.tanh(x), shape], [{ dtype: "float32", shape: ["B"] }]);
  const y = g.output(g.tanh(shaped!));
  const session = await Session.create(g, new Map(), { backend: "webgpu", worker });
  const run = (count: number) => {
    const feeds = [
      { value: x, data: Float32Array.of(0, 0), dims: [2] },
      { value: shape, data: BigInt64Array.of(BigInt(count)), dims: [1] },
    ];
    return said(session.run(feeds, [y]).then(String));
  };
  return { run, session };
}

const said = (call: Promise<string>) => call.catch(messageOf);

/** What calls say while nothing comes back from the GPU, as when it could not make a buffer. */
async function withoutReading(task: () => Promise<string>): Promise<string> {
  const { prototype } = GPUBuffer;
  const { mapAsync } = prototype;
  prototype.mapAsync = () => Promise.reject(new DOMException("no memory", "OperationError"));
  try {
    return await task();
  } finally {
    prototype.mapAsync = mapAsync;
  }
}

const [first, second] = [await open(), await open()];
const answers = { before: await first.run(2), failed: await first.run(5), after: await first.run(2) };
const other = await second.run(2);
await first.session.dispose();
const third = await open();
const reloaded = await third.run(2);
const unread = worker ? "" : await withoutReading(() => third.run(2));
const readAgain = await third.run(2);
const last = await second.run(2);
for (const { session } of [second, third]) await session.dispose();
// deno-lint-ignore no-console -- this is what the process is for
console.log(JSON.stringify({ ...answers, other, reloaded, unread, readAgain, last }));
