/**
 * How messages say things: values, sizes, errors.
 *
 * @module
 */

/** How many characters an error message has for an actual value. */
const MOST = 80;

/**
 * Writes any value as the actual value of an error message: as JSON, cut off where it gets long. No more of the value is
 * read than is written, as a file of a kilobyte can hold objects that would be gigabytes as JSON.
 *
 * @param value The value, of any kind and size.
 * @returns At most 80 characters.
 */
export function shown(value: unknown): string {
  const text = asJson(value);
  return text.length <= MOST ? text : `${text.slice(0, MOST - 1).toWellFormed()}…`;
}

function asJson(value: unknown): string {
  if (typeof value === "number") return String(value); // JSON has no NaN
  try {
    return write(value, [], MOST + 1) ?? String(value);
  } catch { // a bigint, or an object that contains itself
    return String(value);
  }
}

/** The JSON of a value, or the beginning of it: whole where it has fewer than `room` characters. */
function write(value: unknown, open: readonly object[], room: number): string | undefined {
  if (typeof value === "string") return JSON.stringify(value.slice(0, room));
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (open.includes(value)) throw new TypeError("it contains itself");
  if ("toJSON" in value && typeof value.toJSON === "function") return JSON.stringify(value);
  const inside = [...open, value];
  let text = "";
  for (const key in value) {
    if (text.length >= room) break;
    const item = write(Reflect.get(value, key), inside, room - text.length);
    if (Array.isArray(value)) text += `,${item ?? null}`;
    else if (item !== undefined && Object.hasOwn(value, key)) text += `,${JSON.stringify(key.slice(0, room))}:${item}`;
  }
  const [start, end] = Array.isArray(value) ? "[]" : "{}";
  return start + text.slice(1) + end;
}

/** A number of bytes for human eyes. */
export function formatBytes(bytes: number): string {
  if (bytes >= 2 ** 30) return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  return bytes >= 2 ** 20 ? `${Math.ceil(bytes / 2 ** 20)} MiB` : `${Math.ceil(bytes / 1024)} KiB`;
}

const CLASSES = { TypeError, RangeError, SyntaxError, Error };

/** An error of one of the classes that this package throws, by its name; undefined for another name. */
export function builtInError(name: string, message: string): Error | undefined {
  return Object.hasOwn(CLASSES, name) ? new CLASSES[name as keyof typeof CLASSES](message) : undefined;
}

/** What an error says, or whatever else was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A text that begins in lower case as a sentence of its own. */
export function asSentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
