import { safetensorsFile } from "../checkpoint/safetensors_file.ts";

type Bytes = Uint8Array<ArrayBuffer>;
type Header = Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;

/** Splits a safetensors file into several, as `save_pretrained(max_shard_size)` does, with the index beside them. */
export function split(file: Bytes, count: number): Record<string, Bytes> {
  const length = Number(new DataView(file.buffer).getBigUint64(0, true));
  const { __metadata__: _, ...header } = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
  const entries = Object.entries(header as Header);
  const weightMap: Record<string, string> = {};
  const files: Record<string, Bytes> = {};
  for (let i = 0; i < count; ++i) {
    const number = (n: number) => String(n).padStart(5, "0");
    const name = `model-${number(i + 1)}-of-${number(count)}.safetensors`;
    const part = entries.slice(Math.floor(i * entries.length / count), Math.floor((i + 1) * entries.length / count));
    for (const [tensor] of part) weightMap[tensor] = name;
    files[name] = join(part, file.subarray(8 + length));
  }
  const index = { metadata: { "total_size": file.length - 8 - length }, "weight_map": weightMap };
  files["model.safetensors.index.json"] = new TextEncoder().encode(JSON.stringify(index));
  return files;
}

function join(entries: [string, Header[string]][], data: Bytes): Bytes {
  let offset = 0;
  const parts: Bytes[] = [];
  const header = Object.fromEntries(entries.map(([name, entry]) => {
    const [start, end] = entry.data_offsets;
    parts.push(data.subarray(start, end));
    return [name, { ...entry, data_offsets: [offset, offset += end - start] }];
  }));
  return safetensorsFile(header, new Uint8Array(parts.flatMap((part) => [...part])));
}
