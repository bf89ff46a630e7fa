import { deepEqual, equal, ok, rejects } from "@std/assert";
import { LanguageModel, type LensNorm } from "../../../mod.ts";
import { checkpointCopy, maxAbsDifference, openGoldenFile } from "../../support/goldens.ts";
import { openSourceModel } from "../../support/sources.ts";

const FOLDER = new URL("../../goldens/", import.meta.url);
const FILE = new URL("lens.safetensors", FOLDER);
const { cases } = JSON.parse(await Deno.readTextFile(new URL("lens.json", FOLDER))) as {
  cases: Readonly<Record<string, { readonly tokenIds: readonly number[] }>>;
};
const NORMS: readonly LensNorm[] = ["final", "none"];
const BOUNDS = { bestProbabilities: 1e-5, logProbs: 5e-5, entropies: 5e-5, divergences: 5e-5 };

async function open(name: string, backend: "wasm" | "native") {
  if (name === "bundled") return { model: await LanguageModel.fromPretrained(undefined, { backend }), copy: undefined };
  const copy = await checkpointCopy(name.replace(/^gpt2\//, ""));
  return { model: await LanguageModel.fromPretrained(copy.directory, { backend }), copy };
}

for (const backend of ["wasm", "native"] as const) {
  Deno.test(`lens() on ${backend} equals PyTorch at every position and layer`, async () => {
    let compared = 0;
    for (const [name, { tokenIds }] of Object.entries(cases)) {
      const { model, copy } = await open(name, backend);
      for (const norm of NORMS) {
        const lens = await model.lens(model.sequence(tokenIds), { norm });
        const T = tokenIds.length;
        deepEqual(lens.positions, tokenIds.map((_, i) => i + 1));
        deepEqual(lens.tokenIds.slice(0, -1), tokenIds.slice(1));
        equal(lens.tokenIds.at(-1), lens.best.data.at(-1)); // of the next token, what the model prefers
        for (const array of ["best", "ranks"] as const) {
          const { data, shape } = await openGoldenFile(FILE, `${name}/${norm}/${array}`);
          deepEqual(lens[array].shape, shape);
          deepEqual([...lens[array].data], [...data], `${name} ${norm} ${array}`);
        }
        for (const [array, bound] of Object.entries(BOUNDS)) {
          const { data } = await openGoldenFile(FILE, `${name}/${norm}/${array}`);
          const difference = maxAbsDifference(lens[array as keyof typeof BOUNDS].data, data);
          ok(difference <= bound, `${name} ${norm} ${array}: ${difference} > ${bound}`);
        }
        equal(lens.ranks.data.at(-1), 1);
        const ids = new Set([...lens.best.data, ...lens.tokenIds]);
        deepEqual(lens.tokens.map(({ id }) => id), [...ids].sort((a, b) => a - b));
        deepEqual(lens.best.shape, [model.config.nLayer, T]);
        ++compared;
      }
      await model.dispose();
      await copy?.[Symbol.asyncDispose]();
    }
    equal(compared, 5 * 2); // checkpoints, norms
  });
}

Deno.test("lens() of some positions is the same as of all, in the order asked for, in runs of any size", async () => {
  await using model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
  const sequence = model.sequence("The keys to the cabinet are on the table");
  const all = await model.lens(sequence);
  const positions = [sequence.tokenIds.length, 2, 5, 2];
  const some = await model.lens(sequence, { positions });
  const [N, L] = [all.positions.length, model.config.nLayer];
  positions.forEach((position, n) => {
    for (let layer = 0; layer < L; ++layer) {
      const [a, b] = [layer * N + position - 1, layer * positions.length + n];
      deepEqual([some.best.data[b], some.ranks.data[b]], [all.best.data[a], all.ranks.data[a]]);
      ok(Math.abs(some.logProbs.data[b]! - all.logProbs.data[a]!) <= 1e-4);
    }
  });
  const asked: number[] = [];
  const told: string[] = [];
  const { runs, bytes } = model.cost.lens(sequence);
  equal(runs, 4); // once for what the model prefers
  const cut = await model.lens(sequence, {
    maxMemory: bytes / 2,
    onProgress: ({ task, completed, total, message }) => {
      asked.push(completed / total);
      told.push(`${task}: ${message}`);
    },
  });
  deepEqual([cut.best.data, cut.ranks.data], [all.best.data, all.ranks.data]);
  ok(asked.length > 1 && asked.at(-1) === 1, `${asked}`);
  equal(told.at(-1), `lens: Read the layers at ${all.positions.length} of ${all.positions.length} places`);
  deepEqual((await model.lens(model.sequence("The"))).positions, [1]);
});

Deno.test("lens() of a model with a source reads it", async () => {
  const { model, sequenceOf, pairs, ...opened } = await openSourceModel("marian/marian");
  const sequence = sequenceOf(pairs.long!);
  const lens = await model.lens(sequence);
  const { ranks, probabilities, positions } = await model.rankings(sequence);
  const [L, N] = lens.best.shape as [number, number];
  equal(L, model.config.nLayer);
  positions.forEach((position, n) => {
    const [mine, theirs] = [(L - 1) * N + position - 1, (L - 1) * positions.length + n];
    equal(lens.ranks.data[mine], ranks.data[theirs]);
    ok(Math.abs(Math.exp(lens.logProbs.data[mine]!) - probabilities.data[theirs]!) <= 1e-6);
  });
  await opened[Symbol.asyncDispose]();
});

Deno.test("lens() says what it cannot read", async () => {
  await using model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
  const sequence = model.sequence("The keys");
  const T = sequence.tokenIds.length;
  const refused = (options: object, name: string, message: RegExp) =>
    rejects(model.lens(sequence, options), { name, message });
  for (const position of [0, T + 1, 1.5, NaN]) {
    await refused(
      { positions: [position] },
      "RangeError",
      /^Cannot read the layers at position .* is the next token's$/,
    );
  }
  await refused({ positions: [] }, "RangeError", /empty list of positions$/);
  await refused({ positions: 3 }, "TypeError", /^Cannot read the layers at positions 3; pass an array such as \[1\]$/);
  await refused({ positions: new Array(1) }, "RangeError", /position NaN/);
  await refused({ norm: 5 }, "TypeError", /^Cannot use norm 5; /);
  await refused({ maxMemory: 1000 }, "RangeError", /ask for fewer or earlier positions/);
});
