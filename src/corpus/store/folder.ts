/**
 * A corpus in a folder. What is written gets its name when it is whole and on the disk; before, it is in `.writing`.
 *
 * @module
 */
import { writeNew } from "../../base/write_new.ts";
import { messageOf } from "../../base/words.ts";
import { folderUrl } from "../../hub/paths.ts";
import type { CorpusStore } from "../types.ts";
import { checkName, checkRange } from "./names.ts";

const WRITING = ".writing";
/** What a program that was killed left behind is removed after a day; nothing takes that long to write. */
const STALE = 24 * 3600 * 1000;

/**
 * Opens a folder as the store of a corpus; it is made when something is written. Several programs may write to it at
 * once: of two that write one name, the last one wins, and who reads sees the whole file of one of them.
 *
 * @param path The path of the folder, or its `file:` URL.
 * @returns The store; its errors say which file, what failed and what to do.
 *
 * @example
 * ```ts
 * import { folderStore } from "./folder.ts";
 *
 * const path = await Deno.makeTempDir();
 * const store = folderStore(path);
 * await store.write("shards/000000.json", new TextEncoder().encode("{}"));
 * console.log(await store.list("shards")); // ["shards/000000.json"]
 * await Deno.remove(path, { recursive: true });
 * ```
 */
export function folderStore(path: string | URL): CorpusStore {
  return new FolderStore(path);
}

class FolderStore implements CorpusStore {
  readonly name: string;
  readonly #base: URL;
  #swept: Promise<void> | undefined;

  constructor(path: string | URL) {
    this.name = String(path);
    this.#base = baseOf(path);
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    return await Deno.readFile(this.#url("read", name)).catch((error) => this.#missing("read", name, error));
  }

  async readRange(name: string, start: number, end: number): Promise<Uint8Array> {
    checkRange(name, start, end);
    const file = await Deno.open(this.#url("read", name)).catch((error) => {
      throw this.#error("read", name, error);
    });
    using _ = file;
    await file.seek(start, Deno.SeekMode.Start);
    const bytes = new Uint8Array(end - start);
    for (let done = 0; done < bytes.length;) {
      const count = await file.read(bytes.subarray(done));
      if (count === null) {
        throw new RangeError(`Cannot read bytes ${start} to ${end} of ${name} as it has ${start + done} bytes`);
      }
      done += count;
    }
    return bytes;
  }

  async size(name: string): Promise<number | undefined> {
    const found = await Deno.stat(this.#url("read", name)).catch((error) => this.#missing("read", name, error));
    return found?.isFile ? found.size : undefined;
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    const target = this.#url("write", name);
    const temporary = new URL(`${WRITING}/${name.replaceAll("/", ".")}.${crypto.randomUUID()}`, this.#base);
    try {
      await Deno.mkdir(new URL("./", target), { recursive: true });
      await Deno.mkdir(new URL("./", temporary), { recursive: true });
      await (this.#swept ??= this.#sweep());
      await writeNew(temporary, [bytes]);
      await Deno.rename(temporary, target);
      await syncFolder(new URL("./", target));
    } catch (error) {
      await Deno.remove(temporary).catch(() => {}); // gone where it was renamed; what is left is removed after a day
      throw this.#error("write", name, error);
    }
  }

  async list(folder: string): Promise<readonly string[]> {
    const found: string[] = [];
    checkName("list", folder);
    const walk = async (below: string) => {
      for await (const { name, isDirectory } of Deno.readDir(new URL(below, this.#base))) {
        if (name.startsWith(".")) continue; // of the system, or of another program
        if (isDirectory) await walk(`${below}/${name}`);
        else found.push(`${below}/${name}`);
      }
    };
    await walk(folder).catch((error) => this.#missing("list", folder, error));
    return found.sort();
  }

  #url(task: string, name: string): URL {
    return new URL(checkName(task, name), this.#base);
  }

  async #sweep(): Promise<void> {
    for await (const { name } of Deno.readDir(new URL(WRITING, this.#base))) {
      const file = new URL(`${WRITING}/${name}`, this.#base);
      const { mtime } = await Deno.stat(file).catch(() => ({ mtime: null })); // another program was faster
      if (mtime !== null && Date.now() - mtime.getTime() > STALE) await Deno.remove(file).catch(() => {});
    }
  }

  #missing(task: string, name: string, error: unknown): undefined {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw this.#error(task, name, error);
  }

  #error(task: string, name: string, error: unknown): unknown {
    if (!(error instanceof Error)) return error;
    const begin = `Cannot ${task} ${name} in ${this.name}`;
    if (error instanceof Deno.errors.NotFound) return new Error(`${begin} as there is no such file`);
    if (isFull(error)) return new Error(`${begin} as no space is left there; make room, then start again to go on`);
    if (error instanceof Deno.errors.NotCapable) {
      return new Error(`${begin} as it is not permitted; run Deno with --allow-read and --allow-write`);
    }
    return new Error(`${begin}: ${messageOf(error)}`, { cause: error });
  }
}

/** Whether an error says that a disk, or the share of it that a user has, is full. */
function isFull(error: Error): boolean {
  const code: unknown = Reflect.get(error, "code");
  return code === "ENOSPC" || code === "EDQUOT" || /os error (28|122|112)\b/.test(error.message);
}

/** Makes a new name last; systems that cannot open a folder do so by themselves. */
async function syncFolder(folder: URL): Promise<void> {
  if (Deno.build.os === "windows") return;
  using file = await Deno.open(folder);
  await file.sync();
}

function baseOf(path: string | URL): URL {
  const isUrl = path instanceof URL || path.startsWith("file:");
  const url = isUrl ? new URL(path) : folderUrl(path);
  if (url.protocol !== "file:") throw new TypeError(`Cannot use ${url} as the folder of a corpus; pass a path`);
  url.pathname = url.pathname.replace(/\/*$/, "/");
  return url;
}
