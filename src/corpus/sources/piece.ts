/**
 * What files of documents are cut into: pieces that are looked at only when somebody wants them, so that passing over a
 * million of them costs no more than finding their ends.
 *
 * @module
 */
import type { SourceFile } from "./source_file.ts";

/** What a piece holds: a document, or what is wrong with it. */
export type Found = { readonly id: string; readonly text: string } | { readonly id: string; readonly problem: string };

/** One record of a file, and where the next one begins. */
export interface Piece {
  /** Where to go on behind it. */
  readonly next: Place;
  /** Looks at it. */
  found(): Found;
}

/** A place in a file that reading can begin at. */
export interface Place {
  /** The number of the byte, or of the row of a table. */
  readonly offset: number;
  /** The number of the line that begins there, from 1; of a table, the row. */
  readonly line: number;
}

/** The first byte of the first line. */
export const BEGINNING: Place = { offset: 0, line: 1 };

/** How documents are found in records. */
export interface FieldSettings {
  /** The field, or the column, of the text. */
  readonly field: string;
  /** The field of the id; none stands for the file and the line. */
  readonly id: string | undefined;
  /** How many bytes a record may have. */
  readonly longest: number;
  /** What stands between the columns of a CSV file. */
  readonly separator: string | undefined;
}

/** How one kind of file is read. */
export interface Format {
  /** The records of a file from a place on. What is wrong with the file itself is a `SyntaxError`. */
  pieces(file: SourceFile, from: Place, settings: FieldSettings, signal: AbortSignal): AsyncGenerator<Piece>;
  /** How many records there are, where that is known without reading them. */
  count?(file: SourceFile, signal: AbortSignal): Promise<number>;
  /** The place of a record, where that is known by its number. */
  at?(record: number): Place;
}

/** What is wrong with a record that is longer than a record may be. */
export function tooLong(longest: number): string {
  return `it is longer than ${longest} bytes`;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text of bytes; undefined where they are no UTF-8. */
export function decoded(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** What is wrong with bytes that are no UTF-8. */
export const NO_UTF8 = "it is no UTF-8";
