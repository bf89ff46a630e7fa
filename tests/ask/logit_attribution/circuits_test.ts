import { deepEqual, equal, ok, rejects, throws } from "@std/assert";
import { LanguageModel } from "../../../mod.ts";
import {
  checkpointCopy,
  FAMILY_NAMES,
  folderOf,
  GOLDEN_NAMES,
  maxAbsDifference,
  openGoldenFile,
} from "../../support/goldens.ts";

/** Relative to the greatest of its kind where that is above 1. */
const BOUND = 1e-5;

async function open(name: string, backend: "wasm" | "native" = "wasm", dtype?: "q8") {
  const copy = await checkpointCopy(name);
  const model = await LanguageModel.fromPretrained(copy.directory, { backend, ...dtype && { dtype } });
  const dispose = async () => {
    await model.dispose();
    await copy[Symbol.asyncDispose]();
  };
  const theirs = (key: string) => openGoldenFile(new URL("logit_attribution.safetensors", folderOf(name)), key);
  return { model, theirs, [Symbol.asyncDispose]: dispose };
}

function isClose(ours: readonly number[], golden: ArrayLike<number>, what: string) {
  const largest = Array.from(golden).reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  const difference = maxAbsDifference(ours, golden) / largest;
  ok(difference <= BOUND, `${what}: ${difference}`);
}

for (const backend of ["wasm", "native"] as const) {
  for (const name of [...GOLDEN_NAMES, ...FAMILY_NAMES]) {
    Deno.test(`headCircuit() and neuronWrites() on ${backend} equal PyTorch on ${name}`, async () => {
      await using opened = await open(name, backend);
      const { model, theirs } = opened;
      const { circuit } = JSON.parse(await Deno.readTextFile(new URL("logit_attribution.json", folderOf(name))));
      const { vocabSize: V, nLayer } = model.config;
      const place = { layer: nLayer - 1, head: circuit.head };
      const [qk, ov, neuron] = [await theirs("qk"), await theirs("ov"), await theirs("neuron")];
      const side = qk.shape[0]!;
      const looked: number[] = [];
      for (let to = 0; to < side; to += 5) {
        for (let from = 0; from < side; ++from) {
          const pair = { from: from * circuit.stride, to: to * circuit.stride, topK: 1 };
          looked.push((await model.headCircuit(place, pair)).qk);
        }
      }
      isClose(looked, qk.data.filter((_, i) => Math.floor(i / side) % 5 === 0), "qk");
      const head = await model.headCircuit(place, { from: circuit.from, to: 50, topK: V });
      isClose([head.ov], [ov.data[50]!], "ov");
      const { raised, lowered } = await model.neuronWrites({ layer: nLayer - 1, neuron: circuit.neuron }, { topK: V });
      for (const [list, golden] of [[head.raised, ov], [raised, neuron]] as const) {
        const byId = list.toSorted((a, b) => a.tokenId - b.tokenId);
        deepEqual(byId.map(({ tokenId }) => tokenId), [...Array(V).keys()]);
        isClose(byId.map(({ change }) => change), golden.data, "changes");
        ok(
          list.every(({ change, token, tokenId }, i) =>
            change <= (list[i - 1]?.change ?? Infinity) && token.id === tokenId
          ),
        );
      }
      deepEqual(lowered.map(({ change }) => change), raised.map(({ change }) => change).toReversed());
    });
  }
}

Deno.test("headCircuit() takes words by text, and lists as many tokens as it is asked for", async () => {
  await using opened = await open("f32");
  const { model } = opened;
  const [from, to] = model.tokenizer.encode("#$") as [number, number];
  const byText = await model.headCircuit({ layer: 1, head: 0 }, { from: "#", to: "$", topK: 3 });
  deepEqual(byText, await model.headCircuit({ layer: 1, head: 0 }, { from, to, topK: 3 }));
  deepEqual([byText.from.text, byText.to.text, byText.layer, byText.head], ["#", "$", 1, 0]);
  deepEqual([byText.raised.length, byText.lowered.length], [3, 3]);
  equal((await model.neuronWrites({ layer: 0, neuron: 0 })).raised.length, 10);
});

Deno.test("headCircuit() and neuronWrites() refuse what is not there, and say what is", async () => {
  await using opened = await open("f32");
  const { model } = opened;
  const words = { from: 1, to: 2 };
  const heads: readonly (readonly [unknown, unknown, string, RegExp])[] = [
    [{ layer: 2, head: 0 }, words, "RangeError", /^Cannot read layer 2 as the model has the layers 0 to 1$/],
    [{ layer: 1, head: 2 }, words, "RangeError", /^Cannot read head 2 as layer 1 has the heads 0 to 1$/],
    [{ layer: 1 }, words, "RangeError", /^Cannot read head undefined as layer 1 has the heads 0 to 1$/],
    [3, words, "TypeError", /^Cannot find the head 3; pass its place, such as \{ layer: 0, head: 0 \}$/],
    [{ layer: 0, head: 0 }, { from: 1 }, "TypeError", /to undefined; it must be given/],
    [{ layer: 0, head: 0 }, { ...words, to: 97 }, "RangeError", /97/],
    [{ layer: 0, head: 0 }, { ...words, topK: 98 }, "RangeError", /^Cannot list topK 98 tokens/],
    [{ layer: 0, head: 0 }, { ...words, maxMemory: 100 }, "RangeError", /^Cannot read the circuits of a head within/],
  ];
  equal(heads.length, 8);
  for (const [place, options, name, message] of heads) {
    await rejects(model.headCircuit(place as never, options as never), { name, message });
  }
  throws(() => model.cost.neuronWrites({ layer: 0, neuron: 64 }), {
    name: "RangeError",
    message: "Cannot read neuron 64 as layer 0 has the neurons 0 to 63",
  });
  const { runs, bytes } = model.cost.neuronWrites({ layer: 0, neuron: 0 });
  equal(runs, 0);
  ok(bytes > 4 * 97 * 16);
  await using encoder = await open("bert/bert");
  await rejects(encoder.model.neuronWrites({ layer: 0, neuron: 0 }), {
    name: "TypeError",
    message: /^Cannot read what a neuron writes with BERT as each token sees the whole text/,
  });
  await using seq2seq = await open("bart/bart");
  await rejects(seq2seq.model.headCircuit({ layer: 0, head: 0 }, words), {
    name: "TypeError",
    message: /^Cannot read the circuits of a head with BART as its blocks normalise/,
  });
  await using small = await open("f32", "native", "q8");
  await rejects(small.model.headCircuit({ layer: 0, head: 0 }, words), {
    name: "Error",
    message: /^Cannot read the circuits of a head with 8-bit weights as the weights themselves are read; load without/,
  });
});
