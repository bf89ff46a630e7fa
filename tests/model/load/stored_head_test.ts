/** Checkpoints that tie the head to the embeddings and hold a head all the same. */
import { deepEqual, equal, ok, rejects } from "@std/assert";
import { LanguageModel, modelSummary, type Progress } from "../../../mod.ts";
import { openFile } from "../../../src/checkpoint/byte_source.ts";
import { readSafetensorsFile } from "../../../src/checkpoint/safetensors.ts";
import { safetensorsFile } from "../../checkpoint/safetensors_file.ts";
import { checkpointCopy, maxAbsDifference, openGolden } from "../../support/goldens.ts";

type Header = Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;

const [WTE, HEAD] = ["transformer.wte.weight", "lm_head.weight"];

/** The golden checkpoint whose own head differs, changed. */
const changed = (change: (header: Header, data: Uint8Array) => Uint8Array | void, tied = true) =>
  checkpointCopy("stored_head", async (directory) => {
    const path = `${directory}/model.safetensors`;
    const source = await openFile(path);
    const { tensors, dataStart } = await readSafetensorsFile(source);
    source.close();
    const bytes = await Deno.readFile(path);
    const header: Header = Object.fromEntries([...tensors].map(([name, { dtype, shape, start, end }]) => {
      return [name, { dtype, shape: [...shape], data_offsets: [start - dataStart, end - dataStart] }];
    }));
    const data = bytes.slice(dataStart);
    await Deno.writeFile(path, safetensorsFile(header, change(header, data) ?? data));
    const config = JSON.parse(await Deno.readTextFile(`${directory}/config.json`));
    await Deno.writeTextFile(`${directory}/config.json`, JSON.stringify({ ...config, tie_word_embeddings: tied }));
  });

/** Writes the embeddings over the head. */
function tie(header: Header, data: Uint8Array): void {
  data.copyWithin(header[HEAD]!.data_offsets[0], ...header[WTE]!.data_offsets);
}

async function logitsOf(model: LanguageModel): Promise<Float32Array> {
  const { tokenIds } = (await openGolden("stored_head")).prompts.long!;
  return (await model.trace(model.sequence(tokenIds), { capture: ["logits"] })).logits!.data;
}

for (const backend of ["wasm", "native"] as const) {
  Deno.test(`fromPretrained() on ${backend} reads logits with a head that differs from the embeddings, and says so`, async () => {
    await using copy = await checkpointCopy("stored_head");
    const messages: string[] = [];
    const onProgress = ({ message }: Progress) => void messages.push(message);
    await using model = await LanguageModel.fromPretrained(copy.directory, { backend, onProgress });
    equal(model.config.tieWordEmbeddings, false);
    ok(messages.includes("lm_head.weight differs from wte.weight, so the two are not tied"));
    // transformers' num_parameters(): 8912 for the same model when it is tied
    equal(modelSummary(model.config).parameters, 10_464);
    const { data } = await (await openGolden("stored_head")).array("long/logits");
    ok(maxAbsDifference(await logitsOf(model), data) <= 1e-5);
  });
}

Deno.test("fromPretrained() ties a head that equals the embeddings, and holds them once", async () => {
  await using copy = await changed(tie);
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  equal(model.config.tieWordEmbeddings, true);
  equal(modelSummary(model.config).parameters, 8912);
  await using alone = await changed((header, data) => {
    tie(header, data);
    const [start, end] = header[HEAD]!.data_offsets;
    delete header[HEAD];
    for (const entry of Object.values(header)) {
      if (entry.data_offsets[0] >= end) entry.data_offsets = entry.data_offsets.map((at) => at - end + start) as never;
    }
    return Uint8Array.from([...data.subarray(0, start), ...data.subarray(end)]);
  });
  await using same = await LanguageModel.fromPretrained(alone.directory, { backend: "wasm" });
  deepEqual(await logitsOf(model), await logitsOf(same));
});

Deno.test("fromPretrained() does not tie a head that differs in the last bit of its last number", async () => {
  await using copy = await changed((header, data) => {
    tie(header, data);
    data[header[HEAD]!.data_offsets[1] - 4]! ^= 1;
  });
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  equal(model.config.tieWordEmbeddings, false);
});

Deno.test("fromPretrained() keeps 8-bit weights with a head apart from those without one", async () => {
  await using copy = await checkpointCopy("stored_head");
  const options = { dtype: "q8", cacheDir: `${copy.directory}/hub`, onProgress: () => {} } as const;
  const q8 = async () => {
    await using model = await LanguageModel.fromPretrained(copy.directory, options);
    return await logitsOf(model);
  };
  const [made, found] = [await q8(), await q8()];
  deepEqual(found, made);
  await using untied = await changed(() => {}, false);
  await using model = await LanguageModel.fromPretrained(untied.directory, options);
  deepEqual(await logitsOf(model), made);
  equal([...Deno.readDirSync(`${copy.directory}/hub-q8`)].length, 2);
});

Deno.test("fromPretrained() refuses a head of another shape or type, as it would be used", async () => {
  const refused: readonly (readonly [(header: Header) => void, string, RegExp])[] = [
    [(header) => header[HEAD]!.shape.reverse(), "RangeError", /"lm_head\.weight" must be \[97,16\].*\[16,97\]/],
    [(header) => header[HEAD]!.dtype = "I32", "TypeError", /"lm_head\.weight" .* must be F64, F32, F16 or BF16: I32$/],
  ];
  for (const [change, name, message] of refused) {
    await using copy = await changed((header) => void change(header));
    await rejects(LanguageModel.fromPretrained(copy.directory, { backend: "wasm" }), { name, message });
  }
});
