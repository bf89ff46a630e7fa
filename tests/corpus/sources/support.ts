import { gzipSync, zstdCompressSync } from "node:zlib";
import { openSource, type SourceOptions } from "../../../src/corpus/sources/open.ts";
import type { CorpusSource, SourceRecord } from "../../../src/corpus/types.ts";

/** The bytes of a text. */
export const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** How files are packed, by the end of their names. */
export const PACKED: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  "": (bytes) => bytes,
  ".gz": (bytes) => gzipSync(bytes),
  ".zst": (bytes) => zstdCompressSync(bytes),
};

/** All records of a source from one on. */
export async function recordsOf(source: CorpusSource, start = 0): Promise<SourceRecord[]> {
  return await Array.fromAsync(source.records(start, new AbortController().signal));
}

/** What records hold, as one line each. */
export function told(records: readonly SourceRecord[]): string[] {
  return records.map((record) =>
    `${record.index} ${record.id} ${"text" in record ? JSON.stringify(record.text) : `! ${record.problem}`}`
  );
}

/** Opens files in a folder of their own, reads them from a record on, and removes them. */
export async function readFiles(
  files: Readonly<Record<string, Uint8Array | string>>,
  options: SourceOptions = {},
  { input, start = 0 }: { input?: string; start?: number } = {},
): Promise<string[]> {
  return await withFiles(files, async (folder) => {
    const [name] = Object.keys(files);
    const source = await openSource(`${folder}/${input ?? name}`, options);
    return told(await recordsOf(source, start));
  });
}

/** Runs a task while files are there. */
export async function withFiles<T>(
  files: Readonly<Record<string, Uint8Array | string>>,
  task: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "looking-glass-corpus-" });
  try {
    for (const [name, content] of Object.entries(files)) {
      await Deno.mkdir(`${folder}/${name}`.replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.writeFile(`${folder}/${name}`, typeof content === "string" ? bytesOf(content) : content);
    }
    return await task(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
