/**
 * What all readers of tokenizer files share: parts that have the right type, and how to say that one has not.
 *
 * @module
 */
import { LARGE_JSON, parseJsonWithin } from "../base/json.ts";
import { shown } from "../base/words.ts";

/** An object of a parsed file. */
export type Json = Readonly<Record<string, unknown>>;

/** A part of a file that must be an object. */
export function record(name: string, value: unknown): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw new TypeError(`Cannot read ${name} as an object: ${shown(value)}`);
}

/** A part of a file that must be a list. */
export function list(name: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError(`Cannot read ${name} as an array: ${shown(value)}`);
}

/** A part, or all parts of a Sequence of them, which may hold further ones; `key` is what it calls its list. */
export function sequenceParts(name: string, key: string, part: Json): Json[] {
  if (part.type !== "Sequence") return [part];
  return list(key, part[key]).flatMap((inner) => sequenceParts(name, key, record(name, inner)));
}

/** A switch of a part, or what it is when the part does not say. */
export function flag(name: string, value: unknown, standard: boolean): boolean {
  if (value === undefined || value === null) return standard;
  if (typeof value === "boolean") return value;
  throw new TypeError(`Cannot read ${name} as true or false: ${shown(value)}`);
}

/** Whether a value can be the id of a token. */
export function isId(id: unknown): id is number {
  return Number.isInteger(id) && Number(id) >= 0 && Number(id) < 2 ** 31;
}

/** Parses JSON of a bounded size. */
export function parseLarge(text: string): unknown {
  return parseJsonWithin(text, LARGE_JSON);
}

/** A file that may be parsed already. */
export function parsed(name: string, json: unknown, parse: (text: string) => unknown = parseLarge): unknown {
  if (typeof json !== "string") return json;
  try {
    return parse(json);
  } catch (error) {
    if (error instanceof RangeError) throw new RangeError(`Cannot read ${name} as ${error.message}`);
    throw new SyntaxError(`Cannot read ${name} as JSON: ${shown(json)}`);
  }
}
