import { equal, match, rejects } from "@std/assert";
import { InferenceSession, Tensor } from "npm:onnxruntime-web@1.30.0/jspi";
import { LanguageModel } from "../../mod.ts";
import { checkWebgpu } from "../../src/model/self_check.ts";
import { parseConfig } from "../../src/models/families.ts";
import { checkpointCopy } from "../support/goldens.ts";
import { NO_WEBGPU } from "../support/webgpu.ts";

type Results = Record<string, Tensor>;

const config = (changes: Readonly<Record<string, unknown>> = {}) => parseConfig({ model_type: "gpt2", ...changes });

/** Lets `damage` change what comes from the GPU, until the scope ends. */
function damagedGpu(damage: (results: Results) => void): Disposable {
  const { create } = InferenceSession;
  const damaged = async (model: Uint8Array, options: InferenceSession.SessionOptions) => {
    const session = await create.call(InferenceSession, model, options);
    if (options.executionProviders?.[0] !== "webgpu") return session;
    const run = session.run.bind(session);
    return Object.assign(session, {
      run: async (feeds: Results, fetches: readonly string[]) => {
        const results = { ...await run(feeds, fetches) as Results };
        damage(results);
        return results;
      },
    });
  };
  Object.assign(InferenceSession, { create: damaged });
  return { [Symbol.dispose]: () => Object.assign(InferenceSession, { create }) };
}

for (const activation of ["gelu", "gelu_new", "relu", "silu", "tanh"]) {
  Deno.test(`checkWebgpu() trusts this GPU with ${activation}`, { ignore: NO_WEBGPU }, async () => {
    await checkWebgpu(config({ "activation_function": activation, "scale_attn_by_inverse_layer_idx": true }));
  });
}

for (const modelType of ["llama", "gpt_neox", "bert", "bart"]) {
  Deno.test(`checkWebgpu() trusts this GPU with ${modelType}`, { ignore: NO_WEBGPU }, async () => {
    await checkWebgpu(parseConfig({ "model_type": modelType }));
  });
}

Deno.test("checkWebgpu() refuses a GPU whose gradient is off by 1 %", { ignore: NO_WEBGPU }, async () => {
  using _ = damagedGpu((results) => {
    for (const [name, tensor] of Object.entries(results)) {
      if (!name.startsWith("If_") || tensor.dims.length !== 2 || tensor.data.length === 0) continue; // [N, T]
      const numbers = (tensor.data as Float32Array).map((number) => number * 1.01);
      results[name] = new Tensor("float32", numbers, tensor.dims);
    }
  });
  await rejects(checkWebgpu(config()), {
    name: "Error",
    message:
      'Cannot trust this system\'s WebGPU: on a tiny model it is 1.0e-2 away from the CPU; use backend "native" ' +
      'or "wasm", or another driver',
  });
});

Deno.test(
  "checkWebgpu() refuses a GPU that gives NaN, and a model is not loaded on it",
  { ignore: NO_WEBGPU },
  async () => {
    using _ = damagedGpu((results) => {
      for (const [name, { data, dims }] of Object.entries(results)) {
        results[name] = new Tensor("float32", new Float32Array(data.length).fill(NaN), dims);
      }
    });
    await using copy = await checkpointCopy("f32");
    await rejects(LanguageModel.fromPretrained(copy.directory, { backend: "webgpu" }), (error: Error) => {
      equal(error.name, "Error");
      match(error.message, /^Cannot trust this system's WebGPU: /);
      return true;
    });
  },
);

Deno.test(
  "LanguageModel on webgpu refuses ids and positions that the GPU would clamp",
  { ignore: NO_WEBGPU },
  async () => {
    await using copy = await checkpointCopy("f32");
    await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "webgpu" });
    const { vocabSize, nPositions } = model.config;
    const tooLong = new Array<number>(nPositions + 1).fill(1);
    for (const ids of [[vocabSize], [-1], [0.5], tooLong]) {
      await rejects(model.generate(ids), { name: "RangeError", message: /^Cannot read / });
    }
    const sequence = model.sequence([1, 2, 3]);
    for (const position of [0, 3, -1, 1.5]) {
      const options = { positions: [position] };
      await rejects(model.saliency(sequence, options), { name: "RangeError", message: /^Cannot explain position / });
    }
    await rejects(model.rankingsWatch(sequence, { position: 2, watch: [vocabSize] }), { name: "RangeError" });
  },
);

Deno.test("saliency() refuses int8 on webgpu by name", { ignore: NO_WEBGPU }, async () => {
  await using copy = await checkpointCopy("f32");
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "webgpu" });
  await rejects(model.saliency(model.sequence([1, 2, 3]), { precision: "int8" }), {
    name: "TypeError",
    message: 'Cannot explain in int8 on webgpu as it has no such products; use precision: "float32"',
  });
});
