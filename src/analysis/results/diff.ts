import { expectOptions, type OptionTable } from "../../base/options.ts";
import { shown } from "../../base/words.ts";
import type { StorableArray } from "../../checkpoint/write_safetensors.ts";
import { showing } from "../../show/showing.ts";

import { newScope } from "./checks.ts";
import { expectSameKind, isSaved, otherSubject, same } from "./comparable.ts";
import type { NamedResults, ResultKind } from "./kinds.ts";
import { countOf, isRecord, isStorable, isTensor, type PlainRecord } from "./plain.ts";

/** How far numbers may be apart: |a - b| <= absolute + relative * max(|a|, |b|). */
export interface Tolerance {
  /**
   * In the unit of the numbers.
   *
   * @default {0}
   */
  readonly absolute?: number;
  /**
   * As a share of the greater of both.
   *
   * @default {0}
   */
  readonly relative?: number;
}

const TOLERANCE: OptionTable<Tolerance> = {
  task: "compare results",
  kinds: { absolute: "a number", relative: "a number" },
};

/** One place where two results differ. */
export interface Difference {
  /** Where, as in `saliency.scores`. */
  readonly path: string;
  /**
   * What differs: `numbers` of a tensor or a list that are too far apart, another `value`, another `length` of a list,
   * or something that only the `first` or only the `second` has.
   */
  readonly what: "numbers" | "value" | "length" | "first" | "second";
  /** What the first has: of numbers, the one that is furthest beyond the tolerance. */
  readonly a?: unknown;
  /** What the second has there. */
  readonly b?: unknown;
  /** Where in the tensor or the list that number is. */
  readonly index?: readonly number[];
  /** How many numbers are too far apart. */
  readonly count?: number;
  /** The largest |a - b| of the tensor or the list. */
  readonly absolute?: number;
  /** The largest |a - b| / max(|a|, |b|) of the tensor or the list. */
  readonly relative?: number;
}

/** How two results differ. */
export interface ResultsDiff {
  /** Whether there is no difference beyond the tolerance. */
  readonly equal: boolean;
  /** All differences, in the order of the first result. */
  readonly differences: readonly Difference[];
  /** How many pairs of numbers were compared, ids and offsets of tokens too. */
  readonly compared: number;
  /** The largest |a - b| of all numbers, within the tolerance or not. */
  readonly absolute: number;
  /** The largest |a - b| / max(|a|, |b|) of all numbers. */
  readonly relative: number;
  /** The same for human eyes. */
  readonly text: string;
}

/**
 * Compares two results of the same kind, or all results of two loaded files, name by name.
 *
 * Real numbers may be apart by the tolerance; NaN equals NaN, and an infinity only itself. Everything else must be
 * equal: texts, options, and whole numbers such as ranks and ids. What is not is listed. Results that cannot be compared
 * at all are an error: another kind, other texts, positions or layers, other shapes. Model, backend and package are
 * not compared, so that a file can be held against another machine's. What both results share in several places, such as
 * their text, is compared once and listed where it stands first.
 *
 * @param a The first result, or what {@linkcode loadResults} gave.
 * @param b The second.
 * @param tolerance How far numbers may be apart; a number stands for the absolute tolerance. 0 by default.
 * @throws {TypeError} When the results are not of the same kind, or nothing that can be compared.
 * @throws {RangeError} When they are of different texts, positions, layers or shapes, or the tolerance is negative.
 *
 * @example Do two definitions give the same map?
 * ```ts
 * import { diffResults, LanguageModel } from "@looking-glass/looking-glass";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const sequence = model.sequence("The keys to the cabinet are", { promptLength: 5 });
 * const [ecco, inseq] = [await model.saliency(sequence), await model.saliency(sequence, { preset: "inseq" })];
 * console.log(diffResults(ecco, inseq, { absolute: 1e-6 }).text); // saliency.options.preset: "ecco" and "inseq"
 * ```
 */
export function diffResults(a: unknown, b: unknown, tolerance: Tolerance | number = {}): ResultsDiff {
  if (typeof tolerance !== "number") tolerance = expectOptions(tolerance, TOLERANCE);
  const { absolute = 0, relative = 0 } = typeof tolerance === "number" ? { absolute: tolerance } : tolerance;
  for (const [name, bound] of Object.entries({ absolute, relative })) {
    if (!(bound >= 0)) {
      throw new RangeError(`Cannot compare with ${name} tolerance ${shown(bound)}; pass a number >= 0`);
    }
  }
  const comparison = new Comparison(absolute, relative);
  if (isSaved(a) && isSaved(b)) {
    comparison.named(a.results, b.results);
  } else {
    const kind = expectSameKind(a, b, newScope());
    comparison.results(a, b, kind, kind);
  }
  return comparison.summary();
}

/** Numbers of a tensor or of a list. */
type Numbers = StorableArray | readonly number[];

/** Walks through two results at once. */
class Comparison {
  readonly #bounds: { readonly absolute: number; readonly relative: number };
  readonly #differences: Difference[] = [];
  readonly #scope = newScope();
  /** What an object was compared with: what is shared is met as often as the levels above it multiply it. */
  readonly #seen = new Map<object, Set<object>>();
  #compared = 0;
  #absolute = 0;
  #relative = 0;

  constructor(absolute: number, relative: number) {
    this.#bounds = { absolute, relative };
  }

  /** Compares all results of two files. */
  named(a: NamedResults, b: NamedResults): void {
    for (const [name, first] of Object.entries(a)) {
      if (Object.hasOwn(b, name)) this.results(first, b[name], expectSameKind(first, b[name], this.#scope, name), name);
      else this.#differences.push({ path: name, what: "first" });
    }
    for (const name of Object.keys(b)) {
      if (!Object.hasOwn(a, name)) this.#differences.push({ path: name, what: "second" });
    }
  }

  /** Compares two results of one kind. */
  results(a: unknown, b: unknown, kind: ResultKind, path: string): void {
    const other = otherSubject(a, b, kind);
    if (other) throw new RangeError(`Cannot compare ${path} of ${other}`);
    this.#values(a, b, path);
  }

  summary(): ResultsDiff {
    const [compared, absolute, relative] = [this.#compared, this.#absolute, this.#relative];
    const differences = this.#differences;
    const equal = differences.length === 0;
    const largest = `largest difference ${digits(absolute)} absolute, ${digits(relative)} relative`;
    const many = differences.length === 1 ? "1 difference" : `${differences.length} differences`;
    const text = [
      `${equal ? "equal within the tolerance" : many}; ${compared} numbers compared, ${largest}`,
      ...differences.map(sentence),
    ].join("\n");
    return showing("ResultsDiff", { equal, differences, compared, absolute, relative, text });
  }

  #values(a: unknown, b: unknown, path: string): void {
    if (isObject(a) && isObject(b)) {
      const others = this.#seen.get(a) ?? new Set();
      if (others.has(b)) return;
      this.#seen.set(a, others.add(b));
    }
    if (isTensor(a) && isTensor(b)) {
      if (String(a.shape) !== String(b.shape)) {
        throw new RangeError(`Cannot compare ${path} as its shapes are [${a.shape}] and [${b.shape}]`);
      }
      this.#numbers(a.data, b.data, path, a.shape);
    } else if (isStorable(a) && isStorable(b) || isNumbers(a) && isNumbers(b)) {
      if (a.length !== b.length) this.#differ(path, "length", a.length, b.length);
      else this.#numbers(a, b, path, [a.length]);
    } else if (Array.isArray(a) && Array.isArray(b)) {
      if (a.length !== b.length) this.#differ(path, "length", a.length, b.length);
      for (let i = 0; i < Math.min(a.length, b.length); ++i) this.#values(a[i], b[i], `${path}.${i}`);
    } else if (a instanceof Uint8Array && b instanceof Uint8Array) {
      if (!same(a, b)) this.#differ(path, "value", a.toHex(), b.toHex());
    } else if (isRecord(a) && isRecord(b)) {
      this.#records(a, b, path);
    } else if (typeof a === "number" && typeof b === "number") {
      this.#numbers([a], [b], path);
    } else if (a !== b) {
      this.#differ(path, "value", a, b);
    }
  }

  #records(a: PlainRecord, b: PlainRecord, path: string): void {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const [first, second] = [a[key], b[key]];
      const where = `${path}.${key}`;
      if (first === undefined && second !== undefined) {
        this.#differences.push({ path: where, what: "second", b: second });
      } else if (first !== undefined && second === undefined) {
        this.#differences.push({ path: where, what: "first", a: first });
      } else this.#values(first, second, where);
    }
  }

  /** Compares numbers in order; without a shape, a single one. */
  #numbers(a: Numbers, b: Numbers, path: string, shape?: readonly number[]): void {
    const most = { absolute: 0, relative: 0, excess: 0, at: 0, count: 0 };
    for (let i = 0; i < a.length; ++i) {
      const { absolute, relative, excess } = this.#compare(a, b, i);
      most.absolute = Math.max(most.absolute, absolute);
      most.relative = Math.max(most.relative, relative);
      if (excess > 0) most.count += 1;
      if (excess > most.excess) Object.assign(most, { excess, at: i });
    }
    this.#compared += a.length;
    this.#absolute = Math.max(this.#absolute, most.absolute);
    this.#relative = Math.max(this.#relative, most.relative);
    if (most.count === 0) return;
    const { absolute, relative, at, count } = most;
    const found = { path, a: a[at], b: b[at], absolute, relative };
    this.#differences.push(
      shape ? { ...found, what: "numbers", index: indexOf(at, shape), count } : { ...found, what: "value" },
    );
  }

  /** How far two numbers are apart, and how far beyond what is tolerated. */
  #compare(a: Numbers, b: Numbers, i: number): { absolute: number; relative: number; excess: number } {
    const [x, y] = [a[i]!, b[i]!];
    if (x === y || (Number.isNaN(x) && Number.isNaN(y))) return { absolute: 0, relative: 0, excess: 0 };
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      return { absolute: Infinity, relative: Infinity, excess: Infinity };
    }
    const absolute = Math.abs(x - y);
    const scale = Math.max(Math.abs(x), Math.abs(y));
    const tolerated = isReal(a) || isReal(b) || !Number.isInteger(x) || !Number.isInteger(y)
      ? this.#bounds.absolute + this.#bounds.relative * scale
      : 0;
    return { absolute, relative: absolute / scale, excess: absolute - tolerated };
  }

  #differ(path: string, what: "length" | "value", a: unknown, b: unknown): void {
    this.#differences.push({ path, what, a, b });
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "number");
}

/** Whether numbers are real ones even where they happen to be whole. */
function isReal(numbers: Numbers): boolean {
  return numbers instanceof Float32Array || numbers instanceof Float64Array;
}

/** The place of one number in a tensor. */
function indexOf(at: number, shape: readonly number[]): readonly number[] {
  return shape.map((size, axis) => Math.floor(at / countOf(shape.slice(axis + 1))) % size);
}

function sentence({ path, what, a, b, index, count, absolute, relative }: Difference): string {
  switch (what) {
    case "first":
    case "second":
      return `${path}: only in the ${what}`;
    case "length":
      return `${path}: ${a} and ${b} entries`;
    case "value":
      return `${path}: ${shown(a)} and ${shown(b)}`;
    case "numbers": {
      const apart = `at most ${digits(absolute!)} absolute, ${digits(relative!)} relative`;
      return `${path} [${index}]: ${shown(a)} and ${shown(b)}; ${count} too far apart, ${apart}`;
    }
  }
}

function digits(value: number): string {
  return String(Number(value.toPrecision(3)));
}
