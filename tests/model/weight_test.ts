import { deepEqual, equal, ok, rejects } from "@std/assert";
import { LanguageModel } from "../../mod.ts";
import { checkpointCopy } from "../support/goldens.ts";

for (const name of ["f32", "f16", "bf16"]) {
  Deno.test(`weight() gives the numbers that the model of ${name} computes with`, async () => {
    await using copy = await checkpointCopy(name);
    for (const backend of ["wasm", "native"] as const) {
      await using model = await LanguageModel.fromPretrained(copy.directory, { backend });
      const { nEmbd: C, vocabSize: V, nLayer } = model.config;
      const [wte, wpe] = [await model.weight("wte.weight"), await model.weight("transformer.wpe.weight")];
      deepEqual([...wte.shape], [V, C]);
      const sequence = model.sequence([1, V - 1, 0]);
      const { hiddenStates } = await model.trace(sequence);
      sequence.tokenIds.forEach((id, t) => {
        for (let c = 0; c < C; ++c) {
          const sum = Math.fround(wte.data[id * C + c]! + wpe.data[t * C + c]!);
          ok(Math.abs(hiddenStates!.data[t * C + c]! - sum) <= 1e-7, `token ${t}, number ${c}`);
        }
      });
      equal(model.weightNames.length, 2 + 12 * nLayer + 2);
      deepEqual((await model.weight(`h.${nLayer - 1}.attn.c_attn.weight`)).shape, [C, 3 * C]);
    }
  });
}

Deno.test("weight() says which names there are when it does not know one, and that a model is disposed", async () => {
  const model = await LanguageModel.fromPretrained();
  await rejects(() => model.weight("attn.c_attn.weight"), {
    name: "RangeError",
    message:
      'Cannot find a weight called "attn.c_attn.weight"; names are such as "h.0.attn.c_attn.weight", "h.1.attn.c_attn.weight", "h.2.attn.c_attn.weight", see model.weightNames',
  });
  await rejects(() => model.weight("lm_head"), { message: /names are such as "wte.weight", .* see model.weightNames/ });
  await model.dispose();
  await rejects(() => model.weight("wte.weight"), { message: /it is disposed/ });
});

Deno.test("weight() says that the weights are in 8 bits", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using model = await LanguageModel.fromPretrained(undefined, { dtype: "q8", cacheDir: folder });
    await rejects(() => model.weight("h.0.attn.c_attn.weight"), {
      name: "RangeError",
      message: 'Cannot read "h.0.attn.c_attn.weight" as the weights are in 8 bits; load without dtype "q8"',
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
    await Deno.remove(`${folder}-q8`, { recursive: true });
  }
});
