/**
 * The pages of files that ONNX Runtime has mapped. What was read stays resident until the system needs the memory.
 *
 * @module
 */

/** Pages that can be let go of. */
export interface MappedPages {
  /**
   * Lets go of what is resident of files, by their paths; what is read again comes from the system's cache of them. What
   * was written to, as ONNX Runtime may, would be lost, and stays.
   */
  release(files: ReadonlySet<string>): void;
}

const MAPS = "/proc/self/smaps";

/** A mapped file that was not written to, neither in memory nor in swap: its first address, the one behind it, its path. */
const MAPPED = new RegExp(
  /^([0-9a-f]+)-([0-9a-f]+) \S{4} \S+ \S+ \S+ +(\/.*)\n/.source +
    /(?:[A-Z].*\n)*?Anonymous: +0 kB\n(?:[A-Z].*\n)*?Swap: +0 kB$/.source,
  "gm",
);
const DONT_NEED = 4;

/**
 * The pages of this process; undefined where the system is not Linux with glibc, or where the program may not look at
 * them, which is not asked for.
 */
export function openMappedPages(): MappedPages | undefined {
  if (Deno.build.os !== "linux" || Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return undefined;
  if (Deno.permissions.querySync({ name: "read", path: MAPS }).state !== "granted") return undefined;
  try {
    Deno.statSync(MAPS); // Deno shows it only to those who may do everything
    const { symbols } = Deno.dlopen("libc.so.6", {
      "madvise": { parameters: ["usize", "usize", "i32"], result: "i32" },
    });
    return {
      release(files) {
        for (const [, start, end, path] of Deno.readTextFileSync(MAPS).matchAll(MAPPED)) {
          if (!files.has(path!)) continue;
          const from = BigInt(`0x${start}`);
          symbols["madvise"](from, BigInt(`0x${end}`) - from, DONT_NEED);
        }
      },
    };
  } catch {
    return undefined;
  }
}
