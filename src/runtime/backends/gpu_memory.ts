/**
 * Buffers of a GPU: making them, copying between them, reading them.
 *
 * @module
 */
import { formatBytes, messageOf } from "../../base/words.ts";

/** ONNX Runtime copies whole units of so many bytes. */
const UNIT = 16;

/** What the buffers are called where a GPU's are listed. */
export const LABEL = "keys and values";

/** The beginning of a buffer. */
export interface Part {
  readonly buffer: GPUBuffer;
  readonly bytes: number;
}

/** A copy of `bytes` from one buffer to another. */
export interface Copy {
  readonly from: GPUBuffer;
  readonly start: number;
  readonly to: GPUBuffer;
  readonly at: number;
  readonly bytes: number;
}

/** The memory of one device. */
export class GpuMemory {
  readonly #device: GPUDevice;
  readonly #during: <T>(task: () => Promise<T>) => Promise<T>;

  /** Of `device`; `during` does what may fail when that is lost, and then says so. */
  constructor(device: GPUDevice, during: <T>(task: () => Promise<T>) => Promise<T>) {
    this.#device = device;
    this.#during = during;
  }

  /** How many bytes of a buffer a program can use. */
  get mostBytes(): number {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.#device.limits;
    return Math.min(maxBufferSize, maxStorageBufferBindingSize);
  }

  /**
   * Makes buffers that a session can read and write.
   *
   * @throws {Error} When there is no room for all of them; then none is left.
   */
  async create(count: number, bytes: number): Promise<readonly GPUBuffer[]> {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    return await this.#make(count, bytes, usage);
  }

  /** Copies on the device, after all that was asked of it before. */
  copy(copies: readonly Copy[]): void {
    if (copies.length === 0) return;
    const encoder = this.#device.createCommandEncoder();
    for (const { from, start, to, at, bytes } of copies) encoder.copyBufferToBuffer(from, start, to, at, bytes);
    this.#device.queue.submit([encoder.finish()]);
  }

  /** Fetches the numbers at the beginnings of some buffers, all at once. */
  async read(parts: readonly Part[]): Promise<Float32Array[]> {
    const total = parts.reduce((sum, { bytes }) => sum + bytes, 0);
    if (total === 0) return parts.map(() => new Float32Array(0));
    const [fetched] = await this.#make(1, total, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
    try {
      const places = placesOf(parts);
      this.copy(parts.map(({ buffer, bytes }, i) => ({ from: buffer, start: 0, to: fetched!, at: places[i]!, bytes })));
      await this.#during(() => fetched!.mapAsync(GPUMapMode.READ));
      const all = fetched!.getMappedRange();
      return parts.map(({ bytes }, i) => new Float32Array(all.slice(places[i], places[i]! + bytes)));
    } finally {
      fetched!.destroy();
    }
  }

  async #make(count: number, bytes: number, usage: number): Promise<readonly GPUBuffer[]> {
    const size = Math.ceil(bytes / UNIT) * UNIT;
    const buffers: GPUBuffer[] = [];
    try {
      const problem = await this.#during(() =>
        this.#problemOf(() => {
          for (let i = 0; i < count; ++i) buffers.push(this.#device.createBuffer({ label: LABEL, size, usage }));
        })
      );
      if (problem === undefined) return buffers;
      const advice = "read shorter texts or fewer at once, dispose other models, or use another backend";
      throw new Error(`the GPU has no ${formatBytes(count * size)} left for keys and values (${problem}); ${advice}`);
    } catch (error) {
      for (const buffer of buffers) buffer.destroy();
      throw error;
    }
  }

  /** What the device says against something. It tells only who asks. */
  async #problemOf(task: () => void): Promise<string | undefined> {
    for (const kind of ["validation", "out-of-memory"] as const) this.#device.pushErrorScope(kind);
    let thrown: string | undefined;
    try {
      task();
    } catch (error) {
      thrown = messageOf(error);
    }
    const told = [await this.#device.popErrorScope(), await this.#device.popErrorScope()];
    return thrown ?? told.find((error) => error)?.message.trim();
  }
}

/** Where each part begins when they stand one behind another. */
function placesOf(parts: readonly Part[]): readonly number[] {
  let end = 0;
  return parts.map(({ bytes }) => (end += bytes) - bytes);
}
