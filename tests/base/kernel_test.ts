import { equal, notEqual, ok, throws } from "@std/assert";
import { hookKernel, inKernel, type KernelInternals, reasonOf, stoppable } from "../../src/base/kernel.ts";

function fakeKernel() {
  const log: string[] = [];
  const internals: KernelInternals = {
    broadcastResult: (_count, result) => Promise.resolve(log.push(String(result))),
  };
  let interrupt = () => {};
  const host = { internals, onInterrupt: (listener: () => void) => void (interrupt = listener) };
  return { log, internals, host, interrupt: () => interrupt() };
}

Deno.test("inKernel is false and stoppable() is quiet in a script", () => {
  equal(inKernel, false);
  equal(stoppable().aborted, false);
  equal(stoppable(), stoppable());
});

Deno.test("hookKernel() asks a plain script for no interrupt", () => {
  let asked = false;
  const hooks = hookKernel({ internals: undefined, onInterrupt: () => void (asked = true) });
  equal(asked, false);
  equal(hooks.inKernel, false);
});

Deno.test("hookKernel() keeps each result and waits for the queue of outputs", async () => {
  const { internals, host, log } = fakeKernel();
  hookKernel(host);
  const before = performance.now();
  await internals.broadcastResult(1, "a");
  equal(log.join(), "a");
  ok(performance.now() - before >= 8);
});

Deno.test("hookKernel() does not send a result that its cell shows already, until the cell ends", async () => {
  const { internals, host, log } = fakeKernel();
  const { markShown } = hookKernel(host);
  const view = { toString: () => "view" };
  markShown(view);
  await internals.broadcastResult(1, view);
  await internals.broadcastResult(2, view);
  markShown(view);
  await internals.broadcastResult(3, "other");
  await internals.broadcastResult(4, view);
  equal(log.join(), "undefined,view,other,view");
});

Deno.test("hookKernel() sends a result that a cell showed which then failed", async () => {
  const { internals, host, log } = fakeKernel();
  let time = 0;
  const { markShown } = hookKernel({ ...host, now: () => time });
  const view = { toString: () => "view" };
  await internals.broadcastResult(3, "imported");
  markShown(view); // in cell 4, which fails
  time += 2000;
  await internals.broadcastResult(5, view);
  await internals.broadcastResult(6, view);
  // Cell 7 failed before it showed anything; cell 8 shows the view and ends with it, sooner than anybody runs a cell.
  markShown(view);
  time += 50;
  await internals.broadcastResult(8, view);
  // A cell that goes on for long after it has shown the view.
  markShown(view);
  time += 60_000;
  await internals.broadcastResult(9, view);
  equal(log.join(), "imported,view,view,undefined,undefined");
});

Deno.test("hookKernel() patches a kernel once", () => {
  const { internals, host } = fakeKernel();
  hookKernel(host);
  const patched = internals.broadcastResult;
  hookKernel(host);
  equal(internals.broadcastResult, patched);
});

Deno.test("stoppable() is aborted by the caller, and quiet in a script otherwise", () => {
  const controller = new AbortController();
  const signal = stoppable(controller.signal);
  equal(signal.aborted, false);
  controller.abort("enough");
  equal(signal.reason, "enough");
  equal(stoppable().aborted, false);
});

const STOPPED = { name: "AbortError", message: "Interrupted by user" };

Deno.test("an interrupt stops the call that runs, and not the next one", () => {
  const { host, interrupt } = fakeKernel();
  const { stoppable } = hookKernel(host);
  const first = stoppable();
  interrupt();
  equal(first.aborted, true);
  throws(() => first.throwIfAborted(), STOPPED);
  const second = stoppable();
  notEqual(second, first);
  equal(second.aborted, false);
  throws(() => first.throwIfAborted(), STOPPED);
  interrupt();
  throws(() => second.throwIfAborted(), STOPPED);
  equal(stoppable().aborted, false);
});

Deno.test("an interrupt between two calls stops the second, whatever else could", () => {
  const { host, interrupt } = fakeKernel();
  const { stoppable } = hookKernel(host);
  const own = new AbortController();
  stoppable(own.signal).throwIfAborted();
  interrupt();
  const second = stoppable(own.signal);
  throws(() => second.throwIfAborted(), STOPPED);
  equal(own.signal.aborted, false);
  stoppable(own.signal).throwIfAborted();
});

Deno.test("what rejects with the reason of an interrupt has been stopped by it", () => {
  const { host, interrupt } = fakeKernel();
  const { stoppable } = hookKernel(host);
  const signal = stoppable();
  interrupt();
  equal(Reflect.get(Object(reasonOf(signal)), "message"), "Interrupted by user");
  equal(stoppable().aborted, false);
  equal(reasonOf(stoppable()), undefined);
});

Deno.test("a call that its caller aborts leaves an interrupt to the next one", () => {
  const { host, interrupt } = fakeKernel();
  const { stoppable } = hookKernel(host);
  const own = new AbortController();
  const first = stoppable(own.signal);
  own.abort(new Error("enough"));
  interrupt();
  throws(() => first.throwIfAborted(), { message: "enough" });
  throws(() => stoppable().throwIfAborted(), STOPPED);
});

Deno.test("an interrupt is held for no other cell, for no cell that calls nothing, and for no more than 5 s", async () => {
  const { internals, host, interrupt } = fakeKernel();
  let time = 0;
  const { stoppable } = hookKernel({ ...host, now: () => time });
  interrupt(); // nothing was called so far
  stoppable().throwIfAborted();
  interrupt();
  await internals.broadcastResult(1, "the cell ends before it calls anything else");
  stoppable().throwIfAborted();
  await internals.broadcastResult(2, "another");
  interrupt(); // the kernel is idle, or the cell has not called anything
  stoppable().throwIfAborted();
  interrupt();
  time = 4999;
  throws(() => stoppable().throwIfAborted(), STOPPED);
  interrupt(); // the call was stopped, so the cell has ended or does something else
  stoppable().throwIfAborted();
  interrupt();
  time += 5000;
  stoppable().throwIfAborted();
});

Deno.test({
  name: "importing the module leaves a script's Ctrl-C alone",
  ignore: Deno.build.os === "windows",
  async fn() {
    const module = new URL("../../src/base/kernel.ts", import.meta.url).href;
    const code = `import "${module}"; console.log("ready"); setTimeout(() => {}, 20000);`;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["eval", code],
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    child.kill("SIGINT");
    await reader.cancel();
    equal((await child.status).signal, "SIGINT");
  },
});
