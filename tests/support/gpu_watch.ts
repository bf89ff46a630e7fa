/**
 * What goes to a GPU and comes from it, and which buffers for keys and values there are.
 *
 * @module
 */
import { LABEL } from "../../src/runtime/backends/gpu_memory.ts";

/** Watches this thread's GPU until the scope ends. */
export class GpuWatch implements Disposable {
  /** Bytes that were written to the GPU. */
  up = 0;
  /** Bytes that were read from it. */
  down = 0;
  /** Buffers that were made, by whomever. */
  made = 0;
  /** Those that were made and not destroyed, by whomever. */
  readonly open: Set<GPUBuffer> = new Set();
  /** Those of them that are for keys and values. */
  get kept(): number {
    return [...this.open].filter(({ label }) => label === LABEL).length;
  }
  readonly #undo: (() => void)[] = [];

  /** Begins to watch. */
  constructor() {
    // deno-lint-ignore no-this-alias -- the methods that are wrapped have their own
    const watch = this;
    this.#wrap(
      GPUDevice.prototype,
      "createBuffer",
      (createBuffer) =>
        function (this: GPUDevice, descriptor: GPUBufferDescriptor) {
          const buffer = createBuffer.call(this, descriptor);
          watch.open.add(buffer);
          ++watch.made;
          if (descriptor.mappedAtCreation) watch.up += descriptor.size;
          return buffer;
        },
    );
    this.#wrap(GPUBuffer.prototype, "destroy", (destroy) =>
      function (this: GPUBuffer) {
        watch.open.delete(this);
        return destroy.call(this);
      });
    this.#wrap(
      GPUBuffer.prototype,
      "mapAsync",
      (mapAsync) =>
        function (this: GPUBuffer, mode: number, ...range: number[]) {
          watch.down += this.size;
          return mapAsync.call(this, mode, ...range);
        },
    );
    this.#wrap(
      GPUQueue.prototype,
      "writeBuffer",
      (writeBuffer) =>
        function (this: GPUQueue, buffer, start, data, ...range) {
          watch.up += range[1] ?? data.byteLength - (range[0] ?? 0);
          return writeBuffer.call(this, buffer, start, data, ...range);
        },
    );
  }

  /** What one task moves, in bytes. */
  async during(task: () => Promise<unknown>): Promise<{ readonly up: number; readonly down: number }> {
    const [up, down] = [this.up, this.down];
    await task();
    return { up: this.up - up, down: this.down - down };
  }

  [Symbol.dispose](): void {
    for (const undo of this.#undo) undo();
  }

  #wrap<T, K extends keyof T>(prototype: T, name: K, wrapped: (original: T[K]) => T[K]): void {
    const original = prototype[name];
    prototype[name] = wrapped(original);
    this.#undo.push(() => prototype[name] = original);
  }
}
