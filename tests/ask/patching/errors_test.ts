import { deepEqual, equal, rejects, throws } from "@std/assert";
import { LanguageModel, type PatchOptions, type Sequence } from "../../../mod.ts";
import { counted } from "../../support/counted.ts";
import { encoderCopy } from "../../support/encoders.ts";
import { openPatching } from "../../support/patching.ts";

/** The places that can be patched, as messages list them. */
const PLACES = [
  ...["resid", "resid_mid", "attn_out", "mlp_out", "z", "resid_cross", "cross_out", "cross_z"],
  ...["resid", "resid_mid", "attn_out", "mlp_out", "z"].map((at) => `source_${at}`),
].map((at) => `"${at}"`).join(" or ");

type Refusal = readonly [options: object, name: string, message: string];

const PATCHES: readonly Refusal[] = [
  [
    { at: "pattern" },
    "TypeError",
    `Cannot patch with at "pattern" as it must be ${PLACES}`,
  ],
  [
    { at: "neurons" },
    "TypeError",
    `Cannot patch with at "neurons" as it must be ${PLACES}`,
  ],
  [
    { metric: "loss" },
    "TypeError",
    'Cannot patch with metric "loss" as it must be "logitDifference" or "logit" or "logProb" or "probability" or "kl"',
  ],
  [{ method: "fast" }, "TypeError", 'Cannot patch with method "fast" as it must be "exact" or "estimate" or "both"'],
  [
    { metric: "kl", target: 3 },
    "TypeError",
    "Cannot measure kl of a word as it compares all tokens; leave target and contrast out",
  ],
  [
    { metric: "kl", contrast: 3 },
    "TypeError",
    "Cannot measure kl of a word as it compares all tokens; leave target and contrast out",
  ],
  [
    { metric: "kl", method: "estimate" },
    "TypeError",
    'Cannot estimate kl as only metrics of words are differentiated; use method: "exact"',
  ],
  [
    { metric: "kl", method: "both" },
    "TypeError",
    'Cannot estimate kl as only metrics of words are differentiated; use method: "exact"',
  ],
  ...["logit", "logProb", "probability"].map((metric): Refusal => [
    { metric, contrast: 3 },
    "TypeError",
    `Cannot compare words by ${metric}; use metric: "logitDifference", or leave contrast out`,
  ]),
  [
    { at: "z", positions: [0] },
    "TypeError",
    'Cannot patch some positions at "z"; name heads, or patch another place',
  ],
  ...["resid", "resid_mid", "attn_out", "mlp_out"].map((at): Refusal => [
    { at, heads: [0] },
    "TypeError",
    `Cannot patch some heads at "${at}"; name positions, or patch another place`,
  ]),
  [{ layers: [] }, "RangeError", "Cannot patch an empty list of layers; name some, or leave them out for all"],
  [{ positions: [] }, "RangeError", "Cannot patch an empty list of positions; name some, or leave them out for all"],
  [
    { at: "z", heads: [] },
    "RangeError",
    "Cannot patch an empty list of heads; name some, or leave them out for all",
  ],
  [{ layers: [0, 2] }, "RangeError", "Cannot patch layer 2 as there are the layers 0 to 1"],
  [{ layers: [-1] }, "RangeError", "Cannot patch layer -1 as there are the layers 0 to 1"],
  [{ layers: ["1"] }, "RangeError", 'Cannot patch layer "1" as there are the layers 0 to 1'],
  [{ positions: [9] }, "RangeError", "Cannot patch position 9 as there are the positions 0 to 8"],
  [{ positions: [0.5] }, "RangeError", "Cannot patch position 0.5 as there are the positions 0 to 8"],
  [{ at: "z", heads: [2] }, "RangeError", "Cannot patch head 2 as there are the heads 0 to 1"],
  [
    { target: 3, contrast: 3 },
    "TypeError",
    'Cannot measure a difference as target and contrast begin with "$"; name another target, contrast or metric',
  ],
  [{ target: "" }, "RangeError", 'Cannot ask about an empty word; pass a text such as " keys", or a token id'],
  [{ target: 97 }, "RangeError", "Cannot read token id 97 as the vocabulary holds 97 tokens"],
  [{ maxMemory: 0 }, "RangeError", "Cannot work within maxMemory 0 as it must be a number of bytes > 0"],
];

const JUDGED: readonly Refusal[] = [
  [
    { at: "pattern" },
    "TypeError",
    `Cannot judge importance with at "pattern" as it must be ${PLACES} or "neurons" or "source_neurons"`,
  ],
  [
    { metric: "kl" },
    "TypeError",
    'Cannot judge importance with metric "kl" as it must be "logitDifference" or "logit" or "logProb" or "probability"',
  ],
  [{ metric: "logitDifference" }, "TypeError", "Cannot measure a difference of one word; name a contrast"],
  [
    { metric: "logProb", contrast: 3 },
    "TypeError",
    'Cannot compare words by logProb; use metric: "logitDifference", or leave contrast out',
  ],
  [
    { target: 3, contrast: 3 },
    "TypeError",
    'Cannot measure a difference as target and contrast begin with "$"; name another target, contrast or metric',
  ],
  [{ layers: [] }, "RangeError", "Cannot judge an empty list of layers; name some, or leave them out for all"],
  [{ layers: [2] }, "RangeError", "Cannot judge layer 2 as there are the layers 0 to 1"],
];

Deno.test("patch() and its cost refuse what makes no sense, and say what does", async () => {
  await using opened = await openPatching("f32");
  const { model, clean, corrupted } = opened;
  for (const [options, name, message] of counted(PATCHES, 29)) {
    const given = options as PatchOptions;
    await rejects(() => model.patch(clean, corrupted, given), { name, message });
    throws(() => model.cost.patch(clean, corrupted, given), { name, message });
  }
});

Deno.test("importance() and its cost refuse what makes no sense, and say what does", async () => {
  await using opened = await openPatching("f32");
  const { model, clean } = opened;
  for (const [options, name, message] of counted(JUDGED, 7)) {
    await rejects(() => model.importance(clean, options), { name, message });
    throws(() => model.cost.importance(clean, options), { name, message });
  }
});

Deno.test("patch() refuses words that are the same once both texts are read", async () => {
  await using opened = await openPatching("f32");
  const { model, clean, corrupted, texts: { target, contrast } } = opened;
  const spelt = (id: number) => JSON.stringify(model.tokenizer.decode([id]));
  const refused = (why: string, id: number) => ({
    name: "TypeError",
    message: `Cannot measure a difference as ${why} ${spelt(id)}; name another target, contrast or metric`,
  });
  const patch = (other: Sequence, options: PatchOptions = {}) => () => model.patch(clean, other, options);
  await rejects(patch(clean), refused("both texts are continued with", target));
  await rejects(
    patch(corrupted, { target: contrast }),
    refused("the target is what it would be compared with,", contrast),
  );
  await rejects(patch(corrupted, { contrast: target }), refused("the contrast is the likeliest token itself,", target));
  await rejects(
    () => model.importance(clean, { contrast: target }),
    refused("the contrast is the likeliest token itself,", target),
  );
  equal((await model.patch(clean, clean, { metric: "logProb" })).metric.target!.tokenIds[0], target);
});

Deno.test("patch() and importance() refuse texts that they cannot read", async () => {
  await using opened = await openPatching("f32");
  const { model, clean, corrupted } = opened;
  const longer = model.sequence([...corrupted.tokenIds, 5]);
  const different = {
    name: "RangeError",
    message: "Cannot patch a text of 10 tokens with one of 9; change words for others of as many tokens",
  };
  await rejects(() => model.patch(clean, longer), different);
  throws(() => model.cost.patch(clean, longer), different);
  const foreign = { ...clean, tokenIds: clean.tokenIds.with(0, 5000) };
  const unknown = { name: "RangeError", message: "Cannot read token id 5000 as the vocabulary holds 97 tokens" };
  await rejects(() => model.patch(foreign, corrupted), unknown);
  await rejects(() => model.patch(clean, foreign), unknown);
  await rejects(() => model.importance(foreign), unknown);
  const { piece, id } = clean.tokens[2]!;
  const foreignText = { ...clean, tokens: clean.tokens.with(2, { ...clean.tokens[2]!, piece: "\u0120keys" }) };
  const otherModel = {
    name: "RangeError",
    message:
      `Cannot read a text of another model, whose token 2 with the id ${id} is "\u0120keys" where this model has ` +
      `${JSON.stringify(piece)}; make it with sequence() of this model`,
  };
  await rejects(() => model.patch(foreignText, corrupted), otherModel);
  await rejects(() => model.patch(clean, foreignText), otherModel);
  await rejects(() => model.edges(clean, foreignText), otherModel);
  await rejects(() => model.importance(foreignText), otherModel);
  await rejects(() => model.logitAttribution(foreignText), otherModel);
  const none = {
    name: "TypeError",
    message: "Cannot use undefined as a sequence; pass what sequence() or await generate() returned",
  };
  await rejects(() => model.patch(clean, undefined as never), none);
  await rejects(() => model.patch("keys" as never, corrupted), { name: "TypeError", message: /^Cannot use string / });
  await rejects(() => model.importance(undefined as never), none);
  await rejects(() => model.patch(clean, corrupted, { maxMemory: 1000 }), {
    name: "RangeError",
    message: /^Cannot patch resid of 9 tokens in 2 layers within 1 KiB as it takes about .* or fewer layers$/,
  });
  await rejects(() => model.importance(clean, { maxMemory: 1000 }), {
    name: "RangeError",
    message: /^Cannot judge z of 9 tokens in 2 layers within 1 KiB as it takes about .* use a shorter text$/,
  });
});

Deno.test("BERT is not patched or judged, and the message says why and what to do", async () => {
  await using copy = await encoderCopy("bert/bert");
  await using bert = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  const text = bert.sequence([1, 2, 3]);
  const found: string[] = [];
  for (const call of [() => bert.patch(text, text), () => bert.importance(text)]) {
    await rejects(call, (error: Error) => found.push(error.message) > 0);
  }
  const lacks = "with BERT as each token sees the whole text and none predicts the next one; " +
    "use encode(), fillMask(), maskedSaliency() or classSaliency(), or load a model that writes";
  deepEqual(found, [`Cannot patch ${lacks}`, `Cannot judge importance ${lacks}`]);
});
