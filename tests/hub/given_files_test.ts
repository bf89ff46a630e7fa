import { deepEqual, equal, match, rejects } from "@std/assert";
import { LanguageModel } from "../../mod.ts";
import { modelFiles } from "../support/hub_model.ts";

/** The files of a small model as a page has them of a folder that was chosen. */
async function chosenFiles(folder = "my-model"): Promise<File[]> {
  return Object.entries(await modelFiles()).map(([name, bytes]) =>
    Object.defineProperty(new File([bytes], name), "webkitRelativePath", { value: `${folder}/${name}` })
  );
}

const OPTIONS = { backend: "wasm" } as const;

Deno.test("fromPretrained() loads files that are given, by the name of their folder", async () => {
  const files = await chosenFiles();
  await using model = await LanguageModel.fromPretrained(files, OPTIONS);
  equal(model.id, "my-model");
  const { predictions } = await model.candidates(model.sequence([1, 2, 3]));
  equal(predictions.length, 10);
  const { files: named } = await model.identity();
  deepEqual(named.map(({ name }) => name), ["config.json", "model.safetensors", "tokenizer.json"]);
});

Deno.test("fromPretrained() says what is wrong with files that are given", async () => {
  const files = await chosenFiles();
  const without = (name: string) => files.filter((file) => file.name !== name);
  await rejects(
    LanguageModel.fromPretrained(without("config.json"), OPTIONS),
    /^Error: Cannot load "my-model" as config\.json is missing from folder:\/\/\/my-model\/; it must be there$/,
  );
  await rejects(LanguageModel.fromPretrained([], OPTIONS), /^Error: Cannot load "files" as config\.json is missing/);
  await rejects(
    LanguageModel.fromPretrained([...files, new File([], "config.json")], OPTIONS),
    /^Error: Cannot load a model of files as two are called config\.json; pass those of one folder$/,
  );
  const texts: unknown[] = ["config.json"];
  const error = await LanguageModel.fromPretrained(texts as File[], OPTIONS).catch(String);
  match(String(error), /^TypeError: Cannot load a model of "config\.json" as it is no file; pass the id of a model/);
});
