import { equal, ok } from "@std/assert";
import { openCHeap } from "../../src/runtime/c_heap.ts";

const SIZE = 100_000; // below what glibc gives back by itself
const COUNT = 600;

/** Resident memory; Linux only. */
const resident = () => Number(Deno.readTextFileSync("/proc/self/statm").split(" ")[1]) * 4096;

const heap = openCHeap();

Deno.test("CHeap.trim() gives freed arrays back to the system", { ignore: heap === undefined }, () => {
  const arrays = Array.from({ length: COUNT }, () => new Uint8Array(SIZE).fill(1));
  for (const { buffer } of arrays.slice(0, -1)) buffer.transfer(0); // the last one keeps the end of the heap
  const before = resident();
  heap!.trim();
  ok(before - resident() > 0.8 * SIZE * COUNT, `${before - resident()} bytes were given back`);
  equal(arrays.at(-1)![SIZE - 1], 1);
});

Deno.test("openCHeap() asks for no permission and does nothing without", async () => {
  const { pathname } = new URL("../support/print_c_heap.ts", import.meta.url);
  for (const flags of [[], ["--allow-ffi=/nowhere"], ["--deny-ffi"]]) {
    const args = ["run", "--no-check", ...flags, pathname];
    const { stdout, success } = await new Deno.Command(Deno.execPath(), { args, stdin: "null" }).output();
    ok(success);
    equal(new TextDecoder().decode(stdout).trim(), "undefined", flags.join());
  }
});
