/**
 * Checks of plain data against the records of this package, at run time. A check says to the compiler what passes it, so
 * that a table of a record's fields that lacks one, has one too many, or checks one as something else, does not compile.
 *
 * @module
 */
import type { FloatTensor, Tensor } from "../../base/tensor.ts";
import { shown } from "../../base/words.ts";
import { countOf, isRecord, isSize, isTensor, type PlainRecord } from "./plain.ts";

/** The sizes that letters stand for, as far as they have been seen: T tokens, N positions, and so on. */
export type Sizes = Map<string, number>;

/** What one check leaves to the next ones. */
export interface Scope {
  /** What letters stand for. */
  readonly sizes: Sizes;
  /** Whether fields that a record does not know are dropped, as of a file of a later version, or refused. */
  readonly drops: boolean;
  /** What has passed a check by itself, and the sizes that it had: an object may occur in many places. */
  readonly passed: Map<unknown, Map<unknown, Sizes>>;
  /** Which record an object whose fields may be dropped is. */
  readonly owners: Map<object, unknown>;
}

/** A scope in which nothing has been seen. */
export function newScope(drops = false): Scope {
  return { sizes: new Map(), drops, passed: new Map(), owners: new Map() };
}

/** Says what is wrong with a value, if anything is. */
export interface Check<Value = unknown> {
  (value: unknown, path: string, scope: Scope): string | undefined;
  /** Never there: it tells the compiler what a value is that passes. */
  readonly passes?: Value;
}

/** A check for each field that a record must have. */
export type RequiredChecks<Fields> = {
  readonly [Key in keyof Fields as Partial<Pick<Fields, Key>> extends Pick<Fields, Key> ? never : Key]-?: Check<
    Fields[Key]
  >;
};

/** A check for each field that a record may have. */
export type OptionalChecks<Fields> = {
  readonly [Key in keyof Fields as Partial<Pick<Fields, Key>> extends Pick<Fields, Key> ? Key : never]-?: Check<
    Exclude<Fields[Key], undefined>
  >;
};

/** A check by a test, which completes "x is 1, not ...". */
function checkOf<Value>(what: string, test: (value: unknown) => boolean): Check<Value> {
  return (value, path) => test(value) ? undefined : `${path} is ${shown(value)}, not ${what}`;
}

const isNumber = (value: unknown): value is number => typeof value === "number";

/** A number, which may be infinite or NaN. */
export const number: Check<number> = checkOf("a number", isNumber);
/** A whole number that is not negative. */
export const whole: Check<number> = checkOf("a whole number >= 0", isSize);
/** A whole number. */
export const integer: Check<number> = checkOf("a whole number", Number.isSafeInteger);
/** A string. */
export const text: Check<string> = checkOf("a text", (value) => typeof value === "string");
/** True or false. */
export const flag: Check<boolean> = checkOf("true or false", (value) => typeof value === "boolean");
/** Bytes. */
export const bytes: Check<Uint8Array> = checkOf("bytes", (value) => value instanceof Uint8Array);
/** An array with a shape. */
export const tensor: Check<Tensor> = checkOf("a tensor", isTensor);

/** A whole number from `least` to `most`. */
export function wholeFrom(least: number, most = Number.MAX_SAFE_INTEGER): Check<number> {
  const what = most === Number.MAX_SAFE_INTEGER ? `a whole number >= ${least}` : `a whole number, ${least} to ${most}`;
  return checkOf(what, (value) => isSize(value) && value >= least && value <= most);
}

/** A number from `least` to `most`, with what rounding may add; never NaN. */
export function numberFrom(least: number, most = Infinity, rounding = 0): Check<number> {
  const what = most === Infinity ? `a number >= ${least}` : `a number from ${least} to ${most}`;
  return checkOf(what, (value) => isNumber(value) && value >= least - rounding && value <= most + rounding);
}

/** A text of a form. */
export function textLike(form: RegExp, what: string): Check<string> {
  return checkOf(what, (value) => typeof value === "string" && form.test(value));
}

/** One of some texts; all of them must be there. */
export function choice<Value extends string>(values: Readonly<Record<Value, true>>): Check<Value> {
  const what = Object.keys(values).map((value) => JSON.stringify(value)).join(" or ");
  return checkOf(what, (value) => typeof value === "string" && Object.hasOwn(values, value));
}

/** The index of one of as many things as `letter` stands for, or with `more`, the one after the last. */
export function indexIn(letter: string, more: 0 | 1 = 0): Check<number> {
  return (value, path, { sizes }) => {
    const size = sizes.get(letter) ?? Infinity;
    return isSize(value) && value < size + more ? undefined : `${path} is ${shown(value)}, and ${letter} is ${size}`;
  };
}

/** An array of single-precision numbers by itself; `letter` stands for its length. */
export function floatArray(letter: string): Check<Float32Array> {
  return (value, path, { sizes }) => {
    if (!(value instanceof Float32Array)) return `${path} is ${shown(value)}, not a Float32Array`;
    const problem = bind(letter, value.length, sizes);
    return problem && `${path} has ${value.length} numbers, and ${problem}`;
  };
}

/** An array of two. */
export function pair<First, Second>(first: Check<First>, second: Check<Second>): Check<readonly [First, Second]> {
  return (value, path, scope) => {
    if (!Array.isArray(value) || value.length !== 2) return `${path} is ${shown(value)}, not a pair`;
    return first(value[0], `${path}.0`, scope) ?? second(value[1], `${path}.1`, scope);
  };
}

/** An array; `letter` stands for its length. */
export function list<Item>(item: Check<Item>, letter = "*"): Check<readonly Item[]> {
  return (value, path, scope) => {
    if (!Array.isArray(value)) return `${path} is ${shown(value)}, not an array`;
    const problem = bind(letter, value.length, scope.sizes);
    if (problem) return `${path} has ${value.length} entries, and ${problem}`;
    for (let i = 0; i < value.length; ++i) {
      const problem = item(value[i], `${path}.${i}`, scope);
      if (problem) return problem;
    }
  };
}

/** Numbers in rising order, none of them twice. */
export function rising(items: Check<readonly number[]>): Check<readonly number[]> {
  return and(items, (value, path) => {
    const numbers = value as readonly number[]; // the first check has looked
    const wrong = numbers.findIndex((number, i) => i > 0 && !(number > numbers[i - 1]!));
    if (wrong > 0) return `${path}.${wrong} is ${numbers[wrong]} after ${numbers[wrong - 1]}, not in rising order`;
  });
}

/** A tensor of single-precision numbers; each letter stands for the size of an axis, and `*` for any. */
export function floats(...letters: readonly string[]): Check<FloatTensor> {
  return shaped(letters, (data) => data instanceof Float32Array, "Float32Array");
}

/** The same for whole numbers. */
export function ints(...letters: readonly string[]): Check<Tensor> {
  return shaped(letters, (data) => data instanceof Int32Array, "Int32Array");
}

function shaped<Value>(
  letters: readonly string[],
  fits: (data: unknown) => boolean,
  type: string,
): Check<Value> {
  return (value, path, { sizes }) => {
    if (!isTensor(value)) return `${path} is ${shown(value)}, not a tensor`;
    const { data, shape } = value;
    if (!fits(data)) return `${path} is a tensor of ${data.constructor.name}, not ${type}`;
    if (!shape.every(isSize)) return `${path} has shape ${shown(shape)}, which is no list of sizes`;
    const where = `${path} has shape [${shape}]`;
    if (shape.length !== letters.length) return `${where}, not [${letters}]`;
    if (countOf(shape) !== data.length) return `${where}, which does not fit its ${data.length} numbers`;
    const problem = letters.map((letter, i) => bind(letter, shape[i]!, sizes)).find((found) => found);
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

/** An object with exactly the fields of a type, in the order in which letters get their meaning. */
export function record<Fields>(
  required: RequiredChecks<Fields>,
  ...[optional]: keyof OptionalChecks<Fields> extends never ? [] : [OptionalChecks<Fields>]
): Check<Fields> {
  const musts = new Set(Object.keys(required));
  const checks: Readonly<Record<string, Check>> = { ...required, ...optional };
  return (value, path, scope) => {
    if (!isRecord(value)) return `${path} is ${shown(value)}, not an object`;
    const surplus = settleSurplus(value, checks, path, scope);
    if (surplus) return surplus;
    for (const [key, check] of Object.entries(checks)) {
      const field = value[key];
      if (field === undefined && musts.has(key)) return `${path} has no ${key}`;
      const problem = field !== undefined && check(field, `${path}.${key}`, scope);
      if (problem) return problem;
    }
  };
}

/**
 * Drops the fields that a record does not know, or says that there are some. An object cannot be two records at once, as
 * what one of them drops could be what the other one needs.
 */
function settleSurplus(
  value: PlainRecord,
  checks: Readonly<Record<string, Check>>,
  path: string,
  { drops, owners }: Scope,
): string | undefined {
  if (drops && (owners.get(value) ?? checks) !== checks) return `${path} is two different records at once`;
  if (drops) owners.set(value, checks);
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(checks, key)) continue;
    if (drops) Reflect.deleteProperty(value, key);
    else if (value[key] !== undefined) {
      return `${path} has ${shown(key)}, which is no field of it; leave it out, or give it a name of its own`;
    }
  }
}

/**
 * A check in which letters stand for sizes of its own, but for those that are `shared` with what is around it. What has
 * passed is not looked at again in the same scope, as one object may stand in many places.
 */
export function own<Value>(check: Check<Value>, ...shared: readonly string[]): Check<Value> {
  return (value, path, scope) => {
    const passed = scope.passed.get(check) ?? new Map<unknown, Sizes>();
    scope.passed.set(check, passed);
    let sizes = passed.get(value);
    if (sizes === undefined) {
      sizes = new Map();
      const problem = check(value, path, { ...scope, sizes });
      if (problem) return problem;
      if (typeof value === "object") passed.set(value, sizes);
    }
    for (const letter of shared) {
      const size = sizes.get(letter);
      const problem = size !== undefined && bind(letter, size, scope.sizes);
      if (problem) return `${path} has ${letter} ${size}, and ${problem}`;
    }
  };
}

/** A check and, where it is passed, another one. */
export function and<Value>(first: Check<Value>, second: Check): Check<Value> {
  return (value, path, scope) => first(value, path, scope) ?? second(value, path, scope);
}

/** Passed by what passes either of two checks. */
export function either<A, B>(first: Check<A>, second: Check<B>): Check<A | B> {
  return (value, path, scope) => first(value, path, scope) && second(value, path, scope);
}
