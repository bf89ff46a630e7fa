import { deepEqual, equal, ok } from "@std/assert";
import { openFile } from "../../src/checkpoint/byte_source.ts";
import { Graph } from "../../src/onnx/mod.ts";
import { openMappedPages } from "../../src/runtime/mapped_pages.ts";
import { Session } from "../../src/runtime/session.ts";
import { random } from "../checkpoint/random.ts";
import { maxAbsDifference } from "../support/goldens.ts";

const [IN, OUT, ROWS] = [1536, 2048, 3];
const BYTES = 4 * IN * OUT;
const pages = openMappedPages();

/** A product with a matrix of a file, its gradient in a branch, and a lookup. */
function graphOf() {
  const g = new Graph();
  const x = g.input("x", "float32", ["R", IN]);
  const ids = g.input("ids", "int64", ["T"]);
  const asked = g.input("asked", "bool", []);
  const w = g.external("w", "float32", [IN, OUT], { location: "w.bin", offset: 0, length: BYTES });
  const y = g.output(g.gemm(x, w)); // [R, OUT]
  const [back, nothing] = [g.branch(), g.branch()];
  back.output(back.gemm(y, w, { transposed: true })); // [R, IN]
  nothing.output(nothing.mul(x, x));
  const dx = g.output(g.if(asked, back, nothing)[0]!);
  const rows = g.output(g.gather(w, ids));
  return { g, x, ids, asked, y, dx, rows };
}

/** The matrix in a file of its own, and a session of the graph over it. */
async function withMatrix(
  work: (run: Run, path: string) => Promise<void>,
  backend: "native" | "wasm",
  prepack = true,
) {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "looking-glass-" }));
  try {
    const draw = random(7);
    const path = `${folder}/w.bin`;
    await Deno.writeFile(path, new Uint8Array(Float32Array.from({ length: IN * OUT }, () => draw() - 0.5).buffer));
    const source = await openFile(path);
    const { g, x, ids, asked, y, dx, rows } = graphOf();
    const files = new Map([["w.bin", source]]);
    await using session = await Session.create(g, files, { backend, threads: 1, prepack });
    const data = Float32Array.from({ length: ROWS * IN }, () => draw() - 0.5);
    const run: Run = (isAsked) => {
      const feeds = [
        { value: x, data, dims: [ROWS, IN] },
        { value: ids, data: BigInt64Array.of(5n), dims: [1] },
        { value: asked, data: Uint8Array.of(Number(isAsked)), dims: [] },
      ];
      return session.run(feeds, [y, dx, rows]);
    };
    await work(run, path);
    source.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

type Run = (asked: boolean) => Promise<Float32Array[]>;

/** The mappings of a file, as many bytes as are resident of each; Linux only. */
function residentOf(path: string): number[] {
  const maps = Deno.readTextFileSync("/proc/self/smaps").split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  const own = maps.filter((map) => map.split("\n")[0]!.endsWith(path));
  return own.map((map) => 1024 * Number(/^Rss:\s+(\d+)/m.exec(map)![1]));
}

Deno.test("Session that prepacks holds a matrix once, and gives back what branches read of its file", {
  ignore: pages === undefined,
}, async () => {
  await withMatrix(async (run, path) => {
    equal(residentOf(path).length, 1, "the matrix is mapped a second time, for what is packed");
    const plain = await run(false);
    ok(residentOf(path)[0]! < BYTES / 2, "a product has read the matrix from its file");
    const asked = await run(true);
    equal(residentOf(path)[0], BYTES, "the branch has read a copy of the matrix");
    pages!.release(new Set(["/nowhere"]));
    equal(residentOf(path)[0], BYTES, "pages of another file were asked for");
    pages!.release(new Set([path]));
    equal(residentOf(path)[0], 0, "what the branch has read is still resident");
    deepEqual(await run(true), asked);
    equal(residentOf(path)[0], BYTES);
    deepEqual([asked[0], asked[2]], [plain[0], plain[2]]);
    for (let i = 0; i < 200 && residentOf(path)[0]! > 0; ++i) await new Promise((done) => setTimeout(done, 50));
    equal(residentOf(path)[0], 0, "nothing has run for seconds, and the file is still resident");
  }, "native");
});

Deno.test("MappedPages.release() keeps what was written to a mapping", { ignore: pages === undefined }, async () => {
  const path = await Deno.realPath(await Deno.makeTempFile());
  await Deno.writeFile(path, new Uint8Array(8192).fill(1));
  const { symbols } = Deno.dlopen("libc.so.6", {
    "mmap": { parameters: ["usize", "usize", "i32", "i32", "i32", "i64"], result: "pointer" },
    "open": { parameters: ["buffer", "i32"], result: "i32" },
  });
  const fd = symbols["open"](new TextEncoder().encode(`${path}\0`), 0);
  const [readAndWrite, isPrivate] = [3, 2];
  const map = () => {
    const address = symbols["mmap"](0n, 8192n, readAndWrite, isPrivate, fd, 0n);
    return new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(address!, 8192));
  };
  const [read, written] = [map(), map()];
  written[0] = 7;
  equal(read[4096], 1);
  pages!.release(new Set([path]));
  deepEqual([read[0], written[0], written[4096]], [1, 7, 1]);
  await Deno.remove(path);
});

for (const backend of ["native", "wasm"] as const) {
  Deno.test(`Session that prepacks on ${backend} gives the numbers of one that does not`, async () => {
    const found: Float32Array[][] = [];
    for (const prepack of [false, true]) {
      await withMatrix(async (run) => void found.push(await run(true), await run(false)), backend, prepack);
    }
    const [[y, dx, rows], [, squares], packed, packedPlain] = found as [
      Float32Array[],
      Float32Array[],
      Float32Array[],
      Float32Array[],
    ];
    equal(dx!.length, ROWS * IN);
    ok(Math.max(...dx!.map(Math.abs)) > 100, "the branch was taken");
    ok(maxAbsDifference(packed[0]!, y!) <= 2e-5, "products"); // sums of 1,536 numbers, 10 at most
    ok(maxAbsDifference(packed[1]!, dx!) <= 2e-3, "products in a branch"); // sums of 2,048 of those, 1,000 at most
    deepEqual([packed[2], packedPlain[1]], [rows, squares]);
  });
}

Deno.test("openMappedPages() asks for no permission and does nothing without", async () => {
  const { pathname } = new URL("../support/print_mapped_pages.ts", import.meta.url);
  for (const flags of [[], ["--allow-ffi"], ["--allow-ffi", "--allow-read"], ["--deny-ffi"]]) {
    const args = ["run", "--no-check", ...flags, pathname];
    const { stdout, success } = await new Deno.Command(Deno.execPath(), { args, stdin: "null" }).output();
    ok(success);
    equal(new TextDecoder().decode(stdout).trim(), "undefined", flags.join());
  }
});

Deno.test("pages of mapped files stay, and the program lives, when it has given up a permission since", async () => {
  const { href } = new URL("../../src/runtime/mapped_pages.ts", import.meta.url);
  for (const name of ["net", "read", "ffi"]) {
    const code = `import { openMappedPages } from "${href}";
      const pages = openMappedPages();
      await Deno.permissions.revoke({ name: "${name}" });
      setTimeout(() => pages?.release(new Set(["/weights"])), 1);
      setTimeout(() => console.log("alive"), 20);`;
    const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", code], stdin: "null" }).output();
    equal(new TextDecoder().decode(stdout).trim(), "alive", name);
  }
});
