import type { CorpusSource, SourceRecord } from "../types.ts";

/**
 * Records of a source by their numbers. Who asks for what follows has it read on; who asks for what is before has it
 * read once more from there.
 */
export class RecordCursor {
  readonly #source: CorpusSource;
  readonly #signal: AbortSignal;
  #iterator: AsyncIterator<SourceRecord> | undefined;
  #held: SourceRecord | undefined;
  #next = 0;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(source: CorpusSource, signal: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
  }

  /** The records from `start` to before `end`, and whether none follows. Several that ask at a time take turns. */
  take(start: number, end: number): Promise<{ readonly records: readonly SourceRecord[]; readonly last: boolean }> {
    const taken = this.#queue.then(() => this.#take(start, end));
    this.#queue = taken.catch(() => {});
    return taken;
  }

  /** Reads no further. */
  async close(): Promise<void> {
    await this.#queue;
    await this.#restart();
  }

  async #take(start: number, end: number) {
    if (this.#iterator === undefined || start < this.#next) {
      await this.#restart();
      this.#iterator = this.#source.records(start, this.#signal)[Symbol.asyncIterator]();
      this.#next = start;
    }
    const records: SourceRecord[] = [];
    for (;;) {
      const record = this.#held ?? await this.#read();
      this.#held = record;
      if (record === undefined || record.index >= end) return { records, last: record === undefined };
      if (record.index >= start) records.push(record);
      this.#held = undefined;
      this.#next = record.index + 1;
    }
  }

  async #read(): Promise<SourceRecord | undefined> {
    const { done, value } = await this.#iterator!.next();
    return done ? undefined : value;
  }

  async #restart(): Promise<void> {
    this.#held = undefined;
    await this.#iterator?.return?.();
    this.#iterator = undefined;
  }
}
