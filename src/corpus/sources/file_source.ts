import { sha256Hasher } from "../../hub/hash.ts";
import type { BadRecord, CorpusDocument, CorpusSource, SourceRecord } from "../types.ts";
import { BEGINNING, type FieldSettings, type Format, type Place } from "./piece.ts";
import type { SourceFile } from "./source_file.ts";
import { packingOf } from "./unpack.ts";

/** A file, and how it is read. */
export interface SourceEntry {
  /** The file. */
  readonly file: SourceFile;
  /** The name of its format. */
  readonly formatName: string;
  /** Its format. */
  readonly format: Format;
}

/** A record that reading can begin at. */
interface Mark {
  readonly index: number;
  readonly entry: number;
  readonly place: Place;
}

/** So many records are passed over at most to get to one of a file that is not packed, once what is before was read. */
const APART = 1024;

/** The documents of files, one file behind another. */
export class FileSource implements CorpusSource {
  readonly name: string;
  readonly #entries: readonly SourceEntry[];
  readonly #settings: FieldSettings;
  readonly #remove: (() => Promise<void>) | undefined;
  readonly #marks: Mark[] = [{ index: 0, entry: 0, place: BEGINNING }];
  readonly #counts: (number | undefined)[] = [];
  #read = 0;

  /** `remove` is called when the source is closed. */
  constructor(
    name: string,
    entries: readonly SourceEntry[],
    settings: FieldSettings,
    remove?: () => Promise<void>,
  ) {
    this.name = name;
    this.#entries = entries;
    this.#settings = settings;
    this.#remove = remove;
  }

  async fingerprint(): Promise<string> {
    const hash = await sha256Hasher();
    const add = (what: unknown) => hash.update(new TextEncoder().encode(JSON.stringify(what)));
    add(this.#settings);
    for (const { file, formatName } of this.#entries) add([file.name, formatName, await file.stamp()]);
    return hash.digest();
  }

  progress(): { readonly read: number; readonly total: number } | undefined {
    const total = this.#before(this.#entries.length);
    return total === undefined ? undefined : { read: Math.min(this.#read, total), total };
  }

  async *records(start: number, signal: AbortSignal): AsyncGenerator<SourceRecord> {
    let { index, entry, place } = this.#marks.findLast((mark) => mark.index <= start)!;
    for (; entry < this.#entries.length; ++entry, place = BEGINNING) {
      this.#note({ index, entry, place });
      const first = index;
      const count = await this.#count(entry, signal);
      if (count !== undefined && place === BEGINNING && index + count <= start) {
        index += count;
        continue;
      }
      for await (const record of this.#recordsOf(entry, place, index, start, signal)) {
        index = record.index + 1;
        if (record.index >= start && record.found !== undefined) yield { index: record.index, ...record.found };
      }
      if (place === BEGINNING) this.#counts[entry] = index - first;
    }
  }

  async close(): Promise<void> {
    await this.#remove?.();
  }

  /** The records of a file, looked at from number `start` on; what is wrong with the file is one more of them. */
  async *#recordsOf(entry: number, from: Place, before: number, start: number, signal: AbortSignal) {
    const { file, format } = this.#entries[entry]!;
    const isDirect = format.at !== undefined;
    let index = isDirect ? Math.max(before, start) : before;
    const place = format.at?.(index - before) ?? from;
    try {
      for await (const piece of format.pieces(this.#watched(entry), place, this.#settings, signal)) {
        signal.throwIfAborted();
        const found: Omit<CorpusDocument, "index"> | Omit<BadRecord, "index"> | undefined = index < start
          ? undefined
          : piece.found();
        yield { index: index++, found };
        if (isDirect) this.#progressed(entry, (index - before) / this.#counts[entry]! * (file.size ?? 0));
        else if (index % APART === 0 && !packingOf(file.name)) this.#note({ index, entry, place: piece.next });
      }
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      yield { index, found: { id: file.name, problem: `the rest of the file could not be read: ${error.message}` } };
    }
  }

  /** How many records a file has, where that can be known; one that is damaged counts as one. */
  async #count(entry: number, signal: AbortSignal): Promise<number | undefined> {
    const { file, format } = this.#entries[entry]!;
    this.#counts[entry] ??= await format.count?.(file, signal).catch((error) => {
      if (error instanceof SyntaxError) return 1;
      throw error;
    });
    return this.#counts[entry];
  }

  /** A file that tells how much of it was read. */
  #watched(entry: number): SourceFile {
    const { file } = this.#entries[entry]!;
    const progressed = (bytes: number) => this.#progressed(entry, bytes);
    return {
      name: file.name,
      size: file.size,
      stamp: (signal) => file.stamp(signal),
      parquet: (signal) => file.parquet(signal),
      async *bytes(offset, signal) {
        let at = offset;
        for await (const chunk of file.bytes(offset, signal)) {
          yield chunk;
          progressed(at += chunk.length);
        }
      },
    };
  }

  #progressed(entry: number, bytes: number): void {
    this.#read = (this.#before(entry) ?? 0) + bytes;
  }

  #before(entry: number): number | undefined {
    let sum = 0;
    for (const { file } of this.#entries.slice(0, entry)) {
      if (file.size === undefined) return undefined;
      sum += file.size;
    }
    return sum;
  }

  #note(mark: Mark): void {
    if (mark.index > this.#marks.at(-1)!.index) this.#marks.push(mark);
  }
}
