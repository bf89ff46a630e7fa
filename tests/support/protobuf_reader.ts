/** Reads Protocol Buffers, written for the tests alone. The format: https://protobuf.dev/programming-guides/encoding */

/** One field: its number and what the wire holds. Fixed 32-bit fields are read as floats. */
export interface WireField {
  readonly field: number;
  readonly value: bigint | number | Uint8Array;
}

/** The fields of a message, in the order of the wire. */
export function readMessage(bytes: Uint8Array): readonly WireField[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields: WireField[] = [];
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n;; shift += 7n) {
      const byte = view.getUint8(at++);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const field = tag >>> 3;
    switch (tag & 7) {
      case 0:
        fields.push({ field, value: BigInt.asIntN(64, varint()) });
        break;
      case 2: {
        const length = Number(varint());
        if (at + length > bytes.length) throw new RangeError(`Cannot read field ${field} as it ends too early`);
        fields.push({ field, value: bytes.subarray(at, at += length) });
        break;
      }
      case 5:
        fields.push({ field, value: view.getFloat32(at, true) });
        at += 4;
        break;
      default:
        throw new SyntaxError(`Cannot read wire type ${tag & 7} of field ${field}`);
    }
  }
  return fields;
}

/** All values of one field. */
export function valuesOf(message: readonly WireField[], field: number): readonly WireField["value"][] {
  return message.filter((entry) => entry.field === field).map(({ value }) => value);
}

/** The nested messages of one field. */
export function messagesOf(message: readonly WireField[], field: number): readonly (readonly WireField[])[] {
  return valuesOf(message, field).map((value) => readMessage(value as Uint8Array));
}

/** The strings of one field. */
export function stringsOf(message: readonly WireField[], field: number): readonly string[] {
  return valuesOf(message, field).map((value) => new TextDecoder().decode(value as Uint8Array));
}
