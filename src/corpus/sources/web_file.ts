/**
 * A file of a web server, read as it comes; what is cut off goes on where it stopped.
 *
 * @module
 */
import { messageOf } from "../../base/words.ts";
import { addressProblem, shownAddress } from "../../hub/address.ts";
import { request } from "../../hub/request.ts";
import { delay } from "../../hub/retry.ts";
import { Watch } from "../../hub/watch.ts";
import type { ParquetFile } from "../parquet/read.ts";
import type { SourceFile } from "./source_file.ts";

const ATTEMPTS = 5;
const FIRST_WAIT = 300;
/** After how many milliseconds without a byte a request counts as cut off. */
const PATIENCE = 20_000;

/**
 * Asks about a file of a web server.
 *
 * @throws {Error} When the server does not give it.
 */
export async function webFile(address: string, signal: AbortSignal): Promise<SourceFile> {
  const url = new URL(address);
  const problem = addressProblem(url);
  if (problem !== undefined) throw new TypeError(`Cannot read ${shownAddress(url)} as ${problem}; download the file`);
  const { headers } = await answer(url, "HEAD", {}, signal).catch((error) => {
    signal.throwIfAborted();
    throw error;
  });
  const length = headers.get("content-length");
  const size = length !== null && /^\d+$/.test(length) ? Number(length) : undefined;
  return new WebFile(url, size, headers.get("etag") ?? headers.get("last-modified") ?? undefined);
}

class WebFile implements SourceFile {
  readonly name: string;
  readonly size: number | undefined;
  readonly #url: URL;
  readonly #state: string | undefined;

  constructor(url: URL, size: number | undefined, state: string | undefined) {
    this.#url = url;
    this.size = size;
    this.#state = state;
    this.name = decodeURIComponent(url.pathname.slice(url.pathname.lastIndexOf("/") + 1)) || url.host;
  }

  stamp(): Promise<string> {
    return Promise.resolve(`${shownAddress(this.#url)}, ${this.size ?? "unknown"} bytes, ${this.#state ?? "no ETag"}`);
  }

  /** What the server sends; where it breaks off, the rest is asked for, five times before anything more comes. */
  async *bytes(offset: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    let at = offset;
    for (let failures = 0;;) {
      const watch = new Watch({ signal, patience: PATIENCE });
      try {
        for await (const chunk of await this.#from(at, undefined, watch.signal)) {
          watch.beat();
          at += chunk.length;
          failures = 0;
          yield chunk;
          watch.beat();
        }
        if (this.size === undefined || at >= this.size) return;
        throw new Error(`${at} bytes came where ${this.size} were announced`);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof RangeError || ++failures >= ATTEMPTS) throw this.#failure(error);
        await delay(FIRST_WAIT * 2 ** (failures - 1), signal);
      } finally {
        watch.stop();
      }
    }
  }

  parquet(signal: AbortSignal): Promise<ParquetFile> {
    if (this.size === undefined) throw this.#failure(new Error("the server does not say how long it is"));
    const read = async (start: number, end: number) => {
      const bytes = new Uint8Array(end - start);
      let at = 0;
      const parts = await this.#from(start, end, signal).catch((error) => {
        signal.throwIfAborted();
        throw this.#failure(error);
      });
      for await (const chunk of parts) {
        bytes.set(chunk.subarray(0, bytes.length - at), at);
        at += chunk.length;
      }
      if (at === bytes.length) return bytes;
      throw this.#failure(new Error(`${at} bytes came where ${bytes.length} were asked for`));
    };
    return Promise.resolve({ name: this.name, size: this.size, read });
  }

  /** @throws {RangeError} When the server sends something else. */
  async #from(start: number, end: number | undefined, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    if (start === 0 && end === undefined) return (await answer(this.#url, "GET", {}, signal)).body ?? empty();
    if (start === end) return empty();
    const range = { range: `bytes=${start}-${end === undefined ? "" : end - 1}` };
    const { status, headers, body } = await answer(this.#url, "GET", range, signal);
    const state = headers.get("etag") ?? headers.get("last-modified") ?? undefined;
    if (status === 206 && state === this.#state) return body ?? empty();
    await body?.cancel();
    const advice = "download the file";
    throw new RangeError(status === 206 ? "it has changed meanwhile" : `the server sends no parts of it; ${advice}`);
  }

  #failure(error: unknown): Error {
    return new Error(`Cannot read ${shownAddress(this.#url)}: ${messageOf(error)}`, { cause: error });
  }
}

async function* empty(): AsyncGenerator<Uint8Array> {}

async function answer(
  url: URL,
  method: "GET" | "HEAD",
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Response> {
  const refused = (reason: string) => new Error(`Cannot read ${shownAddress(url)} as it ${reason}; check the address`);
  const identity = { "accept-encoding": "identity", ...headers };
  const { response } = await request(url, { method, headers: identity, signal, refused });
  const packing = response.headers.get("content-encoding") ?? "identity";
  if (response.ok && packing === "identity") return response;
  await response.body?.cancel();
  const found = response.ok ? `packs it as ${packing} on its way` : `answered ${response.status}`;
  throw new Error(`Cannot read ${shownAddress(url)} as the server ${found}; check the address, or download the file`);
}
