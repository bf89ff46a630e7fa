/** Files of results as another program could write them. */
import { openBytes } from "../../../src/checkpoint/byte_source.ts";
import { readSafetensorsFile } from "../../../src/checkpoint/safetensors.ts";
import { layOutSafetensors, type StorableTensor } from "../../../src/checkpoint/write_safetensors.ts";

/** Tensors by name. */
export type Tensors = Readonly<Record<string, StorableTensor>>;

/** A file with a document and tensors of the test's choice, without a checksum. */
export function fileOf(document: unknown, tensors: Tensors = {}, more = {}): Uint8Array {
  const text = typeof document === "string" ? document : JSON.stringify(document);
  const metadata = { format: "looking-glass-results", version: "1", document: text, ...more };
  const { header, data } = layOutSafetensors(new Map(Object.entries(tensors)), () => metadata);
  const bytes = new Uint8Array(data.reduce((sum, { length }) => sum + length, header.length));
  [header, ...data].reduce((end, part) => (bytes.set(part, end), end + part.length), 0);
  return bytes;
}

/** The document of a file with one result, `x`. */
export function documentOf(value: unknown, kind = "data", shared: unknown[] = []) {
  return { package: "0.1.0", kinds: { x: kind }, results: { x: value }, shared };
}

/** The document of a file, and its tensors. */
export async function partsOf(bytes: Uint8Array): Promise<{ document: string; tensors: Tensors }> {
  const { metadata, tensors } = await readSafetensorsFile(openBytes("results", bytes));
  const arrays = Object.fromEntries([...tensors].map(([name, { dtype, shape, start, end }]) => {
    const { buffer } = bytes.slice(start, end);
    const data = dtype === "F32"
      ? new Float32Array(buffer)
      : dtype === "I32"
      ? new Int32Array(buffer)
      : new Float64Array(buffer);
    return [name, { data, shape }];
  }));
  return { document: metadata.get("document")!, tensors: arrays };
}
