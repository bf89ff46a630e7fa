/**
 * GPT-2 writes every byte as one printable character, so that a vocabulary entry is a plain string: a space is `Ġ`,
 * a line feed is `Ċ`, the two bytes of `é` are `Ã©`.
 * https://github.com/openai/gpt-2/blob/9b63575ef42771a015060c964af2c3da4cf7c8ab/src/encoder.py#L8-L28
 *
 * @module
 */

const isPrintable = (byte: number) => (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;

/** The character of each byte: itself when it is printable in Latin-1, else the next one from U+0100 on. */
const CHARACTERS: readonly string[] = (() => {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(isPrintable(byte) ? byte : next++));
})();

const ENCODER = new TextEncoder();

const BYTES: ReadonlyMap<string, number> = new Map(CHARACTERS.map((character, byte) => [character, byte]));

/**
 * The character that stands for a byte in a vocabulary entry.
 *
 * @param byte The byte, 0 to 255.
 * @returns The character.
 */
export function byteCharacter(byte: number): string {
  const character = CHARACTERS[byte];
  if (character === undefined) throw new RangeError(`Cannot write ${byte} as a byte`);
  return character;
}

/**
 * Writes the UTF-8 of a text as vocabulary entries have it.
 *
 * @param text The text.
 * @returns A character for each byte.
 */
export function byteCharacters(text: string): string {
  let piece = "";
  for (let i = 0; i < text.length; ++i) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) {
      for (const byte of ENCODER.encode(text.slice(i))) piece += CHARACTERS[byte];
      return piece;
    }
    piece += CHARACTERS[unit];
  }
  return piece;
}

/**
 * The bytes that a vocabulary entry stands for.
 *
 * @param piece The entry, such as `Ġkeys`.
 * @returns Its bytes; the UTF-8 of the entry itself when it is not made of byte characters, as in the Rust tokenizers.
 */
export function pieceBytes(piece: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(piece.length);
  for (let i = 0; i < piece.length; ++i) {
    const byte = BYTES.get(piece.charAt(i));
    if (byte === undefined) return ENCODER.encode(piece);
    bytes[i] = byte;
  }
  return bytes;
}
