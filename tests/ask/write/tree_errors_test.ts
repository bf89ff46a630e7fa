import { deepEqual, equal, rejects } from "@std/assert";
import { LanguageModel } from "../../../mod.ts";
import { checkpointCopy, openGolden } from "../../support/goldens.ts";

Deno.test("GrowingTree.fork() refuses what it cannot continue, and leaves the tree as it was", async () => {
  await using copy = await checkpointCopy("f32");
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  const { tokenIds, promptLength } = (await openGolden("f32")).prompts.long!;
  const prompt = tokenIds.slice(0, promptLength);
  const tree = await model.tree(prompt, { maxNewTokens: 4, stop: [] });
  const before = tree.data;
  const refuses = (task: Promise<unknown>, message: string | RegExp, name = "RangeError") =>
    rejects(task, { name, message });
  for (const at of [19, 25, 20.5, NaN, -1]) {
    await refuses(tree.fork(at, 1), `Cannot fork at position ${at} as branch 0 can be continued from 20 to 24`);
  }
  for (const branch of [1, -1, 0.5]) {
    await refuses(tree.fork(21, 1, { branch }), `Cannot fork branch ${branch} as the tree has the branches 0 to 0`);
  }
  const step = before.branches[0]!.steps[1]!;
  await refuses(
    tree.fork({ ...step }, 1),
    "Cannot fork at a step that is not of this tree; pass its position and branch",
  );
  const both = "Cannot fork at a step and in branch 0, as a step is of one branch; leave branch out";
  await refuses(tree.fork(step, 1, { branch: 0 }), both, "TypeError");
  for (const at of [undefined, null, "21"] as unknown as number[]) {
    await refuses(
      tree.fork(at, 1),
      `Cannot fork at ${JSON.stringify(at)}; pass a step of the tree, or a position`,
      "TypeError",
    );
  }
  await refuses(tree.fork(21, 97), "Cannot read token id 97 as the vocabulary holds 97 tokens");
  await refuses(tree.fork(21, NaN), /^Cannot read token id NaN/);
  await refuses(tree.fork(21, ""), /^Cannot ask about an empty word/);
  await refuses(tree.fork(21, undefined as unknown as number), /^Cannot read undefined as a text/, "TypeError");
  await refuses(tree.fork(21, "ab"), 'Cannot fork with "ab" as it is 2 tokens, "a" (64), "b" (65); pass one');
  await refuses(tree.fork(21, 1, { maxNewTokens: -1 }), /maxNewTokens -1 as it must be a whole number >= 0$/);
  await refuses(tree.fork(21, 1, { temperature: -1 }), /^Cannot decode with temperature -1/);
  await refuses(tree.fork(21, 1, { stop: [""] }), /^Cannot stop at ""/);
  const reason = new Error("enough");
  await rejects(tree.fork(21, 1, { maxNewTokens: 0, signal: AbortSignal.abort(reason) }), reason);
  await rejects(model.tree(prompt, { signal: AbortSignal.abort(reason) }), reason);
  await refuses(model.tree(prompt, { maxNewTokens: 0 }), /maxNewTokens 0 as it must be a whole number >= 1$/);
  deepEqual(tree.data, before);
  const grown = await tree.fork(step, 1);
  equal(before.branches.length, 1);
  deepEqual(tree.data.branches, [...before.branches, grown]);

  await model.dispose();
  const disposed = { name: "Error", message: /^Cannot use .* as it is disposed; load it again$/ };
  await rejects(tree.fork(step, 1, { maxNewTokens: 0 }), disposed);
  await rejects(model.tree(prompt), disposed);
  equal(tree.data.branches.length, 2);
});
