/**
 * Files of this machine: one, those of a folder, or those that fit a pattern.
 *
 * @module
 */
import { openFile } from "../../checkpoint/byte_source.ts";
import { sha256Hasher } from "../../hub/hash.ts";
import { folderUrl } from "../../hub/paths.ts";
import { messageOf } from "../../base/words.ts";
import type { SourceFile } from "./source_file.ts";

/** Files up to this size are told by all of their bytes, and larger ones by samples. */
const WHOLE = 2 ** 28;
const SAMPLES = 256;
const SAMPLE = 2 ** 16;
const CHUNK = 2 ** 16;

/**
 * Finds files, in the order of their names.
 *
 * @param path A file, a folder, all files below which are meant, or a pattern with `*`, `?`, `[abc]` and `{a,b}`, where
 * `**` stands for any folders. What begins with a dot is left out.
 * @throws {Error} When there is nothing.
 */
export async function localFiles(path: string): Promise<readonly SourceFile[]> {
  const found = await statOf(path);
  if (found?.isFile) return [new LocalFile(path, baseName(path), found.size)];
  if (found?.isDirectory) return await filesBelow(path, () => true, path);
  if (found !== undefined) throw new Error(`Cannot read ${path} as it is no file and no folder; pass "-" for stdin`);
  const folder = path.split("/").slice(0, path.split("/").findIndex((part) => /[*?[{]/.test(part))).join("/");
  if (!/[*?[{]/.test(path)) throw new Error(`Cannot read ${path} as there is no such file or folder; check the path`);
  const root = folder === "" ? (path.startsWith("/") ? "/" : ".") : folder;
  const { matchesGlob } = await import("node:path");
  const pattern = folder === "" ? path.replace(/^\.?\//, "") : path.slice(folder.length + 1);
  return await filesBelow(root, (name) => matchesGlob(name, pattern), path);
}

async function statOf(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw failure(path, error);
  }
}

async function filesBelow(
  root: string,
  fits: (name: string) => boolean,
  asked: string,
): Promise<readonly SourceFile[]> {
  const files: LocalFile[] = [];
  const walk = async (below: string) => {
    for await (const { name, isFile, isSymlink, isDirectory } of Deno.readDir(new URL(below, folderUrl(root)))) {
      if (name.startsWith(".")) continue;
      const path = `${decodeURI(below)}${name}`;
      if (isDirectory) await walk(`${below}${encodeURIComponent(name)}/`);
      else if ((isFile || isSymlink) && fits(path)) {
        const { size, isFile } = await Deno.stat(`${root}/${path}`);
        if (isFile) files.push(new LocalFile(`${root}/${path}`, path, size));
      }
    }
  };
  await walk("").catch((error) => {
    throw failure(asked, error);
  });
  if (files.length === 0) throw new Error(`Cannot read ${asked} as there are no files; check the path`);
  return files.sort((a, b) => a.name < b.name ? -1 : 1);
}

/** A file of this machine. */
export class LocalFile implements SourceFile {
  readonly name: string;
  readonly size: number;
  /** Where it is. */
  readonly path: string;

  constructor(path: string, name: string, size: number) {
    this.path = path;
    this.name = name;
    this.size = size;
  }

  /** Its size, and the SHA-256 of its bytes; of more than 256 MiB, of 256 samples of 64 KiB. */
  async stamp(signal?: AbortSignal): Promise<string> {
    const hash = await sha256Hasher();
    const source = await openFile(this.path, "check the path");
    try {
      const { size } = source;
      const [step, length] = size <= WHOLE ? [CHUNK * 16, CHUNK * 16] : [(size - SAMPLE) / (SAMPLES - 1), SAMPLE];
      for (let i = 0; i * step < size; ++i) {
        signal?.throwIfAborted();
        const at = Math.floor(i * step);
        hash.update(await source.read(at, Math.min(at + length, size)));
      }
      return `${size} bytes, ${size <= WHOLE ? "sha256" : "sampled sha256"} ${hash.digest()}`;
    } finally {
      source.close();
    }
  }

  async *bytes(offset: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const file = await Deno.open(this.path).catch((error) => {
      throw failure(this.path, error);
    });
    using _ = file;
    await file.seek(offset, Deno.SeekMode.Start);
    for (;;) {
      signal.throwIfAborted();
      const chunk = new Uint8Array(CHUNK);
      const count = await file.read(chunk);
      if (count === null) return;
      yield chunk.subarray(0, count);
    }
  }

  async parquet() {
    return await openFile(this.path, "check the path");
  }
}

function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}

function failure(path: string, error: unknown): Error {
  if (error instanceof Deno.errors.NotCapable) {
    return new Error(`Cannot read ${path} as it is not permitted; run Deno with --allow-read`);
  }
  return new Error(`Cannot read ${path}: ${messageOf(error)}`, { cause: error });
}
