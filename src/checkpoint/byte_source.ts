/**
 * Random access to the bytes of a file, whether it is on disk or in memory.
 *
 * @module
 */

import { messageOf } from "../base/words.ts";

/** Bytes that can be read from anywhere. Offsets are in bytes and may exceed 4 GiB. */
export interface ByteSource {
  /** What the bytes are called in error messages. */
  readonly name: string;
  /** How many bytes there are. */
  readonly size: number;
  /** The path of the local file, symbolic links resolved; absent when the bytes are in memory. */
  readonly path?: string;
  /**
   * Reads the bytes from `start` up to, and not including, `end` into an array of their own.
   *
   * @throws {RangeError} If the range is not inside the source.
   * @throws {Error} If the source is closed, or the file became shorter since it was opened.
   */
  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Fills `target` with the bytes from `start` on, at once and without a copy on the way.
   *
   * @throws {RangeError} If the range is not inside the source.
   * @throws {Error} If the source is closed, or the file became shorter since it was opened.
   */
  readInto(start: number, target: Uint8Array): void;
  /** Makes `readInto` possible, where it is not from the beginning: the bytes are brought into memory. */
  load?(): Promise<void>;
  /** Gives the memory of `load` back; `read` still works. */
  unload?(): void;
  /**
   * Makes sure that a local file holds what it held when it was opened; absent when the bytes are in memory.
   *
   * @throws {Error} If the file was written to or its attributes were changed since, or it is closed.
   */
  expectUnmodified?(): Promise<void>;
  /**
   * Makes sure that the path of a local file still leads to the file that was opened, for those who open it a second
   * time by its path; absent when the bytes are in memory.
   *
   * @throws {Error} If another file has taken its place, or it was deleted.
   */
  expectInPlace?(): Promise<void>;
  /** Reads on from the file that now stands at the path of a local file, which holds the same; absent when the bytes are in memory. */
  reopen?(): Promise<void>;
  /** Gives the file or the memory back. Closing twice does nothing. */
  close(): void;
}

/**
 * Opens a local file for reading; `--allow-read` is enough. The file stays open until it is closed.
 *
 * @param path The path of the file, or its `file:` URL; a symbolic link, as the Hugging Face cache uses them, is followed.
 * @param advice What the error says to do when there is no such file.
 * @returns The bytes of the file.
 * @throws {Error} If there is no such file, or it cannot be read.
 *
 * @example
 * ```ts
 * import { openFile } from "./byte_source.ts";
 *
 * const source = await openFile("deno.json");
 * const brace = await source.read(0, 1); // Uint8Array [123]
 * source.close();
 * ```
 */
export async function openFile(
  path: string | URL,
  advice = "check the path, or load the model by its id",
): Promise<ByteSource> {
  const name = String(path);
  try {
    const realPath = await Deno.realPath(path);
    const { isFile } = await Deno.stat(realPath); // a pipe would wait for its other end
    if (!isFile) throw new Error(`Cannot open ${name} as a file: it is a directory or a device`);
    const file = await Deno.open(realPath);
    return new FileSource(name, await file.stat(), realPath, file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new Error(`Cannot open ${name} as there is no such file; ${advice}`);
    }
    if (error instanceof Deno.errors.NotCapable) {
      throw new Error(`Cannot open ${name} as reading is not permitted; run Deno with --allow-read`);
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new Error(`Cannot open ${name} as the system does not let this user read it`);
    }
    throw error;
  }
}

/**
 * Makes bytes in memory readable as a file is. The bytes are not copied.
 *
 * @param name What the bytes are called in error messages.
 * @param bytes The bytes.
 * @returns The same bytes.
 *
 * @example
 * ```ts
 * import { openBytes } from "./byte_source.ts";
 *
 * const source = openBytes("greeting", new TextEncoder().encode("hello"));
 * await source.read(1, 3); // Uint8Array [101, 108]
 * ```
 */
export function openBytes(name: string, bytes: Uint8Array): ByteSource {
  return new MemorySource(name, bytes);
}

abstract class Source implements ByteSource {
  readonly name: string;
  readonly size: number;

  constructor(name: string, size: number) {
    this.name = name;
    this.size = size;
  }

  // deno-lint-ignore require-await -- a wrong range must reject, not throw
  async read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    this.check(start, end);
    const bytes = new Uint8Array(end - start);
    this.readInto(start, bytes);
    return bytes;
  }

  protected check(start: number, end: number): void {
    const whole = Number.isSafeInteger(start) && Number.isSafeInteger(end);
    if (!whole || start < 0 || end < start || end > this.size) {
      throw new RangeError(`Cannot read bytes ${start} to ${end} of ${this.name} as it has ${this.size} bytes`);
    }
  }

  abstract readInto(start: number, target: Uint8Array): void;
  abstract close(): void;
}

class FileSource extends Source {
  readonly path: string;
  #opened: Deno.FileInfo;
  #file: Deno.FsFile | undefined;

  constructor(name: string, opened: Deno.FileInfo, path: string, file: Deno.FsFile) {
    super(name, opened.size);
    this.path = path;
    this.#opened = opened;
    this.#file = file;
  }

  readInto(start: number, target: Uint8Array): void {
    this.check(start, start + target.length);
    if (this.#file === undefined) throw closedError(this.name);
    this.#file.seekSync(start, Deno.SeekMode.Start);
    for (let done = 0; done < target.length;) {
      const count = this.#file.readSync(target.subarray(done));
      if (count === null) {
        throw new Error(
          `Cannot read ${this.name} to the end: it had ${this.size} bytes when opened and has ${start + done} now`,
        );
      }
      done += count;
    }
  }

  async expectUnmodified(): Promise<void> {
    if (this.#file === undefined) throw closedError(this.name);
    const { size, mtime, ctime, nlink } = await this.#file.stat();
    const before = this.#opened;
    const written = size !== before.size || !isSameTime(mtime, before.mtime);
    // Who writes can set the time of writing back, but not the time of that. Another file that takes the place of this
    // one, or a second name for it, counts the names and changes that time too.
    const touched = nlink === before.nlink && !isSameTime(ctime, before.ctime);
    if (!written && !touched) return;
    throw new Error(`Cannot tell what was read of ${this.name} as the file has been modified since; load it again`);
  }

  async expectInPlace(): Promise<void> {
    const found = await Deno.stat(this.path).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw new Error(`Cannot use ${this.name} as it cannot be looked at: ${messageOf(error)}`);
    });
    if (found?.dev === this.#opened.dev && found.ino === this.#opened.ino) return;
    const what = found ? "another file has taken its place while it was read" : "it was deleted while it was in use";
    throw new Error(`Cannot use ${this.name} as ${what}; load it again`);
  }

  async reopen(): Promise<void> {
    const file = await Deno.open(this.path);
    this.#opened = await file.stat();
    this.#file?.close();
    this.#file = file;
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}

function isSameTime(a: Date | null, b: Date | null): boolean {
  return a?.getTime() === b?.getTime();
}

class MemorySource extends Source {
  #bytes: Uint8Array | undefined;

  constructor(name: string, bytes: Uint8Array) {
    super(name, bytes.length);
    this.#bytes = bytes;
  }

  readInto(start: number, target: Uint8Array): void {
    this.check(start, start + target.length);
    if (this.#bytes === undefined) throw closedError(this.name);
    target.set(this.#bytes.subarray(start, start + target.length));
  }

  close(): void {
    this.#bytes = undefined;
  }
}

function closedError(name: string): Error {
  return new Error(`Cannot read ${name} as it is closed`);
}
