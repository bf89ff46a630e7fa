import { deepEqual, equal, match, ok, rejects } from "@std/assert";
import { openBytes } from "../../../src/checkpoint/byte_source.ts";
import { Graph, type Value } from "../../../src/onnx/mod.ts";
import type { Feed } from "../../../src/onnx/feed.ts";
import { Session } from "../../../src/runtime/session.ts";
import { watchWorkers } from "../../support/workers.ts";

const BACKENDS = ["wasm", "native"] as const;

/** A graph that looks rows of a table up. */
function lookup() {
  const g = new Graph();
  const ids = g.input("ids", "int64", ["T"]);
  const rows = g.output(g.gather(g.floats([1, 2, 3, 4, 5, 6], [3, 2]), ids));
  return { g, ids, rows };
}

const feed = (value: Value, numbers: readonly number[]): Feed => {
  return { value, data: BigInt64Array.from(numbers, BigInt), dims: [numbers.length] };
};

/** A graph that multiplies a square matrix by itself again and again, which takes many turns of the event loop. */
function slow() {
  const g = new Graph();
  const side = 256;
  const x = g.input("x", "float32", [side, side]);
  let y: Value = x;
  for (let i = 0; i < 150; ++i) y = g.matmul(y, x);
  const data = new Float32Array(side * side);
  for (let i = 0; i < side; ++i) data[i * side + i] = 1;
  return { g, output: g.output(y), feeds: [{ value: x, data, dims: [side, side] }], data };
}

for (const backend of BACKENDS) {
  const options = { backend, threads: 1, worker: true } as const;

  Deno.test(`Session runs a graph in a worker on ${backend}`, async () => {
    using workers = watchWorkers();
    const { g, ids, rows } = lookup();
    await using session = await Session.create(g, new Map(), options);
    deepEqual([session.backend, session.reason], [backend, "it was asked for"]);
    const feeds = [feed(ids, [2, 0])];
    deepEqual(await session.run(feeds, [rows]), [Float32Array.of(5, 6, 1, 2)]);
    deepEqual(feeds, [feed(ids, [2, 0])]);
    equal(workers.posted.map(({ kind }) => kind).join(), "load,start,run");
  });

  Deno.test(`Session reads constants from files in memory in a worker on ${backend}`, async () => {
    const g = new Graph();
    const at = { location: "weights", offset: 1, length: 4 };
    const output = g.output(g.add(g.external("whole", "float32", [1], at), g.floats([1])));
    const bytes = new Uint8Array(5);
    new DataView(bytes.buffer).setFloat32(1, 1.5, true);
    await using session = await Session.create(g, new Map([["weights", openBytes("weights", bytes)]]), options);
    deepEqual(await session.run([], [output]), [Float32Array.of(2.5)]);
    equal(bytes.length, 5);
  });

  Deno.test(`Session refuses and fails in a worker as it does without one on ${backend}`, async () => {
    const bad = () => {
      const g = new Graph();
      g.output(g.emit("Tanh", [g.ints([1])], [{ dtype: "int64", shape: [1] }])[0]!);
      return g;
    };
    const failures = await Promise.all([true, false].map(async (worker) => {
      const caught: Error[] = [];
      const keep = (error: Error) => void caught.push(error);
      await Session.create(bad(), new Map(), { ...options, worker }).catch(keep);
      const { g, ids, rows } = lookup();
      await using session = await Session.create(g, new Map(), { ...options, worker });
      const failed = session.run([feed(ids, [3])], [rows]).catch(keep);
      const later = session.run([feed(ids, [1])], [rows]);
      await failed;
      deepEqual(await later, [Float32Array.of(3, 4)]);
      ok(caught.every(({ cause }) => cause instanceof Error));
      return caught.map(({ name, message }) => `${name}: ${message}`);
    }));
    equal(failures[0]!.length, 2);
    deepEqual(failures[0], failures[1]);
  });

  Deno.test(`the event loop goes on while a worker computes on ${backend}`, async () => {
    const { g, output, feeds, data } = slow();
    await using session = await Session.create(g, new Map(), options);
    let ended = false;
    const running = session.run(feeds, [output]).finally(() => ended = true);
    let turns = 0;
    for (; !ended && turns < 1e6; ++turns) await new Promise((resolve) => setTimeout(resolve, 0));
    ok(turns >= 5, `${turns} turns`);
    const [result] = await running;
    ok(result!.every((x, i) => x === data[i]));
  });

  Deno.test(`an abort in the middle of a run rejects at once in a worker on ${backend}`, async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    using workers = watchWorkers((kind) => kind === "run" && controller.abort(reason));
    const { g, output, feeds, data } = slow();
    await using session = await Session.create(g, new Map(), options);
    const order: string[] = [];
    const stopped = session.run(feeds, [output], controller.signal).finally(() => order.push("stopped"));
    const waiting = session.run(feeds, [output], controller.signal);
    const next = session.run(feeds, [output]).finally(() => order.push("next"));
    await rejects(stopped, (error) => error === reason);
    await rejects(waiting, (error) => error === reason);
    equal(workers.posted.filter(({ kind }) => kind === "run").length, 1); // the run goes on, and the next waits for it
    const [result] = await next;
    ok(result!.every((x, i) => x === data[i]));
    equal(order.join(), "stopped,next");
    equal(workers.posted.filter(({ kind }) => kind === "run").length, 2); // the second was given up before it began
  });

  Deno.test(`a signal that is not aborted, or too late, changes nothing in a worker on ${backend}`, async () => {
    const { g, ids, rows } = lookup();
    await using session = await Session.create(g, new Map(), options);
    const controller = new AbortController();
    deepEqual(await session.run([feed(ids, [1])], [rows], controller.signal), [Float32Array.of(3, 4)]);
    controller.abort();
    await rejects(session.run([feed(ids, [1])], [rows], controller.signal), { name: "AbortError" });
  });

  Deno.test(`Session.dispose() frees a session in a worker after its runs on ${backend}`, async () => {
    using workers = watchWorkers();
    const { g, ids, rows } = lookup();
    const session = await Session.create(g, new Map(), options);
    const running = session.run([feed(ids, [1])], [rows]);
    await session.dispose();
    await session.dispose();
    equal(workers.posted.map(({ kind }) => kind).join(), "load,start,run,release");
    deepEqual(await running, [Float32Array.of(3, 4)]);
    const message = "Cannot run the model as it is disposed";
    await rejects(async () => await session.run([feed(ids, [0])], [rows]), { name: "Error", message });
  });

  Deno.test(`a worker that dies fails its sessions on ${backend}, and the next load has another`, async () => {
    using workers = watchWorkers();
    const { g, output, feeds } = slow();
    const session = await Session.create(g, new Map(), options);
    const pending = session.run(feeds, [output]);
    const waiting = session.run(feeds, [output]);
    while (workers.posted.at(-1)!.kind !== "run") await new Promise((resolve) => setTimeout(resolve, 0));
    const { worker } = workers.posted[0]!;
    void worker.terminate();
    const gone =
      /^Error: Cannot run the model on \w+: the worker that held the model has ended: .*; load the model again$/;
    await rejects(pending, gone);
    await rejects(waiting, gone);
    await rejects(session.run(feeds, [output]), gone);
    await session.dispose();
    const { g: other, ids, rows } = lookup();
    await using fresh = await Session.create(other, new Map(), options);
    deepEqual(await fresh.run([feed(ids, [1])], [rows]), [Float32Array.of(3, 4)]);
    ok(workers.posted.at(-1)!.worker !== worker);
  });
}

Deno.test("sessions on all backends share a worker, and compute in turn", async () => {
  using workers = watchWorkers();
  const results = await Promise.all(Array.from({ length: 6 }, async (_, i) => {
    const { g, ids, rows } = lookup();
    await using session = await Session.create(g, new Map(), { backend: BACKENDS[i % 2]!, threads: 1, worker: true });
    return (await session.run([feed(ids, [i % 3])], [rows]))[0]!.join();
  }));
  equal(results.join(" "), "1,2 3,4 5,6 1,2 3,4 5,6");
  equal(new Set(workers.posted.map(({ worker }) => worker)).size, 1);
});

/** Starts a session in a worker of another process and returns what it prints. */
async function printed(backend: string, ...permissions: string[]): Promise<Record<string, unknown>> {
  const script = new URL("../../support/print_backend.ts", import.meta.url);
  const args = ["run", "--quiet", "--no-prompt", ...permissions, script.href, backend, "worker"];
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  const text = new TextDecoder().decode(stdout);
  ok(text.startsWith("{"), new TextDecoder().decode(stderr));
  return JSON.parse(text);
}

Deno.test("a worker has the permissions of the program: auto takes wasm without --allow-ffi, and says why", async () => {
  const { backend, reason, data } = await printed("auto", "--allow-read");
  deepEqual({ backend, data }, { backend: "wasm", data: [2, 4] });
  match(String(reason), /^native is not available: Cannot load the native backend, which needs .*--allow-ffi: ./);
});

Deno.test("a worker has the permissions of the program: native is refused without --allow-ffi", async () => {
  const { error } = await printed("native", "--allow-read");
  const expected =
    /^Error: Cannot load the native backend, which needs onnxruntime-node and --allow-read --allow-ffi: ./;
  match(String(error), expected);
});

Deno.test("a program may not start a worker without --allow-read, and says so", async () => {
  const { error } = await printed("wasm");
  match(String(error), /^Error: Cannot start a worker: .*read/i);
});
