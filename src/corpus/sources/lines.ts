import { BEGINNING, type Place } from "./piece.ts";

/** One line, without its end. */
export interface Line {
  /** Its bytes; undefined where there are more than may be. */
  readonly bytes: Uint8Array | undefined;
  /** Its number, from 1. */
  readonly number: number;
  /** Where the next one begins. */
  readonly next: Place;
}

const LF = 0x0a;

/**
 * Cuts bytes into lines, which end in LF or CR LF. The mark that a file of UTF-8 may begin with is left out. A line that
 * is too long is passed over, and never in memory.
 */
export async function* lines(chunks: AsyncIterable<Uint8Array>, from: Place, longest: number): AsyncGenerator<Line> {
  let { offset, line } = from;
  const open = new OpenLine(longest);
  for await (const chunk of withoutMark(chunks, from)) {
    if (chunk.skipped > 0) offset += chunk.skipped;
    for (let at = 0; at < chunk.bytes.length;) {
      const end = chunk.bytes.indexOf(LF, at);
      const part = chunk.bytes.subarray(at, end < 0 ? chunk.bytes.length : end);
      open.add(part);
      offset += part.length + (end < 0 ? 0 : 1);
      at += part.length + 1;
      if (end >= 0) yield { bytes: open.take(), number: line, next: { offset, line: ++line } };
    }
  }
  if (!open.isEmpty) yield { bytes: open.take(), number: line, next: { offset, line: line + 1 } };
}

/** What is there of a line. */
class OpenLine {
  readonly #longest: number;
  #parts: Uint8Array[] = [];
  #length = 0;

  constructor(longest: number) {
    this.#longest = longest;
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  add(part: Uint8Array): void {
    this.#length += part.length;
    if (this.#length > this.#longest + 1) this.#parts = []; // one more may be the CR
    else if (part.length > 0) this.#parts.push(part);
  }

  take(): Uint8Array | undefined {
    const bytes = this.#parts.length === 1 ? this.#parts[0]! : joined(this.#parts);
    const isWhole = bytes.length === this.#length;
    this.#parts = [];
    this.#length = 0;
    const line = bytes.at(-1) === 0x0d ? bytes.subarray(0, -1) : bytes;
    return isWhole && line.length <= this.#longest ? line : undefined;
  }
}

/** Puts parts behind one another. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const MARK = [0xef, 0xbb, 0xbf];

/** Chunks of a file; of its first, what stands behind the mark. */
export async function* withoutMark(
  chunks: AsyncIterable<Uint8Array>,
  from: Place,
): AsyncGenerator<{ readonly bytes: Uint8Array; readonly skipped: number }> {
  let head: Uint8Array | undefined = from.offset === BEGINNING.offset ? new Uint8Array(0) : undefined;
  for await (const chunk of chunks) {
    if (head === undefined) {
      yield { bytes: chunk, skipped: 0 };
      continue;
    }
    head = joined([head, chunk]);
    if (head.length < MARK.length) continue;
    yield marked(head);
    head = undefined;
  }
  if (head !== undefined && head.length > 0) yield marked(head);
}

function marked(head: Uint8Array) {
  const skipped = MARK.every((byte, i) => head[i] === byte) ? MARK.length : 0;
  return { bytes: head.subarray(skipped), skipped };
}

/** Whether a line has nothing but spaces. */
export function isBlank(bytes: Uint8Array | undefined): boolean {
  return bytes !== undefined && bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
