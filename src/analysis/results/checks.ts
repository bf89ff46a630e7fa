/**
 * Checks of plain data against the records of this package, at run time.
 *
 * @module
 */
import { shown } from "../../checkpoint/shown.ts";
import { isRecord, isSize, isTensor } from "./plain.ts";

/** The sizes that letters stand for, as far as they have been seen: T tokens, N positions, and so on. */
export type Sizes = Map<string, number>;

/** Says what is wrong with a value, if anything is. */
export type Check = (value: unknown, path: string, sizes: Sizes) => string | undefined;

/** A check for each field that a record must have. */
export type RequiredChecks<Fields> = {
  readonly [Key in keyof Fields as Partial<Pick<Fields, Key>> extends Pick<Fields, Key> ? never : Key]: Check;
};

/** Checks for fields that a record may have. */
export type OptionalChecks<Fields> = {
  readonly [Key in keyof Fields as Partial<Pick<Fields, Key>> extends Pick<Fields, Key> ? Key : never]?: Check;
};

function checkOf(what: string, test: (value: unknown) => boolean): Check {
  return (value, path) => test(value) ? undefined : `${path} is ${shown(value)}, not ${what}`;
}

/** A number, which may be infinite or NaN. */
export const number: Check = checkOf("a number", (value) => typeof value === "number");
/** A whole number that is not negative. */
export const whole: Check = checkOf("a whole number >= 0", isSize);
/** A whole number. */
export const integer: Check = checkOf("a whole number", Number.isSafeInteger);
/** A string. */
export const text: Check = checkOf("a text", (value) => typeof value === "string");
/** True or false. */
export const flag: Check = checkOf("true or false", (value) => typeof value === "boolean");
/** Bytes. */
export const bytes: Check = checkOf("bytes", (value) => value instanceof Uint8Array);
/** An array of single-precision numbers by itself. */
export const floatArray: Check = checkOf("a Float32Array", (value) => value instanceof Float32Array);
/** An array with a shape. */
export const tensor: Check = checkOf("a tensor", isTensor);

/** The index of one of as many things as `letter` stands for. */
export function indexIn(letter: string): Check {
  return (value, path, sizes) => {
    const size = sizes.get(letter) ?? Infinity;
    return isSize(value) && value < size ? undefined : `${path} is ${shown(value)}, and ${letter} is ${size}`;
  };
}

/** An array of two. */
export function pair(first: Check, second: Check): Check {
  return (value, path, sizes) => {
    if (!Array.isArray(value) || value.length !== 2) return `${path} is ${shown(value)}, not a pair`;
    return first(value[0], `${path}.0`, sizes) ?? second(value[1], `${path}.1`, sizes);
  };
}

/** The same, or the index after the last one. */
export function placeIn(letter: string): Check {
  return (value, path, sizes) => value === sizes.get(letter) ? undefined : indexIn(letter)(value, path, sizes);
}

/** An array; `letter` stands for its length. */
export function list(item: Check, letter?: string): Check {
  return (value, path, sizes) => {
    if (!Array.isArray(value)) return `${path} is ${shown(value)}, not an array`;
    const problem = letter && bind(letter, value.length, sizes);
    if (problem) return `${path} has ${value.length} entries, and ${problem}`;
    for (let i = 0; i < value.length; ++i) {
      const problem = item(value[i], `${path}.${i}`, sizes);
      if (problem) return problem;
    }
  };
}

/** A tensor of single-precision numbers; each letter stands for the size of an axis, and `*` for any. */
export function floats(...letters: readonly string[]): Check {
  return shaped(letters, (data) => data instanceof Float32Array, "Float32Array");
}

/** The same for whole numbers. */
export function ints(...letters: readonly string[]): Check {
  return shaped(letters, (data) => data instanceof Int32Array, "Int32Array");
}

function shaped(letters: readonly string[], fits: (data: unknown) => boolean, type: string): Check {
  return (value, path, sizes) => {
    if (!isTensor(value)) return `${path} is ${shown(value)}, not a tensor`;
    if (!fits(value.data)) return `${path} is a tensor of ${value.data.constructor.name}, not ${type}`;
    const where = `${path} has shape [${value.shape}]`;
    if (value.shape.length !== letters.length) return `${where}, not [${letters}]`;
    const problem = letters.map((letter, i) => bind(letter, value.shape[i]!, sizes)).find((found) => found);
    return problem && `${where}, not [${letters}], as ${problem}`;
  };
}

/** Lets a letter stand for a size, or says that it stands for another one. */
function bind(letter: string, size: number, sizes: Sizes): string | undefined {
  if (letter === "*") return undefined;
  const known = sizes.get(letter);
  if (known === undefined) sizes.set(letter, size);
  else if (known !== size) return `${letter} is ${known}`;
}

/** An object with the fields of a type, in the order in which letters get their meaning. Others are left alone. */
export function record<Fields>(required: RequiredChecks<Fields>, optional?: OptionalChecks<Fields>): Check {
  const musts = Object.entries<Check>(required);
  const mays = Object.entries(optional ?? {}) as [string, Check][];
  return (value, path, sizes) => {
    if (!isRecord(value)) return `${path} is ${shown(value)}, not an object`;
    for (const [key, check] of musts) {
      if (value[key] === undefined) return `${path} has no ${key}`;
      const problem = check(value[key], `${path}.${key}`, sizes);
      if (problem) return problem;
    }
    for (const [key, check] of mays) {
      const problem = value[key] !== undefined && check(value[key], `${path}.${key}`, sizes);
      if (problem) return problem;
    }
  };
}

/** A check in which letters stand for sizes of its own. */
export function own(check: Check): Check {
  return (value, path) => check(value, path, new Map());
}

/** A check and, where it is passed, another one. */
export function and(first: Check, second: Check): Check {
  return (value, path, sizes) => first(value, path, sizes) ?? second(value, path, sizes);
}

/** Passed by what passes either of two checks. */
export function either(first: Check, second: Check): Check {
  return (value, path, sizes) => first(value, path, sizes) && second(value, path, sizes);
}
