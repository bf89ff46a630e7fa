/** Writes a safetensors file: the length of the header, the header, the data. */
export function safetensorsFile(header: unknown, data: Uint8Array | number = 0): Uint8Array<ArrayBuffer> {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  return safetensorsBytes(new TextEncoder().encode(text), typeof data === "number" ? new Uint8Array(data) : data);
}

/** Writes a safetensors file around a header of any bytes, which may lie about its length. */
export function safetensorsBytes(
  header: Uint8Array,
  data: Uint8Array,
  length: number | bigint = header.length,
): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(8 + header.length + data.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(length), true);
  file.set(header, 8);
  file.set(data, 8 + header.length);
  return file;
}
