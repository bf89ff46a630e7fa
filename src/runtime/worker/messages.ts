/**
 * What a page or a program and its worker say to each other. Large things are bare `ArrayBuffer`s, which move for
 * nothing: under Deno, an array of 400,000 numbers takes 0.1 seconds to post.
 *
 * @module
 */
import type { Backend, SessionOptions } from "../backend.ts";
import type { Growth, RowsEdit, RowsSlice } from "../resident_rows.ts";
import type { PackedFeed } from "./feed_packing.ts";

/** A file of weights, as a worker opens it. */
export type SourceDescription =
  & { readonly name: string; readonly size: number }
  & ({ readonly path: string } | { readonly shared: SharedArrayBuffer } | { readonly bytes: ArrayBuffer });

/** What a worker is asked for. It is asked for one thing at a time. */
export type Request =
  | { readonly kind: "load"; readonly backend: Backend }
  | {
    readonly kind: "start";
    readonly backend: Backend;
    readonly model: ArrayBuffer;
    readonly files: readonly (readonly [location: string, source: SourceDescription])[];
    readonly options: SessionOptions;
  }
  | {
    readonly kind: "run";
    readonly session: number;
    readonly feeds: readonly PackedFeed[];
    readonly numbers: ArrayBuffer;
    readonly fetches: readonly string[];
    readonly growths: readonly Growth[];
  }
  | { readonly kind: "editRows"; readonly session: number; readonly edit: RowsEdit }
  | { readonly kind: "readRows"; readonly session: number; readonly slice: RowsSlice }
  | { readonly kind: "settle"; readonly session: number }
  | { readonly kind: "release"; readonly session: number };

/** What a worker answers: to `load` the device, to `start` the number of the session, to `run` and `readRows` numbers. */
export interface Answers {
  load: string | undefined;
  start: number;
  run: readonly ArrayBuffer[];
  editRows: undefined;
  readRows: readonly ArrayBuffer[];
  settle: undefined;
  release: undefined;
}

/** What a worker says. */
export type Message =
  | { readonly kind: "ready" }
  | { readonly kind: "done"; readonly answer: Answers[keyof Answers] }
  | { readonly kind: "failed"; readonly message: string }
  | ReadRequest;

/** A worker's wish for bytes of a file that only the other side can read; it waits for them. */
export interface ReadRequest {
  readonly kind: "read";
  /** Which of the files of the request. */
  readonly location: string;
  readonly start: number;
  readonly length: number;
}
