/** Jobs are the same however they are cut, go on where they were cut, and lose nothing. */
import { deepEqual, ok, rejects } from "@std/assert";

import { LanguageModel } from "../../src/language_model.ts";
import { explainCorpus } from "../../src/corpus/explain_corpus.ts";
import type { ExplainCorpusOptions } from "../../src/corpus/settings.ts";
import { type MemoryStore, memoryStore, rowsIn, sourceOf, tableOf, TEXTS } from "./support.ts";

const ASK = ["surprise", "heads", "neurons", "settling"] as const;
const WINDOW = { window: 64, overlap: 16 } as const;

function filesOf({ files }: MemoryStore): Record<string, string> {
  return Object.fromEntries([...files].sort().map(([name, bytes]) => [name, bytes.toHex()]));
}

/** All numbers of something, and all else of it. */
function flat(value: unknown): { numbers: number[]; rest: unknown } {
  const numbers: number[] = [];
  const rest = JSON.stringify(value, (_, one) => {
    if (typeof one !== "number") return one;
    numbers.push(one);
    return "number";
  });
  return { numbers, rest };
}

function near(found: unknown, expected: unknown, what: string): void {
  const [a, b] = [flat(found), flat(expected)];
  deepEqual(a.rest, b.rest, what);
  const far = a.numbers.findIndex((x, i) => Math.abs(x - b.numbers[i]!) > 1e-5 * Math.max(1, Math.abs(x)));
  ok(far < 0, `${what}: ${a.numbers[far]} is not ${b.numbers[far]}`);
}

Deno.test("explainCorpus()", async (t) => {
  await using model = await LanguageModel.fromPretrained(undefined, { backend: "native" });
  const explain = (out: MemoryStore, options: Partial<ExplainCorpusOptions> = {}, texts = sourceOf(TEXTS)) => {
    const asked = { ...options.ask ? {} : { examples: 3 }, ...options, ask: options.ask ?? ASK };
    return explainCorpus(texts, { model, out, shardSize: 3, ...WINDOW, ...asked });
  };
  const whole = memoryStore();
  const { total } = await explain(whole);

  await t.step("gives the same numbers whatever the sharding", async () => {
    for (const options of [{ shardSize: 1 }, { shardSize: 100 }]) {
      const out = memoryStore();
      const other = await explain(out, options);
      deepEqual(other.there.shards, options.shardSize === 1 ? 8 : 1);
      const { shards: _, files: __, ...sums } = other.total!;
      const { shards: ___, files: ____, ...expected } = total!;
      near(sums, expected, "sums");
      for (const table of ["documents", "surprise", "settling"]) {
        near(await tableOf(out, table), await tableOf(whole, table), table);
      }
      for (const name of ["total/heads.parquet", "total/settling.parquet"]) {
        near(await rowsIn(out, name), await rowsIn(whole, name), name);
      }
      await expectSameNeurons(out, whole);
      await expectSameExamples(out, whole);
    }
  });

  await t.step("counts each token of long texts once", async () => {
    const [long] = (await tableOf(whole, "documents")).filter(({ windows }) => (windows as number) > 1);
    const T = model.tokenizer.encode(TEXTS[5]!).length;
    deepEqual([long!.document, long!.tokens, long!.windows], [5, T, Math.ceil((T - 16) / 48)]);
    const surprise = (await tableOf(whole, "surprise"))[5]!;
    deepEqual([surprise.measured, (surprise.logProbs as number[]).length], [T - 1, T - 1]);
    deepEqual((total!.sums.heads!.counts as number[])[0], total!.tokens - total!.documents);
    const ids = long!.tokenIds as number[];
    const second = await model.surprise(model.sequence(ids.slice(48, 112)));
    near((surprise.logProbs as number[]).slice(63, 111), [...second.logProbs.data.slice(15)], "the second window");
  });

  await t.step("goes on after every write at which it was cut, to the same bytes", async () => {
    const small = { ask: "surprise" } as const;
    const unbroken = memoryStore();
    await explain(unbroken, small);
    const names = [...unbroken.files.keys()];
    deepEqual(names.length, 1 + 3 * 4 + 1);
    for (let cut = 0; cut < names.length; cut += 3) {
      let writes = 0;
      const out = memoryStore(() => {
        if (writes++ === cut) throw new Error("No space is left");
      });
      await rejects(() => explain(out, small), Error, "No space is left");
      deepEqual(out.files.size, cut);
      const { computed } = await explain(out, small);
      deepEqual(computed.shards, 3 - Math.floor(Math.max(0, cut - 1) / 4), `cut at write ${cut}`);
      deepEqual(filesOf(out), filesOf(unbroken), `cut at write ${cut}`);
    }
    const { computed } = await explain(unbroken, small);
    deepEqual(computed.shards, 0);
  });

  await t.step("shares shards by i/n, and whoever finds all puts them together", async () => {
    const out = memoryStore();
    const first = await explain(out, { shard: "1/2" });
    deepEqual([first.computed.shards, first.total], [1, undefined]);
    const second = await explain(out, { shard: "0/2" });
    deepEqual([second.computed.shards, second.there.shards], [2, 3]);
    deepEqual(filesOf(out), filesOf(whole));
  });

  await t.step("computes what is damaged once more, and says what was", async () => {
    const broken: [string, (bytes: Uint8Array) => Uint8Array | undefined][] = [
      ["shards/000001.json", () => new TextEncoder().encode("{")],
      ["neurons/part-000001.parquet", (bytes) => bytes.slice(0, -1)],
      ["surprise/part-000002.parquet", () => undefined],
    ];
    for (const [name, damage] of broken) {
      const out = memoryStore();
      for (const [file, bytes] of whole.files) out.files.set(file, bytes);
      const damaged = damage(out.files.get(name)!);
      if (damaged) out.files.set(name, damaged);
      else out.files.delete(name);
      const { computed, mended } = await explain(out);
      deepEqual([computed.shards, mended.length], [1, 1], name);
      ok(mended[0]!.includes(name), mended[0]!);
      deepEqual(filesOf(out), filesOf(whole), name);
    }
    const out = memoryStore();
    for (const [file, bytes] of whole.files) out.files.set(file, bytes);
    out.files.delete("total.json");
    out.files.set("neurons/part-000000.parquet", out.files.get("neurons/part-000000.parquet")!.with(100, 7));
    const { computed, mended } = await explain(out);
    deepEqual([computed.shards, mended], [
      1,
      ["Cannot read neurons/part-000000.parquet in memory as it is not what was written"],
    ]);
    deepEqual(filesOf(out), filesOf(whole));
  });

  await t.step("refuses to go on with something else, by name", async () => {
    const other = sourceOf(TEXTS.with(0, "Another text."));
    await rejects(() => explain(whole, {}, other), Error, "the source's fingerprint was");
    await rejects(() => explain(whole, { window: 65 }), Error, "window was 64 and is 65; take another folder as out");
    await rejects(() => explain(whole, { shardSize: 4, ask: ["surprise"] }), Error, "shardSize was 3");
    await rejects(() => explain(whole, { limit: 3 }), Error, "limit was nothing and is 3");
    await using changed = await model.with([{ site: "z.0", heads: [1], scale: 0 }]);
    await rejects(() => explain(whole, { model: changed }), Error, "the model's changes was nothing");
    whole.files.set("manifest.json", new TextEncoder().encode('{"version":2}'));
    const version = "Cannot read manifest.json in memory: it has version 2 where this package writes 1";
    await rejects(() => explain(whole), Error, version);
  });

  await t.step("names what is bad and goes on, or stops there", async () => {
    const texts = ["A text.", "", { problem: "line 3 is no JSON" }, "x".repeat(101), "The end."];
    const options = { ask: "surprise" as const, maxCharacters: 100, shardSize: 2 };
    const out = memoryStore();
    const { there, total } = await explain(out, options, sourceOf(texts));
    deepEqual([there.documents, there.problems, there.shards, total!.problems], [2, 3, 3, 3]);
    deepEqual((await tableOf(out, "problems")).map(({ document, problem }) => [document, problem]), [
      [1, "it is empty"],
      [2, "line 3 is no JSON"],
      [3, "it has 101 characters where maxCharacters is 100"],
    ]);
    const stopped = memoryStore();
    const message = 'Cannot explain document 1 (text 1) as it is empty; mend it, or pass onError: "skip"';
    await rejects(() => explain(stopped, { ...options, onError: "stop" as const }, sourceOf(texts)), Error, message);
    const goneOn = await explain(stopped, options, sourceOf(texts));
    deepEqual([goneOn.computed.shards, filesOf(stopped)], [3, filesOf(out)]);
  });

  await t.step("ends cleanly when it is stopped, and keeps the shards that are done", async () => {
    const stop = new AbortController();
    const out = memoryStore((name) => {
      if (name === "shards/000000.json") stop.abort(new DOMException("Stopped", "AbortError"));
    });
    await rejects(() => explain(out, { signal: stop.signal }), DOMException, "Stopped");
    deepEqual([...out.files.keys()].filter((name) => /00000[12]/.test(name)), []);
    const { computed } = await explain(out);
    deepEqual(computed.shards, 2);
  });

  await t.step("takes the first documents, and refuses none", async () => {
    const out = memoryStore();
    const { there } = await explain(out, { limit: 4, ask: "surprise" });
    deepEqual([there.documents, there.shards], [4, 2]);
    await rejects(
      () => explain(memoryStore(), {}, sourceOf([])),
      Error,
      "Cannot explain texts as it holds no documents",
    );
  });
});

/** An activation at the edge of two bins may fall into the other one. */
async function expectSameNeurons(out: MemoryStore, whole: MemoryStore): Promise<void> {
  const [found, expected] = await Promise.all([out, whole].map((store) => rowsIn(store, "total/neurons.parquet")));
  let moved = 0;
  for (const [i, { histogram, positive, ...row }] of found!.entries()) {
    const { histogram: bins, positive: count, ...other } = expected![i]!;
    near(row, other, `neuron ${i}`);
    (histogram as number[]).forEach((n, bin) => moved += Math.abs(n - (bins as number[])[bin]!));
    moved += Math.abs((positive as number) - (count as number));
  }
  ok(
    moved < 1e-4 * found!.length * (found![0]!.tokens as number),
    `${moved} of ${found!.length * (found![0]!.tokens as number)} activations are elsewhere`,
  );
}

/** Examples may change places where their values are as near as rounding. */
async function expectSameExamples(out: MemoryStore, whole: MemoryStore): Promise<void> {
  const [found, expected] = await Promise.all(
    [out, whole].map((store) => rowsIn(store, "total/neuron_examples.parquet")),
  );
  deepEqual(found!.length, expected!.length);
  let tied = 0;
  found!.forEach((row, i) => {
    const other = expected![i]!;
    near(
      [row.layer, row.neuron, row.place, row.value],
      [other.layer, other.neuron, other.place, other.value],
      `row ${i}`,
    );
    const neighbours = [i - 1, i + 1].map((n) => found![n]?.value as number);
    const isTied = neighbours.some((value) => Math.abs(value - (row.value as number)) < 2e-5);
    if (isTied) ++tied;
    else if (row.place !== 2) {
      const placeOf = ({ document, position }: typeof row) => [document, document === 5 ? "any" : position];
      deepEqual(placeOf(row), placeOf(other), `row ${i}`); // the sentences of document 5 repeat
    }
  });
  ok(tied < found!.length / 10, `${tied} of ${found!.length} are tied`);
}
