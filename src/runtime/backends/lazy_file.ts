import type { ByteSource } from "../../checkpoint/byte_source.ts";

/**
 * The scratch buffer is no smaller than this, or than the file. Allocators ask the system for memory of that size and
 * give it back at once; smaller pieces, one larger than the other, stay resident. Untouched pages take nothing.
 */
const LEAST_SCRATCH = 2 ** 26;

/**
 * A file that looks like the `Uint8Array` of its bytes to onnxruntime-web's loader, which asks for `byteLength` and
 * `subarray` only. Each range is read when it is asked for, into one scratch buffer, so that the file is never in
 * memory as a whole. Ranges are valid until the next is asked for.
 *
 * The loader's contract is not documented: `tests/runtime/backends/lazy_file_test.ts` holds the pinned version to it.
 */
export class LazyFile extends Uint8Array {
  readonly #source: ByteSource;
  #scratch: ArrayBuffer = new ArrayBuffer(0);

  /** Stands for the bytes of `source`. */
  constructor(source: ByteSource) {
    super(0);
    this.#source = source;
  }

  /** The size of the file. */
  override get length(): number {
    return this.#source.size;
  }

  /** The size of the file. */
  override get byteLength(): number {
    return this.#source.size;
  }

  /** Reads the bytes from `start` to `end`. */
  override subarray(start = 0, end: number = this.#source.size): Uint8Array<ArrayBuffer> {
    if (this.#scratch.byteLength < end - start) {
      this.free();
      this.#scratch = new ArrayBuffer(Math.max(end - start, Math.min(this.#source.size, LEAST_SCRATCH)));
    }
    const bytes = new Uint8Array(this.#scratch, 0, end - start);
    this.#source.readInto(start, bytes);
    return bytes;
  }

  /** Gives the scratch buffer back at once, rather than when garbage is collected. */
  free(): void {
    this.#scratch.transfer(0);
    this.#scratch = new ArrayBuffer(0);
  }
}
