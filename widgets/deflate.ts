/**
 * Compression as a PNG needs it (RFC 1950 and 1951): matches and the fixed codes, so that it is small, works at once
 * everywhere and gives the same bytes everywhere.
 *
 * @module
 */

/** The least and the most length of a match, and the most distance. */
const LEAST = 3;
const MOST = 258;
const WINDOW = 32768;

/** For each code of a length or a distance: the first value, and how many bits follow (RFC 1951, 3.2.5). */
function ranges(count: number, perStep: number, first: number): { base: number; bits: number }[] {
  let base = first;
  return Array.from({ length: count }, (_, code) => {
    const bits = Math.max(0, Math.floor(code / perStep) - 1);
    const range = { base, bits };
    base += 1 << bits;
    return range;
  });
}

const LENGTHS = [...ranges(28, 4, LEAST), { base: MOST, bits: 0 }];
const DISTANCES = ranges(30, 2, 1);

function codeOf(table: readonly { base: number }[], value: number): number {
  return table.findLastIndex(({ base }) => base <= value);
}

/** Bits, the first in the lowest place of a byte. */
class Bits {
  readonly #bytes: number[] = [];
  #rest = 0;
  #count = 0;

  /** Adds the `count` lowest bits of a number. */
  number(value: number, count: number): void {
    for (let bit = 0; bit < count; ++bit) {
      this.#rest |= ((value >>> bit) & 1) << this.#count;
      if (++this.#count < 8) continue;
      this.#bytes.push(this.#rest);
      this.#rest = this.#count = 0;
    }
  }

  /** Adds a fixed Huffman code, whose highest bit comes first. */
  code(value: number, count: number): void {
    for (let bit = count - 1; bit >= 0; --bit) this.number(value >>> bit, 1);
  }

  /** A literal, the end, or the code of a length (RFC 1951, 3.2.6). */
  symbol(symbol: number): void {
    if (symbol < 144) this.code(0x30 + symbol, 8);
    else if (symbol < 256) this.code(0x190 + symbol - 144, 9);
    else if (symbol < 280) this.code(symbol - 256, 7);
    else this.code(0xC0 + symbol - 280, 8);
  }

  /** All bytes. */
  finish(): Uint8Array {
    return Uint8Array.from(this.#count > 0 ? [...this.#bytes, this.#rest] : this.#bytes);
  }
}

function matchLength(bytes: Uint8Array, at: number, from: number): number {
  let length = 0;
  while (length < MOST && at + length < bytes.length && bytes[at + length] === bytes[from + length]) ++length;
  return length;
}

function writeMatch(bits: Bits, length: number, distance: number): void {
  const long = codeOf(LENGTHS, length);
  bits.symbol(257 + long);
  bits.number(length - LENGTHS[long]!.base, LENGTHS[long]!.bits);
  const far = codeOf(DISTANCES, distance);
  bits.code(far, 5);
  bits.number(distance - DISTANCES[far]!.base, DISTANCES[far]!.bits);
}

/** Adler-32 of RFC 1950. */
function adler32(bytes: Uint8Array): number {
  let [low, high] = [1, 0];
  for (const byte of bytes) {
    low = (low + byte) % 65521;
    high = (high + low) % 65521;
  }
  return ((high << 16) | low) >>> 0;
}

/**
 * Bytes as a zlib stream of one block.
 *
 * @param bytes Any bytes.
 * @returns What `inflate` makes the same bytes of.
 */
export function deflate(bytes: Uint8Array): Uint8Array {
  const bits = new Bits();
  const last = new Map<number, number>();
  const seen = (at: number) => bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
  bits.number(0b011, 3); // the last block, with fixed codes
  for (let at = 0; at < bytes.length;) {
    const from = at + 2 < bytes.length ? last.get(seen(at)) : undefined;
    const length = from === undefined || at - from > WINDOW ? 0 : matchLength(bytes, at, from);
    if (from !== undefined && length >= LEAST) writeMatch(bits, length, at - from);
    else bits.symbol(bytes[at]!);
    for (const end = at + Math.max(1, length); at < end; ++at) if (at + 2 < bytes.length) last.set(seen(at), at);
  }
  bits.symbol(256);
  const check = adler32(bytes);
  const content = bits.finish();
  const stream = new Uint8Array(content.length + 6);
  stream.set([0x78, 0x01]);
  stream.set(content, 2);
  stream.set([check >>> 24, (check >>> 16) & 255, (check >>> 8) & 255, check & 255], content.length + 2);
  return stream;
}
