import type { ByteSource } from "../checkpoint/byte_source.ts";
import type { MappedPages } from "./mapped_pages.ts";

/**
 * After how many milliseconds without a run pages are given back. What is read again comes back by faults, 70 ms for a
 * gigabyte, so that a loop, or somebody who types, should not pay for it each time.
 */
const IDLE_MS = 1000;

/** The files that the sessions of a process have mapped, whose pages are given back when nothing has run for a while. */
export class MappedFiles {
  readonly #pages: Pick<MappedPages, "release">;
  readonly #idle: number;
  readonly #paths = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Gives back `pages` after `idle` milliseconds. */
  constructor(pages: Pick<MappedPages, "release">, { idle = IDLE_MS }: { readonly idle?: number } = {}) {
    this.#pages = pages;
    this.#idle = idle;
  }

  /** Adds the files of a session, and returns their paths. */
  add(files: Iterable<ByteSource>): ReadonlySet<string> {
    const paths = new Set(Array.from(files, ({ path }) => path ?? []).flat());
    for (const path of paths) this.#paths.set(path, (this.#paths.get(path) ?? 0) + 1);
    return paths;
  }

  /** Removes those of a session that has ended. */
  remove(paths: ReadonlySet<string>): void {
    for (const path of paths) {
      const count = this.#paths.get(path)! - 1;
      if (count > 0) this.#paths.set(path, count);
      else this.#paths.delete(path);
    }
    if (this.#paths.size === 0) clearTimeout(this.#timer);
  }

  /** Runs what reads the files. A program that has nothing else to do ends without waiting for the pages. */
  async watch<T>(run: () => Promise<T>): Promise<T> {
    clearTimeout(this.#timer);
    try {
      return await run();
    } finally {
      clearTimeout(this.#timer); // two sessions may run at once
      this.#timer = setTimeout(() => this.#pages.release(new Set(this.#paths.keys())), this.#idle);
      unref(this.#timer);
    }
  }
}

/** Lets the program end before a timer has; some versions of Deno know it by a number, others by an object of Node's. */
function unref(timer: number | { unref(): unknown }): void {
  if (typeof timer === "number") Deno.unrefTimer(timer);
  else timer.unref();
}
