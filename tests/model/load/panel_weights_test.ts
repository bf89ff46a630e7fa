import { deepEqual, equal, match, notDeepEqual, ok, rejects } from "@std/assert";
import { LanguageModel, type LoadOptions, type Progress } from "../../../mod.ts";
import { toPanels } from "../../../src/checkpoint/panels.ts";
import { type ByteSource, openFile } from "../../../src/checkpoint/byte_source.ts";
import { readSafetensors } from "../../../src/checkpoint/safetensors.ts";
import { readFloat32 } from "../../../src/checkpoint/values.ts";
import { canMapTogether } from "../../../src/models/weights.ts";
import { checkpointCopy, maxAbsDifference, openGolden } from "../../support/goldens.ts";
import { largeCheckpoint } from "../../support/large_checkpoint.ts";

const STORING = "Storing matrices as products read them fastest, which later loads find";

/** The names of the files of a folder; none where there is no folder. */
function filesIn(folder: string): readonly string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** A checkpoint whose panels are kept beside it, and how often they were made. */
function keptBeside(copy: { readonly directory: string } & AsyncDisposable) {
  const messages: string[] = [];
  const options: LoadOptions = {
    ...{ backend: "native", cacheDir: `${copy.directory}/hub` },
    onProgress: ({ message }: Progress) => void messages.push(message),
  };
  const folder = `${copy.directory}/hub-panels`;
  return {
    ...{ directory: copy.directory, folder, options },
    files: () => filesIn(folder),
    last: () => messages.at(-1)!,
    made: () => messages.filter((message) => message === STORING).length,
    logits: async (more: LoadOptions) => {
      await using model = await LanguageModel.fromPretrained(copy.directory, { ...options, ...more });
      const { tokenIds } = (await openGolden("f32")).prompts.long!;
      return (await model.trace(model.sequence(tokenIds), { capture: ["logits"] })).logits!.data;
    },
    [Symbol.asyncDispose]: () => copy[Symbol.asyncDispose](),
  };
}

Deno.test("fromPretrained() on native keeps matrices in panels once, anew when the checkpoint changes or the file is damaged", async () => {
  await using one = keptBeside(await checkpointCopy("f32"));
  const first = await one.logits({ prepack: true });
  const [name] = one.files();
  match(name!, /^[0-9a-f]{64}\.safetensors$/);
  deepEqual(await one.logits({ prepack: true }), first);
  deepEqual([one.made(), one.files()], [1, [name]]);
  await Deno.truncate(`${one.folder}/${name}`, 1000);
  deepEqual(await one.logits({ prepack: true }), first);
  deepEqual([one.made(), one.files()], [2, [name]]);
  await Deno.utime(`${one.directory}/model.safetensors`, 1, 1);
  deepEqual(await one.logits({ prepack: true }), first);
  equal(one.made(), 3);
  deepEqual(one.files().length, 1, "that of the former contents is removed");
  notDeepEqual(one.files(), [name]);
  const plain = await one.logits({ prepack: false });
  ok(maxAbsDifference(plain, first) <= 2e-5);
  const { data } = await (await openGolden("f32")).array("long/logits");
  ok(maxAbsDifference(first, data) <= 2e-5);
});

Deno.test("the file of panels has each linear layer and the unembedding, and nothing else", async () => {
  await using one = keptBeside(await checkpointCopy("f32"));
  await one.logits({ prepack: true });
  const paths = [`${one.directory}/model.safetensors`, `${one.folder}/${one.files()[0]}`];
  const [checkpoint, file] = await Promise.all(paths.map((path) => openFile(path))) as [ByteSource, ByteSource];
  const [stored, panels] = [await readSafetensors(checkpoint), await readSafetensors(file)];
  const prefix = [...stored.keys()].some((name) => name.startsWith("transformer.")) ? "transformer." : "";
  const matrices = [...stored].filter(([name, { shape }]) => shape.length === 2 && !name.includes("wpe"));
  equal(matrices.length, panels.size);
  let compared = 0;
  for (const [name, entry] of matrices) {
    const numbers = await readFloat32(entry);
    const expected = toPanels(numbers, entry.shape as [number, number], name.includes("wte"));
    const own = panels.get(`${name.slice(prefix.length)}.panels`)!;
    deepEqual(await readFloat32(own), expected);
    equal(own.shape.reduce((size, count) => size * count, 1), expected.length);
    compared += 1;
  }
  ok(compared >= 9, `${compared}`);
  for (const source of [checkpoint, file]) source.close();
});

Deno.test("fromPretrained() on native keeps panels by itself of more than 64 MiB, also of half precision, and not of less", async () => {
  await using small = keptBeside(await checkpointCopy("f32"));
  await small.logits({});
  deepEqual([small.made(), small.files()], [0, []]);
  await using large = keptBeside(await largeCheckpoint("f32"));
  await large.logits({ prepack: false });
  deepEqual([large.made(), large.files()], [0, []]);
  const first = await large.logits({});
  deepEqual(await large.logits({ prepack: true }), first);
  deepEqual([large.made(), large.files().length], [1, 1]);
  await large.logits({ backend: "wasm" });
  await large.logits({ dtype: "q8" });
  deepEqual([large.made(), large.files().length], [1, 1]);
});

Deno.test("a model in half precision goes by panels and by its widened file, and equals PyTorch", async () => {
  await using one = keptBeside(await largeCheckpoint("bf16"));
  await using model = await LanguageModel.fromPretrained(one.directory, one.options);
  equal(one.made(), 1);
  equal(filesIn(`${one.directory}/hub-float32`).length, 1);
  const golden = await openGolden("bf16");
  for (const [key, { tokenIds, promptLength, positions }] of Object.entries(golden.prompts)) {
    const sequence = model.sequence(tokenIds, { promptLength });
    const { scores } = await model.saliency(sequence, { of: "logProb", reduce: "l2", normalize: false, positions });
    const { data } = await golden.array(`${key}/saliency/logProb/gradientXInput/l2`);
    ok(maxAbsDifference(scores.data, data) <= 1e-5 * Math.max(1, ...data.map(Math.abs)), key);
  }
});

Deno.test("fromPretrained() goes on without panels where they cannot be kept, and packs in memory when it is asked to", async () => {
  await using one = keptBeside(await largeCheckpoint("f32"));
  await Deno.writeTextFile(one.folder, "a file in the place of the folder");
  const { data } = await (await openGolden("f32")).array("long/logits");
  const why = / no file of them can be kept in .*hub-panels \(.*os error \d+.*\); let files be written there, or /s;
  for (const options of [{}, { prepack: true }] as LoadOptions[]) {
    ok(maxAbsDifference(await one.logits(options), data) <= 2e-5);
    match(one.last(), why);
    match(
      one.last(),
      options.prepack ? /; matrices are packed .*, into memory, \d+ KiB, as/ : /; products read .*, as/,
    );
  }
  await one.logits({ prepack: false });
  ok(!one.last().includes("hub-panels"), one.last());
  equal(await Deno.readTextFile(one.folder), "a file in the place of the folder");
});

Deno.test("fromPretrained() makes no panels that could not be mapped beside the weights", async () => {
  await using one = keptBeside(await largeCheckpoint("f32"));
  const relative = `.out/${crypto.randomUUID()}`;
  const { data } = await (await openGolden("f32")).array("long/logits");
  ok(maxAbsDifference(await one.logits({ cacheDir: relative }), data) <= 2e-5);
  deepEqual([one.made(), filesIn(`${relative}-panels`)], [0, []]);
});

Deno.test("canMapTogether() knows files of one drive", () => {
  equal(canMapTogether(["/a/b", "/c"]), true);
  equal(canMapTogether(["C:\\a", "C:\\b\\c"]), true);
  for (const paths of [["/a", "b"], ["C:\\a", "D:\\a"], ["/a", undefined], ["a", "b"], []]) {
    equal(canMapTogether(paths), false, `${paths}`);
  }
});

Deno.test("fromPretrained() asks for no permission to look for panels, and does without", async () => {
  await using copy = await largeCheckpoint("f32");
  const { pathname } = new URL("../../support/print_load.ts", import.meta.url);
  const env = { HF_HUB_CACHE: `${copy.directory}/cache/hub` };
  for (const write of [[], [`--allow-write=${copy.directory}`]]) {
    const flags = ["--allow-ffi", "--allow-read", "--allow-env", "--allow-sys", ...write, "--no-prompt"];
    const args = ["run", "--quiet", "--no-check", ...flags, pathname, copy.directory];
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, env, stdin: "null" }).output();
    equal(new TextDecoder().decode(stdout).trim(), "native", new TextDecoder().decode(stderr));
    equal(filesIn(`${copy.directory}/cache/hub-panels`).length, write.length);
  }
});

Deno.test("fromPretrained() leaves no part of a file of panels when it is stopped", async () => {
  await using one = keptBeside(await checkpointCopy("f32"));
  const controller = new AbortController();
  const onProgress = ({ message }: Progress) => message === STORING && controller.abort(new Error("enough"));
  const options = { ...one.options, prepack: true, onProgress, signal: controller.signal };
  await rejects(LanguageModel.fromPretrained(one.directory, options), { message: "enough" });
  deepEqual(one.files(), []);
});
