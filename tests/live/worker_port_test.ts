import { deepEqual, equal, match, ok, rejects } from "@std/assert";
import { askThrough } from "../../src/live/client.ts";
import type { LivePort, LiveProgress, ToPage } from "../../src/live/protocol.ts";
import { workerPort } from "../../src/live/worker_port.ts";

function open() {
  const worker = new Worker(import.meta.resolve("../support/live_worker.ts"), { type: "module" });
  worker.addEventListener("error", (event) => event.preventDefault());
  const port = workerPort(worker);
  return { worker, port, ask: askThrough(port, "test"), [Symbol.dispose]: () => port.close() };
}

Deno.test("a page asks its worker, and hears results, errors by class, and progress", async () => {
  using opened = open();
  const { ask } = opened;
  deepEqual(await Promise.all([1, 2, 3].map((number) => ask("double", number))), [2, 4, 6]);
  await rejects(ask("fail", null), { name: "RangeError", message: "Cannot double a word; pass a number" });
  await rejects(ask("none", null), { name: "TypeError", message: /Cannot answer "none"/ });
  await rejects(askThrough(opened.port, "other")("double", 1), { name: "NotFoundError" });
  const controller = new AbortController();
  const told: LiveProgress[] = [];
  const onProgress = (progress: LiveProgress) => {
    told.push(progress);
    controller.abort(new Error("enough"));
  };
  await rejects(ask("wait", null, { signal: controller.signal, onProgress }), { message: "enough" });
  deepEqual(told.map(({ completed, total, message }) => [completed, total, message]), [[1, 2, "Waiting"]]);
  await rejects(ask("double", 1, { signal: AbortSignal.abort(new Error("before")) }), { message: "before" });
  equal(await ask("double", 21), 42);
});

Deno.test("a page leaves out what its worker says to others, and is told of another version", async () => {
  using opened = open();
  const said: ToPage[] = [];
  opened.port.onMessage((message) => said.push(message));
  opened.worker.postMessage("other");
  equal(await opened.ask("double", 1), 2);
  deepEqual(said.map((message) => [message.kind, message.id === "unasked"]), [["error", true], ["result", false]]);
  match(JSON.stringify(said[0]), /the other end speaks version 2 and this one 1/);
});

Deno.test("a worker that ends is gone, and all that was asked is answered by an error", async () => {
  using opened = open();
  const states: string[] = [];
  opened.port.onState((state) => states.push(state));
  const asked = [opened.ask("end", null), opened.ask("wait", null)];
  for (const one of asked) await rejects(one, { name: "Error", message: /^Cannot answer as the worker has ended: / });
  await rejects(opened.ask("double", 1), { message: /the worker has ended/ });
  deepEqual(states, ["ready", "gone"]);
});

Deno.test("askThrough() forgets what was given up: a late answer is nobody's", async () => {
  const sent: unknown[] = [];
  let hear: (message: ToPage) => void = () => {};
  const port: LivePort = {
    send: (message) => void sent.push(message),
    onMessage: (listener) => hear = listener,
    onState: () => {},
    close: () => {},
  };
  const controller = new AbortController();
  const asked = askThrough(port, "one")("q", { a: 1 }, { signal: controller.signal });
  controller.abort(new Error("enough"));
  await rejects(asked, { message: "enough" });
  const [request, abort] = sent as [{ id: string; protocol: number }, { id: string }];
  deepEqual(request, { kind: "request", protocol: 1, id: request.id, subject: "one", question: "q", data: { a: 1 } });
  deepEqual(abort, { kind: "abort", protocol: 1, id: request.id });
  ok(/^[0-9a-f]{32}$/.test(request.id));
  hear({ kind: "result", protocol: 1, id: request.id, data: 1 });
  hear({ kind: "progress", protocol: 1, id: request.id, completed: 1, total: 1, message: "" });
});
