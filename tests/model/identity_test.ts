import { deepEqual, equal, match, ok, rejects } from "@std/assert";
import { LanguageModel, type Progress } from "../../mod.ts";
import { checkpointCopy } from "../support/goldens.ts";
import { modelFiles, temporaryCache } from "../support/hub_model.ts";
import { COMMIT, gitHash, HubServer, repository, sha256 } from "../support/hub_server.ts";
import { largeCheckpoint } from "../support/large_checkpoint.ts";
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

Deno.test("identity() of a model of a hub says the commit", async () => {
  const contents = await modelFiles();
  await using hub = new HubServer({ "owner/tiny": repository(contents) });
  await using cache = await temporaryCache();
  const options = { endpoint: hub.endpoint, cacheDir: cache.path, backend: "wasm" } as const;
  await using model = await LanguageModel.fromPretrained("owner/tiny", options);
  const { id, revision, files } = await model.identity();
  deepEqual([id, revision], ["owner/tiny", COMMIT]);
  deepEqual(files, described(contents));
});

Deno.test("identity() does not believe the name of a content of the cache, and says no commit where it is another", async () => {
  const contents = await modelFiles();
  await using hub = new HubServer({ "owner/tiny": repository(contents) });
  for (const name of ["model.safetensors", "config.json", "tokenizer.json"]) {
    await using cache = await temporaryCache();
    const options = { endpoint: hub.endpoint, cacheDir: cache.path, backend: "wasm", revision: COMMIT } as const;
    await (await LanguageModel.fromPretrained("owner/tiny", options)).dispose();
    const bytes = contents[name]!.slice();
    if (name === "model.safetensors") bytes[bytes.length - 1]! ^= 1;
    const changed = name === "model.safetensors" ? bytes : new Uint8Array([...bytes, 10]);
    const hash = name === "model.safetensors" ? sha256(contents[name]!) : gitHash(contents[name]!);
    await Deno.writeFile(`${cache.path}/models--owner--tiny/blobs/${hash}`, changed);
    await using model = await LanguageModel.fromPretrained("owner/tiny", options);
    const { revision, files } = await model.identity();
    equal(revision, undefined, name);
    deepEqual(files, described({ ...contents, [name]: changed }));
  }
});

/** What can become of a file after it was loaded. */
const FATES: readonly { readonly fate: string; readonly known: boolean; readonly befall: (path: string) => unknown }[] =
  [
    { fate: "is replaced", known: true, befall: replace },
    { fate: "is deleted", known: true, befall: (path) => Deno.removeSync(path) },
    { fate: "gets a second name", known: true, befall: (path) => Deno.linkSync(path, `${path}.2`) },
    { fate: "is written to", known: false, befall: writeInto },
    {
      fate: "is written to and its time set back",
      known: false,
      async befall(path) {
        const { atime, mtime, ctime } = Deno.statSync(path);
        // Deno tells the time of a change in whole seconds.
        while (Date.now() < ctime!.getTime() + 1100) await new Promise((resolve) => setTimeout(resolve, 20));
        writeInto(path);
        Deno.utimeSync(path, atime!, mtime!);
      },
    },
    { fate: "is cut", known: false, befall: (path) => Deno.truncateSync(path, 100) },
  ];

/** Puts another file of the same size in the place of a file. */
function replace(path: string): void {
  const bytes = Deno.readFileSync(path);
  bytes[bytes.length - 1]! ^= 1;
  Deno.writeFileSync(`${path}.new`, bytes);
  Deno.renameSync(`${path}.new`, path);
}

/** Changes the last byte of a file. */
function writeInto(path: string): void {
  using file = Deno.openSync(path, { read: true, write: true });
  file.seekSync(-1, Deno.SeekMode.End);
  const byte = new Uint8Array(1);
  file.readSync(byte);
  file.seekSync(-1, Deno.SeekMode.End);
  file.writeSync(Uint8Array.of(byte[0]! ^ 1));
}

for (const [backend, worker] of [["wasm", false], ["native", false], ["wasm", true], ["native", true]] as const) {
  for (const { fate, known, befall } of FATES) {
    const where = `${backend}${worker ? " in a worker" : ""}`;
    Deno.test(`identity() on ${where} is of the weights that were loaded, or of none, when their file ${fate}`, async () => {
      await using copy = await checkpointCopy("f32");
      const files = described(await modelFiles());
      await using model = await LanguageModel.fromPretrained(copy.directory, { backend, worker });
      await befall(`${copy.directory}/model.safetensors`);
      if (known) return deepEqual((await model.identity()).files, files);
      await rejects(model.identity(), {
        name: "Error",
        message: /^Cannot tell what was read of file:.*model\.safetensors as the file has been modified since; load it/,
      });
    });
  }
}

Deno.test("identity() is of the configuration and the tokenizer that were loaded, whatever becomes of their files", async () => {
  const { "tokenizer.json": tokenizer, ...rest } = await modelFiles();
  const { vocab } = JSON.parse(new TextDecoder().decode(tokenizer)).model;
  const text = (value: unknown) => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
  const sorts = [
    { ...rest, "tokenizer.json": tokenizer!, "tokenizer_config.json": text({}), "generation_config.json": text({}) },
    {
      ...rest,
      "vocab.json": text(Object.fromEntries(Object.entries(vocab).slice(0, -1))),
      "merges.txt": text("#version: 0.2\n"),
      "added_tokens.json": text({ "<pad>": 96 }),
    },
  ];
  for (const files of sorts) {
    await using folder = await temporaryCache();
    for (const [name, bytes] of Object.entries(files)) await Deno.writeFile(`${folder.path}/${name}`, bytes);
    await using model = await LanguageModel.fromPretrained(folder.path, { backend: "wasm" });
    const names = Object.keys(files).filter((name) => name !== "model.safetensors");
    for (const name of names) writeInto(`${folder.path}/${name}`);
    await Deno.writeTextFile(`${folder.path}/tokenizer.json`, "{}");
    deepEqual((await model.identity()).files, described(files));
  }
});

for (const [backend, worker] of [["native", false], ["native", true], ["wasm", true]] as const) {
  const where = `${backend}${worker ? " in a worker" : ""}`;
  Deno.test(`fromPretrained() on ${where} does not map another file than it has checked`, async () => {
    await using copy = await checkpointCopy("f32");
    const onProgress = ({ task, completed }: Progress) => {
      if (task === "load" && completed === 3) replace(`${copy.directory}/model.safetensors`);
    };
    await rejects(LanguageModel.fromPretrained(copy.directory, { backend, worker, onProgress }), {
      name: "Error",
      message: /model\.safetensors as another file has taken its place while it was read; load it again$/,
    });
  });
}

/** Forms that are kept in a file: what they are made of, and when. */
const FORMS = {
  q8: { copy: () => checkpointCopy("f32"), options: { dtype: "q8" } },
  float32: { copy: () => largeCheckpoint("f16"), options: { prepack: false } },
  panels: { copy: () => checkpointCopy("f32"), options: { prepack: true } },
} as const;

/** Loads weights that run in another form, which is kept in a file. */
async function madeModel(form: keyof typeof FORMS, change: (path: string) => void = () => {}) {
  const copy = await FORMS[form].copy();
  const options = {
    ...{ backend: "native", cacheDir: `${copy.directory}/hub`, onProgress: () => {} } as const,
    ...FORMS[form].options,
  };
  await (await LanguageModel.fromPretrained(copy.directory, options)).dispose();
  const folder = `${copy.directory}/hub-${form}`;
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  equal(names.length, 1);
  change(`${folder}/${names[0]}`);
  const weights = `${copy.directory}/model.safetensors`;
  const files = ["config.json", "model.safetensors", "tokenizer.json"];
  const contents = Object.fromEntries(files.map((name) => [name, Deno.readFileSync(`${copy.directory}/${name}`)]));
  const model = await LanguageModel.fromPretrained(copy.directory, options);
  return {
    ...{ model, weights, made: `${folder}/${names[0]}`, expected: described(contents) },
    async [Symbol.asyncDispose]() {
      await model.dispose();
      await copy[Symbol.asyncDispose]();
    },
  };
}

for (const form of ["q8", "float32", "panels"] as const) {
  Deno.test(`identity() of weights in ${form} names the checkpoint that they were made of`, async () => {
    for (const befall of [() => {}, replace]) {
      await using one = await madeModel(form);
      befall(one.weights);
      const seen: Progress[] = [];
      deepEqual((await one.model.identity({ onProgress: (progress) => void seen.push(progress) })).files, one.expected);
      const { completed, total } = seen.at(-1)!;
      equal(completed, total);
      equal(total, one.expected.reduce((sum, { bytes }) => sum + bytes, Deno.statSync(one.made).size));
      ok(seen.every(({ completed }, i) => i === 0 || completed >= seen[i - 1]!.completed));
    }
  });

  Deno.test(`identity() refuses weights in ${form} that were not made of the checkpoint`, async () => {
    await using one = await madeModel(form, writeInto);
    await rejects(one.model.identity(), {
      name: "Error",
      message: /^Cannot identify ".*" as .*\.safetensors does not hold what is made of its weights; delete it and load/,
    });
  });

  Deno.test(`fromPretrained() makes weights in ${form} anew whose tensors are in another order`, async () => {
    await using one = await madeModel(form, swapTensors);
    deepEqual((await one.model.identity()).files, one.expected);
  });

  Deno.test(`identity() refuses weights in ${form} when their file or the checkpoint is written to`, async () => {
    for (const which of ["made", "weights"] as const) {
      await using one = await madeModel(form);
      writeInto(one[which]);
      await rejects(one.model.identity(), /^Error: Cannot (tell what was read|identify)/);
    }
  });
}

/** A model that has explained in int8, over a file that was made before and changed since. */
async function int8Model(change: (path: string) => void = () => {}) {
  const copy = await checkpointCopy("f32");
  const load = () => LanguageModel.fromPretrained(copy.directory, { cacheDir: `${copy.directory}/hub` });
  const explain = (model: LanguageModel) => model.saliency(model.sequence([1, 2, 3, 4]), { precision: "int8" });
  const folder = `${copy.directory}/hub-int8`;
  {
    await using first = await load();
    await explain(first);
  }
  const [file] = [...Deno.readDirSync(folder)].map(({ name }) => name);
  change(`${folder}/${file}`);
  const model = await load();
  return {
    ...{ model, made: `${folder}/${file}`, explain: () => explain(model) },
    async [Symbol.asyncDispose]() {
      await model.dispose();
      await copy[Symbol.asyncDispose]();
    },
  };
}

Deno.test("identity() compares what a map in int8 was computed with, also when it was asked before", async () => {
  for (const befall of [() => {}, replace]) {
    await using one = await int8Model();
    const before = await one.model.identity();
    await one.explain();
    befall(one.made);
    const seen: Progress[] = [];
    deepEqual(await one.model.identity({ onProgress: (progress) => void seen.push(progress) }), before);
    const { completed, total } = seen.at(-1)!;
    equal(completed, total);
    equal(total, before.files.reduce((sum, { bytes }) => sum + bytes, Deno.statSync(one.made).size));
  }
});

Deno.test("identity() refuses a file for int8 that was not made of the checkpoint, or is written to", async () => {
  await using changed = await int8Model(writeInto);
  await changed.model.identity(); // which has nothing to do with it yet
  await changed.explain();
  await rejects(changed.model.identity(), {
    name: "Error",
    message: /^Cannot identify ".*" as .*\.safetensors does not hold what is made of its weights; delete it and load/,
  });
  await using one = await int8Model();
  await one.explain();
  writeInto(one.made);
  await rejects(one.model.identity(), /^Error: Cannot (tell what was read|identify)/);
});

Deno.test("saliency() in int8 makes a file anew whose tensors are in another order", async () => {
  await using one = await int8Model(swapTensors);
  await one.explain();
  await one.model.identity();
});

/** Exchanges where two tensors of the same shape lie, so that all bytes stay. */
function swapTensors(path: string): void {
  const bytes = Deno.readFileSync(path);
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  const names = Object.keys(header);
  const pairs = [["0.ln_1.weight", "0.ln_1.bias"], ["0.attn.c_attn.weight.panels", "1.attn.c_attn.weight.panels"], [
    "0.attn.c_attn.weight.back.scales",
    "1.attn.c_attn.weight.back.scales",
  ]];
  const pair = pairs.find((ends) => ends.every((end) => names.some((name) => name.endsWith(end))))!;
  const [a, b] = pair.map((end) => header[names.find((name) => name.endsWith(end))!]);
  [a.data_offsets, b.data_offsets] = [b.data_offsets, a.data_offsets];
  const changed = new TextEncoder().encode(JSON.stringify(header).padEnd(length));
  equal(changed.length, length);
  bytes.set(changed, 8);
  Deno.writeFileSync(path, bytes);
}

Deno.test("identity() is known after dispose() when it was asked before, and not otherwise", async () => {
  await using copy = await checkpointCopy("f32");
  const [asked, late] = await Promise.all([1, 2].map(() => {
    return LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  }));
  const identity = await asked!.identity();
  await Promise.all([asked!.dispose(), late!.dispose()]);
  equal(await asked!.identity(), identity);
  await rejects(late!.identity(), /as it is disposed; load it again$/);
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
