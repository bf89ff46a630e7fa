import { deepEqual, equal, rejects } from "@std/assert";
import { type ByteSource, openBytes } from "../../../src/checkpoint/byte_source.ts";
import { Graph } from "../../../src/onnx/mod.ts";
import { Session } from "../../../src/runtime/session.ts";
import { openDescribed, SourceBridge } from "../../../src/runtime/worker/source_bridge.ts";

/** More than one piece of shared memory. */
const COUNT = 2_500_000;
const AT = { location: "made", offset: 4, length: 4 * COUNT };

/** Numbers that are made when they are read, as by a source that converts what it holds. */
class MadeSource implements ByteSource {
  readonly name = "made numbers";
  readonly size = 4 * (COUNT + 1);
  readonly log: string[] = [];

  read(): Promise<never> {
    return Promise.reject(new Error("not this way"));
  }

  readInto(start: number, target: Uint8Array): void {
    const numbers = new Float32Array(target.length / 4);
    new Uint8Array(target.buffer, target.byteOffset, target.length).set(
      new Uint8Array(numbers.map((_, i) => start / 4 + i).buffer),
    );
  }

  load(): Promise<void> {
    return Promise.resolve(void this.log.push("load"));
  }

  unload(): void {
    this.log.push("unload");
  }

  close(): void {
    this.log.push("close");
  }
}

function sumGraph() {
  const g = new Graph();
  const numbers = g.external("numbers", "float32", [COUNT], AT);
  return { g, output: g.output(g.add(numbers, g.floats([0]))) };
}

for (const backend of ["wasm", "native"] as const) {
  Deno.test(`a session in a worker reads what is made while it is read, on ${backend}`, async () => {
    const { g, output } = sumGraph();
    const source = new MadeSource();
    await using session = await Session.create(g, new Map([["made", source]]), { backend, threads: 1, worker: true });
    const [numbers] = await session.run([], [output]);
    equal(numbers!.length, COUNT);
    equal(numbers!.findIndex((x, i) => x !== i + 1), -1);
    deepEqual(source.log, ["load", "unload"]);
  });
}

Deno.test("a session in a worker says that its weights could not be read, as one without does", async () => {
  const said = {
    wasm: /Failed to load external data file/,
    native: /Cannot read made numbers as they are gone: ünread$/,
  };
  for (const backend of ["wasm", "native"] as const) {
    const source = new MadeSource();
    source.readInto = () => {
      throw new Error("Cannot read made numbers as they are gone: ünread");
    };
    const options = { backend, threads: 1, worker: true } as const;
    await rejects(Session.create(sumGraph().g, new Map([["made", source]]), options), said[backend]);
    deepEqual(source.log, ["load", "unload"]);
  }
});

Deno.test("SourceBridge sends the bytes where memory cannot be shared", async () => {
  const { SharedArrayBuffer } = globalThis;
  try {
    Reflect.deleteProperty(globalThis, "SharedArrayBuffer");
    const bridge = new SourceBridge(new Map([["a", openBytes("some bytes", Uint8Array.of(1, 2, 3))]]));
    const { files, transfer } = await bridge.describe();
    equal(transfer.length, 1);
    const opened = await openDescribed(structuredClone(files, { transfer }), () => {
      throw new Error("nothing is to be asked for");
    });
    deepEqual(await opened.get("a")!.read(1, 3), Uint8Array.of(2, 3));
    equal(opened.get("a")!.name, "some bytes");
  } finally {
    Object.defineProperty(globalThis, "SharedArrayBuffer", {
      value: SharedArrayBuffer,
      writable: true,
      configurable: true,
    });
  }
});
