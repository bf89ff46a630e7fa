/**
 * The heap of the C library, which ONNX Runtime and the arrays of JavaScript share. It keeps what is freed: 50 to 140 MB
 * after texts of GPT-2 were written and explained.
 *
 * @module
 */

/** A heap that can be told to give back what is free. */
export interface CHeap {
  /** Gives all that is free back to the system. What is needed again has to be zeroed again, 0.3 ms for each MB. */
  trim(): void;
}

/**
 * The heap of glibc; undefined where there is another C library, or where the program may not call it, which is not
 * asked for.
 */
export function openCHeap(): CHeap | undefined {
  if (Deno.build.os !== "linux" || Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return undefined;
  try {
    const { symbols } = Deno.dlopen("libc.so.6", { "malloc_trim": { parameters: ["usize"], result: "i32" } });
    return { trim: () => void symbols["malloc_trim"](0n) };
  } catch {
    return undefined;
  }
}
