import { deepEqual, ok } from "@std/assert";
import { LanguageModel } from "../../mod.ts";
import { maxAbsDifference, openGoldenFile } from "../support/goldens.ts";

interface Prompt {
  readonly text: string;
  readonly promptIds: readonly number[];
  readonly tokenIds: readonly number[];
}

const FOLDER = new URL("../goldens/bundled/", import.meta.url);
const { prompts }: { prompts: readonly Prompt[] } = JSON.parse(
  await Deno.readTextFile(new URL("golden.json", FOLDER)),
);

// On webgpu, which is slow in software, parity_test.ts holds the same model to wasm.
// As many threads as there are cores, which may be one; and two, which are slow where there is one: for one text.
const CASES = (["wasm", "native"] as const).flatMap((backend) => [
  { backend, how: "", options: {}, texts: prompts },
  { backend, how: ", in two threads,", options: { threads: 2 }, texts: prompts.slice(0, 1) },
]);

for (const { backend, how, options, texts } of CASES) {
  Deno.test(`the bundled model on ${backend}${how} equals transformers and PyTorch on its float16 weights`, async (t) => {
    await using model = await LanguageModel.fromPretrained(undefined, { backend, ...options });
    for (const [number, { text, promptIds, tokenIds }] of texts.entries()) {
      await t.step(JSON.stringify(text), async () => {
        const golden = (name: string) => openGoldenFile(new URL("golden.safetensors", FOLDER), `${number}/${name}`);
        const close = async (actual: Float32Array, name: string, bound: number) => {
          const difference = maxAbsDifference(actual, (await golden(name)).data);
          ok(difference <= bound, `${name}: ${difference} > ${bound}`);
        };
        deepEqual(model.tokenizer.encode(text), promptIds);
        const maxNewTokens = tokenIds.length - promptIds.length;
        const { tokenIds: written } = await model.generate(text, { maxNewTokens });
        deepEqual(written, tokenIds.slice(0, written.length));
        ok(written.length === tokenIds.length || model.config.eosTokenIds.includes(written.at(-1)!));

        const sequence = model.sequence(tokenIds, { promptLength: promptIds.length });
        const { logits, hiddenStates } = await model.trace(sequence, { capture: ["logits", "hiddenStates"] });
        await close(logits!.data.subarray(-model.config.vocabSize), "logits", 1e-4);
        const [states, T, C] = hiddenStates!.shape as [number, number, number];
        const last = Float32Array.from(
          { length: states * C },
          (_, i) => hiddenStates!.data[(Math.floor(i / C) * T + T - 1) * C + i % C]!,
        );
        await close(last, "hiddenStates", 1e-4);
        await close((await model.saliency(sequence)).scores.data, "ecco", 1e-5);
        const captum = (await model.saliency(sequence, { preset: "captum" })).scores.data;
        await close(captum, "captum", 1e-5);
      });
    }
  });
}
