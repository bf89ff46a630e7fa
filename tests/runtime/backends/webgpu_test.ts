import { deepEqual, equal, match, ok, rejects } from "@std/assert";
import { env } from "npm:onnxruntime-web@1.30.0/jspi";
import { openBytes } from "../../../src/checkpoint/byte_source.ts";
import { Graph, type Value } from "../../../src/onnx/mod.ts";
import { Session } from "../../../src/runtime/session.ts";
import { NO_WEBGPU } from "../../support/webgpu.ts";

const WEBGPU = { backend: "webgpu" } as const;

/** A test that needs a GPU. */
function gpuTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: NO_WEBGPU, fn });
}

/** A graph whose branches read a constant and an activation of the graph around them. */
function branches() {
  const g = new Graph();
  const x = g.input("x", "float32", [1, 2]);
  const flag = g.input("flag", "bool", [1]);
  const weight = g.external("weight", "float32", [2, 2], { location: "weights", offset: 0, length: 16 });
  const outer = g.gemm(x, weight);
  const [yes, no] = [g.branch(), g.branch()];
  yes.output(yes.gemm(outer, weight, { transposed: true }));
  no.output(no.mul(outer, no.floats([10], [])));
  const y = g.output(g.if(flag, yes, no)[0]!);
  const files = new Map([["weights", openBytes("weights", new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer))]]);
  const feeds = (chosen: boolean) => [
    { value: x, data: Float32Array.of(1, -1), dims: [1, 2] },
    { value: flag, data: Uint8Array.of(Number(chosen)), dims: [1] },
  ];
  return { g, y, files, feeds };
}

gpuTest(
  "Session on webgpu runs branches that read the weights of the graph around them, and names its device",
  async () => {
    const { g, y, files, feeds } = branches();
    await using session = await Session.create(g, files, WEBGPU);
    equal(session.backend, "webgpu");
    match(session.reason, /^it was asked for, and computes on \S/);
    // x W = [-2, -2]; times the transpose of W: [-6, -14]
    deepEqual(await session.run(feeds(true), [y]), [Float32Array.of(-6, -14)]);
    deepEqual(await session.run(feeds(false), [y]), [Float32Array.of(-20, -20)]);
  },
);

gpuTest(
  "Sessions on webgpu take turns: runs that are asked for at once, and a session that is made meanwhile",
  async () => {
    const opened = await Promise.all([1, 2, 3].map(async (number) => {
      const g = new Graph();
      const x = g.input("x", "float32", [2]);
      const y = g.output(g.tanh(g.mul(x, g.floats([number], []))));
      return { x, y, number, session: await Session.create(g, new Map(), WEBGPU) };
    }));
    const feed = (x: Value) => [{ value: x, data: Float32Array.of(0, 0.25), dims: [2] }];
    const runs = opened.flatMap(({ x, y, session }) => [session.run(feed(x), [y]), session.run(feed(x), [y])]);
    const { g, y, files, feeds } = branches();
    const [results, made] = await Promise.all([Promise.all(runs), Session.create(g, files, WEBGPU)]);
    results.forEach(([data], i) => {
      equal(data![0], 0);
      ok(Math.abs(data![1]! - Math.tanh(0.25 * opened[i >> 1]!.number)) < 1e-5, `session ${i >> 1}: ${data}`);
    });
    const [last] = await Promise.all([made.run(feeds(true), [y]), ...opened.map(({ session }) => session.dispose())]);
    deepEqual(last, [Float32Array.of(-6, -14)]);
    await made.dispose();
  },
);

gpuTest("Sessions on a GPU that was lost refuse to run, and a new one runs once they are disposed", async () => {
  const [first, second] = [branches(), branches()];
  const lost = await Session.create(first.g, first.files, WEBGPU);
  const idle = await Session.create(second.g, second.files, WEBGPU);
  const device: GPUDevice = await env.webgpu.device;
  device.destroy();
  const reason = "the GPU was lost (device was lost); dispose all models that are on webgpu, then load again";
  const refusal = { name: "Error", message: `Cannot run the model on webgpu: ${reason}` };
  await rejects(lost.run(first.feeds(true), [first.y]), refusal); // which finds a broken buffer
  await rejects(lost.run(first.feeds(true), [first.y]), refusal); // which would never end
  await rejects(idle.run(second.feeds(true), [second.y]), refusal);
  await lost.dispose();
  const third = branches();
  await rejects(Session.create(third.g, third.files, WEBGPU), { name: "Error", message: /: the GPU was lost/ });
  await idle.dispose();
  await using session = await Session.create(third.g, third.files, WEBGPU);
  deepEqual(await session.run(third.feeds(true), [third.y]), [Float32Array.of(-6, -14)]);
});

gpuTest("Session.create() says why webgpu refused a graph", async () => {
  const g = new Graph();
  g.output(g.emit("Tanh", [g.ints([1])], [{ dtype: "int64", shape: [1] }])[0]!);
  await rejects(Session.create(g, new Map(), WEBGPU), {
    name: "Error",
    message: /^Cannot start the model on webgpu as ONNX Runtime refused it: .*Tanh/s,
  });
});

/** Lets the system have `gpu` for its GPU until the scope ends. */
function withGpu(gpu: unknown): Disposable {
  Object.defineProperty(navigator, "gpu", { value: gpu, configurable: true });
  return { [Symbol.dispose]: () => Reflect.deleteProperty(navigator, "gpu") };
}

Deno.test("Session.create() does not fall back from webgpu without an adapter, and says what to do", async () => {
  using _ = withGpu({ requestAdapter: () => Promise.resolve(null) });
  await rejects(Session.create(new Graph(), new Map(), WEBGPU), {
    name: "Error",
    message:
      "Cannot load the webgpu backend, which needs onnxruntime-web, --allow-read and a GPU that WebGPU can use: " +
      "it offers no WebGPU adapter; install the driver of the GPU (for one in software, Debian's " +
      'mesa-vulkan-drivers), or use backend "native" or "wasm"',
  });
});

Deno.test("Session.create() does not fall back from webgpu where WebGPU is not available", async () => {
  using _ = withGpu(undefined);
  await rejects(Session.create(new Graph(), new Map(), WEBGPU), {
    name: "Error",
    message: /: WebGPU is not available here; install .* or use backend "native" or "wasm"$/,
  });
});
