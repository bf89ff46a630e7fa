/**
 * Writes WebAssembly: the few instructions that {@linkcode descentModule} needs, by the names and codes of the
 * specification, https://webassembly.github.io/spec/core/binary
 *
 * @module
 */

/** Instructions, one after the other. */
export type Code = readonly (number | Code)[];

const I32 = 0x7f;
const F64 = 0x7c;
const V128 = 0x7b;
/** What a block leaves on the stack. */
const NOTHING = 0x40;

/** A number in groups of seven bits, least significant first. */
function unsigned(value: number): Code {
  return value > 127 ? [value % 128 | 128, ...unsigned(Math.floor(value / 128))] : [value];
}

/** The same for an int32, whose last group holds the sign. */
function signed(value: number): Code {
  return value < -64 || value > 63 ? [value & 127 | 128, ...signed(value >> 7)] : [value & 127];
}

const vector = (code: number): Code => [0xfd, ...unsigned(code)];

export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number, value: Code): Code => [value, 0x21, ...unsigned(local)];
/** An address or count, below 2^32. */
export const int = (value: number): Code => [0x41, ...signed(value | 0)];
export const addInts = (a: Code, b: Code): Code => [a, b, 0x6a];
export const subInts = (a: Code, b: Code): Code => [a, b, 0x6b];
export const mulInts = (a: Code, b: Code): Code => [a, b, 0x6c];
/** The quotient of unsigned numbers. */
export const divInts = (a: Code, b: Code): Code => [a, b, 0x6e];
/** Whether `a` is below `b`, as unsigned numbers. */
export const below = (a: Code, b: Code): Code => [a, b, 0x49];
/** `a` where the condition is not 0. */
export const choose = (a: Code, b: Code, condition: Code): Code => [a, b, condition, 0x1b];

export const loadInt = (address: Code, offset = 0): Code => [address, 0x28, 2, ...unsigned(offset)];
export const storeInt = (address: Code, offset: number, value: Code): Code => {
  return [address, value, 0x36, 2, ...unsigned(offset)];
};
export const loadDouble = (address: Code, offset: number): Code => [address, 0x2b, 3, ...unsigned(offset)];
export const storeDouble = (address: Code, offset: number, value: Code): Code => {
  return [address, value, 0x39, 3, ...unsigned(offset)];
};
/** Two doubles at an address. */
export const load = (address: Code, offset: number): Code => [address, vector(0x00), 3, ...unsigned(offset)];
export const store = (address: Code, offset: number, value: Code): Code => {
  return [address, value, vector(0x0b), 3, ...unsigned(offset)];
};
/** A double at an address, twice. */
export const loadTwice = (address: Code, offset: number): Code => [address, vector(0x0a), 3, ...unsigned(offset)];
/** A float32 at an address as a double, twice. */
export const loadFloatTwice = (address: Code, offset: number): Code => {
  return [address, 0x2a, 2, ...unsigned(offset), 0xbb, vector(0x14)];
};

export const zero: Code = [vector(0x0c), ...new Array<number>(16).fill(0)];
export const add = (a: Code, b: Code): Code => [a, b, vector(0xf0)];
export const sub = (a: Code, b: Code): Code => [a, b, vector(0xf1)];
export const mul = (a: Code, b: Code): Code => [a, b, vector(0xf2)];
export const abs = (a: Code): Code => [a, vector(0xec)];
/** The greater of each two numbers, by one instruction of a processor; `a` for NaN. */
export const greater = (a: Code, b: Code): Code => [a, b, vector(0xf7)];
export const equal = (a: Code, b: Code): Code => [a, b, vector(0x47)];
export const select = (a: Code, b: Code, condition: Code): Code => [a, b, condition, vector(0x52)];
export const lane = (a: Code, index: number): Code => [a, vector(0x21), index];
export const twice = (double: Code): Code => [double, vector(0x14)];
/** The second of two numbers, twice. */
export const secondTwice = (pair: number): Code => {
  const half = [8, 9, 10, 11, 12, 13, 14, 15];
  return [get(pair), get(pair), vector(0x0d), half, half];
};
/** The sum of the two numbers of `a`, and that of `b`'s. */
export const sumsOf = (a: number, b: number): Code => {
  const [firsts, seconds] = [[0, 1, 2, 3, 4, 5, 6, 7], [8, 9, 10, 11, 12, 13, 14, 15]];
  const [fromB, secondsFromB] = [firsts.map((byte) => byte + 16), seconds.map((byte) => byte + 16)];
  return add(
    [get(a), get(b), vector(0x0d), firsts, fromB],
    [get(a), get(b), vector(0x0d), seconds, secondsFromB],
  );
};
export const addDoubles = (a: Code, b: Code): Code => [a, b, 0xa0];
export const mulDoubles = (a: Code, b: Code): Code => [a, b, 0xa2];

/** Writes zeros. */
export const clear = (address: Code, bytes: number): Code => [address, int(0), int(bytes), 0xfc, ...unsigned(11), 0];
/** Runs `body` where the condition is not 0. */
export const when = (condition: Code, body: Code): Code => [condition, 0x04, NOTHING, body, 0x0b];
/** The result of a function, by its place in the module. */
export const call = (index: number, ...parameters: readonly Code[]): Code => [parameters, 0x10, ...unsigned(index)];

/** Runs `body` for a local from its value on, by steps, while it is below `end`, as unsigned numbers. */
export function repeat(local: number, step: number, end: Code, body: Code): Code {
  const done = [get(local), end, 0x4f, 0x0d, 0]; // leaves the block
  const next = [set(local, addInts(get(local), int(step))), get(local), end, 0x49, 0x0d, 0];
  return [0x02, NOTHING, done, 0x03, NOTHING, body, next, 0x0b, 0x0b];
}

/** A function: its parameters are int32 and the first locals, then come `ints` int32, then `vectors` of two doubles. */
export interface WasmFunction {
  readonly name: string;
  readonly parameters: number;
  readonly ints: number;
  readonly vectors: number;
  /** Whether it returns a double. */
  readonly returns: boolean;
  readonly code: Code;
}

/** The memory of a module, which is imported as `own.memory`. */
export interface WasmMemory {
  /** In pages of 64 KiB; it has no more later. */
  readonly pages: number;
  /** Whether threads share it. */
  readonly shared: boolean;
}

/** A module that exports functions, and imports its memory. */
export function wasmModule(
  functions: readonly WasmFunction[],
  { pages, shared }: WasmMemory,
): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters, returns }): Code => [
    ...[0x60, parameters, ...new Array<number>(parameters).fill(I32)],
    ...(returns ? [1, F64] : [0]),
  ]);
  const bodies = functions.map(({ ints, vectors, code }) =>
    sized([2, ...unsigned(ints), I32, ...unsigned(vectors), V128, code, 0x0b])
  );
  const exported = functions.map(({ name }, i): Code => [text(name), 0x00, i]);
  return Uint8Array.from(flat([
    [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    section(1, types),
    section(2, [[text("own"), text("memory"), 0x02, shared ? 0x03 : 0x01, ...unsigned(pages), ...unsigned(pages)]]),
    section(3, functions.map((_, i) => [i])),
    section(7, exported),
    section(10, bodies),
  ]));
}

const text = (ascii: string): Code => [ascii.length, ...[...ascii].map((letter) => letter.charCodeAt(0))];
const section = (id: number, items: readonly Code[]): Code => [id, sized([...unsigned(items.length), ...items])];

function sized(code: Code): Code {
  const bytes = flat(code);
  return [...unsigned(bytes.length), bytes];
}

function flat(code: Code): number[] {
  return code.flatMap((part) => typeof part === "number" ? part : flat(part));
}
