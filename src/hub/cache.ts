/**
 * The cache of Python's `huggingface_hub`: contents in `blobs` by their hash, names in `snapshots` by commit, branches
 * and tags in `refs`. The layout: https://huggingface.co/docs/huggingface_hub/guides/manage-cache
 *
 * @module
 */
import { exists, joinPath, sizeOf } from "./paths.ts";

/** The part of a cache that belongs to one model. */
export class ModelCache {
  /** Its folder. */
  readonly folder: string;
  readonly #locks: string;

  /** Nothing is read or made yet. */
  constructor(cacheDir: string, id: string) {
    const name = ["models", ...id.split("/")].join("--");
    this.folder = joinPath(cacheDir, name);
    this.#locks = joinPath(cacheDir, ".locks", name);
  }

  /** The commit that a revision was last seen to be; a commit is itself. */
  async commitOf(revision: string): Promise<string | undefined> {
    if (isCommit(revision)) return revision;
    return await this.#read(joinPath("refs", revision)).then((text) => text?.trim() || undefined);
  }

  /** Remembers which commit a revision is. */
  async setCommit(revision: string, commit: string): Promise<void> {
    if (revision === commit || await this.commitOf(revision) === commit) return;
    const path = joinPath(this.folder, "refs", revision);
    const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
    await Deno.mkdir(parent(path), { recursive: true });
    await Deno.writeTextFile(temporary, commit);
    await Deno.rename(temporary, path);
  }

  /** The folder that holds the files of a commit by their names. */
  snapshot(commit: string): string {
    return joinPath(this.folder, "snapshots", commit);
  }

  /** Whether a file of a commit is there, whole: nothing else gets a name. */
  has(commit: string, name: string): Promise<boolean> {
    return exists(joinPath(this.snapshot(commit), name));
  }

  /** Whether a commit is known to have no such file. */
  isKnownMissing(commit: string, name: string): Promise<boolean> {
    return exists(joinPath(this.folder, ".no_exist", commit, name));
  }

  /** Remembers that a commit has no such file. */
  async setMissing(commit: string, name: string): Promise<void> {
    const path = joinPath(this.folder, ".no_exist", commit, name);
    await Deno.mkdir(parent(path), { recursive: true });
    await Deno.writeFile(path, new Uint8Array(0));
  }

  /** The text of a file of a commit. */
  text(commit: string, name: string): Promise<string | undefined> {
    return this.#read(joinPath("snapshots", commit, name));
  }

  /** The size of a content; undefined when it is not there. */
  blobSize(etag: string): Promise<number | undefined> {
    return sizeOf(this.blob(etag));
  }

  /** Where a content is, once it is whole. */
  blob(etag: string): string {
    return joinPath(this.folder, "blobs", etag);
  }

  /** The file that is locked while a content is downloaded. */
  lock(etag: string): string {
    return joinPath(this.#locks, `${etag}.lock`);
  }

  /** Makes the folders that a file needs. */
  async prepare(commit: string, name: string): Promise<void> {
    for (const path of [this.blob("etag"), this.lock("etag"), joinPath(this.snapshot(commit), name)]) {
      await Deno.mkdir(parent(path), { recursive: true });
    }
  }

  /**
   * Gives a content its name in a commit: by a relative symbolic link, so that the cache can be moved. Where links are
   * not possible or not permitted the file itself takes the name, as Python has it on Windows.
   */
  async link(etag: string, commit: string, name: string): Promise<void> {
    const pointer = joinPath(this.snapshot(commit), name);
    const up = "../".repeat(2 + name.split("/").length - 1);
    await Deno.remove(pointer).catch(() => {}); // a link that leads nowhere
    try {
      await Deno.symlink(`${up}blobs/${etag}`, pointer, { type: "file" });
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) await Deno.rename(this.blob(etag), pointer);
    }
  }

  async #read(path: string): Promise<string | undefined> {
    return await Deno.readTextFile(joinPath(this.folder, path)).catch((error) => {
      if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
      throw error;
    });
  }
}

/** Whether a revision is a commit, whose files never change. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

function parent(path: string): string {
  return path.replace(/\/[^/]*$/, "");
}
