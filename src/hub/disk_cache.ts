/**
 * The cache of Python's `huggingface_hub`: contents in `blobs` by their hash, names in `snapshots` by commit, branches
 * and tags in `refs`. The layout: https://huggingface.co/docs/huggingface_hub/guides/manage-cache
 *
 * @module
 */
import { type CachedFile, isCommit, type ModelCache, modelFolder, type PartialFile } from "./cache.ts";
import { withLock } from "./disk_lock.ts";
import { DiskPartialFile } from "./disk_partial_file.ts";
import { freeBytes } from "./free_space.ts";
import type { Hashing } from "./hash.ts";
import { exists, joinPath, sizeOf } from "./paths.ts";

/** The cache of a model in a folder that Python's `huggingface_hub` can use too. */
export class DiskCache implements ModelCache {
  readonly folder: string;
  readonly #locks: string;

  constructor(cacheDir: string, id: string) {
    this.folder = joinPath(cacheDir, modelFolder(id));
    this.#locks = joinPath(cacheDir, ".locks", modelFolder(id));
  }

  async commitOf(revision: string): Promise<string | undefined> {
    if (isCommit(revision)) return revision;
    return await this.#read(joinPath("refs", revision)).then((text) => text?.trim() || undefined);
  }

  async setCommit(revision: string, commit: string): Promise<void> {
    if (revision === commit || await this.commitOf(revision) === commit) return;
    const path = joinPath(this.folder, "refs", revision);
    const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
    await Deno.mkdir(parent(path), { recursive: true });
    await Deno.writeTextFile(temporary, commit);
    await Deno.rename(temporary, path);
  }

  snapshot(commit: string): string {
    return joinPath(this.folder, "snapshots", commit);
  }

  has(commit: string, name: string): Promise<boolean> {
    return exists(joinPath(this.snapshot(commit), name));
  }

  isKnownMissing(commit: string, name: string): Promise<boolean> {
    return exists(joinPath(this.folder, ".no_exist", commit, name));
  }

  async setMissing(commit: string, name: string): Promise<void> {
    const path = joinPath(this.folder, ".no_exist", commit, name);
    await Deno.mkdir(parent(path), { recursive: true });
    await Deno.writeFile(path, new Uint8Array(0));
  }

  text(commit: string, name: string): Promise<string | undefined> {
    return this.#read(joinPath("snapshots", commit, name));
  }

  /** Of the link: a file that has the name itself does not say. */
  async nameOf(commit: string, name: string): Promise<string | undefined> {
    const target = await Deno.readLink(joinPath(this.snapshot(commit), name)).catch(() => "");
    return /[\\/]blobs[\\/]([^\\/]+)$/.exec(target)?.[1];
  }

  blobSize(etag: string): Promise<number | undefined> {
    return sizeOf(this.#blob(etag));
  }

  async partialSize(etag: string): Promise<number> {
    return await sizeOf(this.#partial(etag)) ?? 0;
  }

  openPartial(etag: string, hashing: Hashing): Promise<PartialFile> {
    return DiskPartialFile.open(this.#partial(etag), hashing);
  }

  dropPartial(etag: string): Promise<void> {
    return Deno.remove(this.#partial(etag));
  }

  keepPartial(etag: string): Promise<void> {
    return Deno.rename(this.#partial(etag), this.#blob(etag));
  }

  /**
   * By a relative symbolic link, so that the cache can be moved. Where links are not possible or not permitted the file
   * itself takes the name, as Python has it on Windows.
   */
  async link(etag: string, commit: string, name: string): Promise<void> {
    const pointer = joinPath(this.snapshot(commit), name);
    const up = "../".repeat(2 + name.split("/").length - 1);
    await Deno.remove(pointer).catch(() => {}); // a link that leads nowhere
    try {
      await Deno.symlink(`${up}blobs/${etag}`, pointer, { type: "file" });
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) await Deno.rename(this.#blob(etag), pointer);
    }
  }

  async withLock<T>(file: CachedFile, signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T> {
    const { commit, name, etag } = file;
    const lock = joinPath(this.#locks, `${etag}.lock`);
    for (const path of [this.#blob(etag), lock, joinPath(this.snapshot(commit), name)]) {
      await Deno.mkdir(parent(path), { recursive: true });
    }
    return await withLock(lock, signal, task);
  }

  async freeBytes(): Promise<number | undefined> {
    return await freeBytes(this.folder);
  }

  #blob(etag: string): string {
    return joinPath(this.folder, "blobs", etag);
  }

  #partial(etag: string): string {
    return `${this.#blob(etag)}.incomplete`;
  }

  async #read(path: string): Promise<string | undefined> {
    return await Deno.readTextFile(joinPath(this.folder, path)).catch((error) => {
      if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
      throw error;
    });
  }
}

function parent(path: string): string {
  return path.replace(/\/[^/]*$/, "");
}
