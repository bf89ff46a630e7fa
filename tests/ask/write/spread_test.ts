import { deepEqual, equal, ok, rejects } from "@std/assert";
import { LanguageModel, type Progress } from "../../../mod.ts";
import { logSumExp, topK } from "../../../src/base/numbers.ts";
import { checkpointCopy, openGolden } from "../../support/goldens.ts";

/** A model whose text does not end. */
async function open() {
  const copy = await checkpointCopy("twelve_layers");
  const model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  const { tokenIds, promptLength } = (await openGolden("twelve_layers")).prompts.long!;
  const dispose = async () => {
    await model.dispose();
    await copy[Symbol.asyncDispose]();
  };
  return { model, prompt: tokenIds.slice(0, promptLength), [Symbol.asyncDispose]: dispose };
}

/** All paths of the `best` likeliest tokens, each found by reading the whole text anew. */
async function pathsOf(model: LanguageModel, prompt: readonly number[], best: number, depth: number) {
  let paths: { ids: readonly number[]; logProb: number }[] = [{ ids: [], logProb: 0 }];
  for (let place = 0; place < depth; ++place) {
    const next = [];
    for (const { ids, logProb } of paths) {
      const { logits } = await model.candidates(model.sequence([...prompt, ...ids]));
      const sum = logSumExp(logits.data);
      for (const id of topK(logits.data, best)) {
        next.push({ ids: [...ids, id], logProb: logProb + logits.data[id]! - sum });
      }
    }
    paths = next;
  }
  return new Map(paths.map(({ ids, logProb }) => [ids.join(), logProb]));
}

Deno.test("GrowingTree.spread() grows every path of the likeliest tokens, as reading each text anew finds them", async () => {
  await using opened = await open();
  const { model, prompt } = opened;
  let compared = 0;
  for (const [best, depth] of [[3, 3], [2, 4], [4, 1], [1, 2]] as const) {
    const tree = await model.tree(prompt, { maxNewTokens: depth });
    const grown = await tree.spread({ best });
    const { branches } = tree.data;
    equal(branches.length, best ** depth);
    deepEqual(grown, branches.slice(1));
    const expected = await pathsOf(model, prompt, best, depth);
    const found = new Map(branches.map(({ sequence, logProb }) => [
      sequence.tokenIds.slice(prompt.length).join(),
      logProb,
    ]));
    deepEqual([...found.keys()].sort(), [...expected.keys()].sort());
    for (const [path, logProb] of expected) ok(Math.abs(found.get(path)! - logProb) <= 1e-4, path);
    const starts = branches.map(({ start }) => start);
    deepEqual(starts, starts.toSorted((a, b) => a - b)); // from the top down
    ++compared;
  }
  equal(compared, 4);
});

Deno.test("GrowingTree.spread() writes nothing twice, and no more than it is asked for", async () => {
  await using opened = await open();
  const { model, prompt } = opened;
  const tree = await model.tree(prompt, { maxNewTokens: 4 });
  const [first] = tree.data.branches;
  const { tokenId } = first!.steps[0]!.candidates[1]!;
  await tree.fork(first!.steps[0]!, tokenId, { maxNewTokens: 1 });
  const before = tree.data.branches;
  const seen: Progress[] = [];
  await tree.spread({ best: 2, depth: 2, onProgress: (progress) => seen.push(progress) });
  const { branches } = tree.data;
  deepEqual(branches.slice(0, 2), before);
  equal(branches.length, 4);
  deepEqual(branches.slice(2).map(({ start, steps }) => [start - prompt.length, steps.length]), [[1, 1], [1, 1]]);
  deepEqual(seen.map(({ completed, total }) => [completed, total]), [[1, 2], [2, 2]]);
  deepEqual(await tree.spread({ best: 2, depth: 2 }), []);
});

Deno.test("GrowingTree.spread() stops between two branches, and keeps those that have grown", async () => {
  await using opened = await open();
  const tree = await opened.model.tree(opened.prompt, { maxNewTokens: 3 });
  const controller = new AbortController();
  const onProgress = () => controller.abort(new Error("enough"));
  await rejects(tree.spread({ best: 3, onProgress, signal: controller.signal }), { message: "enough" });
  equal(tree.data.branches.length, 2);
});

Deno.test("GrowingTree.spread() says what it cannot grow", async () => {
  await using opened = await open();
  const tree = await opened.model.tree(opened.prompt, { maxNewTokens: 3, candidates: 2 });
  const refuses = (options: object, message: string | RegExp, name = "RangeError") =>
    rejects(tree.spread(options as { best: number }), { name, message });
  await refuses({ best: 0 }, "Cannot spread the best 0 tokens as it must be a whole number >= 1");
  await refuses({ best: 2, depth: 1.5 }, "Cannot spread to depth 1.5 as it must be a whole number >= 1");
  await refuses(
    { best: 2, depth: 4 },
    /^Cannot spread over 4 tokens as the first branch has 3 after position \d+; write/,
  );
  await refuses({ best: 8 }, /as that would be 512 branches, and 400 is the most; use a smaller best or depth$/);
  await refuses({ best: 3 }, "Cannot spread the best 3 tokens as the tree lists 2; write it with candidates: 3");
  await refuses({}, /^Cannot spread a tree with best undefined; it must be given$/, "TypeError");
  equal(tree.data.branches.length, 1);
});
