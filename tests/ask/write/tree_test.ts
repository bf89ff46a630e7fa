import { deepEqual, equal, ok, rejects } from "@std/assert";
import { type Branch, type DecodeOptions, LanguageModel, type Step } from "../../../mod.ts";
import { growTree } from "../../../src/ask/write/tree.ts";
import { readGenerationConfig } from "../../../src/ask/write/generation_config.ts";
import { findModelFiles } from "../../../src/hub/model_files.ts";
import { loadModel } from "../../../src/model/load/load.ts";
import { Reader } from "../../../src/model/reader.ts";
import { checkpointCopy, maxAbsDifference, openGolden } from "../../support/goldens.ts";

const LOGIT_BOUND = 1e-4;

async function open(name = "f32", backend: "wasm" | "native" = "wasm") {
  const copy = await checkpointCopy(name);
  const model = await LanguageModel.fromPretrained(copy.directory, { backend });
  const { tokenIds, promptLength } = (await openGolden(name)).prompts.long!;
  const dispose = async () => {
    await model.dispose();
    await copy[Symbol.asyncDispose]();
  };
  return { model, greedy: tokenIds, prompt: tokenIds.slice(0, promptLength), [Symbol.asyncDispose]: dispose };
}

/** A runner whose reads are counted, and can be listened to. */
async function openCounted() {
  const copy = await checkpointCopy("twelve_layers");
  const { runner, tokenizer } = await loadModel(
    await findModelFiles(copy.directory),
    { backend: "wasm" },
    readGenerationConfig,
  );
  const { tokenIds, promptLength } = (await openGolden("twelve_layers")).prompts.long!;
  const counter = { tokens: 0, onRead: () => {} };
  const read = runner.read.bind(runner);
  runner.read = (ids, ...rest) => {
    counter.tokens += ids.length;
    counter.onRead();
    return read(ids, ...rest);
  };
  const reader = new Reader(tokenizer, runner.config);
  const prompt = reader.read(tokenIds.slice(0, promptLength));
  const grow = (options: DecodeOptions) =>
    growTree({
      runner,
      reader,
      eosTokenIds: [],
      defaults: {},
      expectUsable: () => {},
      inside: () => Promise.reject(new Error("nothing runs")),
    }, { prompt, options });
  const dispose = async () => {
    await runner.dispose();
    await copy[Symbol.asyncDispose]();
  };
  return { grow, counter, [Symbol.asyncDispose]: dispose };
}

/** The steps of a decoding that begins anew. */
const stepsOf = (model: LanguageModel, prompt: readonly number[], options: DecodeOptions) =>
  Array.fromAsync(model.steps(prompt, options));

/** Holds the steps of a branch to those of a fresh decoding. */
function equalsSteps(steps: readonly Step[], fresh: readonly Step[]): void {
  deepEqual(steps.map(({ tokenId }) => tokenId), fresh.map(({ tokenId }) => tokenId));
  steps.forEach((step, i) => {
    const { logits, logProb, candidates, ...rest } = step;
    const { logits: freshLogits, logProb: freshLogProb, candidates: freshCandidates, ...freshRest } = fresh[i]!;
    deepEqual(rest, freshRest);
    const off = maxAbsDifference(logits, freshLogits);
    ok(off <= LOGIT_BOUND, `logits of step ${i}: ${off}`);
    ok(Math.abs(logProb - freshLogProb) <= LOGIT_BOUND);
    deepEqual(candidates.map(({ tokenId }) => tokenId), freshCandidates.map(({ tokenId }) => tokenId));
  });
}

/** What is known of every branch, whatever it is. */
function checkBranch(branch: Branch, prompt: readonly number[]): void {
  const { sequence, start, steps, logProb } = branch;
  equal(sequence.promptLength, prompt.length);
  deepEqual(sequence.tokenIds.slice(0, prompt.length), prompt);
  equal(sequence.tokenIds.length, start + steps.length);
  deepEqual(steps.map(({ position }) => position), steps.map((_, i) => start + i));
  deepEqual(steps.map(({ tokenId }) => tokenId), sequence.tokenIds.slice(start));
  deepEqual(steps.map(({ token }) => token.text), sequence.tokens.slice(start).map(({ text }) => text));
  ok(Number.isFinite(logProb) && logProb < 0);
}

for (const backend of ["wasm", "native"] as const) {
  for (const name of ["f32", "twelve_layers"]) {
    Deno.test(`GrowingTree.fork() on ${backend} writes what a fresh decoding of ${name} writes`, async () => {
      await using opened = await open(name, backend);
      const { model, prompt, greedy } = opened;
      const options = { maxNewTokens: 8 };
      const tree = await model.tree(prompt, options);
      const [first] = tree.data.branches as [Branch];
      deepEqual(first.sequence, await model.generate(prompt, options));
      deepEqual(first.sequence.tokenIds, greedy);
      equalsSteps(first.steps, await stepsOf(model, prompt, options));
      for (const step of first.steps) {
        const { tokenId } = step.candidates[1]!;
        const branch = await tree.fork(step, tokenId);
        checkBranch(branch, prompt);
        deepEqual([branch.parent, branch.start], [0, step.position]);
        const shared = greedy.slice(0, step.position);
        equal(branch.steps[0]!.logits, step.logits);
        const [before] = await stepsOf(model, shared, { maxNewTokens: 1 });
        ok(maxAbsDifference(step.logits, before!.logits) <= LOGIT_BOUND);
        equalsSteps(branch.steps.slice(1), await stepsOf(model, [...shared, tokenId], options));
      }
      deepEqual(tree.data.branches.map(({ id }) => id), [...Array(9).keys()]);
    });
  }
}

Deno.test("GrowingTree.fork() continues forks of forks, and what follows the last token", async () => {
  await using opened = await open("twelve_layers");
  const { model, prompt } = opened;
  const P = prompt.length;
  const tree = await model.tree(prompt, { maxNewTokens: 6, stop: [] });
  const a = await tree.fork(P + 2, 40, { maxNewTokens: 4 });
  const b = await tree.fork(P + 4, 41, { branch: a.id, maxNewTokens: 3 });
  const sibling = await tree.fork(b.steps[0]!, 42, { maxNewTokens: 2 });
  const shared = await tree.fork(P + 1, 43, { branch: b.id, maxNewTokens: 2 });
  const ended = await tree.fork(b.sequence.tokenIds.length, 44, { branch: b.id, maxNewTokens: 2 });
  const again = await tree.fork(ended.steps[0]!, 45, { maxNewTokens: 2 });
  const placed = await tree.fork(P, 46, { branch: again.id, maxNewTokens: 0 });
  const more = await tree.fork(P + 1, 47, { branch: placed.id, maxNewTokens: 0 });
  const { branches } = tree.data;
  deepEqual(branches.slice(1), [a, b, sibling, shared, ended, again, placed, more]);
  deepEqual(branches.map(({ parent }) => parent), [undefined, 0, 1, 1, 0, 2, 2, 0, 7]);
  deepEqual(branches.map(({ start }) => start - P), [0, 2, 4, 4, 1, 8, 8, 0, 1]);
  deepEqual(branches.map(({ steps }) => steps.length), [6, 5, 4, 3, 3, 3, 3, 1, 1]);
  for (const branch of branches) {
    checkBranch(branch, prompt);
    const { tokenIds } = branch.sequence;
    const maxNewTokens = tokenIds.length - branch.start - 1;
    if (branch.id > 0 && maxNewTokens > 0) {
      const fresh = await stepsOf(model, tokenIds.slice(0, branch.start + 1), { maxNewTokens });
      equalsSteps(branch.steps.slice(1), fresh);
    }
    const { logProbs } = await model.surprise(model.sequence(tokenIds, { promptLength: P }));
    const sum = logProbs.data.subarray(P - 1).reduce((a, b) => a + b, 0);
    ok(Math.abs(branch.logProb - sum) <= 1e-4, `branch ${branch.id}: ${branch.logProb} is not ${sum}`);
  }
});

Deno.test("GrowingTree.fork() reads no token twice", async () => {
  await using opened = await openCounted();
  const { grow, counter } = opened;
  const counted = async <T>(task: () => Promise<T>) => {
    const before = counter.tokens;
    const value = await task();
    return [value, counter.tokens - before] as const;
  };
  const [tree, grown] = await counted(() => grow({ maxNewTokens: 8 }));
  equal(grown, 20 + 7); // the last token that is written is never read
  const { steps } = tree.data.branches[0]!;
  const [a, read] = await counted(() => tree.fork(steps[3]!, 40, { maxNewTokens: 5 }));
  equal(read, 5);
  equal((await counted(() => tree.fork(steps[0]!, 41, { maxNewTokens: 0 })))[1], 0);
  equal((await counted(() => tree.fork(27, 42, { branch: a.id, maxNewTokens: 1 })))[1], 1);
  equal((await counted(() => tree.fork(22, 42, { branch: a.id, maxNewTokens: 1 })))[1], 1);
  const [b, after] = await counted(() => tree.fork(a.sequence.tokenIds.length, 43, { branch: a.id, maxNewTokens: 2 }));
  equal(after, 3); // the last token of the branch, and two new ones
  equal((await counted(() => tree.fork(b.steps[0]!, 44, { maxNewTokens: 1 })))[1], 1);
  equal(tree.data.branches.length, 7);
});

Deno.test("GrowingTree.fork() draws as a fresh decoding does, with the options of the tree and its own", async () => {
  await using opened = await open();
  const { model, prompt } = opened;
  const options = { temperature: 1.5, seed: 3, maxNewTokens: 6, stop: [], candidates: 2 };
  const tree = await model.tree(prompt, options);
  const { sequence } = tree.data.branches[0]!;
  deepEqual(sequence, await model.generate(prompt, options));
  const position = prompt.length + 2;
  const prefix = [...sequence.tokenIds.slice(0, position), 40];
  const inherited = await tree.fork(position, 40);
  deepEqual(inherited.sequence.tokenIds, (await model.generate(prefix, options)).tokenIds);
  equal(inherited.steps[1]!.candidates.length, 2);
  const own = { seed: 4, candidates: 3 };
  const other = await tree.fork(position, 40, own);
  deepEqual(other.sequence.tokenIds, (await model.generate(prefix, { ...options, ...own })).tokenIds);
  equal(other.steps[0]!.candidates.length, 3);
  ok(other.sequence.tokenIds.join() !== inherited.sequence.tokenIds.join());
  const same = await tree.fork(position, sequence.tokenIds[position]!, { seed: 9 });
  equal(same.steps[0]!.tokenId, sequence.tokenIds[position]);
});

Deno.test("GrowingTree.fork() takes a text, stops where it is told, and keeps the tree's signal to the tree", async () => {
  await using opened = await open();
  const { model, prompt, greedy } = opened;
  const controller = new AbortController();
  const tree = await model.tree(prompt, { maxNewTokens: 8, signal: controller.signal });
  controller.abort();
  const at = prompt.length + 1;
  const byText = await tree.fork(at, model.tokenizer.decode([greedy[at]!]));
  deepEqual(byText.sequence.tokenIds.slice(0, greedy.length), greedy);
  const stopped = await tree.fork(at, greedy[at]!, { stop: [greedy[at + 2]!] });
  deepEqual(stopped.sequence.tokenIds, greedy.slice(0, at + 3));
  const byStopText = await tree.fork(at, greedy[at]!, { stop: [model.tokenizer.decode(greedy.slice(at, at + 2))] });
  deepEqual(byStopText.sequence.tokenIds, greedy.slice(0, at + 2));
  const [eos] = model.config.eosTokenIds;
  const ended = await tree.fork(at, eos!);
  deepEqual(ended.sequence.tokenIds, [...greedy.slice(0, at), eos]);
});

Deno.test("GrowingTree.fork() fills the context and no more", async () => {
  await using opened = await open();
  const { model, prompt } = opened;
  const { nPositions } = model.config;
  const tree = await model.tree(prompt, { maxNewTokens: 1000 });
  const full = await tree.fork(prompt.length, 40);
  const { length } = full.sequence.tokenIds;
  ok(length === nPositions || model.config.eosTokenIds.includes(full.sequence.tokenIds.at(-1)!));
  const filled = await tree.fork(prompt.length, 40, { temperature: 100, seed: 5 });
  equal(filled.sequence.tokenIds.length, nPositions, "the seed draws no end of text");
  const last = await tree.fork(nPositions - 1, 41, { branch: filled.id });
  deepEqual([last.steps.length, last.sequence.tokenIds.length], [1, nPositions]);
  await rejects(tree.fork(nPositions, 41, { branch: filled.id }), {
    name: "RangeError",
    message: `Cannot fork at position ${nPositions} as the context holds ${nPositions} tokens`,
  });
  await rejects(model.tree(Array(nPositions).fill(1)), {
    name: "RangeError",
    message: /^Cannot continue a prompt of 48/,
  });
});

Deno.test("GrowingTree.fork() that is aborted midway leaves the tree as it was", async () => {
  await using opened = await openCounted();
  const { grow, counter } = opened;
  const tree = await grow({ maxNewTokens: 8 });
  const before = tree.data;
  const controller = new AbortController();
  const reason = new Error("enough");
  let reads = 0;
  counter.onRead = () => void (++reads === 3 && controller.abort(reason));
  await rejects(tree.fork(22, 40, { signal: controller.signal }), reason);
  equal(reads, 3);
  deepEqual(tree.data, before);
  counter.onRead = () => {};
  equal((await tree.fork(22, 40, { maxNewTokens: 2 })).id, 1);
});

Deno.test("GrowingTree.fork() may be called again before it has ended", async () => {
  await using opened = await open();
  const { model, prompt } = opened;
  const tree = await model.tree(prompt, { maxNewTokens: 4, stop: [] });
  const forks = await Promise.all([40, 41, 42].map((id) => tree.fork(prompt.length + 1, id, { maxNewTokens: 3 })));
  deepEqual(forks.map(({ id }) => id).sort(), [1, 2, 3]);
  for (const { id, sequence, start } of forks) {
    equal(tree.data.branches[id]!.sequence, sequence);
    const fresh = await model.generate(sequence.tokenIds.slice(0, start + 1), { maxNewTokens: 3 });
    deepEqual(sequence.tokenIds, fresh.tokenIds);
  }
});

Deno.test("tree() spells characters that are cut in two, and begins with <|endoftext|> when the prompt is empty", async () => {
  await using model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
  const whole = model.tokenizer.encode("日本語 🦕");
  const tree = await model.tree(whole.slice(0, -2), { maxNewTokens: 1 });
  const [rest, end] = whole.slice(-2) as [number, number];
  const at = tree.data.prompt.tokenIds.length;
  const half = await tree.fork(at, rest, { maxNewTokens: 0 });
  const { sequence } = await tree.fork(at + 1, end, { branch: half.id, maxNewTokens: 2 });
  ok(sequence.text.startsWith("日本語 🦕"), sequence.text);
  deepEqual(sequence.tokens.map(({ id }) => id), sequence.tokenIds);
  const continued = model.sequence(sequence.tokenIds, { promptLength: at });
  deepEqual(sequence, continued);
  const empty = await model.tree("", { maxNewTokens: 2 });
  deepEqual(empty.data.prompt.tokenIds, [model.config.bosTokenId]);
  equal((await empty.fork(1, " a", { maxNewTokens: 1 })).sequence.promptLength, 1);
  ok(Deno.inspect(empty).startsWith('GrowingTree of "<|endoftext|>"\n  0: "<|endoftext|>'), Deno.inspect(empty));
});
