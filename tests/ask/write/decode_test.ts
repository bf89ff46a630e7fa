import { deepEqual, equal, ok, rejects, throws } from "@std/assert";
import { type DecodeOptions, LanguageModel, type Progress } from "../../../mod.ts";
import { describe } from "../../../src/ask/write/decode.ts";
import { rankOf } from "../../../src/base/numbers.ts";
import { Reader } from "../../../src/model/reader.ts";
import { checkpointCopy, openGolden } from "../../support/goldens.ts";

const { prompts } = await openGolden("f32");
const { tokenIds: GREEDY, promptLength } = prompts.long!;
const PROMPT = GREEDY.slice(0, promptLength);

async function open() {
  const copy = await checkpointCopy("f32");
  const model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  const dispose = async () => {
    await model.dispose();
    await copy[Symbol.asyncDispose]();
  };
  return { model, [Symbol.asyncDispose]: dispose };
}

Deno.test("steps() tells position, probability and candidates, best first", async () => {
  await using opened = await open();
  let position = PROMPT.length;
  for await (const step of opened.model.steps(PROMPT, { maxNewTokens: 3, candidates: 97 })) {
    equal(step.position, position++);
    equal(step.tokenId, GREEDY[step.position]);
    equal(step.token.id, step.tokenId);
    equal(step.logits.length, 97);
    equal(step.candidates[0]!.tokenId, step.tokenId);
    ok(Math.abs(step.candidates[0]!.probability - Math.exp(step.logProb)) <= 1e-6);
    ok(Math.abs(step.candidates.reduce((sum, { probability }) => sum + probability, 0) - 1) <= 1e-6);
    deepEqual(step.candidates.map(({ rank }) => rank), [...Array(97).keys()].map((i) => i + 1));
    ok(step.candidates.every(({ tokenId, logit }) => logit === step.logits[tokenId]));
  }
  equal(position, PROMPT.length + 3);
});

Deno.test("describe() gives candidates of one score one rank", async () => {
  await using opened = await open();
  const { tokenizer, config } = opened.model;
  const decoder = { reader: new Reader(tokenizer, config), runner: undefined as never, eosTokenIds: [] };
  const logits = new Float32Array(config.vocabSize).fill(-1);
  logits.set([2, 3, 2, 3, 2], 10);
  const choices = async function* () {
    yield await Promise.resolve({ tokenId: 11, logits });
  };
  const steps = await Array.fromAsync(describe(decoder, decoder.reader.read(PROMPT), 7, choices()));
  const found = steps[0]!.candidates.map(({ tokenId, rank }) => [tokenId, rank]);
  deepEqual(found, [[11, 1], [13, 1], [10, 3], [12, 3], [14, 3], [0, 6], [1, 6]]);
  for (const [tokenId, rank] of found) equal(rankOf(logits, tokenId!), rank);
});

Deno.test("steps() computes nothing more when its loop is left", async () => {
  await using opened = await open();
  const seen: number[] = [];
  for await (const { tokenId } of opened.model.steps(PROMPT)) {
    seen.push(tokenId);
    if (seen.length === 2) break;
  }
  deepEqual(seen, GREEDY.slice(20, 22));
});

Deno.test("generate() keeps the prompt's text and offsets", async () => {
  await using opened = await open();
  const { text, tokens } = await opened.model.generate("keys&more", { maxNewTokens: 4 });
  ok(text.startsWith("keys&more"));
  equal(tokens.map(({ start, end }) => text.slice(start, end)).join(""), text);
});

Deno.test("generate() starts from <|endoftext|> when the prompt is empty", async () => {
  await using opened = await open();
  const { model } = opened;
  for (const prompt of ["", []]) {
    const { tokenIds, promptLength } = await model.generate(prompt, { maxNewTokens: 2 });
    equal(tokenIds[0], model.config.bosTokenId);
    deepEqual([promptLength, tokenIds.length], [1, 3]);
  }
});

Deno.test("generate() stops at a token id, at a text that spans tokens, and at the context length", async () => {
  await using opened = await open();
  const { model } = opened;
  const byId = await model.generate(PROMPT, { stop: [GREEDY[22]!] });
  deepEqual(byId.tokenIds, GREEDY.slice(0, 23));
  const text = model.tokenizer.decode(GREEDY.slice(21, 23));
  const byText = await model.generate(PROMPT, { stop: [text] });
  deepEqual(byText.tokenIds, GREEDY.slice(0, 23));
  const full = await model.generate(PROMPT, { maxNewTokens: 1000 });
  ok(full.tokenIds.length === model.config.nPositions || model.config.eosTokenIds.includes(full.tokenIds.at(-1)!));
});

Deno.test("generate() and steps() tell of each token, forks of those after the first", async () => {
  await using opened = await open();
  const { model } = opened;
  const told: (readonly [number, number])[] = [];
  const onProgress = ({ task, completed, total }: Progress) => {
    equal(task, "decode");
    told.push([completed, total]);
  };
  const options = { maxNewTokens: 3, onProgress };
  const { decoding } = await model.generate(PROMPT, options);
  deepEqual(told.splice(0), [[1, 3], [2, 3], [3, 3]]);
  ok(!Object.keys(decoding!).includes("onProgress"));
  for await (const _ of model.steps(PROMPT, { ...options, stop: [GREEDY[20]!] }));
  deepEqual(told.splice(0), [[1, 3]]);
  const tree = await model.tree(PROMPT, { maxNewTokens: 2 });
  await tree.fork(PROMPT.length, 5, options);
  deepEqual(told, [[0, 3], [1, 3], [2, 3], [3, 3]]);
});

Deno.test("generate() draws the same tokens for the same seed, and others for another", async () => {
  await using opened = await open();
  const write = async (options: DecodeOptions) => (await opened.model.generate(PROMPT, options)).tokenIds.join();
  const options = { temperature: 1.5, maxNewTokens: 12, stop: [] };
  equal(await write({ ...options, seed: 7 }), await write({ ...options, seed: 7 }));
  ok(await write({ ...options, seed: 7 }) !== await write({ ...options, seed: 8 }));
  equal(await write({ ...options, topK: 1 }), await write({ maxNewTokens: 12 }));
  equal(await write({ ...options, topP: 1e-9 }), await write({ maxNewTokens: 12 }));
  equal(await write({ ...options, temperature: 0 }), await write({ maxNewTokens: 12 }));
});

Deno.test("steps() refuses options out of range before it computes", async () => {
  await using opened = await open();
  const refuses = (options: unknown, message: RegExp) =>
    rejects(opened.model.generate(PROMPT, options as DecodeOptions), { name: "RangeError", message });
  await refuses({ temperature: -1 }, /^Cannot decode with temperature -1 as it must be a number >= 0$/);
  await refuses({ temperature: NaN }, /temperature NaN/);
  await refuses({ topK: 0 }, /^Cannot decode with topK 0 as it must be a whole number >= 1$/);
  await refuses({ topK: -3 }, /topK -3/);
  await refuses({ topP: -0.1 }, /^Cannot decode with topP -0.1 as it must be a number from 0 to 1$/);
  await refuses({ topP: 1.5 }, /topP 1.5/);
  await refuses({ seed: 0.5 }, /seed with 0.5/);
  await refuses({ maxNewTokens: 0 }, /^Cannot decode with maxNewTokens 0 as it must be a whole number >= 1$/);
  await refuses({ candidates: -1 }, /candidates -1/);
  await refuses({ stop: [""] }, /stop at ""/);
  await refuses({ stop: [97] }, /stop at 97; use a text, or a token id from 0 to 96$/);
});

Deno.test("LanguageModel refuses options of a wrong type before it computes", async () => {
  await using opened = await open();
  const { model } = opened;
  const sequence = model.sequence([1, 2, 3]);
  const refuses = (call: (wrong: never) => Promise<unknown>, wrong: unknown, message: string) =>
    rejects((async () => await call(wrong as never))(), { name: "TypeError", message });
  const list = "pass an array of texts and token ids";
  await refuses((stop) => model.generate(PROMPT, { stop }), "is", `Cannot stop at "is"; ${list}`);
  await refuses((stop) => model.generate(PROMPT, { stop }), 5, `Cannot stop at 5; ${list}`);
  const signals = (task: string) => `Cannot ${task} with signal {} as it must be the signal of an AbortController`;
  await refuses((signal) => model.generate(PROMPT, { signal }), {}, signals("decode"));
  await refuses((signal) => model.saliency(sequence, { signal }), {}, signals("explain"));
  await refuses((signal) => LanguageModel.fromPretrained(undefined, { signal }), {}, signals("load a model"));
  const positions = "Cannot explain positions 2; pass an array such as [2]";
  await refuses((positions) => model.saliency(sequence, { positions }), 2, positions);
  const capture = 'Cannot capture "logits"; pass an array such as ["hiddenStates"]';
  await refuses((capture) => model.trace(sequence, { capture }), "logits", capture);
  await refuses((name) => model.weight(name), null, "Cannot read null as a weight; pass its name");
  const words = "Cannot watch words with watch undefined; it must be given";
  await refuses((watch) => model.rankingsWatch(sequence, { position: 1, watch }), undefined, words);
  const estimate = (watch: never) => Promise.resolve(model.cost.rankingsWatch(sequence, { position: 1, watch }));
  await refuses(estimate, undefined, words);
});

Deno.test("LanguageModel refuses texts that it cannot read", async () => {
  await using opened = await open();
  const { model } = opened;
  const range = { name: "RangeError" };
  await rejects(model.generate([97]), {
    ...range,
    message: "Cannot read token id 97 as the vocabulary holds 97 tokens",
  });
  await rejects(model.generate([-1]), { ...range, message: /token id -1/ });
  await rejects(model.generate([0.5]), { ...range, message: /token id 0.5/ });
  const long = Array(49).fill(1);
  await rejects(model.generate(long), {
    ...range,
    message: "Cannot read 49 tokens as the context holds 48; shorten the text",
  });
  await rejects(model.generate(long.slice(1)), { ...range, message: /^Cannot continue a prompt of 48 tokens/ });
  throws(() => model.sequence(7 as unknown as string), { name: "TypeError", message: /^Cannot read number as a text/ });
  const sequence = (value: unknown) => model.saliency(value as ReturnType<typeof model.sequence>);
  await rejects(sequence(Promise.resolve()), { name: "TypeError", message: /^Cannot use a promise as a sequence; / });
  await rejects(sequence({ tokenIds: [] }), { ...range, message: "Cannot read a sequence without tokens" });
  await rejects(sequence({ tokenIds: [99] }), { ...range, message: /^Cannot read token id 99/ });
  throws(() => model.sequence([1, 2], { promptLength: 3 }), {
    ...range,
    message: /^Cannot take 3 tokens as the prompt/,
  });
  throws(() => model.sequence([1, 2], { promptLength: 0 }), { ...range, message: /at least 1 must be given$/ });
});
