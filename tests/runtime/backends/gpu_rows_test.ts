import { deepEqual, equal, match, rejects, throws } from "@std/assert";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { env } from "npm:onnxruntime-web@1.30.0/jspi";
import { Graph, type Value } from "../../../src/onnx/mod.ts";
import type { ResidentRows } from "../../../src/runtime/resident_rows.ts";
import { Session } from "../../../src/runtime/session.ts";
import { GpuWatch } from "../../support/gpu_watch.ts";
import { NO_WEBGPU } from "../../support/webgpu.ts";

const WIDTH = 3; // of which a row does not fill whole units of 16 bytes

/** A test that needs a GPU, with and without a worker. */
function gpuTest(name: string, fn: (worker: boolean) => Promise<void>, { alone = false } = {}): void {
  for (const worker of alone ? [false] : [false, true]) {
    Deno.test({ name: worker ? `${name}, in a worker` : name, ignore: NO_WEBGPU, fn: () => fn(worker) });
  }
}

/** A graph that doubles its rows, which are appended to those of before, and gives all of them. */
async function open(worker = false) {
  const g = new Graph();
  const past = g.input("past", "float32", ["P", WIDTH]);
  const x = g.input("x", "float32", ["T", WIDTH]);
  const made = g.output(g.mul(x, g.floats([2], [])));
  const all = g.output(g.mul(g.concat([past, made], -2, "S"), g.floats([1], [])));
  const session = await Session.create(g, new Map(), { backend: "webgpu", worker });
  const rows = () => session.residentRows(1, WIDTH)!;
  /** Appends rows that begin with twice the numbers to the first `at`; returns what rows begin with. */
  const append = async (
    to: ResidentRows,
    at: number,
    numbers: readonly number[],
    { fetch = all, dims = [numbers.length, WIDTH] }: { readonly fetch?: Value; readonly dims?: readonly number[] } = {},
  ) => {
    const feeds = [
      { value: past, data: new Float32Array(0), dims: [at, WIDTH], resident: to.tensors[0]! },
      { value: x, data: Float32Array.from(numbers.flatMap((n) => [n, n + 0.25, n + 0.5])), dims },
    ];
    const [seen] = await session.run(feeds, [fetch], undefined, [to.growth([made.name], at, numbers.length)]);
    return firsts(seen!);
  };
  return { session, made, append, rows, [Symbol.asyncDispose]: () => session.dispose() };
}

/** What each row begins with; the rest of it follows from that. */
function firsts(numbers: Float32Array): number[] {
  const rows = Array.from({ length: numbers.length / WIDTH }, (_, i) => numbers.slice(i * WIDTH, (i + 1) * WIDTH));
  for (const row of rows) deepEqual(row, Float32Array.of(row[0]!, row[0]! + 0.5, row[0]! + 1));
  return rows.map((row) => row[0]!);
}

gpuTest("Session.run() on webgpu appends rows that the next run reads, and they are read on demand", async (worker) => {
  await using opened = await open(worker);
  const rows = opened.rows();
  deepEqual(await opened.append(rows, 0, [1, 2]), [2, 4]);
  deepEqual(await opened.append(rows, 2, [3]), [2, 4, 6]);
  const many = Array.from({ length: 2000 }, (_, i) => i); // more than there was room for
  deepEqual(await opened.append(rows, 3, many), [2, 4, 6, ...many.map((n) => 2 * n)]);
  deepEqual((await rows.read(0, 1, 4)).map(firsts), [[2, 4, 6, 0]]);
  deepEqual(await opened.append(rows, 1, [9]), [2, 18]); // in the place of those that were forgotten
  deepEqual((await rows.read(0, 1, 0)).map(firsts), [[]]);
});

gpuTest("ResidentRows.keep() and copyFrom() are done in the order of runs", async (worker) => {
  await using opened = await open(worker);
  const [rows, other] = [opened.rows(), opened.rows()];
  const first = opened.append(rows, 0, [0, 1, 2, 3, 4, 5]);
  rows.keep([0, 1, 3, 5]);
  const second = opened.append(rows, 4, [6]);
  other.copyFrom(rows, 1, 5, 0);
  other.copyFrom(rows, 0, 0, 4); // nothing
  rows.keep([]);
  const third = opened.append(rows, 0, [7]);
  other.copyFrom(rows, 0, 1, 4);
  deepEqual(await first, [0, 2, 4, 6, 8, 10]);
  deepEqual(await second, [0, 2, 6, 10, 12]);
  deepEqual(await third, [14]);
  deepEqual((await other.read(0, 1, 5)).map(firsts), [[2, 6, 10, 12, 14]]);
  deepEqual(await opened.append(other, 5, [8]), [2, 6, 10, 12, 14, 16]);
});

gpuTest(
  "Session.run() on webgpu leaves rows as they were when it fails, and computes the next with its own feeds",
  async (worker) => {
    await using opened = await open(worker);
    const rows = opened.rows();
    await opened.append(rows, 0, [1, 2]);
    const wrong = opened.append(rows, 2, [5], { dims: [WIDTH, 1] });
    await rejects(wrong, { name: "Error", message: /^Cannot run the model on webgpu: .*invalid dimensions/s });
    deepEqual(await opened.append(rows, 2, [3]), [2, 4, 6]);
  },
);

gpuTest("Session.run() on webgpu fetches what it appends when that is asked for too", async (worker) => {
  await using opened = await open(worker);
  const rows = opened.rows();
  deepEqual(await opened.append(rows, 0, [1], { fetch: opened.made }), [2]);
  deepEqual(await opened.append(rows, 1, [2]), [2, 4]);
});

gpuTest("Rows are freed when they are disposed, and with their session", async () => {
  using watch = new GpuWatch();
  const [a, b] = [await open(), await open()];
  const [first, second, third] = [a.rows(), a.rows(), b.rows()];
  for (const rows of [first, second]) await a.append(rows, 0, [1]);
  await b.append(third, 0, [1]);
  equal(watch.kept, 3 + 2, "caches, and what each session writes new rows to");
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  deepEqual(await a.append(second, 1, [2]), [2, 4]);
  equal(watch.kept, 2 + 2);
  second.keep([]);
  deepEqual(await a.append(second, 0, [3]), [6]);
  equal(watch.kept, 2 + 2);
  await a.session.dispose();
  equal(watch.kept, 1 + 1);
  second[Symbol.dispose]();
  deepEqual(await b.append(third, 1, [2]), [2, 4], "the rows of another session live on");
  await b.session.dispose();
  equal(watch.kept, 0);
}, { alone: true });

gpuTest("Rows are freed when nobody has them any more", async () => {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  await using opened = await open();
  using watch = new GpuWatch();
  await opened.append(opened.rows(), 0, [1]);
  equal(watch.kept, 2);
  for (let i = 0; i < 50 && watch.kept > 1; ++i) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  equal(watch.kept, 1, "what the session writes new rows to");
}, { alone: true });

gpuTest("Session.run() on webgpu makes no more buffers for rows as they grow than their length doubles", async () => {
  await using opened = await open();
  const rows = opened.rows();
  await opened.append(rows, 0, [1]);
  using watch = new GpuWatch();
  const sizes = new Set<number>();
  for (let at = 1; at < 200; ++at) {
    await opened.append(rows, at, [1]);
    sizes.add(watch.kept);
  }
  deepEqual([...sizes], [0], "16 KiB hold 1,365 rows");
}, { alone: true });

/** Lets a device say `message` of all buffers that are made, until the scope ends. */
function withoutMemory(message: string): Disposable {
  const { prototype } = GPUDevice;
  const { popErrorScope } = prototype;
  prototype.popErrorScope = async function () {
    await popErrorScope.call(this);
    return { message } as GPUError;
  };
  return { [Symbol.dispose]: () => prototype.popErrorScope = popErrorScope };
}

gpuTest("Session.run() on webgpu says that the GPU has no room for keys and values, and leaves no buffer", async () => {
  await using opened = await open();
  const [rows, other] = [opened.rows(), opened.rows()];
  await opened.append(rows, 0, [1]);
  using watch = new GpuWatch();
  {
    using _ = withoutMemory("Out of memory");
    const refusal = {
      name: "Error",
      message: "Cannot run the model on webgpu: the GPU has no 16 KiB left for keys and values (Out of memory); read " +
        "shorter texts or fewer at once, dispose other models, or use another backend",
    };
    await rejects(opened.append(other, 0, [1]), refusal);
    equal(watch.kept, 0);
    other.copyFrom(rows, 0, 1, 0);
    await rejects(opened.append(other, 1, [1]), refusal, "what a change could not do is told by the next run");
  }
  await rejects(opened.append(other, 1, [1]), Error, "rows that were never copied");
  other[Symbol.dispose]();
  deepEqual(await opened.append(rows, 1, [2]), [2, 4], "the others are as they were");
}, { alone: true });

gpuTest("Session.run() on webgpu says what the device has against a buffer that is too large", async () => {
  await using opened = await open();
  const device: GPUDevice = await env.webgpu.device;
  const rows = opened.rows();
  const at = Math.ceil(device.limits.maxBufferSize / (4 * WIDTH));
  const error = await opened.append(rows, at, [1]).catch(String);
  match(
    String(error),
    /^Error: Cannot run the model on webgpu: the GPU has no 2\.0 GiB left for keys and values \(.+\); /,
  );
}, { alone: true });

gpuTest("Rows on a GPU that was lost say so, and their session is disposed as others are", async () => {
  const opened = await open();
  const rows = opened.rows();
  await opened.append(rows, 0, [1]);
  const device: GPUDevice = await env.webgpu.device;
  device.destroy();
  const lost = { name: "Error", message: /the GPU was lost \(device was lost\); dispose all models/ };
  await rejects(rows.read(0, 1, 1), lost);
  await rejects(opened.append(rows, 1, [1]), lost);
  rows.keep([]);
  rows[Symbol.dispose]();
  await opened.session.dispose();
  await using again = await open();
  deepEqual(await again.append(again.rows(), 0, [1]), [2]);
}, { alone: true });

gpuTest("ResidentRows refuses rows that are freed, and those of another session", async () => {
  await using first = await open();
  await using second = await open();
  const [rows, other] = [first.rows(), second.rows()];
  await first.append(rows, 0, [1]);
  throws(() => other.copyFrom(rows, 0, 1, 0), TypeError, "Cannot copy rows of another model; read the text again");
  rows[Symbol.dispose]();
  await rejects(first.append(rows, 1, [1]), Error, "read the text again");
}, { alone: true });

Deno.test("Session.residentRows() is nothing on wasm, nor on the CPU kernels of webgpu", async () => {
  const g = new Graph();
  g.output(g.tanh(g.input("x", "float32", [1])));
  await using session = await Session.create(g, new Map(), { backend: "wasm" });
  equal(session.residentRows(1, WIDTH), undefined);
  if (NO_WEBGPU) return;
  await using onCpu = await Session.create(g, new Map(), { backend: "webgpu", onCpu: true });
  equal(onCpu.residentRows(1, WIDTH), undefined);
});
