/**
 * Writes Protocol Buffers: the three wire types that ONNX models need.
 *
 * @module
 */

const VARINT = 0;
const BYTES = 2;
const FIXED32 = 5;
const UTF_8 = new TextEncoder();

/** One message under construction. */
export class MessageWriter {
  #bytes = new Uint8Array(64);
  #length = 0;

  /** Writes a non-negative or negative integer field; negatives take ten bytes, as in int64. */
  int(field: number, value: number | bigint): this {
    this.#tag(field, VARINT);
    if (typeof value === "number" && value >= 0 && Number.isSafeInteger(value)) return this.#varint(value);
    return this.#bigVarint(BigInt.asUintN(64, BigInt(value)));
  }

  /** Writes a float field. */
  float(field: number, value: number): this {
    this.#tag(field, FIXED32);
    const at = this.#grow(4);
    new DataView(this.#bytes.buffer).setFloat32(at, value, true);
    return this;
  }

  /** Writes a bytes field. */
  bytes(field: number, value: Uint8Array): this {
    this.#tag(field, BYTES).#varint(value.length);
    const at = this.#grow(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** Writes a string field. */
  string(field: number, value: string): this {
    const start = this.#length;
    this.#tag(field, BYTES).#varint(value.length);
    const at = this.#grow(value.length);
    for (let i = 0; i < value.length; ++i) {
      const unit = value.charCodeAt(i);
      if (unit > 127) { // thousands of names are ASCII, and an encoder takes longer to be called than to encode one
        this.#length = start;
        return this.bytes(field, UTF_8.encode(value));
      }
      this.#bytes[at + i] = unit;
    }
    return this;
  }

  /** Writes a nested message: what `write` writes. */
  message(field: number, write: (message: this) => void): this {
    this.#tag(field, BYTES);
    const start = this.#grow(1); // the length, which is seldom more than 127
    write(this);
    const size = this.#length - start - 1;
    let more = 0; // how many bytes the length takes beside the one
    for (let rest = size; rest > 127; rest = Math.floor(rest / 128)) ++more;
    this.#grow(more);
    if (more > 0) this.#bytes.copyWithin(start + 1 + more, start + 1, start + 1 + size);
    const end = this.#length;
    this.#length = start;
    this.#varint(size);
    this.#length = end;
    return this;
  }

  /** The message's bytes. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  #tag(field: number, wireType: number): this {
    return this.#varint(field << 3 | wireType);
  }

  /** A non-negative integer in groups of seven bits, least significant first. */
  #varint(value: number): this {
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.#push(rest % 128 | 128);
    return this.#push(rest);
  }

  /** The same for an integer that a `number` may not hold. */
  #bigVarint(value: bigint): this {
    let rest = value;
    for (; rest > 127n; rest >>= 7n) this.#push(Number(rest & 127n) | 128);
    return this.#push(Number(rest));
  }

  #push(byte: number): this {
    const at = this.#grow(1);
    this.#bytes[at] = byte;
    return this;
  }

  /** Makes room for more bytes and returns where they begin. */
  #grow(count: number): number {
    const start = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length));
      larger.set(this.#bytes.subarray(0, start));
      this.#bytes = larger;
    }
    return start;
  }
}
