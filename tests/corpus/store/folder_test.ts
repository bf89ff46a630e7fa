/** A folder as the store of a corpus: a file is there whole or not at all, and names lead nowhere else. */
import { deepEqual, equal, rejects, throws } from "@std/assert";
import { folderStore } from "../../../src/corpus/store/folder.ts";
import type { CorpusStore } from "../../../src/corpus/types.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

async function inFolder(task: (store: CorpusStore, path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempDir();
  try {
    await task(folderStore(path), path);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
}

/** The paths of all files below a folder, those that begin with a dot too. */
async function everything(path: string, below = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(`${path}/${below}`)) {
    if (isDirectory) found.push(...await everything(path, `${below}${name}/`));
    else found.push(below + name);
  }
  return found.sort();
}

Deno.test("folderStore() writes, reads and lists files, and leaves nothing else behind", () =>
  inFolder(async (store, path) => {
    await store.write("shards/000001.json", bytesOf("one"));
    await store.write("shards/000000.json", bytesOf("zero"));
    await store.write("manifest.json", bytesOf("{}"));
    await store.write("shards/000001.json", bytesOf("another"));
    deepEqual(await store.read("shards/000001.json"), bytesOf("another"));
    deepEqual(await store.readRange("shards/000001.json", 2, 5), bytesOf("oth"));
    equal(await store.size("shards/000001.json"), 7);
    deepEqual(await store.list("shards"), ["shards/000000.json", "shards/000001.json"]);
    deepEqual(await everything(path), ["manifest.json", "shards/000000.json", "shards/000001.json"]);
  }));

Deno.test("folderStore() says that a file is not there", () =>
  inFolder(async (store) => {
    equal(await store.read("manifest.json"), undefined);
    equal(await store.size("manifest.json"), undefined);
    deepEqual(await store.list("shards"), []);
    await rejects(store.readRange("a.parquet", 0, 4), {
      name: "Error",
      message: `Cannot read a.parquet in ${store.name} as there is no such file`,
    });
  }));

Deno.test("folderStore() refuses a part of a file that is not there", () =>
  inFolder(async (store) => {
    await store.write("a.bin", bytesOf("four"));
    await rejects(store.readRange("a.bin", 2, 9), {
      name: "RangeError",
      message: "Cannot read bytes 2 to 9 of a.bin as it has 4 bytes",
    });
    await rejects(store.readRange("a.bin", 3, 2), {
      name: "RangeError",
      message: "Cannot read bytes 3 to 2 of a.bin; pass whole numbers, the smaller one first",
    });
  }));

const NAMES = [
  "",
  "/",
  "../a",
  "a/../b",
  "a//b",
  "/etc/passwd",
  ".hidden",
  "a/.b",
  "a\\b",
  "a b",
  "a\u0000",
  "é",
  "a?b",
];
Deno.test("folderStore() refuses names that lead elsewhere", () =>
  inFolder(async (store, path) => {
    equal(NAMES.length, 13);
    for (const name of NAMES) {
      const message =
        /^Cannot (read|write|list) ".*" of a corpus as it is no such name; use letters, digits and _ = - \. /;
      await rejects(store.write(name, bytesOf("x")), { name: "TypeError", message });
      await rejects(store.read(name), { name: "TypeError", message });
      await rejects(store.list(name), { name: "TypeError", message });
    }
    deepEqual(await everything(path), []);
  }));

Deno.test("folderStore() keeps the old file, whole, when the disk is full", () =>
  inFolder(async (store, path) => {
    await store.write("a.json", bytesOf("old"));
    const { write } = Deno.FsFile.prototype;
    Deno.FsFile.prototype.write = () => Promise.reject(new Error("No space left on device (os error 28)"));
    try {
      await rejects(store.write("a.json", bytesOf("new")), {
        name: "Error",
        message: `Cannot write a.json in ${path} as no space is left there; make room, then start again to go on`,
      });
    } finally {
      Deno.FsFile.prototype.write = write;
    }
    deepEqual(await store.read("a.json"), bytesOf("old"));
    deepEqual(await everything(path), ["a.json"]);
  }));

Deno.test("folderStore() does not count what a killed program left as a file, and removes it after a day", () =>
  inFolder(async (store, path) => {
    await Deno.mkdir(`${path}/.writing`);
    for (const name of ["fresh", "stale"]) await Deno.writeTextFile(`${path}/.writing/${name}`, "half");
    await Deno.utime(`${path}/.writing/stale`, new Date(0), new Date(Date.now() - 25 * 3600 * 1000));
    await store.write("a.json", bytesOf("{}"));
    deepEqual(await everything(path), [".writing/fresh", "a.json"]);
  }));

Deno.test("folderStore() lets many write at once, and each file is that of one of them", () =>
  inFolder(async (store) => {
    const writers = Array.from({ length: 20 }, (_, i) => bytesOf(String(i % 10).repeat(100_000)));
    await Promise.all(writers.map((bytes) => store.write("same.bin", bytes)));
    const found = await store.read("same.bin");
    equal(writers.filter((bytes) => bytes[0] === found![0] && found!.every((byte) => byte === bytes[0])).length, 2);
    equal(found!.length, 100_000);
  }));

Deno.test("folderStore() takes a path or the URL of a file", async () => {
  const path = await Deno.makeTempDir({ suffix: " #%41" });
  await folderStore(path).write("a.json", bytesOf("{}"));
  deepEqual(await everything(path), ["a.json"]);
  const url = new URL("file:///");
  url.pathname = path.replaceAll("%", "%25");
  equal(await folderStore(url).size("a.json"), 2);
  equal(await folderStore(url.href).size("a.json"), 2);
  await Deno.remove(path, { recursive: true });
  throws(() => folderStore(new URL("https://example.org/")), {
    name: "TypeError",
    message: "Cannot use https://example.org/ as the folder of a corpus; pass a path",
  });
});
