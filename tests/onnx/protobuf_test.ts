import { deepEqual, equal, throws } from "@std/assert";
import { MessageWriter } from "../../src/onnx/protobuf.ts";
import { random } from "../checkpoint/random.ts";
import { messagesOf, readMessage, stringsOf, type WireField } from "../support/protobuf_reader.ts";

// The first three are the examples of https://protobuf.dev/programming-guides/encoding
const VARINTS: readonly (readonly [number | bigint, readonly number[]])[] = [
  [1, [0x01]],
  [150, [0x96, 0x01]],
  [-2, [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
  [0, [0x00]],
  [127, [0x7f]],
  [128, [0x80, 0x01]],
  [16383, [0xff, 0x7f]],
  [16384, [0x80, 0x80, 0x01]],
  [2 ** 32, [0x80, 0x80, 0x80, 0x80, 0x10]],
  [Number.MAX_SAFE_INTEGER, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]],
  [-1, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
  [2n ** 63n - 1n, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]],
  [-(2n ** 63n), [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]],
];

for (const [value, bytes] of VARINTS) {
  Deno.test(`MessageWriter.int() writes ${value} in ${bytes.length} bytes`, () => {
    deepEqual([...new MessageWriter().int(1, value).finish()], [0x08, ...bytes]);
    deepEqual(readMessage(new MessageWriter().int(1, value).finish()), [{ field: 1, value: BigInt(value) }]);
  });
}

Deno.test("MessageWriter.int() refuses a fraction", () => {
  throws(() => new MessageWriter().int(1, 1.5), { name: "RangeError" });
});

Deno.test("MessageWriter writes a field number above 15 in two bytes", () => {
  deepEqual([...new MessageWriter().int(20, 1).finish()], [0xa0, 0x01, 0x01]);
});

Deno.test("MessageWriter.float() writes four little-endian bytes", () => {
  deepEqual([...new MessageWriter().float(2, -1.5).finish()], [0x15, 0, 0, 0xc0, 0xbf]);
});

Deno.test("MessageWriter.string() writes UTF-8 with its length in bytes", () => {
  deepEqual([...new MessageWriter().string(1, "é").finish()], [0x0a, 2, 0xc3, 0xa9]);
  deepEqual([...new MessageWriter().string(1, "").finish()], [0x0a, 0]);
});

Deno.test("MessageWriter.message() nests what the inner message holds", () => {
  const outer = new MessageWriter().message(3, (inner) => inner.int(1, 150)).message(3, () => {}).finish();
  deepEqual([...outer], [0x1a, 3, 0x08, 0x96, 0x01, 0x1a, 0]);
});

Deno.test("MessageWriter.message() nests a message of 200 000 fields", () => {
  const writeAll = (inner: MessageWriter) => {
    for (let i = 0; i < 200_000; ++i) inner.int(1, 1);
  };
  equal(new MessageWriter().message(1, writeAll).finish().length, 400_000 + 1 + 3);
});

Deno.test("MessageWriter.finish() may be called again after more is written", () => {
  const writer = new MessageWriter().int(1, 1);
  equal(writer.finish().length, 2);
  deepEqual([...writer.int(2, 3).finish()], [0x08, 1, 0x10, 3]);
});

Deno.test("MessageWriter writes what a reader reads, for random messages", () => {
  const uniform = random(11);
  const whole = (below: number) => Math.floor(uniform() * below);
  const text = () => String.fromCodePoint(...Array.from({ length: whole(200) }, () => whole(0xd800)));

  for (let round = 0; round < 300; ++round) {
    const writes: ((writer: MessageWriter) => void)[] = [];
    const expected: WireField[] = Array.from({ length: whole(8) }, () => {
      const field = 1 + whole(2 ** 20);
      const kind = whole(3);
      if (kind === 0) {
        const value = BigInt.asIntN(64, BigInt(whole(2 ** 32)) << BigInt(whole(64))) * (whole(2) ? 1n : -1n);
        writes.push((writer) => writer.int(field, value));
        return { field, value: BigInt.asIntN(64, value) };
      }
      if (kind === 1) {
        const value = Math.fround(uniform() * 1e6 - 5e5);
        writes.push((writer) => writer.float(field, value));
        return { field, value };
      }
      const value = text();
      writes.push((writer) => writer.string(field, value));
      return { field, value: new TextEncoder().encode(value) };
    });
    const writeAll = (writer: MessageWriter) => writes.forEach((write) => write(writer));
    const writer = new MessageWriter();
    writeAll(writer);
    const bytes = writer.finish();
    const nested = new MessageWriter().message(9, writeAll).string(1, "end").finish();
    deepEqual(plain(readMessage(bytes)), plain(expected));
    deepEqual(plain(messagesOf(readMessage(nested), 9)[0]!), plain(expected));
    deepEqual(stringsOf(readMessage(nested), 1), ["end"]);
  }
});

function plain(fields: readonly WireField[]) {
  return fields.map(({ field, value }) => ({ field, value: value instanceof Uint8Array ? [...value] : value }));
}
