/**
 * Where downloaded models are kept, under Deno and in a page.
 *
 * @module
 */
import type { Hashing } from "./hash.ts";

/** The part of a cache that belongs to one model: contents by their hash, their names by commit, commits by revision. */
export interface ModelCache {
  /** Where it is, for messages. */
  readonly folder: string;
  /** The commit that a revision was last seen to be; a commit is itself. */
  commitOf(revision: string): Promise<string | undefined>;
  /** Remembers which commit a revision is. */
  setCommit(revision: string, commit: string): Promise<void>;
  /** Where the files of a commit are by their names. */
  snapshot(commit: string): string;
  /** Whether a file of a commit is there, whole: nothing else gets a name. */
  has(commit: string, name: string): Promise<boolean>;
  /** Whether a commit is known to have no such file. */
  isKnownMissing(commit: string, name: string): Promise<boolean>;
  /** Remembers that a commit has no such file. */
  setMissing(commit: string, name: string): Promise<void>;
  /** The text of a file of a commit. */
  text(commit: string, name: string): Promise<string | undefined>;
  /** The name of the content of a file of a commit: the hash that the hub told, if it told one. */
  nameOf(commit: string, name: string): Promise<string | undefined>;
  /** The size of a content; undefined when it is not there, whole. */
  blobSize(etag: string): Promise<number | undefined>;
  /** How many bytes of an unfinished content are there. */
  partialSize(etag: string): Promise<number>;
  /** Opens an unfinished content, or begins it. */
  openPartial(etag: string, hashing: Hashing): Promise<PartialFile>;
  /** Throws an unfinished content away. */
  dropPartial(etag: string): Promise<void>;
  /** Makes an unfinished content a whole one. */
  keepPartial(etag: string): Promise<void>;
  /** Gives a content its name in a commit. */
  link(etag: string, commit: string, name: string): Promise<void>;
  /** Runs a task while no other program works on the content, which a file of a commit is to have. */
  withLock<T>(file: CachedFile, signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T>;
  /** How many more bytes can be stored; undefined when that cannot be said. */
  freeBytes(): Promise<number | undefined>;
  /** A file of a commit as a `Blob`, where it is nothing that a `file:` URL leads to. */
  read?(commit: string, name: string): Promise<Blob | undefined>;
}

/** A file of a commit, and its content. */
export interface CachedFile {
  /** The commit. */
  readonly commit: string;
  /** The name of the file in it. */
  readonly name: string;
  /** The hash of the content. */
  readonly etag: string;
}

/** The first bytes of a file that is being downloaded, with the hash of what is there. */
export interface PartialFile extends AsyncDisposable {
  /** How many bytes there are. */
  readonly length: number;
  /** Takes over what an earlier program left, unless it is more than there can be. */
  resume(most: number, signal?: AbortSignal): Promise<void>;
  /** Begins anew, with nothing. */
  restart(): Promise<void>;
  /** Adds bytes at the end. */
  append(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Makes everything last, and returns the hash of it. */
  finish(): Promise<string>;
}

/** The name of the folder of a model, or of a data set, whose id is `datasets/owner/name`. */
export function modelFolder(id: string): string {
  return [...(isDataset(id) ? [] : ["models"]), ...id.split("/")].join("--");
}

/** Whether an id is that of a data set, with its owner: one of a model has two parts at most. */
export function isDataset(id: string): boolean {
  return id.startsWith("datasets/") && id.split("/").length === 3;
}

/** Whether a revision is a commit, whose files never change. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}
