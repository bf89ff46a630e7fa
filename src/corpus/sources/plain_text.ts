/**
 * Texts without anything around them: a file of one, one a line, or with blank lines between.
 *
 * @module
 */
import { isBlank, joined, type Line, lines, withoutMark } from "./lines.ts";
import { BEGINNING, decoded, type Format, type Found, NO_UTF8, type Place, tooLong } from "./piece.ts";
import type { SourceFile } from "./source_file.ts";
import { unpacked } from "./unpack.ts";

/** A file is one document. */
export const TEXT: Format = {
  async *pieces(file, from, { longest }, signal) {
    if (from.offset > 0) return;
    const found = await wholeText(file, longest, signal);
    yield { next: { offset: 1, line: 2 }, found: () => found };
  },
  count: () => Promise.resolve(1),
  at: (record) => ({ offset: record, line: record + 1 }),
};

async function wholeText(file: SourceFile, longest: number, signal: AbortSignal): Promise<Found> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const { bytes } of withoutMark(unpacked(file.name, file.bytes(0, signal)), BEGINNING)) {
    length += bytes.length;
    if (length > longest) return { id: file.name, problem: tooLong(longest) }; // the rest of the file is not read
    parts.push(bytes.slice());
  }
  const text = decoded(joined(parts));
  return text === undefined ? { id: file.name, problem: NO_UTF8 } : { id: file.name, text };
}

/** A line is a document; blank ones are none. */
export const LINES: Format = {
  async *pieces(file, from, { longest }, signal) {
    for await (const line of lines(unpacked(file.name, file.bytes(from.offset, signal)), from, longest)) {
      if (isBlank(line.bytes)) continue;
      const { bytes, next, number } = line;
      yield { next, found: () => textOf(bytes, `${file.name}:${number}`, longest) };
    }
  },
};

/** Blank lines stand between documents; the ends of lines within one are kept. */
export const PARAGRAPHS: Format = {
  async *pieces(file, from, { longest }, signal) {
    let open = new Paragraph(longest);
    let next: Place = from;
    for await (const line of lines(unpacked(file.name, file.bytes(from.offset, signal)), from, longest)) {
      next = line.next;
      if (!isBlank(line.bytes)) open.add(line);
      else if (open.line > 0) {
        yield open.piece(file.name, next);
        open = new Paragraph(longest);
      }
    }
    if (open.line > 0) yield open.piece(file.name, next);
  },
};

class Paragraph {
  /** The number of its first line; 0 while it has none. */
  line = 0;
  readonly #longest: number;
  #parts: Uint8Array[] | undefined = [];
  #length = 0;

  constructor(longest: number) {
    this.#longest = longest;
  }

  add({ bytes, number }: Line): void {
    this.line ||= number;
    this.#length += (bytes?.length ?? Infinity) + 1;
    if (this.#length - 1 > this.#longest || bytes === undefined) this.#parts = undefined;
    else this.#parts?.push(bytes, Uint8Array.of(0x0a));
  }

  piece(file: string, next: Place) {
    const [parts, longest] = [this.#parts, this.#longest];
    const place = `${file}:${this.line}`;
    return { next, found: () => textOf(parts && joined(parts).subarray(0, -1), place, longest) };
  }
}

function textOf(bytes: Uint8Array | undefined, id: string, longest: number): Found {
  if (bytes === undefined) return { id, problem: tooLong(longest) };
  const text = decoded(bytes);
  return text === undefined ? { id, problem: NO_UTF8 } : { id, text };
}
