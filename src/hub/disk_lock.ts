import { delay } from "./retry.ts";

const POLL = 100;

/**
 * Runs a task while no other process, in Python's `huggingface_hub` or here, holds the lock of the same name. The
 * system gives a lock back when its process ends, in whatever way.
 *
 * @param path The lock's file; it stays.
 */
export async function withLock<T>(path: string, signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T> {
  using file = await acquire(path, signal);
  void file;
  return await task();
}

async function acquire(path: string, signal: AbortSignal | undefined): Promise<Deno.FsFile> {
  for (;;) {
    signal?.throwIfAborted();
    const file = await Deno.open(path, { create: true, read: true, write: true, mode: 0o664 });
    try {
      if (await file.tryLock(true) && await isAt(file, path)) return file;
    } catch (error) {
      file.close();
      throw error;
    }
    file.close();
    await delay(POLL, signal);
  }
}

/** Whether a file is still the one at its path: another process may have removed it before it was locked. */
async function isAt(file: Deno.FsFile, path: string): Promise<boolean> {
  const [{ ino }, there] = await Promise.all([file.stat(), Deno.stat(path).catch(() => undefined)]);
  return there !== undefined && (ino === null || there.ino === null || ino === there.ino);
}
