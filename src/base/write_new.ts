/**
 * Writes a file that is not there yet, and waits until it is on the disk: renamed afterwards, it is there as a whole or
 * not at all. A part is written before the next is asked for, so that parts may share memory.
 *
 * @param path The file.
 * @param parts Its bytes.
 * @throws {Deno.errors.AlreadyExists} When there is such a file.
 *
 * @example
 * ```ts
 * import { writeNew } from "./write_new.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await writeNew(`${folder}/two`, [Uint8Array.of(1), Uint8Array.of(2)]);
 * console.log(await Deno.readFile(`${folder}/two`)); // Uint8Array [1, 2]
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function writeNew(
  path: string | URL,
  parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  for await (const part of parts) {
    for (let done = 0; done < part.length;) done += await file.write(part.subarray(done));
  }
  await file.syncData();
}
