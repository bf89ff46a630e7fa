/** A worker that answers a page: for tests of the way to it. */
import { LiveHost, tableSubject } from "../../src/live/host.ts";
import { answerPage, type WorkerScope } from "../../src/live/worker_port.ts";

const host = new LiveHost();
host.add(
  "test",
  tableSubject({
    double: (data) => Promise.resolve(2 * Number(data)),
    fail: () => Promise.reject(new RangeError("Cannot double a word; pass a number")),
    wait: (_, { signal, onProgress }) =>
      new Promise((_, reject) => {
        onProgress({ completed: 1, total: 2, message: "Waiting" });
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
    end: () => {
      setTimeout(() => {
        throw new Error("out of memory");
      });
      return new Promise(() => {});
    },
  }),
);
const scope = globalThis as unknown as WorkerScope;
answerPage(scope, host);
scope.addEventListener("message", ({ data }) => {
  if (data === "other") {
    scope.postMessage("something else");
    scope.postMessage({ kind: "result", protocol: 2, id: "unasked", data: 1 });
  }
});
