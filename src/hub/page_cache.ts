/**
 * The cache of a page: the origin private file system of the browser, laid out as on disk. It can hold gigabytes, be
 * continued where a download was cut off, and be read without the network, none of which the HTTP cache promises; the
 * Cache API cannot add to what it holds.
 *
 * A file of that system appears when it is closed, and opening it again copies it. So a content is a folder of parts
 * of 16 MiB, of which a closed tab loses no more than the last. What is whole has the mark `whole` beside its parts.
 *
 * @module
 */
import { type CachedFile, isCommit, type ModelCache, modelFolder, type PartialFile } from "./cache.ts";
import { type Hasher, hashers, type Hashing } from "./hash.ts";
import { joinPath } from "./paths.ts";

const PART_BYTES = 2 ** 24;
/** Each write is a message to another process of the browser. */
const WRITE_BYTES = 2 ** 20;

/** The cache of a model in the browser's storage of the page's origin. */
export class PageCache implements ModelCache {
  readonly folder: string;

  constructor(cacheDir: string, id: string) {
    this.folder = joinPath(cacheDir, modelFolder(id));
  }

  async commitOf(revision: string): Promise<string | undefined> {
    return isCommit(revision) ? revision : await this.#read("refs", revision);
  }

  async setCommit(revision: string, commit: string): Promise<void> {
    if (revision !== commit) await this.#write(commit, "refs", revision);
  }

  snapshot(commit: string): string {
    return joinPath(this.folder, "snapshots", commit);
  }

  async has(commit: string, name: string): Promise<boolean> {
    return await this.read(commit, name) !== undefined;
  }

  async isKnownMissing(commit: string, name: string): Promise<boolean> {
    return await this.#read(".no_exist", commit, name) !== undefined;
  }

  async setMissing(commit: string, name: string): Promise<void> {
    await this.#write("", ".no_exist", commit, name);
  }

  async text(commit: string, name: string): Promise<string | undefined> {
    return await this.read(commit, name).then((blob) => blob?.text());
  }

  nameOf(commit: string, name: string): Promise<string | undefined> {
    return this.#read("snapshots", commit, name);
  }

  async blobSize(etag: string): Promise<number | undefined> {
    return await this.#content(etag).then((blob) => blob?.size);
  }

  async partialSize(etag: string): Promise<number> {
    const folder = await this.#folder(["blobs", etag], false);
    return (folder ? await parts(folder) : []).reduce((sum, { size }) => sum + size, 0);
  }

  async openPartial(etag: string, hashing: Hashing): Promise<PartialFile> {
    const newHash = await hashers(hashing);
    return new PagePartialFile((await this.#folder(["blobs", etag], true))!, newHash);
  }

  async dropPartial(etag: string): Promise<void> {
    const blobs = await this.#folder(["blobs"], false);
    await blobs?.removeEntry(etag, { recursive: true });
  }

  async keepPartial(etag: string): Promise<void> {
    await this.#write("", "blobs", etag, "whole");
  }

  async link(etag: string, commit: string, name: string): Promise<void> {
    await this.#write(etag, "snapshots", commit, name);
  }

  async withLock<T>({ etag }: CachedFile, signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T> {
    const name = joinPath("looking-glass", this.folder, etag);
    return await navigator.locks.request(name, signal ? { signal } : {}, task);
  }

  async freeBytes(): Promise<number | undefined> {
    const { quota, usage } = await navigator.storage.estimate();
    return quota === undefined || usage === undefined ? undefined : quota - usage;
  }

  /** The content that a file of a commit has; its bytes are read when they are asked for. */
  async read(commit: string, name: string): Promise<Blob | undefined> {
    const etag = await this.#read("snapshots", commit, name);
    return etag === undefined ? undefined : await this.#content(etag);
  }

  async #content(etag: string): Promise<Blob | undefined> {
    const folder = await this.#folder(["blobs", etag], false);
    if (!folder || !await fileOf(folder, "whole")) return undefined;
    return new Blob(await parts(folder));
  }

  async #folder(names: readonly string[], create: boolean): Promise<FileSystemDirectoryHandle | undefined> {
    let folder = await root();
    for (const name of [this.folder, ...names].join("/").split("/").filter((name) => name !== "" && name !== ".")) {
      const next = await orNothing(folder.getDirectoryHandle(name, { create }));
      if (!next) return undefined;
      folder = next;
    }
    return folder;
  }

  async #read(...path: readonly string[]): Promise<string | undefined> {
    const names = path.join("/").split("/");
    const folder = await this.#folder(names.slice(0, -1), false);
    return await (folder && fileOf(folder, names.at(-1)!))?.then((file) => file?.text());
  }

  async #write(text: string, ...path: readonly string[]): Promise<void> {
    const names = path.join("/").split("/");
    const folder = await this.#folder(names.slice(0, -1), true);
    const file = await folder!.getFileHandle(names.at(-1)!, { create: true });
    const writable = await file.createWritable();
    await writable.write(text);
    await writable.close();
  }
}

/** A content that grows, part by part. */
class PagePartialFile implements PartialFile {
  readonly #folder: FileSystemDirectoryHandle;
  readonly #newHash: () => Hasher;
  #hash: Hasher;
  #length = 0;
  #part = 0;
  #partLength = 0;
  #pending: Uint8Array<ArrayBuffer>[] = [];
  #pendingLength = 0;
  #open: FileSystemWritableFileStream | undefined;

  constructor(folder: FileSystemDirectoryHandle, newHash: () => Hasher) {
    this.#folder = folder;
    this.#newHash = newHash;
    this.#hash = newHash();
  }

  get length(): number {
    return this.#length;
  }

  async resume(most: number, signal?: AbortSignal): Promise<void> {
    const files = await parts(this.#folder);
    if (files.reduce((sum, { size }) => sum + size, 0) > most) return await this.restart();
    for (const file of files) {
      for await (const chunk of chunksOf(file)) {
        signal?.throwIfAborted();
        this.#hash.update(chunk);
      }
      this.#length += file.size;
    }
    this.#part = files.length;
  }

  async restart(): Promise<void> {
    await this.#close();
    for (let i = 0; await fileOf(this.#folder, String(i)); ++i) await this.#folder.removeEntry(String(i));
    await orNothing(this.#folder.removeEntry("whole"));
    this.#hash = this.#newHash();
    this.#length = 0;
    this.#part = 0;
  }

  async append(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#pending.push(bytes);
    this.#pendingLength += bytes.length;
    this.#hash.update(bytes);
    this.#length += bytes.length;
    if (this.#pendingLength >= WRITE_BYTES) await this.#write();
    if (this.#partLength >= PART_BYTES) await this.#close();
  }

  async finish(): Promise<string> {
    await this.#close();
    return this.#hash.digest();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }

  /** Writes what is collected. */
  async #write(): Promise<void> {
    const bytes = new Blob(this.#pending.splice(0));
    this.#pendingLength = 0;
    if (this.#open === undefined) {
      const file = await this.#folder.getFileHandle(String(this.#part), { create: true });
      this.#open = await file.createWritable();
    }
    await this.#open.write(bytes).catch(async (error) => {
      await this.#open?.abort().catch(() => {});
      this.#open = undefined;
      throw error;
    });
    this.#partLength += bytes.size;
  }

  async #close(): Promise<void> {
    if (this.#pendingLength > 0) await this.#write();
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    this.#part += 1;
    this.#partLength = 0;
    await open.close();
  }
}

async function root(): Promise<FileSystemDirectoryHandle> {
  try {
    return await navigator.storage.getDirectory();
  } catch (error) {
    const reason = isSecureContext ? `the browser does not let it: ${error}` : "it is not served over https";
    const advice = "serve it over https or from localhost, outside of a private window";
    throw new Error(`Cannot use the storage of this page as ${reason}; ${advice}`);
  }
}

/** The parts of a content, in their order. */
async function parts(folder: FileSystemDirectoryHandle): Promise<File[]> {
  const files: File[] = [];
  for (let file; (file = await fileOf(folder, String(files.length)));) files.push(file);
  return files;
}

async function fileOf(folder: FileSystemDirectoryHandle, name: string): Promise<File | undefined> {
  return await orNothing(folder.getFileHandle(name)).then((handle) => handle?.getFile());
}

async function orNothing<T>(promise: Promise<T>): Promise<T | undefined> {
  return await promise.catch((error) => {
    if (error instanceof DOMException && ["NotFoundError", "TypeMismatchError"].includes(error.name)) return undefined;
    throw error;
  });
}

async function* chunksOf(file: File): AsyncGenerator<Uint8Array> {
  const reader = file.stream().getReader();
  for (let next; !(next = await reader.read()).done;) yield next.value;
}
