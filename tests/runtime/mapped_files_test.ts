import { deepEqual, equal, rejects } from "@std/assert";
import type { ByteSource } from "../../src/checkpoint/byte_source.ts";
import { MappedFiles } from "../../src/runtime/mapped_files.ts";

const IDLE = 40;
const wait = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

/** Files, and which of them were let go of, each time. */
function files() {
  const released: string[][] = [];
  const mapped = new MappedFiles({ release: (paths) => void released.push([...paths]) }, { idle: IDLE });
  const add = (...paths: readonly string[]) => mapped.add(paths.map((path) => ({ path }) as ByteSource));
  return { released, mapped, add };
}

/** Waits until something is so, or for ten seconds. */
async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !isSo(); ++i) await wait(10);
}

Deno.test("MappedFiles lets go of the pages of all files once, when nothing has run for a while", async () => {
  const { released, mapped, add } = files();
  add("/a", "/b");
  add("/b");
  equal(await mapped.watch(() => Promise.resolve(7)), 7);
  deepEqual(released, []);
  await until(() => released.length > 0);
  await wait(3 * IDLE);
  deepEqual(released, [["/a", "/b"]]);
});

Deno.test("MappedFiles keeps the pages while runs follow each other, however long one takes", async () => {
  const { released, mapped, add } = files();
  add("/a");
  await mapped.watch(() => Promise.resolve());
  await mapped.watch(() => wait(3 * IDLE));
  deepEqual(released, []);
  await rejects(() => mapped.watch(() => Promise.reject(new RangeError("no"))), { name: "RangeError", message: "no" });
  await until(() => released.length > 0);
  deepEqual(released, [["/a"]]);
});

Deno.test("MappedFiles forgets the files of sessions that have ended, and waits for nothing after the last", async () => {
  const { released, mapped, add } = files();
  const [one, two] = [add("/a", "/b"), add("/b")];
  await mapped.watch(() => Promise.resolve());
  mapped.remove(one);
  await until(() => released.length > 0);
  deepEqual(released, [["/b"]]);
  await mapped.watch(() => Promise.resolve());
  mapped.remove(two);
  await wait(3 * IDLE);
  deepEqual(released, [["/b"]]);
});

Deno.test("MappedFiles does not keep a program from ending", async () => {
  const code = `import { MappedFiles } from "${import.meta.resolve("../../src/runtime/mapped_files.ts")}";
    const mapped = new MappedFiles({ release: () => console.log("released") }, { idle: 60_000 });
    mapped.add([{ path: "/a" }]);
    await mapped.watch(() => Promise.resolve());
    console.log("done");`;
  const signal = AbortSignal.timeout(30_000);
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", "--no-check", code], signal }).output();
  equal(new TextDecoder().decode(stdout).trim(), "done");
});
