import { inPage } from "../../base/platform.ts";
import { openFile } from "../../checkpoint/byte_source.ts";

/** The WebAssembly of one build of onnxruntime-web, which the library compiles when it makes its first session. */
export class LibraryCode {
  readonly #url: () => string;
  #compiled = false;

  /** Nothing is read yet; `url` is asked under Deno only. */
  constructor(url: () => string) {
    this.#url = url;
  }

  /**
   * Makes a session while the library's settings hold the code, if it has not been compiled.
   *
   * Under Deno the library itself would read it into three buffers, two of which wait for the garbage collector. What is
   * worse, glibc allocates them, which from the first large one that is freed keeps twice its size of all that is freed
   * later: 30 MB stayed resident of what V8 needs for a moment to compile one large function. A buffer that can be
   * resized is allocated by V8 itself, and gives its memory back at once. In a page the code is compiled as it arrives.
   *
   * @throws {Error} When the file cannot be read.
   */
  async during<T>(settings: { wasmBinary?: ArrayBufferLike | Uint8Array }, create: () => Promise<T>): Promise<T> {
    if (inPage || this.#compiled) return await create();
    const code = await readResizable(new URL(this.#url()));
    settings.wasmBinary = code;
    try {
      const session = await create();
      this.#compiled = true;
      return session;
    } finally {
      delete settings.wasmBinary;
      code.resize(0);
    }
  }
}

async function readResizable(url: URL): Promise<ArrayBuffer> {
  const file = await openFile(url);
  try {
    const bytes = new ArrayBuffer(file.size, { maxByteLength: file.size });
    file.readInto(0, new Uint8Array(bytes));
    return bytes;
  } finally {
    file.close();
  }
}
