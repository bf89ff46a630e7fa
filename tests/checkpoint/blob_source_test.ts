import { deepEqual, equal, rejects, throws } from "@std/assert";
import { openBlob } from "../../src/checkpoint/blob_source.ts";

const open = () => openBlob("five", new Blob([Uint8Array.of(1, 2), Uint8Array.of(3, 4, 5)]));

Deno.test("openBlob() reads ranges, before it is loaded, while it is, and after", async () => {
  const source = open();
  equal(source.size, 5);
  const target = new Uint8Array(3);
  for (const loaded of [false, true, false]) {
    if (loaded) await source.load!();
    else source.unload!();
    deepEqual(await source.read(1, 4), Uint8Array.of(2, 3, 4));
    deepEqual(await source.read(5, 5), new Uint8Array(0));
    if (loaded) source.readInto(2, target);
    else throws(() => source.readInto(2, target), { message: "Cannot read five at once as it is not loaded" });
  }
  deepEqual(target, Uint8Array.of(3, 4, 5));
});

Deno.test("openBlob() hands out bytes of its own", async () => {
  const source = open();
  await source.load!();
  (await source.read(0, 2)).fill(9);
  deepEqual(await source.read(0, 2), Uint8Array.of(1, 2));
});

Deno.test("openBlob() refuses wrong ranges, and to be read when it is closed", async () => {
  const source = open();
  for (const [start, end] of [[-1, 1], [0, 6], [3, 2], [0.5, 1]] as const) {
    await rejects(source.read(start, end), {
      name: "RangeError",
      message: `Cannot read bytes ${start} to ${end} of five as it has 5 bytes`,
    });
  }
  await source.load!();
  source.close();
  source.close();
  await rejects(source.read(0, 1), { name: "Error", message: "Cannot read five as it is closed" });
  throws(() => source.readInto(0, new Uint8Array(1)), { name: "Error" });
});
