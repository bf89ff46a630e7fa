/**
 * Matrices as they are drawn: named rows, one or more parts side by side, and the colours of their numbers.
 *
 * @module
 */
import type { FloatTensor } from "../../src/base/tensor.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import { isSequence, nameOf } from "../kit/expect.ts";
import { counted } from "../kit/numbers.ts";
import { numberedToken } from "../kit/token_text.ts";

/** Numbers, and which of them are drawn. */
export interface VectorsShown {
  /** The numbers. The last axis goes across and the one before it down; one more axis is drawn side by side. */
  readonly tensor: FloatTensor;
  /** Where in the leading axes, such as `[0]` for the first layer of `[K, T, C]`. */
  readonly at?: readonly number[];
  /** Which rows, such as the ids of tokens of an embedding; all by default. */
  readonly rows?: readonly number[];
  /** What the rows are called; by default they are the tokens of `sequence`, when there are as many. */
  readonly names?: readonly string[];
  /** How many equal parts a row has, such as the heads that stand side by side in it; they are drawn apart. */
  readonly parts?: number;
  /** What the parts are called, before their number. By default `head`. */
  readonly partName?: string;
}

/** How vectors are shown. */
export interface VectorsViewOptions {
  /** The text whose tokens the rows stand for. */
  readonly sequence?: Sequence;
  /** The title of a saved page. */
  readonly title?: string;
}

/** One matrix, or some side by side. */
export interface Block {
  /** What it is called. */
  readonly name: string;
  /** The shape of what was given, in brackets: `[T, C]` as numbers. */
  readonly shape: string;
  /** What the rows are called. */
  readonly rows: readonly string[];
  /** How many matrices stand side by side. */
  readonly parts: number;
  /** What each of them is called, before its number. */
  readonly partName: string;
  /** How many columns each has. */
  readonly width: number;
  /** Its numbers. */
  readonly value: (part: number, row: number, column: number) => number;
  /** What has the strongest colour. */
  readonly strongest: number;
}

/** How many numbers a block has. */
export function sizeOf({ parts, rows, width }: Pick<Block, "parts" | "rows" | "width">): number {
  return parts * rows.length * width;
}

/** Above as many numbers, the hundredth that is farthest from zero shares one colour, so that the rest can be told apart. */
const MOST_BY_GREATEST = 200;
/** How many numbers are looked at for that. */
const MOST_SAMPLED = 1 << 16;

function strongestOf(block: Omit<Block, "strongest">): number {
  const count = sizeOf(block);
  const step = Math.max(1, Math.ceil(count / MOST_SAMPLED));
  const { rows, width } = block;
  const sizes = Float64Array.from({ length: Math.ceil(count / step) }, (_, n) => {
    const i = n * step;
    const part = Math.floor(i / (rows.length * width));
    const size = Math.abs(block.value(part, Math.floor(i / width) % rows.length, i % width));
    return Number.isFinite(size) ? size : 0;
  }).sort();
  return sizes[count <= MOST_BY_GREATEST ? sizes.length - 1 : Math.floor(0.99 * (sizes.length - 1))] ?? 0;
}

function refuse(name: string, why: string): never {
  throw new RangeError(`Cannot draw the vectors ${JSON.stringify(name)} as ${why}`);
}

function expectTensor(name: string, tensor: FloatTensor): void {
  const { data, shape } = (tensor ?? {}) as Partial<FloatTensor>;
  const isTensor = Array.isArray(shape) && typeof data === "object" && data !== null && "length" in data;
  if (!isTensor || shape.length === 0) {
    throw new TypeError(
      `Cannot draw ${nameOf(tensor)} as the vectors ${JSON.stringify(name)}; pass a tensor, such as what await ` +
        `model.weight() or await model.trace() returned, or { tensor, rows }`,
    );
  }
  const size = shape.reduce((product, length) => product * length, 1);
  if (!shape.every((length) => Number.isInteger(length) && length > 0) || data.length !== size) {
    refuse(name, `the shape is [${shape}] and there are ${counted(data.length, "number")}`);
  }
}

/** What is left of a shape after the leading axes, and where it begins. */
function within(name: string, { tensor: { shape }, at = [] }: VectorsShown): { shape: number[]; start: number } {
  if (!Array.isArray(at) || at.length >= shape.length) {
    refuse(name, `at, ${nameOf(at)}, leaves no axis of [${shape}]`);
  }
  let start = 0;
  at.forEach((index, axis) => {
    const length = shape[axis]!;
    if (!Number.isInteger(index) || index < 0 || index >= length) {
      refuse(name, `axis ${axis} has the places 0 to ${length - 1}, and at asks for ${index}`);
    }
    start = start * length + index;
  });
  const rest = shape.slice(at.length);
  if (rest.length > 3) refuse(name, `[${rest}] has more than three axes; say where in the first ones with { at }`);
  return { shape: rest, start: start * rest.reduce((product, length) => product * length, 1) };
}

function rowsOf(name: string, { rows }: VectorsShown, count: number): readonly number[] {
  if (rows === undefined) return Array.from({ length: count }, (_, row) => row);
  if (!Array.isArray(rows) || rows.length === 0) refuse(name, `rows is no list of rows: ${nameOf(rows)}`);
  const wrong = rows.find((row) => !Number.isInteger(row) || row < 0 || row >= count);
  if (wrong !== undefined) refuse(name, `the rows are 0 to ${count - 1}, and ${wrong} is asked for`);
  return rows;
}

function namesOf(
  name: string,
  { names }: VectorsShown,
  rows: readonly number[],
  sequence: Sequence | undefined,
): readonly string[] {
  if (names !== undefined) {
    if (Array.isArray(names) && names.length === rows.length) return names.map(String);
    refuse(name, `there are ${counted(rows.length, "row")} and names is ${nameOf(names)}`);
  }
  if (sequence?.tokens.length === rows.length) return rows.map((_, n) => numberedToken(sequence, n));
  return rows.length === 1 && rows[0] === 0 ? [""] : rows.map(String);
}

/** A matrix whose rows hold parts of equal length side by side, `[R, P D]`, or a stack of matrices, `[P, R, D]`. */
function blockOf(name: string, given: VectorsShown, sequence: Sequence | undefined): Block {
  expectTensor(name, given.tensor);
  const { data } = given.tensor;
  const { shape, start } = within(name, given);
  const stacked = shape.length === 3 ? shape[0]! : undefined;
  const [R, C] = [shape.at(-2) ?? 1, shape.at(-1)!];
  const rows = rowsOf(name, given, R);
  const { parts = 1, partName = "head" } = given;
  if (stacked !== undefined && given.parts !== undefined) {
    refuse(name, `[${shape}] is drawn as ${stacked} matrices already; leave out parts`);
  }
  if (!Number.isInteger(parts) || parts < 1 || C % parts !== 0) refuse(name, `${C} numbers do not make ${parts} parts`);
  const width = C / parts;
  const block = {
    ...{ name, width, parts: stacked ?? parts, partName: String(partName) },
    shape: `[${given.rows ? [...shape.slice(0, -2), rows.length, C] : shape}]`.replaceAll(",", ", "),
    rows: namesOf(name, given, rows, sequence),
    value: (part: number, row: number, column: number) =>
      stacked === undefined
        ? data[start + rows[row]! * C + part * width + column]!
        : data[start + (part * R + rows[row]!) * C + column]!,
  };
  return { ...block, strongest: strongestOf(block) };
}

/** What may be drawn: numbers by themselves or with what of them is shown. */
export type Vectors = FloatTensor | VectorsShown | Readonly<Record<string, FloatTensor | VectorsShown>>;

const isTensor = (value: unknown): value is FloatTensor => Object(value) === value && "data" in Object(value);
const isShown = (value: unknown): value is VectorsShown => Object(value) === value && "tensor" in Object(value);

/** The most matrices that are drawn together. */
const MOST_BLOCKS = 100;

/** Checks what was given. */
export function blocksOf(vectors: Vectors, { sequence }: VectorsViewOptions): readonly Block[] {
  if (sequence !== undefined && !isSequence(sequence)) {
    throw new TypeError(`Cannot name rows after ${nameOf(sequence)}; pass what model.sequence() returned`);
  }
  const named: readonly (readonly [string, unknown])[] = isTensor(vectors) || isShown(vectors)
    ? [["vectors", vectors]]
    : vectors instanceof Promise || Object(vectors) !== vectors
    ? []
    : Object.entries(vectors);
  if (named.length === 0 || named.length > MOST_BLOCKS) {
    throw new TypeError(
      `Cannot draw ${nameOf(vectors)} as vectors; pass a tensor, or up to ${MOST_BLOCKS} by name, such as ` +
        `{ embeddings: await model.weight("wte.weight") }`,
    );
  }
  return named.map(([name, one]) => blockOf(name, isShown(one) ? one : { tensor: one as FloatTensor }, sequence));
}
