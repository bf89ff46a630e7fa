import type { PartialFile } from "./cache.ts";
import { type Hasher, hashers, type Hashing } from "./hash.ts";

const CHUNK = 1 << 20;

/** The first bytes of a file, on disk. */
export class DiskPartialFile implements PartialFile {
  readonly #file: Deno.FsFile;
  readonly #newHash: () => Hasher;
  #hash: Hasher;
  #length = 0;

  private constructor(file: Deno.FsFile, newHash: () => Hasher) {
    this.#file = file;
    this.#newHash = newHash;
    this.#hash = newHash();
  }

  /** Opens the file at a path, or makes it. What is there already stays until something is done with it. */
  static async open(path: string, hashing: Hashing): Promise<DiskPartialFile> {
    const newHash = await hashers(hashing);
    return new DiskPartialFile(await Deno.open(path, { create: true, read: true, write: true }), newHash);
  }

  get length(): number {
    return this.#length;
  }

  async resume(most: number, signal?: AbortSignal): Promise<void> {
    const { size } = await this.#file.stat();
    if (size > most) return await this.restart();
    const chunk = new Uint8Array(CHUNK);
    while (this.#length < size) {
      signal?.throwIfAborted();
      const count = await this.#file.read(chunk);
      if (count === null) return;
      this.#hash.update(chunk.subarray(0, count));
      this.#length += count;
    }
  }

  async restart(): Promise<void> {
    const { size } = await this.#file.stat();
    if (size > 0) await this.#file.truncate(0);
    await this.#file.seek(0, Deno.SeekMode.Start);
    this.#hash = this.#newHash();
    this.#length = 0;
  }

  async append(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    for (let done = 0; done < bytes.length;) done += await this.#file.write(bytes.subarray(done));
    this.#hash.update(bytes);
    this.#length += bytes.length;
  }

  async finish(): Promise<string> {
    await this.#file.syncData();
    return this.#hash.digest();
  }

  // deno-lint-ignore require-await -- a page has to wait
  async [Symbol.asyncDispose](): Promise<void> {
    this.#file.close();
  }
}
