/** A worker that ends in one of two ways when it is asked for something: see `thread_test.ts`. */
import process from "node:process";
import { parentPort } from "node:worker_threads";

parentPort!.on("message", ({ backend }: { readonly backend: string }) => {
  if (backend === "native") throw new RangeError("out of something");
  process.exit(3);
});
parentPort!.postMessage({ kind: "ready" });
