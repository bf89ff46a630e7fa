import { deepEqual, equal, ok, rejects } from "@std/assert";
import { LanguageModel, type LoadOptions, type Progress } from "../../../mod.ts";
import { encoderCopy, maxAbsDifference, openEncoderGolden } from "../../support/encoders.ts";

async function opened(name = "bert/bert", options: LoadOptions = { backend: "wasm" }) {
  const golden = await openEncoderGolden(name);
  const copy = await encoderCopy(name);
  const model = await LanguageModel.fromPretrained(copy.directory, options);
  const dispose = async () => {
    await model.dispose();
    await copy[Symbol.asyncDispose]();
  };
  return { golden, model, [Symbol.asyncDispose]: dispose };
}

/** Texts of 1 to 40 tokens, 20 of them. */
const MANY = Array.from(
  { length: 20 },
  (_, i) => Array.from({ length: 1 + 2 * i }, (_, t) => 5 + (7 * i + 3 * t) % 90),
);

Deno.test("encode() gives each text the vector that it has alone, whatever is read beside it", async () => {
  await using test = await opened();
  const { model } = test;
  const together = await model.encode(MANY);
  equal(model.cost.encode(MANY).runs, 2); // 400 tokens
  const C = model.config.nEmbd;
  deepEqual(together.vectors.shape, [20, C]);
  deepEqual(together.sequences.map(({ tokenIds }) => tokenIds), MANY);
  for (const [i, ids] of MANY.entries()) {
    const alone = await model.encode([ids]);
    const own = together.vectors.data.subarray(i * C, (i + 1) * C);
    ok(maxAbsDifference(own, alone.vectors.data) < 1e-6, `text ${i}`);
    const length = Math.hypot(...own);
    ok(Math.abs(length - 1) < 1e-6, `length ${length}`);
  }
});

Deno.test("encode() makes smaller groups to obey maxMemory, tells progress, and can be stopped between them", async () => {
  await using test = await opened();
  const { model } = test;
  const all = await model.encode(MANY);
  const single = model.cost.encode([MANY.at(-1)!]);
  const maxMemory = single.runBytes + model.cost.encode(MANY).resultBytes;
  const cost = model.cost.encode(MANY, { maxMemory });
  ok(cost.runs > 8 && cost.bytes <= maxMemory, `${cost.runs} runs`);
  const told: Progress[] = [];
  const few = await model.encode(MANY, { maxMemory, onProgress: (progress) => told.push(progress) });
  ok(maxAbsDifference(few.vectors.data, all.vectors.data) < 1e-6);
  equal(told.length, cost.runs);
  deepEqual(told.at(-1), { task: "encode", completed: 20, total: 20, message: "Encoded 20 of 20 texts" });
  const stop = new AbortController();
  const reason = new Error("enough");
  let parts = 0;
  const onProgress = () => void (++parts === 2 && stop.abort(reason));
  await rejects(model.encode(MANY, { maxMemory, onProgress, signal: stop.signal }), reason);
  equal(parts, 2);
  await rejects(model.encode(MANY, { maxMemory: 5000 }), {
    name: "RangeError",
    message: /^Cannot encode a text of 39 tokens within 5 KiB as it takes about .*; raise maxMemory or shorten the/,
  });
});

Deno.test("encode() refuses what are no texts, by their place", async () => {
  await using test = await opened();
  const { model } = test;
  const cases: readonly (readonly [never, object, string, RegExp])[] = [
    ["a text" as never, {}, "TypeError", /^Cannot take string as texts; pass an array, as in \["a text"\]$/],
    [null as never, {}, "TypeError", /^Cannot take null as texts/],
    [[] as never, {}, "RangeError", /^Cannot encode an empty list of texts; pass one at least$/],
    [
      [[5], [97]] as never,
      {},
      "RangeError",
      /^In texts\[1\]: Cannot read token id 97 as the vocabulary holds 97 tokens$/,
    ],
    [
      [[5], Array(49).fill(5)] as never,
      {},
      "RangeError",
      /^In texts\[1\]: Cannot read 49 tokens as the context holds 48/,
    ],
    [[[5], 7] as never, {}, "TypeError", /^In texts\[1\]: Cannot read number as a text; pass a string or/],
    [
      [[5]] as never,
      { pooling: "max" },
      "TypeError",
      /^Cannot encode with pooling "max" as it must be "mean" or "cls"$/,
    ],
  ];
  equal(cases.length, 7);
  for (const [texts, options, name, message] of cases) {
    await rejects(model.encode(texts, options), { name, message });
  }
});

Deno.test("fillMask() lists likely tokens for each mask of a text, and maskedSaliency() explains the likeliest", async () => {
  await using test = await opened();
  const { model, golden } = test;
  const [text, mask] = [golden.texts.long!.tokenIds.with(4, 3).with(9, 3), 3];
  const { masks, sequence } = await model.fillMask(text, { topK: 3 });
  deepEqual(sequence.tokenIds, text);
  deepEqual(masks.map(({ position }) => position), [4, 9]);
  for (const { predictions } of masks) {
    deepEqual(predictions.map(({ rank }) => rank), [1, 2, 3]);
    ok(predictions.every(({ probability }, i) => i === 0 || probability <= predictions[i - 1]!.probability));
  }
  const { targets, positions, scores } = await model.maskedSaliency(sequence);
  deepEqual(positions, [4, 9]);
  deepEqual(targets, masks.map(({ predictions }) => predictions[0]!));
  deepEqual(scores.shape, [2, 13]);
  const named = await model.maskedSaliency(sequence, { positions: [9], targets: [masks[1]!.predictions[2]!.tokenId] });
  deepEqual(named.targets, [masks[1]!.predictions[2]]);
  equal(sequence.tokens[4]!.id, mask);
});

for (const name of ["bert/bert", "bert/distilbert"]) {
  Deno.test(`maskedSaliency() with 8-bit weights is near float32 on ${name}`, async () => {
    const folder = await Deno.makeTempDir({ prefix: "looking-glass-" });
    try {
      await using test = await opened(name, { dtype: "q8", cacheDir: `${folder}/hub` });
      const { model, golden: { texts } } = test;
      const positions = [4, 9];
      const ids = texts.long!.tokenIds;
      const sequence = model.sequence(positions.reduce((masked, position) => masked.with(position, 3), ids));
      await using float = await opened(name);
      const options = { positions, targets: positions.map((position) => ids[position]!) };
      const { scores } = await model.maskedSaliency(sequence, options);
      const expected = await float.model.maskedSaliency(sequence, options);
      const difference = maxAbsDifference(scores.data, expected.scores.data);
      ok(difference > 0 && difference < 0.03, `a share is off by ${difference}`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("fillMask() and maskedSaliency() refuse texts without masks, and positions and targets that do not fit", async () => {
  await using test = await opened();
  const { model, golden } = test;
  const sequence = model.sequence(golden.texts.long!.tokenIds);
  const cases: readonly (readonly [() => Promise<unknown>, string, RegExp])[] = [
    [
      () => model.fillMask(sequence),
      "RangeError",
      /^Cannot fill masks as none of the 13 tokens is \[MASK\]; write one$/,
    ],
    [() => model.fillMask([3], { topK: 98 }), "RangeError", /^Cannot list topK 98 tokens/],
    [() => model.maskedSaliency(sequence), "RangeError", /^Cannot explain masked tokens as none of the 13 tokens is a/],
    [
      () => model.maskedSaliency(sequence, { positions: [] }),
      "RangeError",
      /^Cannot explain an empty list of positions$/,
    ],
    [
      () => model.maskedSaliency(sequence, { positions: [13] }),
      "RangeError",
      /^Cannot explain position 13 as a sequence of 13 tokens has the positions 0 to 12$/,
    ],
    [
      () => model.maskedSaliency(sequence, { positions: [1, 2], targets: [5] }),
      "RangeError",
      /^Cannot explain 1 targets at 2 positions; pass one for each$/,
    ],
    [
      () => model.maskedSaliency(sequence, { positions: [1], targets: [null as never] }),
      "TypeError",
      /^Cannot explain the target null; pass a text or a token id$/,
    ],
  ];
  equal(cases.length, 7);
  for (const [call, name, message] of cases) await rejects(call, { name, message });
});

Deno.test("trace() of an encoder reads its text in one run, however small maxMemory is", async () => {
  await using test = await opened();
  const { model } = test;
  const sequence = model.sequence(MANY.at(-1)!);
  const { runs, bytes } = model.cost.trace(sequence, { capture: ["attention"] });
  equal(runs, 1);
  await rejects(model.trace(sequence, { capture: ["attention"], maxMemory: bytes - 1 }), {
    name: "RangeError",
    message: /^Cannot record attention of 39 tokens in 2 layers within .* raise maxMemory or record fewer layers/,
  });
});
