import { deepEqual, equal, match, ok, rejects } from "@std/assert";
import { LanguageModel, type LoadOptions, type Progress } from "../../../mod.ts";
import { checkpointCopy, maxAbsDifference, openGolden, openGoldenFile } from "../../support/goldens.ts";

const FOLDER = new URL("../../goldens/q8/", import.meta.url);

interface Golden {
  readonly windows: number;
  readonly float: { readonly perplexity: number };
  readonly q8: { readonly perplexity: number };
  readonly prompts: readonly { readonly promptIds: readonly number[]; readonly tokenIds: readonly number[] }[];
}

const GOLDEN: Golden = JSON.parse(await Deno.readTextFile(new URL("golden.json", FOLDER)));
const golden = (name: string) => openGoldenFile(new URL("golden.safetensors", FOLDER), name);

/** A folder for the cache, removed at the end of the scope, and the names of the files that it holds. */
async function cacheFolder() {
  const folder = await Deno.makeTempDir({ prefix: "looking-glass-" });
  const files = () => {
    try {
      return [...Deno.readDirSync(`${folder}/hub-q8`)].map(({ name }) => name);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  };
  const options = { dtype: "q8", cacheDir: `${folder}/hub` } as const satisfies LoadOptions;
  return { folder, files, options, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

const MAPS = [
  ["logProb", "gradientXInput", "l2"],
  ["logProb", "gradientXInput", "sum"],
  ["logit", "gradient", "l2"],
] as const;

const FAMILIES = ["llama/grouped", "llama/multi_query_tied", "llama/odd", "gpt_neox/parallel", "opt/pre_norm"];

for (const name of ["f32", "f16", "n_inner", "twelve_layers", "untied", ...FAMILIES]) {
  Deno.test(`LanguageModel in q8 equals 8-bit products in PyTorch on ${name}`, async () => {
    await using cache = await cacheFolder();
    await using copy = await checkpointCopy(name);
    await using model = await LanguageModel.fromPretrained(copy.directory, cache.options);
    equal(model.backend, "native");
    const { tokenIds } = (await openGolden(name)).prompts.long!;
    const { logits } = await model.trace(model.sequence(tokenIds), { capture: ["logits"] });
    const file = FAMILIES.includes(name) ? "families.safetensors" : "golden.safetensors";
    const { data, shape } = await openGoldenFile(new URL(file, FOLDER), `${name}/logits`);
    deepEqual(logits!.shape, shape);
    const difference = maxAbsDifference(logits!.data, data);
    ok(difference <= 1e-3, `${difference}`); // 3e-6, but a row that is nearly halfway between two codes moves it
  });
}

Deno.test("the bundled model in q8 has the perplexity of PyTorch's on held-out text, and nearly that of float32", async () => {
  await using cache = await cacheFolder();
  await using model = await LanguageModel.fromPretrained(undefined, cache.options);
  const ids = model.tokenizer.encode(await Deno.readTextFile(new URL("held_out.txt", FOLDER)));
  const V = model.config.vocabSize;
  const nll: number[] = [];
  const best: number[] = [];
  for (let w = 0; w < GOLDEN.windows; ++w) {
    const window = ids.slice(256 * w, 256 * (w + 1));
    const { logits } = await model.trace(model.sequence(window), { capture: ["logits"] });
    for (let t = 0; t + 1 < window.length; ++t) {
      const row = logits!.data.subarray(t * V, (t + 1) * V);
      const greatest = row.reduce((a, b) => Math.max(a, b));
      best.push(row.indexOf(greatest));
      nll.push(greatest + Math.log(row.reduce((sum, x) => sum + Math.exp(x - greatest), 0)) - row[window[t + 1]!]!);
    }
  }
  const agreement = async (name: string) => {
    const { data } = await golden(`${name}/best`);
    return best.filter((id, i) => id === data[i]).length / data.length;
  };
  const perplexity = Math.exp(nll.reduce((a, b) => a + b) / nll.length);
  const { data: expected } = await golden("q8/nll");
  const fromQ8 = nll.reduce((sum, x, i) => sum + Math.abs(x - expected[i]!), 0) / nll.length;
  ok(fromQ8 <= 0.03, `log-probabilities are ${fromQ8} from PyTorch's on average`);
  ok(Math.abs(perplexity / GOLDEN.q8.perplexity - 1) <= 1e-3, `${perplexity}, PyTorch's ${GOLDEN.q8.perplexity}`);
  ok(Math.abs(perplexity / GOLDEN.float.perplexity - 1) <= 2e-3, `${perplexity}, float32 ${GOLDEN.float.perplexity}`);
  ok(await agreement("q8") >= 0.985, `${await agreement("q8")} of the best tokens are PyTorch's`);
  ok(await agreement("float") >= 0.98, `${await agreement("float")} of the best tokens are those of float32`);
});

Deno.test("the bundled model in q8 writes what PyTorch writes, and its lens ends in its own logits", async () => {
  await using cache = await cacheFolder();
  await using model = await LanguageModel.fromPretrained(undefined, cache.options);
  for (const { promptIds, tokenIds } of GOLDEN.prompts) {
    const { tokenIds: written } = await model.generate(promptIds, { maxNewTokens: 8 });
    deepEqual(written, tokenIds.slice(0, written.length));
    ok(written.length === tokenIds.length || model.config.eosTokenIds.includes(written.at(-1)!));
  }
  const sequence = model.sequence("The keys to the cabinet are");
  const { ranks } = await model.rankings(await model.generate("The keys to the cabinet", { maxNewTokens: 4 }));
  equal(ranks.data.at(-1), 1);
  equal((await model.layerPredictions(sequence, { position: 3 })).layers.length, 6);
});

for (const name of ["f32", "f16", "n_inner", "twelve_layers", "untied", ...FAMILIES]) {
  Deno.test(`saliency() in q8 equals autograd through 8-bit products in PyTorch on ${name}`, async () => {
    await using cache = await cacheFolder();
    await using copy = await checkpointCopy(name);
    await using model = await LanguageModel.fromPretrained(copy.directory, cache.options);
    const { tokenIds, promptLength, positions } = (await openGolden(name)).prompts.long!;
    const sequence = model.sequence(tokenIds, { promptLength });
    for (const [of, method, reduce] of MAPS) {
      const options = { positions, of, method, reduce, normalize: false } as const;
      const { scores } = await model.saliency(sequence, options);
      const { data } = await openGoldenFile(
        new URL("gradients.safetensors", FOLDER),
        `${name}/${of}/${method}/${reduce}`,
      );
      equal(scores.data.length, data.length);
      const greatest = data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      const difference = maxAbsDifference(scores.data, data) / greatest;
      ok(difference <= 2e-4, `${of}, ${method}, ${reduce}: ${difference}`); // see above
    }
  });
}

Deno.test("weightNames are those of the checkpoint that can be read in q8", async () => {
  await using cache = await cacheFolder();
  await using copy = await checkpointCopy("f32");
  await using float = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  await using model = await LanguageModel.fromPretrained(copy.directory, cache.options);
  deepEqual(model.weightNames, float.weightNames.filter((name) => !/\.c_\w+\.weight$/.test(name)));
  for (const name of model.weightNames) deepEqual(await model.weight(name), await float.weight(name));
  const message = 'Cannot read "wte.weight.codes" as the weights are in 8 bits; load without dtype "q8"';
  await rejects(model.weight("wte.weight.codes"), { name: "RangeError", message });
});

Deno.test("fromPretrained() makes the 8-bit weights of a checkpoint once, and anew when it changes", async () => {
  await using cache = await cacheFolder();
  await using copy = await checkpointCopy("f32");
  const messages: string[] = [];
  const onProgress = ({ message }: Progress) => messages.push(message);
  const load = async () => {
    await using model = await LanguageModel.fromPretrained(copy.directory, { ...cache.options, onProgress });
    return (await model.generate([1, 2, 3], { maxNewTokens: 4 })).tokenIds;
  };
  const made = () => messages.filter((message) => message.startsWith("Making 8-bit weights")).length;
  const first = await load();
  equal(made(), 1);
  equal(cache.files().length, 1);
  match(cache.files()[0]!, /^[0-9a-f]{64}\.safetensors$/);
  deepEqual(await load(), first);
  equal(made(), 1);
  await Deno.utime(`${copy.directory}/model.safetensors`, 1, 1);
  deepEqual(await load(), first);
  equal(made(), 2);
  equal(cache.files().length, 1); // that of the former contents is removed
});

Deno.test("fromPretrained() in q8 may be called twice at once", async () => {
  await using cache = await cacheFolder();
  await using copy = await checkpointCopy("f32");
  const models = await Promise.all([1, 2].map(() => LanguageModel.fromPretrained(copy.directory, cache.options)));
  const [a, b] = await Promise.all(models.map((model) => model.generate([1, 2, 3], { maxNewTokens: 4 })));
  deepEqual(a!.tokenIds, b!.tokenIds);
  for (const model of models) await model.dispose();
  equal(cache.files().length, 1);
});

Deno.test("fromPretrained() in q8 leaves no half of a file when it is stopped", async () => {
  await using cache = await cacheFolder();
  await using copy = await checkpointCopy("f32");
  const controller = new AbortController();
  const onProgress = ({ message }: Progress) => {
    if (message.startsWith("Making")) controller.abort(new Error("enough"));
  };
  const options = { ...cache.options, onProgress, signal: controller.signal };
  await rejects(LanguageModel.fromPretrained(copy.directory, options), { message: "enough" });
  deepEqual(cache.files(), []);
});

Deno.test("fromPretrained() makes a file of 8-bit weights anew that is damaged, or does without", async () => {
  await using cache = await cacheFolder();
  await using copy = await checkpointCopy("f32");
  const load = async () => {
    await using model = await LanguageModel.fromPretrained(copy.directory, cache.options);
    return (await model.generate([1, 2, 3], { maxNewTokens: 4 })).tokenIds;
  };
  const first = await load();
  const path = `${cache.folder}/hub-q8/${cache.files()[0]}`;
  const whole = await Deno.readFile(path);
  const damaged = [whole.subarray(0, -100), whole.subarray(0, 5), new Uint8Array(), whole.with(12, 0xff)];
  for (const bytes of damaged) {
    await Deno.writeFile(path, bytes);
    deepEqual(await load(), first);
    const now = await Deno.readFile(path);
    ok(now.length === whole.length && now.every((byte, i) => byte === whole[i]));
  }
  await Deno.remove(path);
  await Deno.mkdir(`${path}/in_the_way`, { recursive: true });
  deepEqual(await load(), first);
});

Deno.test("fromPretrained() in q8 holds the weights in memory where it may not write", async () => {
  await using cache = await cacheFolder();
  const script = `import { LanguageModel } from "${new URL("../../../mod.ts", import.meta.url)}";
    await using model = await LanguageModel.fromPretrained(undefined, ${JSON.stringify(cache.options)});
    console.log(JSON.stringify((await model.generate(${JSON.stringify(GOLDEN.prompts[0]!.promptIds)})).tokenIds));
    console.log(model.backendReason);`;
  const file = `${cache.folder}/script.ts`;
  await Deno.writeTextFile(file, script);
  const args = ["run", "--quiet", "--no-prompt", "--allow-read", "--allow-ffi", file];
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  const [text, reason] = new TextDecoder().decode(stdout).split("\n");
  ok(text!.startsWith("["), new TextDecoder().decode(stderr));
  match(reason!, /held in memory, \d+ MiB, as no .* in .*hub-q8 \(Deno was not given --allow-write for it\); let /);
  const written: readonly number[] = JSON.parse(text!);
  deepEqual(written.slice(0, 8), GOLDEN.prompts[0]!.tokenIds.slice(0, Math.min(8, written.length)));
  deepEqual(cache.files(), []);
});

Deno.test("fromPretrained() in q8 says once how large the weights are that it holds in memory, why and what helps", async () => {
  await using cache = await cacheFolder();
  await using copy = await checkpointCopy("f32");
  const load = async () => {
    const said: string[] = [];
    const onProgress = ({ message }: Progress) => void said.push(message);
    await using model = await LanguageModel.fromPretrained(copy.directory, { ...cache.options, onProgress });
    return { reason: model.backendReason, said };
  };
  const kept = await load();
  const { size } = await Deno.stat(`${cache.folder}/hub-q8/${cache.files()[0]}`);
  deepEqual((await load()).reason, kept.reason);
  await Deno.remove(`${cache.folder}/hub-q8`, { recursive: true });
  await Deno.writeTextFile(`${cache.folder}/hub-q8`, "no folder");
  const { reason, said } = await load();
  deepEqual(said.filter((message) => message.includes("held in memory")), [`Ready on native: ${reason}`]);
  ok(reason.startsWith(`${kept.reason}; the 8-bit weights are held in memory, `), reason);
  const [, kibibytes, folder] = /memory, (\d+) KiB, as no file of them can be kept in (.+?) \(/.exec(reason)!;
  ok(Math.abs(1024 * Number(kibibytes) - size) < 2048, reason);
  equal(folder, `${cache.folder}/hub-q8`);
  match(reason, /\(.*os error \d+.*\); let files be written there, or pass another cacheDir$/s);
});

Deno.test("fromPretrained() in q8 holds the weights in memory where the disk is full", async () => {
  await using cache = await cacheFolder();
  await using copy = await checkpointCopy("f32");
  const { tokenIds } = (await openGolden("f32")).prompts.long!;
  const logitsOf = async () => {
    await using model = await LanguageModel.fromPretrained(copy.directory, cache.options);
    return (await model.trace(model.sequence(tokenIds), { capture: ["logits"] })).logits!.data;
  };
  const { write } = Deno.FsFile.prototype;
  Deno.FsFile.prototype.write = () => Promise.reject(new Error("No space left on device (os error 28)"));
  let full: Float32Array;
  try {
    full = await logitsOf();
  } finally {
    Deno.FsFile.prototype.write = write;
  }
  deepEqual(cache.files(), []);
  equal(maxAbsDifference(full, await logitsOf()), 0);
  equal(cache.files().length, 1);
});

Deno.test("fromPretrained() refuses a NaN weight in q8 too", async () => {
  await using cache = await cacheFolder();
  await using copy = await checkpointCopy("f32", async (directory) => {
    const path = `${directory}/model.safetensors`;
    const bytes = await Deno.readFile(path);
    new DataView(bytes.buffer).setFloat32(bytes.length - 4 * 1000, NaN, true);
    await Deno.writeFile(path, bytes);
  });
  const message = /^Cannot use ".*" of .*model\.safetensors as element \d+ is NaN or infinite$/;
  await rejects(LanguageModel.fromPretrained(copy.directory, cache.options), { name: "RangeError", message });
  deepEqual(cache.files(), []);
});

Deno.test("fromPretrained() refuses a dtype that does not exist, and q8 where it is not fast", async () => {
  const load = (options: LoadOptions) => LanguageModel.fromPretrained("/there/is/nothing", options);
  await rejects(load({ dtype: "q4" as "q8" }), {
    name: "TypeError",
    message: 'Cannot load a model with dtype "q4" as it must be "float32" or "q8"',
  });
  for (const backend of ["wasm", "webgpu"] as const) {
    await rejects(load({ dtype: "q8", backend }), {
      name: "TypeError",
      message: `Cannot use dtype "q8" on ${backend} as only native is fast in 8 bits; use backend "native", or leave ` +
        "dtype out",
    });
  }
});
