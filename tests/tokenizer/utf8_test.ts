import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "@std/assert";
import { byteCharacter, pieceBytes } from "../../src/tokenizer/byte_level.ts";
import { decodeUtf8, displayBytes, placeCharacters } from "../../src/tokenizer/utf8.ts";
import { random } from "../checkpoint/random.ts";

/** Bytes that are often nearly UTF-8. */
function anyBytes(next: () => number): Uint8Array {
  const likely = [0x41, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xe0, 0xe2, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5];
  return Uint8Array.from({ length: Math.floor(next() * 10) }, () => {
    return next() < 0.8 ? likely[Math.floor(next() * likely.length)]! : Math.floor(next() * 256);
  });
}

Deno.test("placeCharacters() agrees with TextDecoder on every beginning of any bytes", () => {
  const next = random(21);
  for (let round = 0; round < 20_000; ++round) {
    const bytes = anyBytes(next);
    const text = decodeUtf8(bytes);
    const { starts, ends, length } = placeCharacters(bytes);
    equal(length, text.length);
    const characters = [...text];
    const places = [...new Set(Array.from(starts, (start, i) => `${start} ${ends[i]}`))];
    let end = 0;
    deepEqual(places, characters.map((character) => `${end} ${end += character.length}`));
  }
});

Deno.test("displayBytes() shows valid text as it is", () => {
  for (const text of ["", "a", "é日😀\ufeff\ufffd\0", " \n"]) equal(displayBytes(new TextEncoder().encode(text)), text);
});

Deno.test("displayBytes() never invents a replacement character", () => {
  const next = random(22);
  for (let round = 0; round < 5000; ++round) {
    const bytes = anyBytes(next);
    const genuine = bytes.some((byte, i) => byte === 0xef && bytes[i + 1] === 0xbf);
    ok(genuine || !displayBytes(bytes).includes("\ufffd"));
  }
});

Deno.test("displayBytes() writes stray bytes in hexadecimal, next to characters", () => {
  equal(displayBytes(Uint8Array.of(0x20, 0xf0, 0x9f, 0x61, 0x80, 0xc3, 0xa9, 0x0a)), " \\xF0\\x9Fa\\x80é\n");
});

Deno.test("pieceBytes() reads GPT-2's characters for bytes", () => {
  deepEqual([...pieceBytes("ĠaĊÃ©Ń")], [0x20, 0x61, 0x0a, 0xc3, 0xa9, 0xad]);
  for (let byte = 0; byte < 256; ++byte) deepEqual([...pieceBytes(byteCharacter(byte))], [byte]);
});

Deno.test("pieceBytes() reads other pieces as UTF-8", () => {
  deepEqual(pieceBytes("a b"), new TextEncoder().encode("a b"));
  deepEqual(pieceBytes("日"), new TextEncoder().encode("日"));
});
