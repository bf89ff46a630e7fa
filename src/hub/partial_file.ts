/**
 * A file that is being downloaded, with the hash of what is there.
 *
 * @module
 */
import type { Hash } from "node:crypto";

/** How a file is hashed: SHA-256, or as a blob of Git, whose size comes first. */
export type Hashing = { readonly kind: "sha256" } | { readonly kind: "git"; readonly size: number } | { kind: "none" };

const CHUNK = 1 << 20;

/** The hashing that an ETag of the hub is the result of. */
export function hashingOf(etag: string, size: number | undefined): Hashing {
  if (/^[0-9a-f]{64}$/.test(etag)) return { kind: "sha256" };
  if (/^[0-9a-f]{40}$/.test(etag) && size !== undefined) return { kind: "git", size };
  return { kind: "none" };
}

/** The first bytes of a file, on disk. */
export class PartialFile implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #newHash: () => Hash;
  #hash: Hash;
  #length = 0;

  private constructor(file: Deno.FsFile, newHash: () => Hash) {
    this.#file = file;
    this.#newHash = newHash;
    this.#hash = newHash();
  }

  /** Opens the file at a path, or makes it. What is there already stays until something is done with it. */
  static async open(path: string, hashing: Hashing): Promise<PartialFile> {
    const { createHash } = await import("node:crypto");
    const newHash = () => {
      if (hashing.kind !== "git") return createHash("sha256");
      return createHash("sha1").update(`blob ${hashing.size}\0`);
    };
    return new PartialFile(await Deno.open(path, { create: true, read: true, write: true }), newHash);
  }

  /** How many bytes there are. */
  get length(): number {
    return this.#length;
  }

  /** Takes over what an earlier process left, unless it is more than there can be. */
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

  /** Begins anew, with nothing. */
  async restart(): Promise<void> {
    const { size } = await this.#file.stat();
    if (size > 0) await this.#file.truncate(0);
    await this.#file.seek(0, Deno.SeekMode.Start);
    this.#hash = this.#newHash();
    this.#length = 0;
  }

  /** Adds bytes at the end. */
  async append(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length;) done += await this.#file.write(bytes.subarray(done));
    this.#hash.update(bytes);
    this.#length += bytes.length;
  }

  /** Brings everything to the disk, and returns the hash of it. */
  async finish(): Promise<string> {
    await this.#file.syncData();
    return this.#hash.copy().digest("hex");
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}
