import type { ByteSource } from "./byte_source.ts";

const CHUNK_BYTES = 2 ** 26;

/**
 * Makes a `Blob`, as a page has files, readable as a file is. A page cannot read at once: `load` brings the bytes into
 * memory first, for those who have to.
 *
 * @param name What the bytes are called in error messages.
 * @param blob The bytes.
 * @returns The same bytes.
 *
 * @example
 * ```ts
 * import { openBlob } from "./blob_source.ts";
 *
 * const source = openBlob("greeting", new Blob(["hello"]));
 * await source.read(1, 3); // Uint8Array [101, 108]
 * ```
 */
export function openBlob(name: string, blob: Blob): ByteSource {
  return new BlobSource(name, blob);
}

class BlobSource implements ByteSource {
  readonly name: string;
  #blob: Blob | undefined;
  #bytes: Uint8Array<ArrayBuffer> | undefined;
  readonly size: number;

  constructor(name: string, blob: Blob) {
    this.name = name;
    this.size = blob.size;
    this.#blob = blob;
  }

  async read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    this.#check(start, end);
    if (this.#bytes !== undefined) return this.#bytes.slice(start, end);
    return await this.#part(start, end);
  }

  readInto(start: number, target: Uint8Array): void {
    this.#check(start, start + target.length);
    if (this.#bytes === undefined) throw new Error(`Cannot read ${this.name} at once as it is not loaded`);
    target.set(this.#bytes.subarray(start, start + target.length));
  }

  async load(): Promise<void> {
    const bytes = this.#allocate();
    for (let start = 0; start < this.size; start += CHUNK_BYTES) {
      bytes.set(await this.#part(start, Math.min(start + CHUNK_BYTES, this.size)), start);
    }
    this.#bytes = bytes;
  }

  unload(): void {
    this.#bytes = undefined;
  }

  close(): void {
    this.#bytes = undefined;
    this.#blob = undefined;
  }

  #allocate(): Uint8Array<ArrayBuffer> {
    try {
      return new Uint8Array(this.size);
    } catch {
      const advice = "close other tabs, or take a smaller model";
      throw new RangeError(`Cannot hold the ${this.size} bytes of ${this.name} in memory; ${advice}`);
    }
  }

  async #part(start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#blob === undefined) throw new Error(`Cannot read ${this.name} as it is closed`);
    return new Uint8Array(await this.#blob.slice(start, end).arrayBuffer());
  }

  #check(start: number, end: number): void {
    const whole = Number.isSafeInteger(start) && Number.isSafeInteger(end);
    if (!whole || start < 0 || end < start || end > this.size) {
      throw new RangeError(`Cannot read bytes ${start} to ${end} of ${this.name} as it has ${this.size} bytes`);
    }
  }
}
