/**
 * What results are made of, as a file has it: JSON, with marks where JSON has no word for something.
 *
 * | mark                                              | stands for                                              |
 * | ------------------------------------------------- | ------------------------------------------------------- |
 * | `{"$number": "NaN"}`                              | a number that JSON lacks: NaN, Infinity, -Infinity, -0  |
 * | `{"$bytes": "e282ac"}`                            | a `Uint8Array`                                          |
 * | `{"$tensor": name, "dtype": "F32", "shape": [2]}` | `{ data, shape }`, the data being a tensor of the file  |
 * | `{"$array": name, "dtype": "F32", "length": 2}`   | a typed array by itself, a tensor of the file too       |
 * | `{"$shared": 0}`                                  | the entry of `shared`, an object that occurs repeatedly |
 *
 * A key of the data itself that begins with `$` gets another `$`.
 *
 * @module
 */
import type { StorableArray, StorableTensor } from "../../checkpoint/write_safetensors.ts";

/** How deep results may be nested. */
export const MAX_DEPTH = 64;

/**
 * How many values a file may hold, and how many its results may have where what is shared counts wherever it stands. A
 * kilobyte of JSON can name the same object twice on each of 64 levels.
 */
export const MAX_VALUES = 2 ** 24;

/** What a text weighs beside the values of a file: one for a short one, and more for one that would fill a page. */
export function weightOf(text: string): number {
  return 1 + Math.floor(text.length / 64);
}

/** A value as JSON has it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** An object without methods. */
export type PlainRecord = Readonly<Record<string, unknown>>;

/** Whether something is an object that was written as one, rather than an instance of a class. */
export function isRecord(value: unknown): value is PlainRecord {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Whether something is a typed array that becomes a tensor of the file. */
export function isStorable(value: unknown): value is StorableArray {
  return value instanceof Float32Array || value instanceof Int32Array || value instanceof Float64Array;
}

/** Whether something is an array with a shape, and nothing else. */
export function isTensor(value: unknown): value is StorableTensor {
  return isRecord(value) && Object.keys(value).length === 2 && isStorable(value.data) && Array.isArray(value.shape);
}

/** How many numbers a shape stands for. */
export function countOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Whether something is the size of an axis. */
export function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** The name of a number that JSON lacks. */
export function numberName(value: number): string | undefined {
  return Object.is(value, -0) ? "-0" : Number.isFinite(value) ? undefined : String(value);
}
