import { deepEqual, equal, match, ok, rejects } from "@std/assert";
import { LanguageModel, type Progress } from "../../../mod.ts";
import { openFile } from "../../../src/checkpoint/byte_source.ts";
import { readSafetensors, type TensorEntry } from "../../../src/checkpoint/safetensors.ts";
import type { Unkept } from "../../../src/model/load/unkept.ts";
import { openWidened } from "../../../src/model/load/widened_weights.ts";
import { safetensorsFile } from "../../checkpoint/safetensors_file.ts";
import { checkpointCopy, maxAbsDifference, openGolden } from "../../support/goldens.ts";
import { largeCheckpoint } from "../../support/large_checkpoint.ts";

const PATTERNS = 2 ** 16;

/** A checkpoint with every number of both half-precision types, at odd offsets, and its cache. */
async function everyHalf() {
  const directory = await Deno.makeTempDir({ prefix: "looking-glass-" });
  const halves = new Uint8Array(Uint16Array.from({ length: PATTERNS }, (_, bits) => bits).buffer);
  const single = new Uint8Array(Float32Array.of(1.5, -2, 1e-40).buffer);
  const end = 1 + 2 * halves.length;
  const header = {
    "mask": { dtype: "U8", shape: [1], data_offsets: [0, 1] },
    "f16": { dtype: "F16", shape: [256, 256], data_offsets: [1, 1 + halves.length] },
    "bf16": { dtype: "BF16", shape: [PATTERNS], data_offsets: [1 + halves.length, end] },
    "f32": { dtype: "F32", shape: [3], data_offsets: [end, end + 12] },
  };
  const data = new Uint8Array([7, ...halves, ...halves, ...single]);
  const path = `${directory}/model.safetensors`;
  await Deno.writeFile(path, safetensorsFile(header, data));
  const source = await openFile(path);
  const all = await readSafetensors(source);
  const stored = new Map([...all].filter(([name]) => name !== "mask"));
  const folder = `${directory}/hub-float32`;
  const files = () => {
    try {
      return [...Deno.readDirSync(folder)].map(({ name }) => name);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  };
  let made = 0;
  const options = { folder, onMake: () => void ++made };
  return {
    ...{ path, stored, folder, files, options, count: () => made },
    async [Symbol.asyncDispose]() {
      source.close();
      await Deno.remove(directory, { recursive: true });
    },
  };
}

const openEntries = async (...asked: Parameters<typeof openWidened>) => (await openWidened(...asked))?.entries;

async function bitsOf(entry: TensorEntry): Promise<Uint32Array> {
  return new Uint32Array((await entry.source.read(entry.start, entry.end)).buffer);
}

/** The files of a folder that were made of a checkpoint, by what they say. */
async function keptOf(folder: string, path: string): Promise<string[]> {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  const texts = await Promise.all(names.map((name) => Deno.readTextFile(`${folder}/${name}`)));
  return names.filter((_, i) => texts[i]!.slice(0, 10_000).includes(path));
}

function close(entries: ReadonlyMap<string, TensorEntry> | undefined): void {
  for (const { source } of entries?.values() ?? []) source.close();
}

Deno.test("openWidened() writes every number of F16 and BF16 as the float32 that it is, and F32 as it stands", async () => {
  await using one = await everyHalf();
  const weights = (await openEntries(one.stored, one.options))!;
  deepEqual([...weights].map(([name, { dtype, shape }]) => [name, dtype, shape]), [
    ["f16", "F32", [256, 256]],
    ["bf16", "F32", [PATTERNS]],
    ["f32", "F32", [3]],
  ]);
  const [f16, bf16, f32] = await Promise.all([...weights.values()].map(bitsOf));
  const view = new DataView(new ArrayBuffer(4));
  let wrong = 0;
  for (let bits = 0; bits < PATTERNS; ++bits) {
    // IEEE 754 binary16, term by term; which of the NaNs a NaN becomes does not matter.
    const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, bits >> 10 & 31, bits & 1023];
    const special = fraction === 0 ? sign * Infinity : NaN;
    const finite = sign * (exponent === 0 ? fraction / 1024 * 2 ** -14 : (1 + fraction / 1024) * 2 ** (exponent - 15));
    view.setFloat32(0, exponent === 31 ? special : finite);
    const isNaN16 = exponent === 31 && fraction !== 0;
    const same = isNaN16 ? (f16![bits]! & 0x7fff_ffff) > 0x7f80_0000 : f16![bits] === view.getUint32(0);
    if (!same || bf16![bits] !== bits * PATTERNS) ++wrong;
  }
  equal(wrong, 0);
  deepEqual([...new Float32Array(f32!.buffer)], [1.5, -2, Math.fround(1e-40)]);
  close(weights);
});

Deno.test("openWidened() makes a file once, anew when the checkpoint changes, and anew when it is damaged", async () => {
  await using one = await everyHalf();
  const load = async () => {
    const weights = await openEntries(one.stored, one.options);
    const bits = await bitsOf(weights!.get("f32")!);
    close(weights);
    return [...bits];
  };
  const first = await load();
  match(one.files().join(), /^[0-9a-f]{64}\.safetensors$/);
  deepEqual([await load(), one.count()], [first, 1]);
  await Deno.truncate(`${one.folder}/${one.files()[0]}`, 1000);
  deepEqual([await load(), one.count()], [first, 2]);
  await Deno.utime(one.path, 1, 1);
  deepEqual([await load(), one.count()], [first, 3]);
  equal(one.files().length, 1); // that of the former contents is removed
});

Deno.test("openWidened() removes the files that belong to no checkpoint any more, and nothing else", async () => {
  await using one = await everyHalf();
  await using other = await everyHalf();
  await using gone = await everyHalf();
  for (const { stored } of [other, gone]) close(await openEntries(stored, one.options));
  const [kept] = await keptOf(one.folder, other.path);
  await Deno.remove(gone.path);
  const name = (digit: string) => `${digit.repeat(64)}.safetensors`;
  const id = crypto.randomUUID();
  const write = (file: string, bytes = new Uint8Array(3)) => Deno.writeFile(`${one.folder}/${file}`, bytes);
  await write(name("a")); // damaged
  await write(name("b"), safetensorsFile({}, new Uint8Array())); // of a version that did not say what it was made of
  await write(`${name("c")}.${id}.incomplete`);
  await write(`${name("d")}.${id}.incomplete`);
  await Deno.utime(`${one.folder}/${name("d")}.${id}.incomplete`, 1, 1); // left long ago
  await write("notes.safetensors");
  await write("notes.txt");
  close(await openEntries(one.stored, one.options));
  const [own] = await keptOf(one.folder, one.path);
  const expected = [kept!, own!, `${name("c")}.${id}.incomplete`, "notes.safetensors", "notes.txt"];
  deepEqual(one.files().toSorted(), expected.toSorted());
});

Deno.test("openWidened() writes nothing where the disk has no room for the whole file", async () => {
  await using one = await everyHalf();
  const [name, entry] = [...one.stored][0]!;
  const numbers = 2 ** 50;
  const huge = new Map([[name, { ...entry, shape: [numbers], end: entry.start + 2 * numbers }]]);
  const { write } = Deno.FsFile.prototype;
  let written = 0;
  Deno.FsFile.prototype.write = function (bytes) {
    ++written;
    return write.call(this, bytes);
  };
  try {
    equal(await openEntries(huge, one.options), undefined);
  } finally {
    Deno.FsFile.prototype.write = write;
  }
  deepEqual([written, one.files()], [0, []]);
});

Deno.test("openWidened() may be called twice at once, and its file deleted while it is open", async () => {
  await using one = await everyHalf();
  const both = await Promise.all([1, 2].map(() => openEntries(one.stored, one.options)));
  equal(one.files().length, 1);
  if (Deno.build.os !== "windows") await Deno.remove(one.folder, { recursive: true });
  for (const weights of both) {
    equal((await bitsOf(weights!.get("f16")!))[0x3c00], 0x3f80_0000);
    close(weights);
  }
});

Deno.test("openWidened() makes nothing where there can be no file", async () => {
  await using one = await everyHalf();
  await Deno.writeTextFile(one.folder, "a file in the place of the folder");
  const unkept: Unkept[] = [];
  const onUnkept = (told: Unkept) => void unkept.push(told);
  equal(await openEntries(one.stored, { ...one.options, onUnkept }), undefined);
  const bytes = one.stored.values().reduce((sum, { shape }) => sum + shape.reduce((size, n) => size * n, 4), 0);
  deepEqual(unkept.map(({ folder, bytes }) => ({ folder, bytes })), [{ folder: one.folder, bytes }]);
  match(String(unkept[0]!.cause), /os error \d+/);
  ok((await one.stored.get("f16")!.source.read(0, 1)).length === 1, "the checkpoint is closed");
});

Deno.test("openWidened() leaves no part of a file when it is stopped, or when the disk is full", async () => {
  await using one = await everyHalf();
  const controller = new AbortController();
  const stop = () => controller.abort(new Error("enough"));
  const stopped = openEntries(one.stored, { ...one.options, onMake: stop, signal: controller.signal });
  await rejects(stopped, { message: "enough" });
  deepEqual(one.files(), []);

  const { write } = Deno.FsFile.prototype;
  Deno.FsFile.prototype.write = () => Promise.reject(new Error("No space left on device (os error 28)"));
  try {
    equal(await openEntries(one.stored, one.options), undefined);
  } finally {
    Deno.FsFile.prototype.write = write;
  }
  deepEqual(one.files(), []);
});

for (const name of ["f16", "bf16", "f64"]) {
  Deno.test(`fromPretrained() on native keeps ${name} as float32 in a file, and equals PyTorch as before`, async () => {
    await using copy = await largeCheckpoint(name);
    const messages: string[] = [];
    const onProgress = ({ message }: Progress) => void messages.push(message);
    const options = { backend: "native", prepack: false, cacheDir: `${copy.directory}/hub`, onProgress } as const;
    const logitsOf = async (directory: URL | string, cached: typeof options) => {
      await using model = await LanguageModel.fromPretrained(directory, cached);
      const { tokenIds } = (await openGolden(name)).prompts.long!;
      return (await model.trace(model.sequence(tokenIds), { capture: ["logits"] })).logits!.data;
    };
    const small = await checkpointCopy(name); // widened by a Cast
    const expected = await logitsOf(small.directory, options);
    deepEqual(messages.filter((message) => message.startsWith("Widening")), []);
    for (const _ of ["made", "found"]) equal(maxAbsDifference(await logitsOf(copy.directory, options), expected), 0);
    equal(messages.filter((message) => message.startsWith("Widening")).length, 1);
    const [file] = Deno.readDirSync(`${copy.directory}/hub-float32`);
    const { size } = await Deno.stat(`${copy.directory}/hub-float32/${file!.name}`);
    ok(size < 2 ** 26, `${size}`); // without the buffer
    await small[Symbol.asyncDispose]();
  });
}

Deno.test("fromPretrained() on native widens weights by itself where no file can be kept", async () => {
  await using copy = await largeCheckpoint("f16");
  await Deno.writeTextFile(`${copy.directory}/hub-float32`, "a file in the place of the folder");
  const options = { backend: "native", cacheDir: `${copy.directory}/hub`, onProgress: () => {} } as const;
  await using model = await LanguageModel.fromPretrained(copy.directory, options);
  const golden = await openGolden("f16");
  const { logits } = await model.trace(model.sequence(golden.prompts.long!.tokenIds), { capture: ["logits"] });
  const { data } = await golden.array("long/logits");
  ok(maxAbsDifference(logits!.data, data) <= 2e-5);
});
