/**
 * Loops of the code of coordinate descent.
 *
 * @module
 */
import { DOUBLE, ENTRY, type Layout } from "./descent_layout.ts";
import { addInts, type Code, get, int, loadFloatTwice, loadInt, mulInts, repeat, set } from "./wasm_code.ts";

/** The bytes of two doubles. */
export const PAIR = 2 * DOUBLE;

/** Code for each pair of doubles of a block, from one on. */
export function eachPair({ block }: Layout, code: (index: number) => Code, first = 0): Code[] {
  return Array.from({ length: block / 2 - first }, (_, index) => code(first + index));
}

/**
 * Runs `body` for each block of a row, whose offset in bytes is a local. Of a single one it is a constant, as what is at an
 * address that is known needs no check that it is within the memory.
 */
export function eachBlock({ stride, block }: Layout, offset: number, body: (offset: Code) => Code): Code {
  if (stride === block) return body(int(0));
  return [set(offset, int(0)), repeat(offset, block * DOUBLE, int(stride * DOUBLE), body(get(offset)))];
}

/**
 * Runs `body` for each entry of a neuron, four at a time and then two; `row` becomes the offset of the token's row, and
 * some more.
 */
export function eachEntry(
  { starts }: Layout,
  locals: { readonly [name in "neuron" | "entry" | "end" | "row" | "activation"]: number },
  more: Code | undefined,
  body: Code,
): Code {
  const { neuron, entry, end, row, activation } = locals;
  const start = mulInts(get(neuron), int(4));
  const one = (at: number): Code => {
    const token = loadInt(get(entry), at);
    return [
      set(row, more ? addInts(token, more) : token),
      set(activation, loadFloatTwice(get(entry), at + 4)),
      body,
    ];
  };
  const some = (count: number) => Array.from({ length: count }, (_, i) => one(i * ENTRY));
  return [
    set(entry, loadInt(start, starts)),
    set(end, loadInt(start, starts + 4)),
    repeat(entry, 4 * ENTRY, addInts(get(end), int(-3 * ENTRY)), some(4)),
    repeat(entry, 2 * ENTRY, get(end), some(2)),
  ];
}
