/**
 * Cuts a CSV file into records as RFC 4180 has them, and says what is wrong with those that are none. Of the libraries,
 * `csv-parse` 6.1 reads nothing any more behind a record that is too long, and `papaparse` 5.5 keeps all that follows an
 * open quote in memory; here such a record is passed over, and reading goes on behind the next end of a line.
 *
 * @module
 */
import { withoutMark } from "./lines.ts";
import { decoded, NO_UTF8, type Place, tooLong } from "./piece.ts";

/** One record. */
export interface CsvRecord {
  /** Its fields; undefined where it is none. */
  readonly fields: readonly string[] | undefined;
  /** What is wrong with it. */
  readonly problem: string | undefined;
  /** The number of its first line, from 1. */
  readonly line: number;
  /** Where the next one begins. */
  readonly next: Place;
}

const [LF, CR, QUOTE] = [0x0a, 0x0d, 0x22];

/** The records of a file, from one's beginning on. Lines without anything are none. */
export async function* csvRecords(
  chunks: AsyncIterable<Uint8Array>,
  from: Place,
  separator: string,
  longest: number,
): AsyncGenerator<CsvRecord> {
  const cutter = new Cutter(from, separator.charCodeAt(0), longest);
  for await (const { bytes, skipped } of withoutMark(chunks, from)) {
    cutter.offset += skipped;
    for (const byte of bytes) {
      const record = cutter.add(byte);
      if (record !== undefined) yield record;
    }
  }
  const last = cutter.end();
  if (last !== undefined) yield last;
}

/** Where in a field the next byte stands. */
type State = "before" | "plain" | "quoted" | "after a quote";

class Cutter {
  offset: number;
  readonly #separator: number;
  readonly #longest: number;
  #line: number;
  #first: number;
  #state: State = "before";
  #bytes = new Uint8Array(256);
  #used = 0;
  #length = 0;
  #fields: (string | undefined)[] = [];
  #problem: string | undefined;

  constructor(from: Place, separator: number, longest: number) {
    this.offset = from.offset;
    this.#line = from.line;
    this.#first = from.line;
    this.#separator = separator;
    this.#longest = longest;
  }

  /** Takes a byte; gives the record that it ends. */
  add(byte: number): CsvRecord | undefined {
    ++this.offset;
    if (byte === LF) ++this.#line;
    if (this.#state === "quoted") this.#inQuotes(byte);
    else if (byte === LF) return this.#record();
    else if (byte === this.#separator) this.#endField();
    else this.#outside(byte);
    if (++this.#length !== this.#longest + 1) return undefined;
    this.#problem = tooLong(this.#longest);
    this.#used = 0;
    // Whoever forgot a quote has a file that is one field from there on: it is taken up again at the next line.
    if (this.#state === "quoted") {
      this.#problem += `, as the quote of line ${this.#first} or later is not closed`;
      this.#state = "plain";
      if (byte === LF) return this.#record();
    }
    return undefined;
  }

  /** Gives what is there when nothing follows. */
  end(): CsvRecord | undefined {
    if (this.#state === "quoted") this.#problem ??= "its last quote is not closed";
    return this.#length > 0 ? this.#record() : undefined;
  }

  #inQuotes(byte: number): void {
    if (byte === QUOTE) this.#state = "after a quote";
    else this.#keep(byte);
  }

  #outside(byte: number): void {
    if (byte === QUOTE && this.#state !== "plain") {
      if (this.#state === "after a quote") this.#keep(byte); // two of them stand for one
      this.#state = "quoted";
      return;
    }
    if (this.#state === "after a quote" && byte !== CR) this.#problem ??= "something stands behind a quote that closes";
    if (byte === QUOTE) this.#problem ??= "a quote stands within a field that does not begin with one";
    if (byte === CR && this.#state === "after a quote") return; // of the end of the line
    this.#state = "plain";
    this.#keep(byte);
  }

  #keep(byte: number): void {
    if (this.#problem !== undefined) return;
    if (this.#used === this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#used);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.#used++] = byte;
  }

  #endField(): void {
    if (this.#problem === undefined) this.#fields.push(decoded(this.#bytes.subarray(0, this.#used)));
    this.#used = 0;
    this.#state = "before";
  }

  #record(): CsvRecord | undefined {
    if (this.#state === "plain" && this.#bytes[this.#used - 1] === CR && this.#used > 0) --this.#used;
    const isEmpty = this.#state !== "after a quote" && this.#fields.length === 0 && this.#used === 0;
    this.#endField();
    const [fields, first] = [this.#fields, this.#first];
    const texts = fields.filter((field) => field !== undefined);
    const problem = this.#problem ?? (texts.length < fields.length ? NO_UTF8 : undefined);
    const next = { offset: this.offset, line: this.#line };
    [this.#fields, this.#problem, this.#length, this.#first] = [[], undefined, 0, this.#line];
    if (isEmpty && problem === undefined) return undefined;
    return { fields: problem === undefined ? texts : undefined, problem, line: first, next };
  }
}
