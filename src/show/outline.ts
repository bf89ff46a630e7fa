/**
 * A result in a few lines: its fields, each with as much of its value as a line holds.
 *
 * @module
 */

/** A field, and its value in short. */
export type OutlineRow = readonly [name: string, value: string];

/** What is left out is counted in one more row. */
const MOST_ROWS = 20;
const MOST_LETTERS = 96;
const MOST_ITEMS = 24;
const MOST_DEPTH = 3;

type Fields = Readonly<Record<string, unknown>>;

/** Whether something is an object that was written as one. */
export function isPlain(value: unknown): value is Fields {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** A number with six digits, as far as it needs them. */
function numberText(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
}

/** As much as a line holds. */
function cut(text: string, most: number): string {
  const letters = Array.from(text.slice(0, 2 * most));
  return letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : text;
}

/** Items as long as they fit, and how many there are where that is not all. */
function listText<Item>(items: readonly Item[], text: (item: Item) => string, most: number): string {
  const shown: string[] = [];
  let length = 0;
  for (const item of items.slice(0, MOST_ITEMS)) {
    const next = text(item);
    length += next.length + 2;
    if (length > most && shown.length > 0) break;
    shown.push(next);
  }
  return shown.length < items.length ? `${shown.join(", ")}, … ${items.length} in all` : shown.join(", ");
}

/** Spaces are counted by readers, and what cannot be seen must not be printed as it is. */
function stringText(value: string, most: number): string {
  return JSON.stringify(cut(value, most));
}

function numbersText(values: ArrayLike<number>, most: number): string {
  const first = Array.from({ length: Math.min(MOST_ITEMS, values.length) }, (_, i) => values[i]!);
  const text = listText(first, numberText, most);
  return first.length < values.length && !text.includes("…")
    ? `${text}, … ${values.length} in all`
    : text.replace(/… \d+ in all$/, `… ${values.length} in all`);
}

function isNumbers(value: unknown): value is ArrayLike<number> {
  return ArrayBuffer.isView(value) && !(value instanceof DataView) && !(value instanceof BigInt64Array) &&
    !(value instanceof BigUint64Array);
}

/** What readers know by a short form of its own: tensors, texts, tokens. */
function recordText(fields: Fields, most: number, depth: number): string {
  const { data, shape, tokens, text, piece, id } = fields;
  if (isNumbers(data) && Array.isArray(shape)) {
    return `${shape.slice(0, 8).join(" × ")} numbers: ${numbersText(data, most - 20)}`;
  }
  if (Array.isArray(tokens) && typeof text === "string") {
    return `${tokens.length} ${tokens.length === 1 ? "token" : "tokens"}: ${stringText(text, most - 16)}`;
  }
  if (typeof piece === "string" && typeof text === "string") return `${stringText(text, most)} (${String(id)})`;
  if (depth === 0) return "{ … }";
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return `{ ${listText(entries, ([name, value]) => `${name}: ${brief(value, 32, depth - 1)}`, most - 4)} }`;
}

function arrayText(values: readonly unknown[], most: number, depth: number): string {
  if (depth === 0) return "[ … ]";
  return `[${listText(values, (value) => brief(value, Math.min(most, 40), depth - 1), most)}]`;
}

/** A value in one line of about `most` letters, and not much more than that. */
function brief(value: unknown, most: number, depth: number): string {
  if (typeof value === "string") return stringText(value, most);
  if (typeof value === "number") return numberText(value);
  if (Array.isArray(value)) return cut(arrayText(value, most, depth), 2 * most);
  if (isNumbers(value)) return `${value.length} numbers: ${numbersText(value, most - 16)}`;
  if (isPlain(value)) return cut(recordText(value, most, depth), 2 * most);
  if (value instanceof Date) return String(value);
  if (typeof value === "object" && value !== null) return cut(String(value.constructor?.name ?? "an object"), most);
  return cut(String(value), most);
}

/** The fields of a result, or the items of a list. */
export function outlineRows(value: object): OutlineRow[] {
  const all = Object.entries(value).filter(([, field]) => field !== undefined);
  const rows = all.slice(0, MOST_ROWS).map((
    [name, field],
  ): OutlineRow => [name, brief(field, MOST_LETTERS, MOST_DEPTH)]);
  return all.length > MOST_ROWS ? [...rows, ["…", `${all.length} in all`]] : rows;
}

/** The same as text, with the name of what it is above. */
export function outlineText(label: string, value: object): string {
  const rows = outlineRows(value);
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  const lines = rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`);
  return [Array.isArray(value) ? `${label}, ${value.length} of them` : label, ...lines].join("\n");
}
