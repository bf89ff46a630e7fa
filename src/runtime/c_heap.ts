/**
 * The heap of the C library, in which ONNX Runtime computes and JavaScript has its arrays. It keeps what is freed: after
 * a text was explained, a fifth of the size of the weights.
 *
 * @module
 */

/** A heap that can be told what to do with what is freed. */
export interface CHeap {
  /** Gives all that is free back to the system. What is needed again has to be zeroed again, 0.3 ms for each MB. */
  trim(): void;
}

/** glibc's `mallopt` parameters: from which free size its end is given back at once, and from which a block is on its own. */
const [TRIM_THRESHOLD, MMAP_THRESHOLD] = [-1, -3];
/** glibc's greatest: blocks on their own are given back as soon as they are freed, and zeroed again in each run. */
const MOST_MMAP_THRESHOLD = 32 * 2 ** 20;
/** More than is freed between two trims. */
const KEPT = 2 ** 30;
/** A block whose release lets glibc look at the end of the heap of a thread, which `malloc_trim` leaves alone. */
const PROBE = 100_000;

/**
 * The heap of glibc, told to keep what is freed until it is trimmed; undefined where there is another C library, or
 * where the program may not call it, which is not asked for.
 */
export function openCHeap(): CHeap | undefined {
  if (Deno.build.os !== "linux" || Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return undefined;
  try {
    const { symbols } = Deno.dlopen("libc.so.6", {
      "mallopt": { parameters: ["i32", "i32"], result: "i32" },
      "malloc_trim": { parameters: ["usize"], result: "i32" },
      "malloc": { parameters: ["usize"], result: "pointer" },
      "free": { parameters: ["pointer"], result: "void" },
    });
    const keep = (bytes: number) => symbols.mallopt(TRIM_THRESHOLD, bytes);
    symbols.mallopt(MMAP_THRESHOLD, MOST_MMAP_THRESHOLD);
    keep(KEPT);
    return {
      trim() {
        keep(0);
        symbols.free(symbols.malloc(BigInt(PROBE)));
        symbols.malloc_trim(0n);
        keep(KEPT);
      },
    };
  } catch {
    return undefined;
  }
}
