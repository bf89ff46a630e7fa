/** What becomes of a model whose files are replaced or deleted while it is in use, and of the next one. */
import { deepEqual, equal, ok, rejects } from "@std/assert";
import { LanguageModel, type LoadOptions } from "../../../mod.ts";
import { checkpointCopy, maxAbsDifference } from "../../support/goldens.ts";
import { largeCheckpoint } from "../../support/large_checkpoint.ts";

const IDS = [5, 22, 7, 40, 7, 13, 11];
const INT8 = { precision: "int8", of: "logProb", reduce: "l2", normalize: false } as const;

const filesIn = (folder: string) => {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch {
    return [];
  }
};

/** Puts other weights in the place of a checkpoint's: all numbers smaller, and of the other sign. */
function replaceWeights(path: string): void {
  const bytes = Deno.readFileSync(path);
  const view = new DataView(bytes.buffer);
  for (let at = 8 + Number(view.getBigUint64(0, true)); at < bytes.length; at += 4) {
    view.setFloat32(at, -0.7 * view.getFloat32(at, true), true);
  }
  Deno.writeFileSync(`${path}.new`, bytes);
  Deno.renameSync(`${path}.new`, path);
}

for (const dtype of ["float32", "q8"] as const) {
  Deno.test(`saliency() in int8 of a model in ${dtype} keeps no matrices of weights that were replaced for those in their place`, async () => {
    await using copy = await checkpointCopy("f32");
    const load = (cache: string) =>
      LanguageModel.fromPretrained(copy.directory, {
        backend: "native",
        dtype,
        cacheDir: `${copy.directory}/${cache}`,
      });
    const explain = async (model: LanguageModel) => (await model.saliency(model.sequence(IDS), INT8)).scores.data;
    {
      await using model = await load("hub");
      replaceWeights(`${copy.directory}/model.safetensors`);
      await rejects(explain(model), /^Error: Cannot use .*model\.safetensors as another file has taken its place/);
    }
    deepEqual(filesIn(`${copy.directory}/hub-int8`), []);
    await using model = await load("hub");
    await using fresh = await load("fresh");
    deepEqual(await explain(model), await explain(fresh));
  });
}

Deno.test("saliency() says by name that the weights were deleted before its program starts, in float32 and in int8", async () => {
  await using copy = await checkpointCopy("f32");
  await using model = await LanguageModel.fromPretrained(copy.directory, {
    backend: "native",
    cacheDir: `${copy.directory}/hub`,
  });
  await Deno.remove(`${copy.directory}/model.safetensors`);
  for (const precision of ["float32", "int8"] as const) {
    await rejects(model.saliency(model.sequence(IDS), { precision }), {
      name: "Error",
      message: /^Cannot use .*model\.safetensors as it was deleted while it was in use; load it again$/,
    });
  }
});

/** Forms of weights in a file that is made, and how they are loaded. */
const FORMS = {
  q8: { copy: () => checkpointCopy("f32"), options: { dtype: "q8" } },
  float32: { copy: () => largeCheckpoint("f16"), options: { prepack: false } },
  panels: { copy: () => checkpointCopy("f32"), options: { prepack: true } },
} as const satisfies Record<string, { copy: () => ReturnType<typeof checkpointCopy>; options: LoadOptions }>;

for (const [form, { copy: makeCopy, options }] of Object.entries(FORMS)) {
  Deno.test(`a program over weights in ${form} starts after their file was deleted, and is of the same weights`, async () => {
    await using copy = await makeCopy();
    const folder = `${copy.directory}/hub-${form}`;
    const load = () =>
      LanguageModel.fromPretrained(copy.directory, {
        ...{ backend: "native", cacheDir: `${copy.directory}/hub`, progress: false },
        ...options,
      });
    const explain = async (model: LanguageModel) => (await model.saliency(model.sequence(IDS), INT8)).scores.data;
    const changed = async (model: LanguageModel) => {
      await using other = await model.with([{ site: "z.0", scale: 0 }]);
      return (await other.surprise(other.sequence(IDS), { topK: 1 })).logProbs;
    };
    await using expected = await load();
    const [map, logProbs] = [await explain(expected), await changed(expected)];
    await using model = await load();
    await Deno.remove(folder, { recursive: true });
    const found = await Promise.all([explain(model), changed(model)]);
    ok(maxAbsDifference(found[0], map) === 0 && `${found[1]}` === `${logProbs}`);
    equal(filesIn(folder).length, 1);
    await Deno.remove(folder, { recursive: true });
    deepEqual(await changed(model), logProbs);
    equal((await model.identity()).files.length, 3);
  });
}

Deno.test("a program over weights whose file was deleted and cannot be made anew is refused by their name", async () => {
  await using copy = await checkpointCopy("f32");
  const folder = `${copy.directory}/hub-q8`;
  await using model = await LanguageModel.fromPretrained(copy.directory, {
    ...{ dtype: "q8", cacheDir: `${copy.directory}/hub` },
  });
  await Deno.remove(folder, { recursive: true });
  await Deno.writeTextFile(folder, "no folder");
  await rejects(model.with([{ site: "z.0", scale: 0 }]), {
    name: "Error",
    message: /^Cannot use .*\.safetensors as it was deleted and cannot be made anew: .*; load it again$/,
  });
  await Deno.remove(folder);
  await using changed = await model.with([{ site: "z.0", scale: 0 }]);
  equal((await changed.generate(IDS, { maxNewTokens: 2 })).tokenIds.length, IDS.length + 2);
});

for (const [form, { copy: makeCopy, options }] of Object.entries(FORMS)) {
  Deno.test(`fromPretrained() of several models at once makes the file of weights in ${form} once, and each can say what it is`, async () => {
    await using copy = await makeCopy();
    const messages: string[] = [];
    const models = await Promise.all(Array.from({ length: 4 }, () =>
      LanguageModel.fromPretrained(copy.directory, {
        ...{ backend: "native", cacheDir: `${copy.directory}/hub` },
        ...{ progress: false, onProgress: ({ message }) => messages.push(message) },
        ...options,
      })));
    const maps = await Promise.all(models.map((model) => model.saliency(model.sequence(IDS), INT8)));
    equal(messages.filter((message) => /which later loads find$/.test(message)).length, 1);
    for (const [i, model] of models.entries()) {
      deepEqual(maps[i]!.scores, maps[0]!.scores);
      equal((await model.identity()).files.length, 3);
      await model.dispose();
    }
  });
}
