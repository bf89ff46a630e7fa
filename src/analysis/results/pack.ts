import { dtypeOf, type StorableArray, type StorableTensor } from "../../checkpoint/write_safetensors.ts";
import {
  countOf,
  isRecord,
  isSize,
  isStorable,
  isTensor,
  type Json,
  MAX_DEPTH,
  MAX_VALUES,
  numberName,
  weightOf,
} from "./plain.ts";

/** Data as JSON, and the tensors that the JSON names. */
export interface Packed {
  /** The data. */
  readonly value: Json;
  /** The objects that occur repeatedly. */
  readonly shared: readonly Json[];
  /** The tensors, by the path where they occur first. */
  readonly tensors: ReadonlyMap<string, StorableTensor>;
}

/**
 * Packs plain data for a file. What is the same object in several places is the same object again when it is unpacked.
 *
 * @param value The data.
 * @throws {TypeError} When something in it is no plain data; the message says where.
 * @throws {RangeError} When a tensor has not as many numbers as its shape says, objects contain themselves, or there are
 * more values than are read.
 */
export function pack(value: unknown): Packed {
  const uses = new Map<object, Uses>();
  const weight = countUses(value, [], uses, new Set());
  if (weight > MAX_VALUES) {
    const found = `they hold ${weight} values, those that are shared counted wherever they stand`;
    throw new RangeError(`Cannot save results as ${found}; save them in parts of at most ${MAX_VALUES}`);
  }
  const packer = new Packer(uses);
  return { value: packer.pack(value, ""), shared: packer.shared, tensors: packer.tensors };
}

/** How often an object occurs, and how many values it holds. */
interface Uses {
  count: number;
  weight: number;
}

/**
 * Counts how often each object occurs, and refuses those that contain themselves. Returns how many values there are, with
 * those that are shared wherever they stand.
 */
function countUses(value: unknown, path: readonly string[], uses: Map<object, Uses>, open: Set<object>): number {
  if (typeof value === "string") return weightOf(value);
  if (typeof value !== "object" || value === null) return 1;
  if (open.has(value)) throw new RangeError(`Cannot save ${path.join(".")} as it contains itself`);
  const known = uses.get(value);
  if (known) {
    known.count += 1;
    return known.weight;
  }
  const own: Uses = { count: 1, weight: 1 };
  uses.set(value, own);
  if (isTensor(value) || ArrayBuffer.isView(value)) return own.weight;
  if (path.length > MAX_DEPTH) {
    throw new RangeError(`Cannot save ${path.slice(0, 4).join(".")} as it is nested deeper than ${MAX_DEPTH} levels`);
  }
  open.add(value);
  for (const [key, item] of Object.entries(value)) own.weight += countUses(item, [...path, key], uses, open);
  open.delete(value);
  return own.weight;
}

class Packer {
  readonly shared: Json[] = [];
  readonly tensors = new Map<string, StorableTensor>();
  readonly #uses: ReadonlyMap<object, Uses>;
  readonly #places = new Map<object, number>();

  constructor(uses: ReadonlyMap<object, Uses>) {
    this.#uses = uses;
  }

  pack(value: unknown, path: string): Json {
    switch (typeof value) {
      case "boolean":
      case "string":
        return value;
      case "number": {
        const name = numberName(value);
        return name === undefined ? value : { $number: name };
      }
      case "object":
        return value === null ? null : this.#packObject(value, path);
      default:
        throw new TypeError(
          `Cannot save ${place(path)} as it is ${value === undefined ? "" : "a "}${typeof value}; ${PLAIN}`,
        );
    }
  }

  #packObject(value: object, path: string): Json {
    if (this.#uses.get(value)?.count === 1) return this.#packOnce(value, path);
    let index = this.#places.get(value);
    if (index === undefined) {
      index = this.shared.push(null) - 1;
      this.#places.set(value, index);
      this.shared[index] = this.#packOnce(value, path);
    }
    return { $shared: index };
  }

  #packOnce(value: object, path: string): Json {
    if (isTensor(value)) return this.#packTensor(value, path);
    if (isStorable(value)) {
      const name = this.#store({ data: value, shape: [value.length] }, path);
      return { $array: name, dtype: dtypeOf(value), length: value.length };
    }
    if (value instanceof Uint8Array) return { $bytes: value.toHex() };
    if (Array.isArray(value)) {
      return Array.from(value as readonly unknown[], (item, i) => this.pack(item, `${path}.${i}`));
    }
    if (!isRecord(value)) {
      const name = value.constructor?.name ?? "object";
      const advice = value instanceof Promise ? "await it first" : PLAIN;
      throw new TypeError(`Cannot save ${place(path)} as it is a ${name}; ${advice}`);
    }
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    return Object.fromEntries(fields.map(([key, field]) => {
      return [key.startsWith("$") ? `$${key}` : key, this.pack(field, path === "" ? key : `${path}.${key}`)];
    }));
  }

  #packTensor({ data, shape }: StorableTensor, path: string): Json {
    if (!shape.every(isSize) || countOf(shape) !== data.length) {
      throw new RangeError(`Cannot save ${place(path)} as shape [${shape}] does not fit its ${data.length} numbers`);
    }
    return { $tensor: this.#store({ data, shape }, path), dtype: dtypeOf(data), shape };
  }

  #store(tensor: { readonly data: StorableArray; readonly shape: readonly number[] }, path: string): string {
    let name = path;
    for (let n = 2; this.tensors.has(name); ++n) name = `${path}#${n}`; // a key may have a dot in it
    this.tensors.set(name, tensor);
    return name;
  }
}

const PLAIN = "results are plain data: objects, arrays, typed arrays, texts, numbers and booleans";

function place(path: string): string {
  return path === "" ? "it" : path;
}
