import { safetensorsFile } from "../checkpoint/safetensors_file.ts";
import { checkpointCopy } from "./goldens.ts";

/** The checkpoint `name` with a buffer that makes its file larger than those that are widened at each start. */
export async function largeCheckpoint(name: string) {
  const copy = await checkpointCopy(name, async (directory) => {
    const path = `${directory}/model.safetensors`;
    const bytes = await Deno.readFile(path);
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    const data = bytes.subarray(8 + length);
    const size = 2 ** 26;
    header["h.0.attn.bias"] = { dtype: "U8", shape: [size], data_offsets: [data.length, data.length + size] };
    const file = safetensorsFile(header, data);
    await Deno.writeFile(path, file);
    await Deno.truncate(path, file.length + size);
  });
  return copy;
}
