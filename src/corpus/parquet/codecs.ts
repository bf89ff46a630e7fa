/**
 * How pages of Parquet are compressed. zstd, gzip and brotli are the platform's own, which can be told how much may come
 * out; LZ4 is nobody's.
 *
 * @module
 */
import { formatBytes } from "../../base/words.ts";

/** A page that holds more is refused: writers make them of a megabyte, and one that lies takes all memory. */
const MOST_PAGE = 2 ** 28;

/** Makes bytes of a compressed page, of which it is said how many there are. */
export type Inflate = (bytes: Uint8Array, length: number) => Uint8Array;

/** Compresses as zstd, at its usual level. */
export async function zstd(): Promise<(bytes: Uint8Array) => Uint8Array> {
  const { zstdCompressSync } = await import("node:zlib");
  return (bytes) => zstdCompressSync(bytes);
}

/**
 * What reads the pages of Parquet files, by the names that the format has for codecs. What is more than was said, or
 * than a page may hold, is not made.
 */
export async function inflaters(): Promise<Readonly<Record<string, Inflate>>> {
  const [zlib, { compressors }] = await Promise.all([
    import("node:zlib"),
    import("npm:hyparquet-compressors@1.1.2"),
  ]);
  const guarded = (inflate: Inflate): Inflate => (bytes, length) => {
    if (length > MOST_PAGE) throw new RangeError(`a page of ${formatBytes(length)} is more than can be read at once`);
    const page = inflate(bytes, length);
    if (page.length !== length) throw new RangeError(`a page holds ${page.length} bytes where it says ${length}`);
    return page;
  };
  const most = (length: number) => ({ maxOutputLength: Math.max(length, 1) });
  return {
    ZSTD: guarded((bytes, length) => zlib.zstdDecompressSync(bytes, most(length))),
    GZIP: guarded((bytes, length) => zlib.gunzipSync(bytes, most(length))),
    BROTLI: guarded((bytes, length) => zlib.brotliDecompressSync(bytes, most(length))),
    SNAPPY: guarded(compressors.SNAPPY!),
    LZ4: guarded(compressors.LZ4!),
    LZ4_RAW: guarded(compressors.LZ4_RAW!),
  };
}
