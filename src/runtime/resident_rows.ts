/**
 * Rows of numbers that stay on the device that a session runs on, such as the keys and values of a cache on a GPU: what a
 * run appends to them is read by the next one and never comes back, unless it is asked for.
 *
 * @module
 */
import type { RunQueue } from "../base/run_queue.ts";
import type { Resident } from "../onnx/feed.ts";

/** What a run appends: its outputs `names`, `[count, width]` each, one to each of the tensors. */
export interface Growth {
  /** The rows that grow. */
  readonly rows: number;
  /** How many there are: the new ones take the place of any behind them. */
  readonly at: number;
  readonly count: number;
  readonly width: number;
  readonly names: readonly string[];
}

/** What is changed between runs, in the order that it was asked for. A change that fails is told by the next run. */
export type RowsEdit =
  | { readonly kind: "keep"; readonly rows: number; readonly width: number; readonly kept: readonly number[] }
  | {
    readonly kind: "copy";
    readonly rows: number;
    readonly at: number;
    readonly width: number;
    readonly from: number;
    readonly start: number;
    readonly end: number;
  }
  | { readonly kind: "free"; readonly rows: number };

/** What is read: the first `length` numbers of the tensors from `first` to before `end`. */
export interface RowsSlice {
  readonly rows: number;
  readonly first: number;
  readonly end: number;
  readonly length: number;
}

/** The side of the device, which is asked for one thing at a time. */
export interface RowsDevice {
  /** Changes rows; what fails is told when they are used. */
  edit(edit: RowsEdit): Promise<void>;
  /** Fetches numbers. */
  read(slice: RowsSlice): Promise<Float32Array[]>;
}

/** All rows of a session. They are freed with it at the latest. */
export class RowsOwner {
  readonly #queue: RunQueue;
  readonly #device: RowsDevice;
  readonly #lost = new FinalizationRegistry<number>((rows) => this.edit({ kind: "free", rows }));
  #count = 0;
  #closed = false;

  /** Asks `device` within `queue`, in which the runs of the session are too. */
  constructor(queue: RunQueue, device: RowsDevice) {
    this.#queue = queue;
    this.#device = device;
  }

  /** A number for new rows, which are freed when nobody holds `holder` any more, if not before. */
  add(holder: object): number {
    this.#lost.register(holder, ++this.#count, holder);
    return this.#count;
  }

  /** Frees rows. */
  free(rows: number, holder: object): void {
    this.#lost.unregister(holder);
    this.edit({ kind: "free", rows });
  }

  /** Changes rows after the runs and changes that were asked for before; nobody waits for it. */
  edit(edit: RowsEdit): void {
    if (!this.#closed) this.#queue.run(() => this.#device.edit(edit)).catch(() => {});
  }

  /** Fetches numbers, after all that was asked for before. */
  read(slice: RowsSlice): Promise<Float32Array[]> {
    return this.#queue.run(() => this.#device.read(slice));
  }

  /** No more changes, as the session ends. */
  close(): void {
    this.#closed = true;
  }
}

/** Rows of a session, `[P, width]` in each of some tensors. Nothing is there before the first are appended. */
export class ResidentRows implements Disposable {
  readonly #owner: RowsOwner;
  readonly #tensors: number;
  readonly #width: number;
  #rows: number | undefined;

  constructor(owner: RowsOwner, tensors: number, width: number) {
    this.#owner = owner;
    this.#tensors = tensors;
    this.#width = width;
  }

  /** Where each tensor stands, when there are rows. */
  get tensors(): readonly Resident[] {
    const rows = this.#rows ?? 0;
    return Array.from({ length: this.#tensors }, (_, tensor) => ({ rows, tensor }));
  }

  /** What a run is told so that `count` rows of its outputs `names` are appended to the first `at`. */
  growth(names: readonly string[], at: number, count: number): Growth {
    return { rows: this.#id(), at, count, width: this.#width, names };
  }

  /** Moves the rows `kept`, in ascending order, to the beginning; the others are forgotten. */
  keep(kept: readonly number[]): void {
    if (this.#rows !== undefined) this.#owner.edit({ kind: "keep", rows: this.#rows, width: this.#width, kept });
  }

  /** Writes copies of those rows of another cache that are from `start` to before `end` behind the first `at`. */
  copyFrom(other: ResidentRows, start: number, end: number, at: number): void {
    if (other.#owner !== this.#owner) throw new TypeError("Cannot copy rows of another model; read the text again");
    if (end <= start) return;
    this.#owner.edit({ kind: "copy", rows: this.#id(), at, width: this.#width, from: other.#id(), start, end });
  }

  /** The first `length` rows of the tensors from `first` to before `end`. */
  async read(first: number, end: number, length: number): Promise<Float32Array[]> {
    if (length === 0) return Array.from({ length: end - first }, () => new Float32Array(0));
    return await this.#owner.read({ rows: this.#id(), first, end, length: length * this.#width });
  }

  /** Frees them, after the runs that were asked for. */
  [Symbol.dispose](): void {
    if (this.#rows !== undefined) this.#owner.free(this.#rows, this);
    this.#rows = undefined;
  }

  #id(): number {
    return this.#rows ??= this.#owner.add(this);
  }
}
