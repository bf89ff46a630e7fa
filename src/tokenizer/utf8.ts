/**
 * Where characters begin and end in bytes that need not be valid UTF-8.
 *
 * @module
 */

/** The bytes that become one character, or one replacement character when they are no valid UTF-8. */
interface Segment {
  /** How many bytes. */
  readonly bytes: number;
  /** How many UTF-16 code units the character takes. */
  readonly units: 1 | 2;
  /** Whether the bytes are a character. */
  readonly valid: boolean;
}

/** For each byte, where the character that it belongs to stands in the decoded string. */
export interface CharacterPlaces {
  /** The first UTF-16 code unit of the character, for each byte. */
  readonly starts: Uint32Array;
  /** The code unit after the character, for each byte. */
  readonly ends: Uint32Array;
  /** How many UTF-16 code units the whole string has. */
  readonly length: number;
  /** How many bytes at the end may be the beginning of a character that further bytes complete, 3 at most. */
  readonly unfinished: number;
}

/**
 * Places each byte in the string that `TextDecoder` makes of the bytes.
 *
 * @param bytes The bytes, valid UTF-8 or not.
 * @returns One place for each byte.
 */
export function placeCharacters(bytes: Uint8Array): CharacterPlaces {
  const starts = new Uint32Array(bytes.length);
  const ends = new Uint32Array(bytes.length);
  let length = 0;
  let unfinished = 0;
  for (let i = 0; i < bytes.length;) {
    const segment = segmentAt(bytes, i);
    if (!segment.valid && i + segment.bytes === bytes.length) unfinished = segment.bytes;
    starts.fill(length, i, i + segment.bytes);
    length += segment.units;
    ends.fill(length, i, i + segment.bytes);
    i += segment.bytes;
  }
  return { starts, ends, length, unfinished };
}

/**
 * Writes bytes for human eyes: characters as they are, bytes that are no character as `\xE2`.
 *
 * @param bytes The bytes, valid UTF-8 or not.
 * @returns The text, without replacement characters other than those in the bytes.
 */
export function displayBytes(bytes: Uint8Array): string {
  let text = "";
  let shown = 0;
  for (let i = 0; i < bytes.length;) {
    const segment = segmentAt(bytes, i);
    const end = i + segment.bytes;
    if (!segment.valid) {
      text += decodeUtf8(bytes.subarray(shown, i)) + Array.from(bytes.subarray(i, end), escapeByte).join("");
      shown = end;
    }
    i = end;
  }
  return text + decodeUtf8(bytes.subarray(shown));
}

/**
 * Decodes UTF-8. What is not valid becomes U+FFFD; a byte order mark is a character like any other.
 *
 * @param bytes The bytes, valid UTF-8 or not.
 * @returns The text.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** A byte as two hexadecimal digits, such as `0A`. */
export function hexByte(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, "0");
}

const escapeByte = (byte: number) => `\\x${hexByte(byte)}`;

/**
 * The decoder of https://encoding.spec.whatwg.org/#utf-8-decoder: a sequence that breaks off counts as one
 * replacement character as far as it was valid, and the byte that broke it begins anew.
 */
function segmentAt(bytes: Uint8Array, start: number): Segment {
  const lead = bytes[start] ?? 0;
  if (lead < 0x80) return { bytes: 1, units: 1, valid: true };
  const following = lead >= 0xc2 && lead <= 0xdf
    ? 1
    : lead >= 0xe0 && lead <= 0xef
    ? 2
    : lead >= 0xf0 && lead <= 0xf4
    ? 3
    : 0;
  if (following === 0) return { bytes: 1, units: 1, valid: false };
  // the second byte rules out overlong forms, surrogates and what is beyond U+10FFFF
  let lower = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  let upper = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  for (let n = 1; n <= following; ++n) {
    const byte = bytes[start + n];
    if (byte === undefined || byte < lower || byte > upper) return { bytes: n, units: 1, valid: false };
    lower = 0x80;
    upper = 0xbf;
  }
  return { bytes: 1 + following, units: following === 3 ? 2 : 1, valid: true };
}
