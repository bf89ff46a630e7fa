import { equal } from "@std/assert";
import { crc32 as zlib } from "node:zlib";
import { crc32 } from "../../src/base/crc32.ts";
import { random } from "../checkpoint/random.ts";

Deno.test("crc32() equals zlib's, of any length and in parts", () => {
  equal(crc32(new TextEncoder().encode("123456789")), 0xCBF4_3926); // the check value of CRC-32/ISO-HDLC
  const next = random(1);
  const bytes = Uint8Array.from({ length: 67 }, () => next() * 256);
  for (let end = 0; end <= bytes.length; ++end) {
    const expected = zlib(bytes.subarray(0, end));
    equal(crc32(bytes.subarray(0, end)), expected);
    const middle = Math.floor(end / 3);
    equal(crc32(bytes.subarray(middle, end), crc32(bytes.subarray(0, middle))), expected);
  }
});
