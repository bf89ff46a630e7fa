import { deepEqual, equal, match, ok, rejects } from "@std/assert";
import type { IdentityOptions, Progress } from "../../../mod.ts";
import { encodeResults, loadResults, saveResults } from "../../../src/analysis/mod.ts";
import { floats, RESULTS, SALIENCY, SEQUENCE } from "./fixtures.ts";

async function temporaryFolder() {
  const path = await Deno.makeTempDir({ prefix: "looking-glass-" });
  return { path, url: new URL(`file://${path}/`), [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

const names = (path: string) => Array.from(Deno.readDirSync(path), ({ name }) => name).sort();

Deno.test("saveResults() writes what encodeResults() makes, by a path or a URL, and loadResults() reads it", async () => {
  await using folder = await temporaryFolder();
  await saveResults(`${folder.path}/a b.safetensors`, { ...RESULTS });
  await saveResults(new URL("c.safetensors", folder.url), { SALIENCY });
  deepEqual(names(folder.path), ["a b.safetensors", "c.safetensors"]);
  deepEqual(await Deno.readFile(`${folder.path}/a b.safetensors`), new Uint8Array(await encodeResults({ ...RESULTS })));
  deepEqual((await loadResults(`${folder.path}/a b.safetensors`)).results, RESULTS);
  const { results } = await loadResults(new URL("c.safetensors", folder.url), { SALIENCY: "saliency" });
  deepEqual(results.SALIENCY, SALIENCY);
});

Deno.test("saveResults() replaces a file at once, and leaves it alone when it fails", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/results.safetensors`;
  await saveResults(path, { SALIENCY });
  await saveResults(path, { SEQUENCE });
  const before = await Deno.readFile(path);
  deepEqual((await loadResults(path)).kinds, { SEQUENCE: "sequence" });
  await rejects(saveResults(path, { SEQUENCE, later: Promise.resolve(1) }), { name: "TypeError", message: /await it/ });
  const failing = { identity: () => Promise.reject(new Error("no such model")) };
  await rejects(saveResults(path, { SALIENCY }, { model: failing }), { message: "no such model" });
  deepEqual(await Deno.readFile(path), before);
  await Deno.mkdir(`${folder.path}/folder`);
  await Deno.writeTextFile(`${folder.path}/folder/x`, "");
  await rejects(saveResults(`${folder.path}/folder`, { SALIENCY }), {
    message: /^Cannot save results to \/.*\/folder: /,
  });
  deepEqual(names(folder.path), ["folder", "results.safetensors"], "no temporary file is left");
});

Deno.test("saveResults() tells how far it is, asks the model to tell too, and leaves nothing when it is stopped", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/results.safetensors`;
  const size = 10 * 2 ** 20; // numbers: three pieces of at most 16 MiB
  const big = { data: new Float32Array(size).fill(1), shape: [size] };
  const seen: Progress[] = [];
  const asked: IdentityOptions[] = [];
  const model = {
    identity: (options?: IdentityOptions) => {
      asked.push(options!);
      return Promise.resolve({ id: "tiny", files: [], package: "0", backend: "wasm" as const });
    },
  };
  const onProgress = (progress: Progress) => void seen.push(progress);
  const signal = new AbortController().signal;
  await saveResults(path, { big }, { model, onProgress, signal });
  const total = (await Deno.stat(path)).size;
  equal(seen.length, 4); // the header is one
  ok(seen.every((progress) => progress.task === "save" && progress.total === total));
  deepEqual(seen.slice(1).map(({ completed }) => total - completed), [24, 8, 0].map((mib) => mib * 2 ** 20));
  match(seen.at(-1)!.message, /^Saved (41 MiB) of \1$/);
  equal(asked[0]!.onProgress, onProgress);
  ok(asked[0]!.signal instanceof AbortSignal);

  await Deno.remove(path);
  const controller = new AbortController();
  const stop = ({ completed }: Progress) => void (completed > 2 ** 20 && controller.abort(new Error("enough")));
  await rejects(saveResults(path, { big }, { onProgress: stop, signal: controller.signal }), { message: "enough" });
  await rejects(saveResults(path, { big }, { signal: AbortSignal.abort() }), { name: "AbortError" });
  deepEqual(names(folder.path), []);
});

Deno.test("saveResults() and loadResults() say what is wrong with a place", async () => {
  await using folder = await temporaryFolder();
  const missing = `${folder.path}/missing/x.safetensors`;
  await rejects(saveResults(missing, { SALIENCY }), {
    name: "Error",
    message: `Cannot save results to ${missing}: there is no such folder; make it first`,
  });
  await rejects(loadResults(missing), {
    name: "Error",
    message: `Cannot open ${missing} as there is no such file; check the path`,
  });
  await rejects(loadResults(folder.path), { message: /it is a directory or a device$/ });
  await rejects(saveResults("https://example.org/x", { SALIENCY }), {
    name: "TypeError",
    message: /pass the path of a file$/,
  });
  await rejects(saveResults("", { SALIENCY }), { name: "TypeError", message: /^Cannot use "" as the path of a file/ });
  await rejects(loadResults(1 as unknown as string), { name: "TypeError", message: /^Cannot use 1 as the path/ });
});

Deno.test("saveResults() and loadResults() do without what is not permitted", async () => {
  const code = `import { saveResults, loadResults } from "./src/analysis/mod.ts";
    for (const call of [() => saveResults("x.safetensors", { x: 1 }), () => loadResults("deno.json")]) {
      await call().catch((error) => console.log(error.message));
    }`;
  const args = ["run", "--no-prompt", "--no-check", "-"];
  const child = new Deno.Command(Deno.execPath(), { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(code));
  await writer.close();
  const lines = new TextDecoder().decode((await child.output()).stdout).trim().split("\n");
  deepEqual(lines, [
    "Cannot save results to x.safetensors: writing is not permitted; run Deno with --allow-write",
    "Cannot open deno.json as reading is not permitted; run Deno with --allow-read",
  ]);
});

Deno.test("loadResults() reads results from the web", async () => {
  const bytes = await encodeResults({ SALIENCY });
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, ({ url }) => {
    return url.endsWith("/map.safetensors")
      ? new Response(bytes)
      : new Response("gone", { status: url.endsWith("x") ? 500 : 404 });
  });
  const base = `http://127.0.0.1:${server.addr.port}/`;
  const { results } = await loadResults(`${base}map.safetensors`, { SALIENCY: "saliency" });
  deepEqual(results.SALIENCY, SALIENCY);
  deepEqual((await loadResults(new URL("map.safetensors", base))).results, { SALIENCY });
  await rejects(loadResults(`${base}other`), { message: `Cannot download ${base}other as it is not there` });
  await rejects(loadResults(`${base}x`), { message: `Cannot download ${base}x as the server answered 500` });
});

Deno.test("saveResults() and loadResults() move tensors of many chunks", async () => {
  await using folder = await temporaryFolder();
  const big = { data: new Float32Array(2 ** 22).fill(0.5), shape: [2 ** 11, 2 ** 11] };
  const path = `${folder.path}/big.safetensors`;
  await saveResults(path, { big, small: floats(3) });
  const { size } = await Deno.stat(path);
  ok(size > 2 ** 24 && size < 2 ** 24 + 2000, `${size} bytes`);
  const { results } = await loadResults(path, { big: "tensor" });
  equal(results.big.data.findIndex((value) => value !== 0.5), -1);
  match(String(results.big.shape), /^2048,2048$/);
});

Deno.test("loadResults() reports progress and stops between two parts when it is told to", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/large.safetensors`;
  const numbers = { data: new Float32Array(5 << 20).fill(0.5), shape: [5 << 20] }; // five parts of 4 MiB
  await saveResults(path, { numbers });
  const heard: number[] = [];
  const { results } = await loadResults(path, { numbers: "tensor" }, {
    onProgress: ({ completed, total }) => heard.push(completed / total),
  });
  equal(results.numbers.data.length, 5 << 20);
  equal(heard.length, 5);
  ok(heard.every((share, i) => share > (heard[i - 1] ?? 0)), heard.join());
  equal(heard.at(-1), 1);
  const stop = new AbortController();
  const onProgress = () => stop.abort(new Error("enough"));
  await rejects(loadResults(path, { numbers: "tensor" }, { onProgress, signal: stop.signal }), { message: "enough" });
  await rejects(loadResults(path, {}, { signal: AbortSignal.abort(new Error("before")) }), { message: "before" });
});
