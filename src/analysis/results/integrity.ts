import { crc32 } from "../../base/crc32.ts";
import { stoppable } from "../../base/kernel.ts";
import { LONG_WORK, type OptionTable } from "../../base/options.ts";
import type { Progress } from "../../base/progress.ts";
import { nextTurn } from "../../base/run_queue.ts";
import { formatBytes, shown } from "../../base/words.ts";
import type { ByteSource } from "../../checkpoint/byte_source.ts";
import type { SafetensorsHeader } from "../../checkpoint/safetensors.ts";

/** Options of {@linkcode loadResults} and {@linkcode decodeResults}. */
export interface LoadResultsOptions {
  /** Called while the data of a file are checked. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Whether a bar shows how far the work is when it takes more than a second.
   *
   * @default {true}
   */
  readonly progress?: boolean;
  /** Stops between two parts of a file. */
  readonly signal?: AbortSignal;
}

export const LOAD_RESULTS: OptionTable<LoadResultsOptions> = { task: "load results", kinds: LONG_WORK };

const CHUNK_BYTES = 1 << 22;

/**
 * Compares the sum of a file with what it says. The event loop has a turn after each part.
 *
 * @throws {SyntaxError} When they differ.
 * @throws The signal's reason, when it is aborted.
 */
export async function expectUndamaged(
  source: ByteSource,
  { metadata, dataStart }: SafetensorsHeader,
  document: string,
  options: LoadResultsOptions,
): Promise<void> {
  const expected = metadata.get("crc32");
  if (expected === undefined) return; // another program may have written the file
  const signal = stoppable(options.signal);
  signal.throwIfAborted();
  const total = source.size - dataStart;
  let crc = crc32(new TextEncoder().encode(document));
  const chunk = new Uint8Array(Math.min(CHUNK_BYTES, total));
  for (let done = 0; done < total;) {
    const bytes = chunk.subarray(0, Math.min(chunk.length, total - done));
    source.readInto(dataStart + done, bytes);
    crc = crc32(bytes, crc);
    done += bytes.length;
    const message = `Read ${formatBytes(done)} of ${formatBytes(total)}`;
    options.onProgress?.({ task: "load", completed: done, total, message });
    if (done === total) break;
    await nextTurn(); // lets the Stop button be heard
    signal.throwIfAborted();
  }
  const found = crc.toString(16).padStart(8, "0");
  if (found === expected) return;
  const problem = `its CRC-32 is ${found} and should be ${shown(expected)}`;
  throw new SyntaxError(`Cannot read ${source.name} as results: it is damaged, as ${problem}; copy it again`);
}
