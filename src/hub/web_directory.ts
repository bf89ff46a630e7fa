/**
 * Models in a directory of any web server: nothing is stored, and nothing is known about the files beforehand.
 *
 * @module
 */
import { messageOf } from "../base/words.ts";
import { type DownloadProgress, Meter } from "./meter.ts";
import { request } from "./request.ts";

/** How files are fetched. */
export interface WebOptions {
  /** Called while the weights are fetched. */
  readonly onDownload?: ((progress: DownloadProgress) => void) | undefined;
  /** Stops at once. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fetches a file of a directory.
 *
 * @returns Its bytes; undefined when there is no such file.
 * @throws {Error} When the server cannot be reached, answers with an error, or breaks off.
 */
export async function fetchFile(directory: URL, name: string, options: WebOptions): Promise<Blob | undefined> {
  const url = new URL(name, directory);
  const { signal } = options;
  const { response } = await request(url, { method: "GET", signal, refused: (reason) => new Error(`it ${reason}`) })
    .catch((error) => {
      signal?.throwIfAborted();
      throw new Error(`Cannot download ${url.href}: ${messageOf(error)}`);
    });
  if (response.ok) {
    return await receive(name, response, options).catch((error) => {
      signal?.throwIfAborted();
      throw new Error(`Cannot download ${url.href} to its end: ${messageOf(error)}`);
    });
  }
  await response.body?.cancel();
  if (response.status === 404) return undefined;
  throw new Error(`Cannot download ${url.href} as the server answered ${response.status}`);
}

async function receive(name: string, response: Response, { onDownload }: WebOptions): Promise<Blob> {
  const { body, headers } = response;
  if (!onDownload || !body || !name.endsWith(".safetensors")) return await response.blob();
  const meter = new Meter(Number(headers.get("content-length") ?? 0), onDownload);
  meter.begin(name);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const reader = body.getReader();
  for (let next; !(next = await reader.read()).done;) {
    chunks.push(next.value);
    meter.update(length += next.value.length);
  }
  meter.end();
  return new Blob(chunks);
}
