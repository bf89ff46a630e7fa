/**
 * Results show themselves: in a notebook by their view, in a terminal in a few lines. They stay plain data: what is added
 * are methods behind symbols, which no program sees that walks keys, copies, compares or saves them.
 *
 * @module
 */
import { isPlain, outlineText } from "./outline.ts";
import { displayOf } from "./view_of.ts";

const DISPLAY = Symbol.for("Jupyter.display");
const INSPECT = [Symbol.for("Deno.customInspect"), Symbol.for("nodejs.util.inspect.custom")];

/** A list that is short by itself needs nothing. */
const SHORT_LIST = 12;

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** Whether there is something inside that takes more than a line. */
function isDeep(value: object): boolean {
  return Object.values(value).some((field) => Array.isArray(field) || isPlain(field));
}

function addMethods(label: string, value: object): void {
  const text = () => outlineText(label, value);
  const hidden = (method: () => unknown) => ({ value: method, enumerable: false, configurable: true, writable: true });
  Object.defineProperty(value, DISPLAY, hidden(() => displayOf(label, value)));
  for (const symbol of INSPECT) Object.defineProperty(value, symbol, hidden(text));
}

/** What can be changed, has more than a line, and does not show itself yet. */
function isShowable(value: unknown): value is object {
  if (!isObject(value) || DISPLAY in value || !Object.isExtensible(value)) return false;
  return Array.isArray(value) ? value.length > SHORT_LIST || isDeep(value) : isPlain(value) && isDeep(value);
}

/** Items of a list are alike: when the first has nothing inside, none has. */
function partsOf(label: string, value: object): [label: string, part: unknown][] {
  if (!Array.isArray(value)) return Object.entries(value);
  return isObject(value[0]) && isShowable(value[0]) ? value.map((item, i) => [`${label}[${i}]`, item]) : [];
}

/**
 * Lets a result show itself, and its parts too.
 *
 * @param label What it is called, as in `Saliency`.
 * @param result The result. It is changed, not copied; what is frozen stays as it is.
 * @returns The same result.
 *
 * @example
 * ```ts
 * import { showing } from "./showing.ts";
 *
 * const found = showing("Found", { names: ["wte.weight"], sizes: { rows: 3 } });
 * console.log(found); // Found, and a line for each field
 * console.log(JSON.stringify(found)); // {"names":["wte.weight"],"sizes":{"rows":3}}
 * ```
 */
export function showing<Result>(label: string, result: Result): Result {
  if (!isShowable(result)) return result;
  addMethods(label, result);
  for (const [name, part] of partsOf(label, result)) showing(name, part);
  return result;
}
