import { equal, match, rejects } from "@std/assert";
import { WorkerThread } from "../../../src/runtime/worker/thread.ts";

const ENDING = new URL("../../support/ending_worker.ts", import.meta.url);

for (const [backend, reason] of [["native", "out of something"], ["wasm", "it exited with code 3"]] as const) {
  Deno.test(`WorkerThread rejects what is pending, and all that follows, when the worker ends: ${reason}`, async () => {
    let ends = 0;
    const thread = await WorkerThread.start(ENDING, () => ++ends);
    equal(thread.ended, false);
    const message = `the worker that held the model has ended: ${reason}; load the model again`;
    await rejects(thread.request<"load">({ kind: "load", backend }), { name: "Error", message });
    equal(thread.ended, true);
    await rejects(thread.request<"load">({ kind: "load", backend }), { name: "Error", message });
    thread.end();
    equal(ends, 1);
  });
}

Deno.test("WorkerThread.start() says that its module cannot be loaded", async () => {
  let ends = 0;
  const url = new URL("../../support/no_such_worker.ts", import.meta.url);
  await rejects(WorkerThread.start(url, () => ++ends), (error: Error) => {
    match(error.message, /^Cannot start a worker: .*; check that file:.*no_such_worker\.ts can be read, or load w/s);
    return true;
  });
  equal(ends, 1);
});
