/** What becomes of a model whose files are replaced while it is in use, and of the next one. */
import { deepEqual, rejects } from "@std/assert";
import { LanguageModel } from "../../../mod.ts";
import { checkpointCopy } from "../../support/goldens.ts";

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
