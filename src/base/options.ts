/**
 * Checks the options of public functions by their names and types, before anything else is done. A notebook does not
 * check types, so a misspelt option would be ignored there, and `"no"` be taken for true.
 *
 * @module
 */
import { shown } from "./words.ts";

/** What an option may be, as messages say it. What may be `anything` is checked where it is used. */
const KINDS = {
  "true or false": (value: unknown) => typeof value === "boolean",
  "a number": (value: unknown) => typeof value === "number",
  "a text": (value: unknown) => typeof value === "string",
  "a text or a number": (value: unknown) => typeof value === "string" || typeof value === "number",
  "an array": (value: unknown) => Array.isArray(value),
  "a number or an array": (value: unknown) => typeof value === "number" || Array.isArray(value),
  "an object or false": (value: unknown) => value === false || Object(value) === value && !Array.isArray(value),
  "a function": (value: unknown) => typeof value === "function",
  "the signal of an AbortController": (value: unknown) => value instanceof AbortSignal,
  "an object": (value: unknown) => typeof value === "object" && value !== null,
  "a Date": (value: unknown) => value instanceof Date,
  anything: (_: unknown) => true,
} as const;

/** A type, or the texts that are allowed. */
export type Kind = keyof typeof KINDS | readonly string[];

/** The options of a function. */
export interface OptionTable<Options> {
  /** What is attempted, to complete "Cannot ...". */
  readonly task: string;
  /** All options, and what each may be. */
  readonly kinds: { readonly [Name in keyof Required<Options>]: Kind };
  /** Those that must be given; none by default. */
  readonly required?: readonly (keyof Options & string)[];
}

/** The options of long work. */
export const LONG_WORK = {
  onProgress: "a function",
  progress: "true or false",
  signal: "the signal of an AbortController",
} as const;

/**
 * The options that were given, without those that are `undefined`: what is undefined is not given, so that it never
 * stands in the way of a default. Only what this returns is to be read, which is why callers put it in the place of what
 * they got; a test reads the sources for that. Refuses options that are no object, lack what is required, have a name
 * that does not exist, or a value of a wrong type.
 *
 * @param options What the caller gave; nothing is no options.
 * @param table What there is.
 * @returns A new object with the options that have a value.
 * @throws {TypeError} The message says what was found and what can be given.
 *
 * @example
 * ```ts
 * import { expectOptions } from "./options.ts";
 *
 * const table = { task: "greet", kinds: { loud: "true or false" } } as const;
 * console.log(expectOptions<{ loud?: boolean }>({ loud: undefined }, table)); // {}
 * ```
 */
export function expectOptions<Options>(
  options: unknown,
  { task, kinds, required = [] }: OptionTable<Options>,
): Options {
  const names = Object.keys(kinds).join(", ");
  const given = options === undefined ? {} : options;
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new TypeError(`Cannot ${task} with ${shown(given)} as options; pass an object, which may have ${names}`);
  }
  const found = given as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(found).find((name) => found[name] !== undefined && !Object.hasOwn(kinds, name));
  if (unknown !== undefined) {
    throw new TypeError(`Cannot ${task} with ${shown(unknown)} as there is no such option; use ${names}`);
  }
  const values: Record<string, unknown> = {};
  for (const [name, kind] of Object.entries<Kind>(kinds)) {
    const value = found[name];
    const isNeeded = required.some((one) => one === name);
    if (value === undefined && !isNeeded) continue;
    if (value === undefined || value === null) {
      const advice = isNeeded ? "it must be given" : "leave it out for its default";
      throw new TypeError(`Cannot ${task} with ${name} ${value}; ${advice}`);
    }
    if (!fits(value, kind)) {
      const allowed = typeof kind === "string" ? kind : `"${kind.join('" or "')}"`;
      throw new TypeError(`Cannot ${task} with ${name} ${shown(value)} as it must be ${allowed}`);
    }
    values[name] = value;
  }
  return values as Options;
}

function fits(value: unknown, kind: Kind): boolean {
  return typeof kind === "string" ? KINDS[kind](value) : kind.some((text) => text === value);
}
