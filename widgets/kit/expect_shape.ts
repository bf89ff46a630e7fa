/**
 * Checks of the shapes and places of what a view was given.
 *
 * @module
 */
import type { Tensor } from "../../src/base/tensor.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import { nameOf } from "./expect.ts";
import { counted } from "./numbers.ts";

/** What is drawn, and what of it is checked. */
export interface Checked {
  /** What is drawn: `the rankings`. */
  readonly what: string;
  /** The field: `ranks`. */
  readonly field: string;
}

/** Refuses a tensor of another shape, or one whose numbers are not as many as its shape says. */
export function expectShape({ what, field }: Checked, tensor: Tensor, shape: readonly number[]): void {
  if (tensor?.data === undefined || !Array.isArray(tensor.shape)) {
    throw new TypeError(`Cannot draw ${what} as ${field} is no tensor: ${nameOf(tensor)}`);
  }
  const size = shape.reduce((product, length) => product * length, 1);
  if (tensor.shape.join() === shape.join() && tensor.data.length === size) return;
  const found = `[${tensor.shape}] with ${counted(tensor.data.length, "number")}`;
  throw new RangeError(`Cannot draw ${what} as the shape of ${field} is not [${shape}]: ${found}`);
}

/** Refuses a list of another length. */
export function expectLength({ what, field }: Checked, list: readonly unknown[], length: number): void {
  if (Array.isArray(list) && list.length === length) return;
  const found = Array.isArray(list) ? String(list.length) : nameOf(list);
  throw new RangeError(`Cannot draw ${what} as ${field} does not hold ${length}: ${found}`);
}

/** Refuses a position that has no tokens before it, or is not in the sequence; `next` counts the one after it too. */
export function expectPosition(what: string, sequence: Sequence, position: number, next = false): void {
  const last = sequence.tokens.length - (next ? 0 : 1);
  if (Number.isInteger(position) && position >= 1 && position <= last) return;
  const range = last < 1 ? "no token has others before it" : `the positions with tokens before them are 1 to ${last}`;
  throw new RangeError(`Cannot draw ${what} at position ${position} as ${range}`);
}
