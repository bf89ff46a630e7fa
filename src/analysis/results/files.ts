import { stoppable } from "../../base/kernel.ts";
import { expectOptions } from "../../base/options.ts";
import { nextTurn } from "../../base/run_queue.ts";
import { formatBytes, messageOf, shown } from "../../base/words.ts";
import { writeNew } from "../../base/write_new.ts";
import { type ByteSource, openBytes, openFile } from "../../checkpoint/byte_source.ts";
import { fetchFile } from "../../hub/web_directory.ts";
import { watched } from "../../model/watch.ts";
import { showing } from "../../show/showing.ts";
import { layOutResults, readResults, type ResultsOf, SAVE, type SavedResults, type SaveOptions } from "./format.ts";
import { LOAD_RESULTS, type LoadResultsOptions } from "./integrity.ts";
import type { ExpectedKinds, NamedResults } from "./kinds.ts";

const PIECE_BYTES = 1 << 24;

/**
 * Saves results as one file: sequences, steps, traces and whatever was computed of them, each by a name. Every number
 * comes back exactly, and a sequence that several results share is stored once. The file is safetensors with the rest
 * as JSON in its metadata; docs/results.md describes it, and how Python reads it.
 *
 * The same results give the same bytes. The file appears when it is whole: a reader never sees half of it.
 *
 * @param path Where to write, by convention ending in `.safetensors`.
 * @param results The results by name.
 * @param options Which model made them, and when.
 * @throws {TypeError} When something is no plain data, such as a promise or a view.
 * @throws {RangeError} When a tensor has not as many numbers as its shape says.
 * @throws {Error} When the file cannot be written.
 * @throws The signal's reason, when it is aborted.
 *
 * @example Compute once, draw anywhere
 * ```ts
 * import { LanguageModel, loadResults, saliencyView, saveResults } from "@looking-glass/looking-glass";
 *
 * const path = await Deno.makeTempFile({ suffix: ".safetensors" });
 * const model = await LanguageModel.fromPretrained();
 * const sequence = await model.generate("The keys to the cabinet", { maxNewTokens: 2 });
 * await saveResults(path, { sequence, saliency: await model.saliency(sequence) }, { model });
 * await model.dispose();
 *
 * const { results, model: made } = await loadResults(path, { saliency: "saliency" });
 * console.log(made?.id, saliencyView(results.saliency).text);
 * await Deno.remove(path);
 * ```
 */
export async function saveResults(path: string | URL, results: NamedResults, options: SaveOptions = {}): Promise<void> {
  const place = asPlace(path);
  if (isRemote(place)) throw new TypeError(`Cannot save results to ${shown(place)}; pass the path of a file`);
  options = expectOptions(options, SAVE);
  await watched(options, (options) => writeResults(place, results, options));
}

async function writeResults(place: string | URL, results: NamedResults, options: SaveOptions): Promise<void> {
  const { onProgress } = options;
  const signal = stoppable(options.signal);
  signal.throwIfAborted();
  const { header, data } = await layOutResults(results, { ...options, signal });
  const total = data.reduce((sum, { length }) => sum + length, header.length);
  const onWritten = (completed: number) => {
    const message = `Saved ${formatBytes(completed)} of ${formatBytes(total)}`;
    onProgress?.({ task: "save", completed, total, message });
  };
  const suffix = `.${crypto.randomUUID().slice(0, 8)}.tmp`;
  const temporary = place instanceof URL ? new URL(place.href + suffix) : place + suffix;
  try {
    await writeNew(temporary, piecesOf([header, ...data], onWritten, signal));
    await Deno.rename(temporary, place);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {}); // it may never have come to be
    signal.throwIfAborted();
    throw new Error(`Cannot save results to ${place}: ${reasonOf(error)}`);
  }
}

/** The same bytes in small pieces. A piece has been written when the next one is asked for. */
async function* piecesOf(
  parts: readonly Uint8Array[],
  onWritten: (bytes: number) => void,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let written = 0;
  for (const part of parts) {
    for (let start = 0; start < part.length; start += PIECE_BYTES) {
      const piece = part.subarray(start, start + PIECE_BYTES);
      yield piece;
      onWritten(written += piece.length);
      await nextTurn(); // lets the Stop button be heard
      signal.throwIfAborted();
    }
  }
}

/**
 * Loads what {@linkcode saveResults} saved. No model is needed: the results draw as they did before.
 *
 * @param path The file, or its address on the web.
 * @param expected What kind each of some results must be; it gives them their types.
 * @param options Progress and stopping.
 * @throws {SyntaxError} When the file is damaged, of another version of the format, or holds something else.
 * @throws {RangeError} When a part of the file is missing.
 * @throws {TypeError} When a result is not there or not of the expected kind.
 * @throws {Error} When there is no such file, or it cannot be read.
 *
 * @example What is in a file
 * ```ts
 * import { loadResults, saveResults } from "@looking-glass/looking-glass";
 *
 * const path = await Deno.makeTempFile({ suffix: ".safetensors" });
 * const curve = { factors: [1, 2, 4], relativeErrors: [0.9, 0.7, 0.4] };
 * await saveResults(path, { curve, mine: { note: "first try" } });
 * console.log((await loadResults(path)).kinds); // { curve: "errorCurve", mine: "data" }
 * const { results } = await loadResults(path, { curve: "errorCurve" });
 * console.log(results.curve.relativeErrors.length);
 * await Deno.remove(path);
 * ```
 */
export async function loadResults<const Expected extends ExpectedKinds = Readonly<Record<string, "data">>>(
  path: string | URL,
  expected?: Expected,
  options: LoadResultsOptions = {},
): Promise<SavedResults<ResultsOf<Expected>>> {
  const place = asPlace(path);
  options = expectOptions(options, LOAD_RESULTS);
  const signal = stoppable(options.signal);
  options = { ...options, signal };
  signal.throwIfAborted();
  const source = isRemote(place) ? await fetchResults(new URL(place), signal) : await openFile(place, "check the path");
  try {
    return showing("SavedResults", await watched(options, (asked) => readResults(source, expected, asked)));
  } finally {
    source.close();
  }
}

async function fetchResults(url: URL, signal: AbortSignal): Promise<ByteSource> {
  const blob = await fetchFile(url, "", { signal });
  if (!blob) throw new Error(`Cannot download ${url.href} as it is not there`);
  return openBytes(url.href, new Uint8Array(await blob.arrayBuffer()));
}

function asPlace(path: string | URL): string | URL {
  if (path instanceof URL || (typeof path === "string" && path !== "")) return path;
  throw new TypeError(`Cannot use ${shown(path)} as the path of a file; pass a text or a URL`);
}

function isRemote(place: string | URL): boolean {
  return /^https?:/.test(String(place));
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such folder; make it first";
  if (error instanceof Deno.errors.NotCapable) return "writing is not permitted; run Deno with --allow-write";
  return messageOf(error);
}
