import { sha256Hasher } from "../../hub/hash.ts";
import { shown } from "../../base/words.ts";
import type { CorpusSource, SourceRecord } from "../types.ts";

/** A document in memory: a text, or one with what it is called. */
export type GivenDocument = string | { readonly id?: string | number; readonly text: string };

/** Documents in memory; their ids are their numbers where they have none. */
export class ArraySource implements CorpusSource {
  readonly name = "texts in memory";
  readonly #documents: readonly GivenDocument[];
  #read = 0;

  constructor(documents: readonly GivenDocument[]) {
    this.#documents = [...documents];
  }

  async fingerprint(): Promise<string> {
    const hash = await sha256Hasher();
    for (const index of this.#documents.keys()) {
      hash.update(new TextEncoder().encode(JSON.stringify(this.#record(index))));
    }
    return hash.digest();
  }

  async *records(start: number, signal: AbortSignal): AsyncGenerator<SourceRecord> {
    for (let index = start; index < this.#documents.length; ++index) {
      signal.throwIfAborted();
      yield this.#record(index);
      this.#read = index + 1;
    }
  }

  progress(): { readonly read: number; readonly total: number } {
    return { read: this.#read, total: this.#documents.length };
  }

  async close(): Promise<void> {}

  #record(index: number): SourceRecord {
    const given: unknown = this.#documents[index];
    if (typeof given === "string") return { index, id: String(index), text: given };
    if (typeof given !== "object" || given === null || !("text" in given)) {
      return { index, id: String(index), problem: `it is ${shown(given)}, no text and no object with one` };
    }
    const id = "id" in given && given.id !== undefined ? String(given.id) : String(index);
    if (typeof given.text === "string") return { index, id, text: given.text };
    return { index, id, problem: `its text is ${shown(given.text)}, no text` };
  }
}
