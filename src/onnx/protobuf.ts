/**
 * Writes Protocol Buffers: the three wire types that ONNX models need.
 *
 * @module
 */

const VARINT = 0;
const BYTES = 2;
const FIXED32 = 5;

/** One message under construction. */
export class MessageWriter {
  readonly #chunks: Uint8Array[] = [];
  #length = 0;

  /** Writes a non-negative or negative integer field; negatives take ten bytes, as in int64. */
  int(field: number, value: number | bigint): this {
    return this.#tag(field, VARINT).#push(varint(BigInt.asUintN(64, BigInt(value))));
  }

  /** Writes a float field. */
  float(field: number, value: number): this {
    return this.#tag(field, FIXED32).#push(new Uint8Array(new Float32Array([value]).buffer));
  }

  /** Writes a bytes field. */
  bytes(field: number, value: Uint8Array): this {
    return this.#tag(field, BYTES).#push(varint(BigInt(value.length))).#push(value);
  }

  /** Writes a string field. */
  string(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  /** Writes a nested message. */
  message(field: number, value: MessageWriter): this {
    return this.bytes(field, value.finish());
  }

  /** The message's bytes. */
  finish(): Uint8Array<ArrayBuffer> {
    const result = new Uint8Array(this.#length);
    let offset = 0;
    for (const chunk of this.#chunks) {
      result.set(chunk, offset);
      offset += chunk.length;
    }
    return result;
  }

  #tag(field: number, wireType: number): this {
    return this.#push(varint(BigInt(field << 3 | wireType)));
  }

  #push(chunk: Uint8Array): this {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    return this;
  }
}

/** An unsigned integer in groups of seven bits, least significant first. */
function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return new Uint8Array(bytes);
}
