/**
 * Threads that share the jobs of a WebAssembly module with the one that asks. A job is cut into parts, and every thread
 * takes the next part that nobody has: it does not matter how many there are, when they begin, or whether there are others
 * at all.
 *
 * @module
 */
import { inPage } from "../../base/platform.ts";
import type { Pace } from "../pace.ts";

/** Does `from` to before `to` of a part. */
type Work = (from: number, to: number, part: number) => Promise<void> | void;

/** More threads have too little to do between the steps of the tokens, which one of them does. */
const MOST_THREADS = 8;
/** What threads share: which part is next, how many are done, the place of the job, who is ready, and the ends of the parts. */
const [NEXT, DONE, JOB, READY, ENDS] = [0, 1, 2, 3, 3 + MOST_THREADS];
/** How many parts nobody has is in the last bits of `NEXT`, the number of the job in the others. */
const LEFT_BITS = 6;
const LEFT = 2 ** LEFT_BITS - 1;
/** The most parts of a job. */
const MOST_PARTS = LEFT - 1;
/** In `NEXT`: there are no more jobs. */
const OVER = -1;
/** How long, in milliseconds, this thread looks whether others are done before it waits, which takes 0.03. */
const PATIENCE_MS = 0.1;
/** How long it waits before it lets the event loop have a turn. */
const WAIT_MS = 5;

/**
 * What another thread does. It is a text, as a module would have to lie beside a bundled one, and to be read. It waits in
 * `Atomics.wait` and hears nothing: it ends when there are no more jobs.
 */
const CODE = `onmessage = ({ data: { module, memory, shared, names, place } }) => {
  const { exports } = new WebAssembly.Instance(module, { own: { memory } });
  Atomics.store(shared, ${READY} + place, 1);
  for (let next; (next = Atomics.load(shared, ${NEXT})) !== ${OVER};) {
    const part = (next & ${LEFT}) - 1;
    if (part < 0) Atomics.wait(shared, ${NEXT}, next);
    else if (Atomics.compareExchange(shared, ${NEXT}, next, next - 1) === next) {
      exports[names[shared[${JOB}]]](shared[${ENDS} + part], shared[${ENDS} + part + 1], part);
      Atomics.add(shared, ${DONE}, 1);
      Atomics.notify(shared, ${DONE});
    }
  }
  close();
};`;

/** How many threads there are for so many at most: one in a page that is not isolated, as its threads share no memory. */
export function threadsFor(most: number): number {
  const shared = "SharedArrayBuffer" in globalThis && (!inPage || crossOriginIsolated);
  if (!shared || !("Worker" in globalThis)) return 1;
  return Math.max(1, Math.min(Math.floor(most), navigator.hardwareConcurrency, MOST_THREADS));
}

/** The jobs of one module. */
export class SharedJobs implements Disposable {
  readonly #names: readonly string[];
  readonly #shared: Int32Array;
  readonly #others: number;
  readonly #workers: Worker[] = [];
  #url: string | undefined;
  #count = 0;
  #failure: string | undefined;

  /**
   * Jobs that are done by this thread and others.
   *
   * @param exports What the module exports.
   * @param threads How many there are in all.
   */
  constructor(exports: object, threads: number) {
    this.#names = Object.keys(exports);
    this.#others = threads - 1;
    const bytes = 4 * (ENDS + MOST_PARTS + 1);
    this.#shared = new Int32Array(threads > 1 ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes));
  }

  /** Starts others, which take their share as soon as they are ready; where none can be started, there are none. */
  start(module: WebAssembly.Module, memory: WebAssembly.Memory): void {
    if (this.#others < 1) return;
    this.#url = URL.createObjectURL(new Blob([CODE], { type: "text/javascript" }));
    for (let i = 0; i < this.#others; ++i) {
      try {
        this.#workers.push(this.#open(this.#url, i, { module, memory }));
      } catch {
        return; // a page may forbid it
      }
    }
  }

  #open(url: string, place: number, start: { module: WebAssembly.Module; memory: WebAssembly.Memory }): Worker {
    const worker = new Worker(url, { type: "module" });
    worker.onerror = (event) => {
      event.preventDefault();
      if (this.#shared[READY + place] === 1) this.#failure = event.message; // else it has taken no part
    };
    worker.postMessage({ ...start, place, shared: this.#shared, names: this.#names });
    return worker;
  }

  /**
   * Does a job.
   *
   * @param ends Where each part ends and the next begins, with the start of the first.
   * @param own Does a part in this thread, which may let the event loop have its turns.
   * @throws {Error} When another thread has ended before its part was done.
   */
  async run(name: string, ends: readonly number[], own: Work, pace: Pace): Promise<void> {
    const shared = this.#shared;
    const parts = ends.length - 1;
    shared[JOB] = this.#names.indexOf(name);
    shared.set(ends, ENDS);
    Atomics.store(shared, DONE, 0);
    Atomics.store(shared, NEXT, ++this.#count << LEFT_BITS | parts);
    if (this.#workers.length > 0) Atomics.notify(shared, NEXT);
    for (let next; ((next = Atomics.load(shared, NEXT)) & LEFT) > 0;) {
      if (Atomics.compareExchange(shared, NEXT, next, next - 1) !== next) continue;
      const part = (next & LEFT) - 1;
      await own(ends[part]!, ends[part + 1]!, part);
      Atomics.add(shared, DONE, 1);
    }
    await this.#waitForOthers(parts, pace);
  }

  /** Waits for what others have begun: a page must not block, so there it lets the event loop have its turns. */
  async #waitForOthers(parts: number, pace: Pace): Promise<void> {
    const patience = performance.now() + PATIENCE_MS;
    for (let done; (done = Atomics.load(this.#shared, DONE)) < parts;) {
      if (performance.now() < patience) continue;
      if (this.#failure !== undefined) {
        throw new Error(`Cannot go on as a thread that shared the work has ended: ${this.#failure}; call again`);
      }
      if (inPage || Atomics.wait(this.#shared, DONE, done, WAIT_MS) === "timed-out") await pace.turn();
    }
  }

  /** Ends the other threads. */
  [Symbol.dispose](): void {
    Atomics.store(this.#shared, NEXT, OVER);
    if (this.#workers.length > 0) Atomics.notify(this.#shared, NEXT);
    for (const worker of this.#workers) worker.terminate();
    if (this.#url !== undefined) URL.revokeObjectURL(this.#url);
  }
}
