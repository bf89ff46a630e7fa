/** Prints whether the heap of the C library can be told something: `print_c_heap.ts`. */
import { openCHeap } from "../../src/runtime/c_heap.ts";

// deno-lint-ignore no-console -- the result of this script
console.log(typeof openCHeap());
