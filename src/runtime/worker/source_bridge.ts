/**
 * Files of weights in a worker. A file on disk is opened there a second time. Anything else, such as weights that are
 * converted while they are read, is read on this side, piece by piece through shared memory, while the worker waits;
 * a page without cross-origin isolation has none, and the bytes are sent as a whole.
 *
 * @module
 */
import { messageOf } from "../../base/words.ts";
import { type ByteSource, openBytes, openFile } from "../../checkpoint/byte_source.ts";
import type { ReadRequest, SourceDescription } from "./messages.ts";

/** The state of the shared memory, and the length of what is said, before the bytes themselves. */
const HEADER_BYTES = 8;
/** How much is read at a time: large enough that waiting does not count. */
const PIECE_BYTES = 2 ** 22;

const [ASKED, READ, FAILED] = [0, 1, 2];

/** This side of the files of one model. */
export class SourceBridge {
  readonly #files: ReadonlyMap<string, ByteSource>;
  readonly #loaded: ByteSource[] = [];
  #shared: SharedArrayBuffer | undefined;

  /** Lets a worker read `files`. */
  constructor(files: ReadonlyMap<string, ByteSource>) {
    this.#files = files;
  }

  /** What the worker is told of each file, and the buffers that are given away with it. */
  async describe(): Promise<{ readonly files: [string, SourceDescription][]; readonly transfer: ArrayBuffer[] }> {
    const files: [string, SourceDescription][] = [];
    const transfer: ArrayBuffer[] = [];
    for (const [location, source] of this.#files) {
      const { name, size, path } = source;
      if (path !== undefined) files.push([location, { name, size, path }]);
      else if ("SharedArrayBuffer" in globalThis) {
        await source.load?.();
        this.#loaded.push(source);
        this.#shared ??= new SharedArrayBuffer(HEADER_BYTES + PIECE_BYTES);
        files.push([location, { name, size, shared: this.#shared }]);
      } else {
        const bytes = await wholeOf(source);
        files.push([location, { name, size, bytes }]);
        transfer.push(bytes);
      }
    }
    return { files, transfer };
  }

  /** Reads what the worker waits for. */
  answer({ location, start, length }: ReadRequest): void {
    const state = new Int32Array(this.#shared!, 0, 2);
    const shared = new Uint8Array(this.#shared!, HEADER_BYTES);
    try {
      // Not every source can write into shared memory.
      const bytes = new Uint8Array(length);
      this.#files.get(location)!.readInto(start, bytes);
      shared.set(bytes);
      state[0] = READ!;
    } catch (error) {
      const text = new TextEncoder().encode(messageOf(error)).subarray(0, PIECE_BYTES);
      shared.set(text);
      state[1] = text.length;
      state[0] = FAILED!;
    }
    Atomics.notify(state, 0);
  }

  /** Gives the memory back that reading took. */
  close(): void {
    for (const source of this.#loaded) source.unload?.();
  }
}

async function wholeOf(source: ByteSource): Promise<ArrayBuffer> {
  await source.load?.();
  const { buffer } = await source.read(0, source.size);
  source.unload?.();
  return buffer;
}

/** Opens the files in the worker; `ask` posts a wish to the other side. */
export async function openDescribed(
  described: readonly (readonly [string, SourceDescription])[],
  ask: (request: ReadRequest) => void,
): Promise<ReadonlyMap<string, ByteSource>> {
  const files = new Map<string, ByteSource>();
  try {
    for (const [location, source] of described) files.set(location, await open(location, source, ask));
    return files;
  } catch (error) {
    for (const source of files.values()) source.close();
    throw error;
  }
}

async function open(
  location: string,
  source: SourceDescription,
  ask: (request: ReadRequest) => void,
): Promise<ByteSource> {
  if ("path" in source) return await openFile(source.path);
  if ("bytes" in source) return openBytes(source.name, new Uint8Array(source.bytes));
  return new BridgedSource(location, source, ask);
}

/** A file that the other side reads. */
class BridgedSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #location: string;
  readonly #shared: SharedArrayBuffer;
  readonly #ask: (request: ReadRequest) => void;

  constructor(
    location: string,
    { name, size, shared }: { readonly name: string; readonly size: number; readonly shared: SharedArrayBuffer },
    ask: (request: ReadRequest) => void,
  ) {
    this.name = name;
    this.size = size;
    this.#location = location;
    this.#shared = shared;
    this.#ask = ask;
  }

  // deno-lint-ignore require-await -- a failed read must reject, not throw
  async read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(end - start);
    this.readInto(start, bytes);
    return bytes;
  }

  readInto(start: number, target: Uint8Array): void {
    const state = new Int32Array(this.#shared, 0, 2);
    for (let done = 0; done < target.length; done += PIECE_BYTES) {
      const length = Math.min(PIECE_BYTES, target.length - done);
      state[0] = ASKED!;
      this.#ask({ kind: "read", location: this.#location, start: start + done, length });
      Atomics.wait(state, 0, ASKED!);
      if (state[0] === FAILED) {
        throw new Error(new TextDecoder().decode(new Uint8Array(this.#shared, HEADER_BYTES, state[1]).slice()));
      }
      target.set(new Uint8Array(this.#shared, HEADER_BYTES, length), done);
    }
  }

  /** The other side closes it. */
  close(): void {}
}
