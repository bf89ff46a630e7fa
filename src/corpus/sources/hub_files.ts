import { type DatasetFile, datasetFiles, parseDatasetAddress } from "../../hub/datasets.ts";
import type { HubOptions } from "../../hub/settings.ts";
import { LocalFile } from "./local_files.ts";
import type { SourceFile } from "./source_file.ts";

/**
 * Files of a data set of a hub: one, those of a folder, or those that fit a pattern.
 *
 * @param address `hf://datasets/owner/name/path`, after whose name a revision may stand, as in `name@main`.
 */
export async function hubFiles(
  address: string,
  options: HubOptions & { readonly signal?: AbortSignal | undefined },
): Promise<readonly SourceFile[]> {
  const { matchesGlob } = await import("node:path");
  const parsed = parseDatasetAddress(address);
  const { path } = parsed;
  const isPattern = /[*?[{]/.test(path);
  const fits = (name: string) => {
    if (name === path) return true;
    if (isPattern) return matchesGlob(name, path);
    const isHidden = name.slice(path.length).split("/").some((part) => part.startsWith("."));
    return !isHidden && (path === "" || name.startsWith(`${path}/`));
  };
  return (await datasetFiles(parsed, fits, options)).map((file) => new HubFile(file));
}

class HubFile implements SourceFile {
  readonly name: string;
  readonly size: number | undefined;
  readonly #file: DatasetFile;

  constructor(file: DatasetFile) {
    this.#file = file;
    this.name = file.name;
    this.size = file.size;
  }

  stamp(): Promise<string> {
    const { commit, etag } = this.#file;
    return Promise.resolve(etag ?? commit);
  }

  async *bytes(offset: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    yield* (await this.#local(signal)).bytes(offset, signal);
  }

  async parquet(signal: AbortSignal) {
    return await (await this.#local(signal)).parquet();
  }

  async #local(signal: AbortSignal): Promise<LocalFile> {
    return new LocalFile(await this.#file.path(signal), this.name, this.size ?? 0);
  }
}
