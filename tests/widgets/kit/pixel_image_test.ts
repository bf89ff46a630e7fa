import { deepEqual, equal } from "@std/assert";
import { crc32, inflateSync } from "node:zlib";
import { enlarged, type Pixels, pngUrl, type Rgba } from "../../../widgets/kit/pixel_image.ts";

/** The parts of a PNG file, their checksums proved by zlib's. */
function chunksOf(pixels: Pixels): Map<string, Uint8Array> {
  const bytes = Uint8Array.fromBase64(pngUrl(pixels).replace(/^data:image\/png;base64,/, ""));
  const view = new DataView(bytes.buffer);
  deepEqual([...bytes.subarray(0, 8)], [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]);
  const chunks = new Map<string, Uint8Array>();
  for (let at = 8; at < bytes.length;) {
    const length = view.getUint32(at);
    equal(crc32(bytes.subarray(at + 4, at + 8 + length)), view.getUint32(at + 8 + length));
    chunks.set(new TextDecoder().decode(bytes.subarray(at + 4, at + 8)), bytes.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  return chunks;
}

const PALETTE: readonly Rgba[] = [[1, 2, 3, 0], [4, 5, 6, 255], [7, 8, 9, 128]];

Deno.test("pngUrl() writes a palette with opacities and pixels of four bits", () => {
  const chunks = chunksOf({ width: 3, height: 2, palette: PALETTE, indices: Uint8Array.of(0, 1, 2, 2, 1, 0) });
  deepEqual([...chunks.keys()], ["IHDR", "PLTE", "tRNS", "IDAT", "IEND"]);
  deepEqual([...chunks.get("IHDR")!], [0, 0, 0, 3, 0, 0, 0, 2, 4, 3, 0, 0, 0]);
  deepEqual([...chunks.get("PLTE")!], [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  deepEqual([...chunks.get("tRNS")!], [0, 255, 128]);
  deepEqual([...inflateSync(chunks.get("IDAT")!)], [0, 0x01, 0x20, 0, 0x21, 0x00]);
});

Deno.test("pngUrl() writes more than 16 colours in eight bits, and no opacities where all are whole", () => {
  const palette = Array.from({ length: 17 }, (_, i) => [i, i, i] as const);
  const chunks = chunksOf({ width: 2, height: 1, palette, indices: Uint8Array.of(16, 3) });
  deepEqual([...chunks.keys()], ["IHDR", "PLTE", "IDAT", "IEND"]);
  equal(chunks.get("IHDR")![8], 8);
  deepEqual([...inflateSync(chunks.get("IDAT")!)], [0, 16, 3]);
});

Deno.test("pngUrl() writes pictures of more than one block of 65,535 bytes", () => {
  const indices = Uint8Array.from({ length: 512 * 400 }, (_, i) => i % 3);
  const data = inflateSync(chunksOf({ width: 512, height: 400, palette: PALETTE, indices }).get("IDAT")!);
  equal(data.length, 400 * 257);
  equal(data[1 + 257 * 399 + 100], ((512 * 399 + 200) % 3) * 16 + (512 * 399 + 201) % 3);
});

Deno.test("enlarged() makes squares of pixels", () => {
  const large = enlarged({ width: 2, height: 1, palette: PALETTE, indices: Uint8Array.of(1, 2) }, 2);
  deepEqual([large.width, large.height, [...large.indices]], [4, 2, [1, 1, 2, 2, 1, 1, 2, 2]]);
});
