/**
 * Takes gzip and Zstandard apart as they come. Files of several parts, as `cat` and parallel packers make them, and files
 * that are cut off are why neither `DecompressionStream`, which refuses the former, nor Deno's own Zstandard, which leaves
 * out the other parts and ends a file that is cut off as if it were whole, is used.
 *
 * @module
 */
import { messageOf } from "../../base/words.ts";
import { joined } from "./lines.ts";

/** How a file is packed. */
export type Packing = "gz" | "zst";

/** How a file is packed, by its name. */
export function packingOf(name: string): Packing | undefined {
  const [, packing] = /\.(gz|gzip|zst|zstd)$/i.exec(name) ?? [];
  if (packing === undefined) return undefined;
  return packing.toLowerCase().startsWith("g") ? "gz" : "zst";
}

/** The name of what is packed. */
export function unpackedName(name: string): string {
  return packingOf(name) === undefined ? name : name.replace(/\.[^.]*$/, "");
}

/**
 * The bytes of what is packed; no more of them are in memory than the packer looks back.
 *
 * @throws {SyntaxError} When the file is damaged or ends too early. Its other errors are those of `bytes`.
 */
export async function* unpacked(
  name: string,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const packing = packingOf(name);
  if (packing === undefined) return yield* bytes;
  let failure: unknown;
  const noticed = async function* () {
    try {
      yield* bytes;
    } catch (error) {
      failure = error;
      throw error;
    }
  };
  try {
    yield* packing === "gz" ? gunzipped(noticed()) : unzstd(noticed());
  } catch (error) {
    if (failure !== undefined) throw failure;
    throw new SyntaxError(`it cannot be unpacked any further: ${messageOf(error)}`, { cause: error });
  }
}

/** One part of what is packed, which may be 32 MiB unpacked, of blocks that are all the same. */
const STEP = 2 ** 10;

/**
 * Bytes in parts that do not depend on how they came. What is made of a part is given on when all of it could be made:
 * so what a damaged file holds is the same each time, and with it the numbers of all that follows.
 */
async function* stepsOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let open = new Uint8Array(0);
  for await (const chunk of bytes) {
    const there = open.length === 0 ? chunk : joined([open, chunk]);
    const whole = there.length - there.length % STEP;
    for (let at = 0; at < whole; at += STEP) yield there.subarray(at, at + STEP);
    open = there.slice(whole);
  }
  if (open.length > 0) yield open;
}

async function* gunzipped(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { createGunzip } = await import("node:zlib");
  const gunzip = createGunzip({ chunkSize: 2 ** 16 });
  let made: Uint8Array[] = [];
  const take = () => {
    for (let chunk; (chunk = gunzip.read()) !== null;) made.push(chunk);
  };
  const failed = new Promise<never>((_, reject) => void gunzip.on("error", reject));
  failed.catch(() => {}); // heard where it is waited for
  gunzip.on("readable", take);
  try {
    for await (const step of stepsOf(bytes)) {
      await Promise.race([new Promise<void>((resolve) => gunzip.write(step, () => resolve())), failed]);
      take();
      yield* made;
      made = [];
    }
    await Promise.race([new Promise((resolve) => gunzip.on("end", resolve).end()), failed]);
    yield* made;
  } finally {
    gunzip.destroy();
  }
}

async function* unzstd(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { Decompress } = await import("npm:fzstd@0.1.1");
  let made: Uint8Array[] = [];
  const stream = new Decompress((chunk) => made.push(chunk));
  for await (const step of stepsOf(bytes)) {
    stream.push(step);
    yield* made;
    made = [];
  }
  stream.push(new Uint8Array(0), true);
  yield* made;
}
