import { deepEqual, equal, match, ok, rejects } from "@std/assert";
import { openBytes } from "../../src/checkpoint/byte_source.ts";
import { Graph, type Value } from "../../src/onnx/mod.ts";
import type { Backend } from "../../src/runtime/backend.ts";
import { Session } from "../../src/runtime/session.ts";

const WASM = { backend: "wasm", threads: 1 } as const;

/** A graph that looks rows of a table up. */
function lookup() {
  const g = new Graph();
  const ids = g.input("ids", "int64", ["T"]);
  const rows = g.output(g.gather(g.floats([1, 2, 3, 4, 5, 6], [3, 2]), ids));
  return { g, ids, rows };
}

const feed = (value: Value, numbers: readonly number[]) => {
  return { value, data: BigInt64Array.from(numbers, BigInt), dims: [numbers.length] };
};

for (const backend of ["wasm", "native"] as const) {
  Deno.test(`Session.create() runs a graph on ${backend}`, async () => {
    const { g, ids, rows } = lookup();
    await using session = await Session.create(g, new Map(), { backend, threads: 1 });
    deepEqual([session.backend, session.reason], [backend, "it was asked for"]);
    deepEqual(await session.run([feed(ids, [2, 0])], [rows]), [Float32Array.of(5, 6, 1, 2)]);
  });

  Deno.test(`Session reads constants from files in memory on ${backend}, F16 and BF16 too`, async () => {
    const g = new Graph();
    const at = (offset: number, length: number) => ({ location: "weights", offset, length });
    const bytes = new Uint8Array(13);
    const view = new DataView(bytes.buffer);
    view.setFloat32(1, 1.5, true);
    view.setFloat16(5, -0.25, true);
    view.setUint16(9, 0xc040, true); // -3
    const whole = g.external("whole", "float32", [1], at(1, 4));
    const half = g.cast(g.external("half", "float16", [1], at(5, 2)), "float32");
    const brain = g.cast(g.external("brain", "bfloat16", [1], at(9, 2)), "float32");
    const sums = [whole, half, brain].map((x) => g.output(g.add(x, g.floats([1]))));
    const files = new Map([["weights", openBytes("weights", bytes)]]);
    await using session = await Session.create(g, files, { backend, threads: 1 });
    deepEqual(await session.run([], sums), [[2.5], [0.75], [-2]].map((numbers) => Float32Array.from(numbers)));
  });

  Deno.test(`Session.create() says why ${backend} refused a graph`, async () => {
    const g = new Graph();
    g.output(g.emit("Tanh", [g.ints([1])], [{ dtype: "int64", shape: [1] }])[0]!);
    await rejects(Session.create(g, new Map(), { backend, threads: 1 }), (error: Error) => {
      equal(error.name, "Error");
      match(error.message, new RegExp(`^Cannot start the model on ${backend} as ONNX Runtime refused it: .*Tanh`, "s"));
      ok(error.cause instanceof Error && error.message.endsWith(error.cause.message));
      return true;
    });
  });

  Deno.test(`Session.run() says why ${backend} failed, and later runs succeed`, async () => {
    const { g, ids, rows } = lookup();
    await using session = await Session.create(g, new Map(), { backend, threads: 1 });
    const failed = session.run([feed(ids, [3])], [rows]);
    const later = session.run([feed(ids, [1])], [rows]);
    await rejects(failed, (error: Error) => {
      equal(error.name, "Error");
      match(error.message, new RegExp(`^Cannot run the model on ${backend}: .*Gather.*idx=3`, "s"));
      ok(error.cause instanceof Error);
      return true;
    });
    deepEqual(await later, [Float32Array.of(3, 4)]);
  });
}

Deno.test("Session.run() returns what was asked for, in its order", async () => {
  const g = new Graph();
  const x = g.input("x", "float32", [2]);
  const [double, square, flag] = [g.output(g.add(x, x)), g.output(g.mul(x, x)), g.input("flag", "bool", [1])];
  const chosen = g.output(g.where(flag, double, square));
  await using session = await Session.create(g, new Map(), WASM);
  const feeds = [{ value: x, data: Float32Array.of(3, 4), dims: [2] }, {
    value: flag,
    data: Uint8Array.of(1),
    dims: [1],
  }];
  deepEqual(await session.run(feeds, [square, chosen, double]), [
    Float32Array.of(9, 16),
    Float32Array.of(6, 8),
    Float32Array.of(6, 8),
  ]);
});

Deno.test("Session.run() rejects with the reason of an aborted signal and can be used again", async () => {
  const { g, ids, rows } = lookup();
  await using session = await Session.create(g, new Map(), WASM);
  const reason = new Error("enough");
  await rejects(session.run([feed(ids, [0])], [rows], AbortSignal.abort(reason)), (error) => error === reason);
  deepEqual(await session.run([feed(ids, [0])], [rows]), [Float32Array.of(1, 2)]);
});

Deno.test("Session.dispose() waits for the runs that were asked for, and may be called twice", async () => {
  const { g, ids, rows } = lookup();
  const session = await Session.create(g, new Map(), WASM);
  const running = session.run([feed(ids, [1])], [rows]);
  const disposed = session.dispose();
  equal(session.dispose(), disposed);
  await disposed;
  deepEqual(await running, [Float32Array.of(3, 4)]);
  await session[Symbol.asyncDispose]();
});

Deno.test("Session.run() refuses to run after dispose()", async () => {
  const { g, ids, rows } = lookup();
  const session = await Session.create(g, new Map(), WASM);
  await session.dispose();
  const message = "Cannot run the model as it is disposed";
  await rejects(async () => await session.run([feed(ids, [0])], [rows]), { name: "Error", message });
});

Deno.test("Session.create() makes sessions on wasm in turn, each with its own files", async () => {
  const sessions = await Promise.all([1, 2, 3].map(async (number) => {
    const g = new Graph();
    const weight = g.external("weight", "float32", [1], { location: "file", offset: 0, length: 4 });
    const output = g.output(g.add(weight, g.floats([0])));
    const bytes = new Uint8Array(Float32Array.of(number).buffer);
    return { output, session: await Session.create(g, new Map([["file", openBytes("file", bytes)]]), WASM) };
  }));
  for (const [i, { session, output }] of sessions.entries()) {
    deepEqual(await session.run([], [output]), [Float32Array.of(i + 1)]);
    await session.dispose();
  }
});

Deno.test("Session.run() of several sessions on wasm at once gives each its own numbers", async () => {
  const sizes = [1, 2, 9, 30];
  const made = await Promise.all(sizes.map(async (size) => {
    const g = new Graph();
    const x = g.input("x", "float32", ["T"]);
    const outputs = Array.from({ length: size }, (_, i) => g.output(g.add(x, g.floats([i]))));
    return { x, outputs, session: await Session.create(g, new Map(), WASM) };
  }));
  const runs = Array.from({ length: 40 }, async (_, n) => {
    const { x, outputs, session } = made[n % made.length]!;
    const numbers = await session.run([{ value: x, data: Float32Array.of(n), dims: [1] }], outputs);
    deepEqual(numbers, outputs.map((_, i) => Float32Array.of(n + i)));
  });
  await Promise.all(runs);
  for (const { session } of made) await session.dispose();
});

Deno.test("Session.create() refuses a backend that does not exist", async () => {
  await rejects(Session.create(new Graph(), new Map(), { backend: "cuda" as Backend }), {
    name: "TypeError",
    message: 'Cannot use "cuda" as a backend; use "auto", "native", "wasm" or "webgpu"',
  });
});

/** Starts a session in another process and returns what it prints. */
async function printed(backend: string, ...permissions: string[]): Promise<Record<string, unknown>> {
  const script = new URL("../support/print_backend.ts", import.meta.url);
  const args = ["run", "--quiet", "--no-prompt", ...permissions, script.href, backend];
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  const text = new TextDecoder().decode(stdout);
  ok(text.startsWith("{"), new TextDecoder().decode(stderr));
  return JSON.parse(text);
}

Deno.test("Session.create() takes native for auto where it is available", async () => {
  const { backend, reason, data } = await printed("auto", "--allow-all");
  deepEqual({ backend, reason, data }, { backend: "native", reason: "it is the fastest available", data: [2, 4] });
});

Deno.test("Session.create() takes wasm for auto without --allow-ffi, and says why", async () => {
  const { backend, reason, data } = await printed("auto", "--allow-read");
  deepEqual({ backend, data }, { backend: "wasm", data: [2, 4] });
  match(String(reason), /^native is not available: Cannot load the native backend, which needs .*--allow-ffi: ./);
});

Deno.test("Session.create() does not fall back from native without --allow-ffi", async () => {
  const { error } = await printed("native", "--allow-read");
  match(
    String(error),
    /^Error: Cannot load the native backend, which needs onnxruntime-node and --allow-read --allow-ffi: ./,
  );
});
