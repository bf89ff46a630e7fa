import { deepEqual, equal, ok, rejects, throws } from "@std/assert";
import { LanguageModel } from "../../../mod.ts";
import { createRandom } from "../../../src/base/random.ts";
import { checkpointCopy, maxAbsDifference } from "../../support/goldens.ts";
import { openSourceModel } from "../../support/sources.ts";
import { watchWorkers } from "../../support/workers.ts";

/** What sums in another order may change, relative to the greatest logit where that is above 1. */
const ROUNDING = 1e-5;

/** Edits of every kind, at random places. */
const EDITS: Readonly<Record<string, (ids: readonly number[], at: number, id: number) => number[]>> = {
  insert: (ids, at, id) => ids.toSpliced(at, 0, id),
  delete: (ids, at) => ids.toSpliced(at, 3),
  replace: (ids, at, id) => ids.with(at, id),
  append: (ids, _, id) => [...ids, id, id + 1],
  cut: (ids, at) => ids.slice(0, at),
  empty: () => [],
  same: (ids) => [...ids],
};

const commonLength = (a: readonly number[], b: readonly number[]) => {
  const different = a.findIndex((id, i) => id !== b[i]);
  return different < 0 ? a.length : different;
};

for (const backend of ["native", "wasm"] as const) {
  for (const worker of [false, true]) {
    const title = `reading() follows random edits on ${backend}${
      worker ? " in a worker" : ""
    }, and counts what it computes`;
    Deno.test(title, async () => {
      await using copy = await checkpointCopy("twelve_layers");
      await using model = await LanguageModel.fromPretrained(copy.directory, { backend, worker, threads: 1 });
      const { nPositions, vocabSize, bosTokenId } = model.config;
      using reading = model.reading();
      const random = createRandom(11);
      const below = (n: number) => Math.floor(random() * n);
      const kinds = Object.keys(EDITS);
      let known: readonly number[] = [];
      let ids = Array.from({ length: 20 }, () => below(vocabSize - 1));
      for (let n = 0; n < 8 * kinds.length; ++n) {
        const asked = ids.length === 0 ? [bosTokenId] : ids;
        const { read, logits, predictions, sequence } = await reading.candidates(ids);
        deepEqual(sequence.tokenIds, asked);
        const reused = Math.min(commonLength(known, asked), asked.length - 1);
        deepEqual(read, { computed: asked.length - reused, reused });
        equal(reading.length, asked.length);
        const fresh = await model.candidates(model.sequence(ids));
        const scale = Math.max(1, ...fresh.logits.data.map(Math.abs));
        const difference = maxAbsDifference(logits.data, fresh.logits.data);
        ok(difference <= ROUNDING * scale, `${n}: ${difference}`);
        equal(predictions[0]!.tokenId, fresh.predictions[0]!.tokenId);
        known = asked;
        const edited = EDITS[kinds[n % kinds.length]!]!(ids, below(Math.max(1, ids.length)), below(vocabSize - 1));
        ids = n % kinds.length === kinds.indexOf("same") || edited.length === 0 && n % kinds.length !== 5
          ? Array.from({ length: 5 + below(nPositions - 9) }, (_, i) => i < 4 ? known[i] ?? 7 : below(vocabSize - 1))
          : edited.slice(0, nPositions);
      }
    });
  }
}

Deno.test("reading() takes text as it is typed, and a sequence", async () => {
  await using model = await LanguageModel.fromPretrained();
  using reading = model.reading();
  const text = "The keys to the cabinet are on the table";
  const all = model.sequence(text).tokenIds;
  let known = 0;
  for (const end of [8, 11, 15, 23, 27, 40]) {
    const { sequence, read } = await reading.candidates(text.slice(0, end));
    equal(read.computed + read.reused, sequence.tokenIds.length);
    known = read.reused;
  }
  ok(known >= all.length - 3, `${known} of ${all.length} tokens were known`);
  const first = await reading.candidates(text.replace("keys", "key"));
  const same = model.sequence(text.replace("keys", "key"), { promptLength: 2 });
  const second = await reading.candidates(same, { topK: 3 });
  equal(second.sequence, same);
  deepEqual(
    second.predictions.map(({ tokenId }) => tokenId),
    first.predictions.slice(0, 3).map(({ tokenId }) => tokenId),
  );
  equal(second.read.computed, 1);
});

Deno.test("reading() of a changed model is that of the changed model", async () => {
  await using model = await LanguageModel.fromPretrained();
  await using changed = await model.with([{ site: "z.4", heads: [7], positions: [3], scale: 0 }]);
  using reading = changed.reading();
  await reading.candidates("The keys to the cabinets");
  const { logits, read } = await reading.candidates("The keys to the cabinet are");
  ok(read.reused >= 4);
  const fresh = await changed.candidates(changed.sequence("The keys to the cabinet are"));
  ok(maxAbsDifference(logits.data, fresh.logits.data) <= 2e-5);
  const plain = await model.candidates(model.sequence("The keys to the cabinet are"));
  ok(maxAbsDifference(logits.data, plain.logits.data) > 1e-3);
});

Deno.test("reading() goes on from what it had read when it was stopped between two runs", async () => {
  await using model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
  const { tokenIds } = model.sequence("The keys to the cabinet are on the table, and the dogs sleep");
  const maxMemory = model.cost.candidates(model.sequence(tokenIds), { maxMemory: 1 }).bytes;
  using reading = model.reading();
  const controller = new AbortController();
  const onProgress = ({ completed }: { completed: number }) => completed === 7 && controller.abort(new Error("enough"));
  const stopped = reading.candidates(tokenIds, { maxMemory, onProgress, signal: controller.signal });
  await rejects(stopped, { message: "enough" });
  equal(reading.length, 7);
  const { read, logits } = await reading.candidates(tokenIds);
  deepEqual(read, { computed: tokenIds.length - 7, reused: 7 });
  const fresh = await model.candidates(model.sequence(tokenIds));
  ok(maxAbsDifference(logits.data, fresh.logits.data) <= 2e-5);
});

for (const backend of ["native", "wasm"] as const) {
  Deno.test(`reading() is given up in the middle of a run in a worker on ${backend}, and right afterwards`, async () => {
    let controller = new AbortController();
    let stopping = false;
    using _workers = watchWorkers((kind) => kind === "run" && stopping && controller.abort(new Error("enough")));
    await using model = await LanguageModel.fromPretrained(undefined, { backend, worker: true, threads: 1 });
    using reading = model.reading();
    const texts = ["The keys to the cabinet", "The keys to the", "The dogs in the cabinet are", "The dogs in the"];
    for (const text of texts) {
      stopping = true;
      controller = new AbortController();
      await rejects(reading.candidates(text, { signal: controller.signal }), { message: "enough" });
      ok(reading.length < model.sequence(text).tokenIds.length);
      stopping = false;
      const { logits } = await reading.candidates(text);
      const fresh = await model.candidates(model.sequence(text));
      ok(maxAbsDifference(logits.data, fresh.logits.data) <= 2e-5, text);
    }
  });
}

Deno.test("reading() answers overlapping calls in their order, and leaves out those that were given up", async () => {
  await using model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
  using reading = model.reading();
  const done: string[] = [];
  const texts = ["The keys", "The keys to", "The dogs", "The keys to the cabinet"];
  const signals = [undefined, undefined, AbortSignal.abort(new Error("enough")), undefined];
  const answers = await Promise.allSettled(texts.map(async (text, i) => {
    const own = { ...signals[i] && { signal: signals[i] } };
    const { read } = await reading.candidates(text, own).finally(() => done.push(text));
    return [read.reused, read.computed];
  }));
  deepEqual(done, texts);
  deepEqual(answers.map((answer) => answer.status === "fulfilled" ? answer.value : answer.reason.message), [
    [0, 3],
    [3, 1],
    "enough",
    [4, model.sequence(texts[3]!).tokenIds.length - 4],
  ]);
});

Deno.test("reading() refuses what it cannot read, by name, and ends when it is disposed", async () => {
  await using copy = await checkpointCopy("f32");
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  const reading = model.reading();
  await rejects(reading.candidates([97]), {
    name: "RangeError",
    message: "Cannot read token id 97 as the vocabulary holds 97 tokens",
  });
  await rejects(reading.candidates(Array<number>(49).fill(1)), {
    name: "RangeError",
    message: "Cannot read 49 tokens as the context holds 48; shorten the text",
  });
  await rejects(reading.candidates([1], { topK: 98 }), { name: "RangeError", message: /topK 98/ });
  await rejects(reading.candidates([1], { topk: 3 } as never), { name: "TypeError", message: /no such option/ });
  const asked = reading.candidates([1, 2, 3]);
  reading.dispose();
  reading.dispose();
  const message = "Cannot list candidates as the reading is disposed; make another with reading()";
  await rejects(asked, { name: "Error", message });
  await rejects(reading.candidates([1]), { name: "Error", message });
  await reading[Symbol.asyncDispose]();
  equal(reading.length, 0);
  const other = model.reading();
  await model.dispose();
  await rejects(other.candidates([1]), { name: "Error", message: /disposed/ });
  throws(() => model.reading(), { name: "Error", message: /disposed/ });
  await using golden = await openSourceModel("bart/bart");
  throws(() => golden.model.reading(), {
    name: "TypeError",
    message:
      "Cannot keep a reading with BART as its text is read after a source; use candidates() with sequence(text, { source })",
  });
});
