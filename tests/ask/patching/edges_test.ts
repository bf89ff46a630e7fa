import { deepEqual, equal, ok, rejects } from "@std/assert";
import { LanguageModel } from "../../../mod.ts";
import { counted } from "../../support/counted.ts";
import { folderOf, maxAbsDifference, openGoldenFile } from "../../support/goldens.ts";
import { openPatching, PATCHED_NAMES } from "../../support/patching.ts";
import { openSourceModel } from "../../support/sources.ts";

/** Of the greatest edge of a kind. */
const BOUND = 1e-5;
const KINDS = ["query", "key", "value"] as const;
const CASES = PATCHED_NAMES.flatMap((name) => (["native", "wasm"] as const).map((backend) => ({ name, backend })));

for (const { name, backend } of counted(CASES, 10)) {
  Deno.test(`edges() on ${backend} equal autograd by way of each head alone, on ${name}`, async () => {
    await using opened = await openPatching(name, { backend });
    const { model, clean, corrupted, words: { target, contrast } } = opened;
    const { position } = JSON.parse(await Deno.readTextFile(new URL("edges.json", folderOf(name))));
    let compared = 0;
    for (const metric of ["logitDifference", "probability"] as const) {
      const words = metric === "probability" ? { target } : { target, contrast };
      const found = await model.edges(clean, corrupted, { metric, position, ...words });
      deepEqual([found.position, found.metric.name, found.clean, found.corrupted], [
        position,
        metric,
        clean,
        corrupted,
      ]);
      for (const kind of KINDS) {
        const golden = await openGoldenFile(new URL("edges.safetensors", folderOf(name)), `${metric}/${kind}`);
        deepEqual(found[kind].shape, golden.shape);
        const greatest = Math.max(...golden.data.map(Math.abs));
        const difference = maxAbsDifference(found[kind].data, golden.data);
        ok(difference <= BOUND * greatest, `${metric} ${kind}: ${difference} > ${BOUND} x ${greatest}`);
        ++compared;
      }
    }
    equal(compared, 6);
  });
}

Deno.test("edges() of a text and itself are 0", async () => {
  await using opened = await openPatching("f32", { backend: "native" });
  const { model, clean, words } = opened;
  const found = await model.edges(clean, clean, words);
  equal(found.cleanValue, found.corruptedValue);
  for (const kind of KINDS) ok(found[kind].data.every((edge) => edge === 0));
});

Deno.test("edges() on a model of changes are those of what its heads write then", async () => {
  await using opened = await openPatching("twelve_layers", { backend: "native" });
  const { model, clean, corrupted, words } = opened;
  await using without = await model.with([{ site: "z.3", heads: [1], scale: 0 }]);
  const { query, value, key } = await without.edges(clean, corrupted, words);
  const [L, H] = [12, 3];
  for (const { data } of [query, key, value]) {
    const sent = (head: number) => data.subarray((3 * H + head) * L * H, (3 * H + head + 1) * L * H);
    ok(sent(1).every((edge) => edge === 0)); // it writes nothing
    ok(sent(0).some((edge) => edge !== 0));
  }
  await using scaled = await model.with([{ site: "resid.2", scale: 2 }]);
  await rejects(() => scaled.edges(clean, corrupted, words), {
    name: "TypeError",
    message:
      'Cannot take edges between heads as the model is changed at "resid.2", where what was written before is not ' +
      "read as it was; add there, change heads, MLPs, neurons or patterns, or ask the model that it was made of",
  });
  const add = Array.from({ length: model.config.nEmbd }, (_, c) => Math.sin(c));
  await using steered = await model.with([{ site: "resid.2", add }]);
  equal((await steered.edges(clean, corrupted, words)).query.data.length, (L * H) ** 2);
});

Deno.test("edges() and its cost refuse what makes no sense, and say what does", async () => {
  await using opened = await openPatching("llama/grouped");
  const { model, clean, corrupted } = opened;
  const cases = [
    [{ metric: "kl" }, "TypeError", /^Cannot take edges between heads with metric "kl" as it must be /],
    [{ at: "z" }, "TypeError", /^Cannot take edges between heads with .*"?at"?/],
    [{ position: 0 }, "RangeError", /^Cannot measure what is predicted for position 0 as a sequence of 10 tokens has /],
    [{ target: 3, contrast: 3 }, "TypeError", /^Cannot measure a difference as target and contrast begin with /],
    [
      { maxMemory: 100 },
      "RangeError",
      /^Cannot take edges between heads of 10 tokens within 1 KiB .* use shorter texts$/,
    ],
  ] as const;
  for (const [options, name, message] of counted(cases, 5)) {
    await rejects(() => model.edges(clean, corrupted, options as object), { name, message });
  }
  const short = model.sequence(corrupted.tokenIds.slice(1));
  await rejects(() => model.edges(clean, short), {
    name: "RangeError",
    message: "Cannot compare a text of 9 tokens with one of 10; change words for others of as many tokens",
  });
  equal(model.cost.edges(clean, corrupted).runs, 3);
  await using bart = await openSourceModel("bart/bart");
  const sequence = bart.model.sequence([1, 2, 3], { source: [4, 5] });
  await rejects(() => bart.model.edges(sequence, sequence), {
    name: "TypeError",
    message:
      "Cannot take edges between heads with BART as its blocks normalise the residual stream, which is then no " +
      "sum of what their parts write; load a model such as GPT-2 or Llama",
  });
});

Deno.test("edges() of the bundled model take three runs, in a worker the same bits", async () => {
  const numbers = [];
  for (const worker of [false, true]) {
    await using model = await LanguageModel.fromPretrained(undefined, { backend: "native", threads: 1, worker });
    const [clean, corrupted] = ["The keys to the cabinet", "The lock to the cabinet"].map((text) =>
      model.sequence(text)
    );
    let runs = 0;
    const { query, key, value } = await model.edges(clean!, corrupted!, {
      ...{ target: " are", contrast: " is" },
      onProgress: ({ task, completed, total }) => deepEqual([task, completed, total], ["edges", ++runs, 3]),
    });
    equal(runs, 3);
    numbers.push([query, key, value].map(({ data }) => [...data]));
  }
  deepEqual(numbers[1], numbers[0]);
});
