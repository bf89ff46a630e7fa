import { deepEqual, equal, ok, rejects } from "@std/assert";
import { RunQueue } from "../../src/base/run_queue.ts";

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A task like a run of ONNX Runtime: it holds the thread until it is done. */
function block(ms: number): Promise<void> {
  const end = performance.now() + ms;
  while (performance.now() < end);
  return Promise.resolve();
}

Deno.test("RunQueue.run() returns what the task returns", async () => {
  equal(await new RunQueue().run(() => Promise.resolve(7)), 7);
});

Deno.test("RunQueue.run() runs one task at a time, in the order they were asked for", async () => {
  const queue = new RunQueue();
  const log: string[] = [];
  const task = (name: string, ms: number) => async () => {
    log.push(`${name} begins`);
    await pause(ms);
    log.push(`${name} ends`);
  };
  await Promise.all([queue.run(task("a", 20)), queue.run(task("b", 1)), queue.run(task("c", 5))]);
  deepEqual(log, ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
});

Deno.test("RunQueue.run() rejects as the task does, and later tasks run", async () => {
  const queue = new RunQueue();
  const failure = new RangeError("out of range");
  const failed = queue.run(() => Promise.reject(failure));
  const thrown = queue.run(() => {
    throw failure;
  });
  const later = queue.run(() => Promise.resolve("later"));
  await rejects(failed, (error) => error === failure);
  await rejects(thrown, (error) => error === failure);
  equal(await later, "later");
});

Deno.test("RunQueue.run() rejects with the reason of a signal that is aborted, and later tasks run", async () => {
  const queue = new RunQueue();
  const reason = new Error("enough");
  let began = false;
  const aborted = queue.run(() => {
    began = true;
    return Promise.resolve();
  }, AbortSignal.abort(reason));
  const later = queue.run(() => Promise.resolve("later"));
  await rejects(aborted, (error) => error === reason);
  equal(began, false);
  equal(await later, "later");
});

Deno.test("RunQueue.run() hears an abort while it waits or runs, and lets the running task end", async () => {
  const queue = new RunQueue();
  const controller = new AbortController();
  let ended = false;
  const running = queue.run(() => pause(10).then(() => ended = true), controller.signal);
  const waiting = queue.run(() => Promise.resolve("never"), controller.signal);
  const later = queue.run(() => Promise.resolve("later"));
  await pause(1);
  controller.abort(new Error("enough"));
  await rejects(running, { name: "Error", message: "enough" });
  ok(ended);
  await rejects(waiting, { name: "Error", message: "enough" });
  equal(await later, "later");
});

Deno.test("RunQueue.run() gives timers their turn between tasks that hold the thread", async () => {
  const queue = new RunQueue();
  let ticks = 0;
  const timer = setInterval(() => ++ticks, 1);
  for (let i = 0; i < 6; ++i) await queue.run(() => block(25));
  clearInterval(timer);
  ok(ticks >= 5, `${ticks} ticks between 6 tasks`);
});

Deno.test("RunQueue.run() lets a timeout abort a series of tasks that hold the thread", async () => {
  const queue = new RunQueue();
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tasks = Array.from({ length: 40 }, (_, i) =>
    queue.run(() => {
      if (i === 1) timer = setTimeout(() => controller.abort(new Error("too slow")), 20);
      return block(25);
    }, controller.signal));
  const results = await Promise.allSettled(tasks);
  clearTimeout(timer);
  const done = results.filter(({ status }) => status === "fulfilled").length;
  ok(done >= 1 && done <= 10, `${done} tasks ran`);
});

Deno.test("RunQueue.run() hears what a task that held the thread kept from being heard", async () => {
  const queue = new RunQueue();
  const controller = new AbortController();
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => controller.abort(new Error("enough"));
  const late = queue.run(() => {
    port2.postMessage(null);
    return block(5);
  }, controller.signal);
  await rejects(late, { name: "Error", message: "enough" });
  port1.close();
});

Deno.test("RunQueue.run() hears an abort before every task, however short the last one was", async () => {
  const queue = new RunQueue();
  const controller = new AbortController();
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => controller.abort(new Error("enough"));
  port2.postMessage(null); // is delivered in the next turn of the event loop
  await rejects(
    async () => {
      for (let i = 0; i < 50; ++i) await queue.run(() => Promise.resolve(), controller.signal);
    },
    { name: "Error", message: "enough" },
  );
  port1.close();
});
