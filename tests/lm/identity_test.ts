import { deepEqual, equal, match, ok, rejects } from "@std/assert";
import { LanguageModel, type Progress } from "../../mod.ts";
import { checkpointCopy } from "../support/goldens.ts";
import { modelFiles, temporaryCache } from "../support/hub_model.ts";
import { COMMIT, HubServer, repository, sha256 } from "../support/hub_server.ts";
import { split } from "../support/shards.ts";

const VERSION = JSON.parse(await Deno.readTextFile("deno.json")).version;

const described = (files: Readonly<Record<string, Uint8Array<ArrayBuffer>>>) => {
  return Object.entries(files).map(([name, bytes]) => ({ name, bytes: bytes.length, sha256: sha256(bytes) }))
    .sort((a, b) => a.name < b.name ? -1 : 1);
};

Deno.test("identity() of the bundled model names its files by their SHA-256", async () => {
  await using model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
  const names = [
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
  ];
  const there = [...Deno.readDirSync("models")].map(({ name }) => name).filter((name) => names.includes(name));
  const files = Object.fromEntries(there.map((name) => [name, Deno.readFileSync(`models/${name}`)]));
  ok(there.length >= 3);
  const expected = { id: "looking-glass-6m", files: described(files), package: VERSION, backend: "wasm" };
  deepEqual(await model.identity(), expected);
  equal(await model.identity(), await model.identity(), "it is found out once");
});

Deno.test("identity() of a folder reads the files that the model is of, and tells how far it is", async () => {
  await using copy = await checkpointCopy(
    "f32",
    (folder) => Deno.writeTextFile(`${folder}/README.md`, "not the model"),
  );
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  const seen: Progress[] = [];
  const { id, revision, files } = await model.identity({ onProgress: (progress) => seen.push(progress) });
  deepEqual([id, revision], [copy.directory, undefined]);
  deepEqual(files, described(await modelFiles()));
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  deepEqual([seen[0]!.task, seen[0]!.completed, seen.at(-1)!.completed], ["identity", 0, total]);
  ok(seen.every((progress) => progress.total === total));
  match(seen.at(-1)!.message, /^Read (.*) of \1 of /);
  seen.length = 0;
  await model.identity({ onProgress: (progress) => seen.push(progress) });
  deepEqual(seen, []);
});

Deno.test("identity() of a model of a hub says the commit, and does not read again what was checked", async () => {
  const contents = await modelFiles();
  await using hub = new HubServer({ "owner/tiny": repository(contents) });
  await using cache = await temporaryCache();
  const options = { endpoint: hub.endpoint, cacheDir: cache.path, backend: "wasm" } as const;
  await using model = await LanguageModel.fromPretrained("owner/tiny", options);
  const blobs = `${cache.path}/models--owner--tiny/blobs`;
  const weights = contents["model.safetensors"]!;
  await Deno.writeFile(`${blobs}/${sha256(weights)}`, new Uint8Array(weights.length)); // was to be read, is not
  const { id, revision, files } = await model.identity();
  deepEqual([id, revision], ["owner/tiny", COMMIT]);
  deepEqual(files, described(contents));
});

Deno.test("identity() names all files of split weights, and those of a vocabulary", async () => {
  const { "model.safetensors": weights, ...rest } = await modelFiles();
  const files = { ...rest, ...split(weights!, 2) };
  await using cache = await temporaryCache();
  for (const [name, bytes] of Object.entries(files)) await Deno.writeFile(`${cache.path}/${name}`, bytes);
  await using model = await LanguageModel.fromPretrained(cache.path, { backend: "wasm" });
  deepEqual((await model.identity()).files, described(files));
});

Deno.test("identity() stops when it is told to, and can be asked again", async () => {
  await using copy = await checkpointCopy("f32");
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  await rejects(model.identity({ signal: AbortSignal.abort() }), { name: "AbortError" });
  const controller = new AbortController();
  const onProgress = ({ completed }: Progress) => completed > 0 && controller.abort(new Error("enough"));
  await rejects(model.identity({ signal: controller.signal, onProgress: (p) => void onProgress(p) }), {
    message: "enough",
  });
  equal((await model.identity()).files.length, 3);
  await Deno.writeTextFile(`${copy.directory}/config.json`, "{}");
  equal((await model.identity()).files.length, 3);
});

Deno.test("identity() of a model on the web reads its files there", async () => {
  const root = new URL("../../", import.meta.url);
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const path = new URL(request.url).pathname.slice(1);
    const body = await Deno.readFile(new URL(path, root)).catch(() => undefined);
    const type = path.endsWith(".ts") ? "application/typescript" : "application/octet-stream";
    return body ? new Response(body, { headers: { "content-type": type } }) : new Response("", { status: 404 });
  });
  const code = `import { LanguageModel } from "http://127.0.0.1:${server.addr.port}/mod.ts";
    await using model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
    console.log(JSON.stringify((await model.identity()).files));`;
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/script.ts`, code);
    const args = ["run", "-A", "--quiet", "--no-config", `${folder}/script.ts`];
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: folder }).output();
    ok(success, new TextDecoder().decode(stderr));
    await using model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
    deepEqual(JSON.parse(new TextDecoder().decode(stdout)), (await model.identity()).files);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
