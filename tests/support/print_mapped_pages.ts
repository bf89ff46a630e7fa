/** Prints whether pages of mapped files can be given back: `print_mapped_pages.ts`. */
import { openMappedPages } from "../../src/runtime/mapped_pages.ts";

// deno-lint-ignore no-console -- the result of this script
console.log(typeof openMappedPages());
