import type { ParquetFile } from "../parquet/read.ts";

/** A file of documents, wherever it is. */
export interface SourceFile {
  /** Its name, for ids and messages. */
  readonly name: string;
  /** How many bytes it has, packed as it is; undefined where nobody knows. */
  readonly size: number | undefined;
  /** What tells it from another file, or an earlier state of it. */
  stamp(signal?: AbortSignal): Promise<string>;
  /** Its bytes from `offset` on, as they are stored. */
  bytes(offset: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Its bytes by their place. */
  parquet(signal: AbortSignal): Promise<ParquetFile & { close?(): void }>;
}
