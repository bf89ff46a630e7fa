import { deepStrictEqual as deepEqual, rejects, strictEqual as equal, throws } from "@std/assert";
import { openBytes, openFile } from "../../src/checkpoint/byte_source.ts";

const BYTES = Uint8Array.from({ length: 100 }, (_, i) => i);

async function withFile(use: (path: string, folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await Deno.writeFile(`${folder}/bytes.bin`, BYTES);
    await use(`${folder}/bytes.bin`, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("openFile() reads any range, in any order, at the same time", () =>
  withFile(async (path) => {
    const source = await openFile(path);
    equal(source.size, 100);
    const ranges = [[90, 100], [0, 3], [50, 50], [0, 100]] as const;
    const read = await Promise.all(ranges.map(([start, end]) => source.read(start, end)));
    ranges.forEach(([start, end], i) => deepEqual(read[i], BYTES.slice(start, end)));
    const target = new Uint8Array(2);
    source.readInto(7, target);
    deepEqual([...target], [7, 8]);
    source.close();
  }));

Deno.test("openFile() follows symbolic links and takes file URLs", () =>
  withFile(async (path, folder) => {
    await Deno.symlink(path, `${folder}/link.bin`);
    const source = await openFile(new URL(`file://${folder}/link.bin`));
    equal(source.path, path);
    deepEqual(await source.read(1, 2), Uint8Array.of(1));
    source.close();
  }));

Deno.test("openFile() reads beyond 4 GiB", async () => {
  const path = await Deno.makeTempFile();
  try {
    using file = await Deno.open(path, { write: true });
    const start = 5 * 2 ** 30;
    await file.truncate(start); // sparse, takes no room
    await file.seek(start, Deno.SeekMode.Start);
    await file.write(Uint8Array.of(1, 2, 3));
    const source = await openFile(path);
    equal(source.size, start + 3);
    deepEqual(await source.read(start - 1, start + 3), Uint8Array.of(0, 1, 2, 3));
    source.close();
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("openFile() says which file is missing", async () => {
  await rejects(openFile("no/such/model.safetensors"), {
    name: "Error",
    message:
      "Cannot open no/such/model.safetensors as there is no such file; check the path, or load the model by its id",
  });
});

Deno.test("openFile() refuses a directory", async () => {
  await rejects(openFile("tests"), {
    name: "Error",
    message: "Cannot open tests as a file: it is a directory or a device",
  });
});

Deno.test({
  name: "openFile() says which permission is missing",
  permissions: { read: false },
  async fn() {
    await rejects(openFile("deno.json"), {
      name: "Error",
      message: "Cannot open deno.json as reading is not permitted; run Deno with --allow-read",
    });
  },
});

Deno.test("ByteSource.read() notices a file that became shorter", () =>
  withFile(async (path) => {
    const source = await openFile(path);
    await Deno.truncate(path, 40);
    await rejects(source.read(0, 100), {
      name: "Error",
      message: `Cannot read ${path} to the end: it had 100 bytes when opened and has 40 now`,
    });
    source.close();
  }));

Deno.test("openBytes() reads any range, as a copy", async () => {
  const source = openBytes("numbers", BYTES);
  const copy = await source.read(10, 12);
  copy[0] = 99;
  deepEqual(await source.read(10, 12), Uint8Array.of(10, 11));
  equal(source.path, undefined);
});

const RANGES = [[-1, 2], [0, 101], [5, 4], [0.5, 2], [NaN, 2], [2, Infinity]] as const;
for (const [start, end] of RANGES) {
  Deno.test(`ByteSource.read() refuses bytes ${start} to ${end} of 100`, async () => {
    await rejects(openBytes("numbers", BYTES).read(start, end), {
      name: "RangeError",
      message: `Cannot read bytes ${start} to ${end} of numbers as it has 100 bytes`,
    });
  });
}

Deno.test("ByteSource.readInto() refuses a range outside", () => {
  throws(() => openBytes("numbers", BYTES).readInto(99, new Uint8Array(2)), {
    name: "RangeError",
    message: "Cannot read bytes 99 to 101 of numbers as it has 100 bytes",
  });
});

Deno.test("ByteSource.close() can be called twice, and reading then fails", () =>
  withFile(async (path) => {
    for (const source of [await openFile(path), openBytes(path, BYTES)]) {
      source.close();
      source.close();
      const error = { name: "Error", message: `Cannot read ${path} as it is closed` };
      await rejects(source.read(0, 1), error);
      throws(() => source.readInto(0, new Uint8Array(1)), error);
    }
  }));
