import { LocalFile } from "./local_files.ts";
import type { SourceFile } from "./source_file.ts";

/** Writes all of stdin to a temporary file, as what is read once cannot be read again from where a job was cut off. */
export async function stdinFile(
  signal: AbortSignal,
): Promise<{ readonly files: readonly SourceFile[]; readonly remove: () => Promise<void> }> {
  const path = await Deno.makeTempFile({ prefix: "looking-glass-stdin-" });
  const remove = async () => await Deno.remove(path).catch(() => {}); // closing twice does nothing
  try {
    const file = await Deno.open(path, { write: true });
    await Deno.stdin.readable.pipeTo(file.writable, { signal });
    const { size } = await Deno.stat(path);
    return { files: [new LocalFile(path, "stdin", size)], remove };
  } catch (error) {
    await remove();
    signal.throwIfAborted();
    throw error;
  }
}
