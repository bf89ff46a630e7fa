/** A file of any length is explained in the memory of a shard. */
import { deepEqual, ok } from "@std/assert";

import { LanguageModel } from "../../src/language_model.ts";
import { explainCorpus } from "../../src/corpus/explain_corpus.ts";
import { memoryStore } from "./support.ts";

const MB = 2 ** 20;
const LINES = 160_000;
/** Most documents are longer than may be, as reading them with a model would take hours; they are rows of a table. */
const LONG = JSON.stringify({ text: "so it goes on and on ".repeat(32) });
const SHORT = JSON.stringify({ text: "The keys to the cabinet are on the table." });

Deno.test("explainCorpus() reads the second half of a file of 100 MB in the memory of the first", async () => {
  const path = await Deno.makeTempFile({ suffix: ".jsonl" });
  try {
    await using model = await LanguageModel.fromPretrained();
    const block = `${[SHORT, ...Array<string>(999).fill(LONG)].join("\n")}\n`;
    using file = await Deno.open(path, { write: true });
    for (let i = 0; i < LINES / 1000; ++i) await file.write(new TextEncoder().encode(block));
    const { size } = await Deno.stat(path);
    ok(size > 100 * MB, `${size} bytes`);
    const resident: number[] = [];
    const out = memoryStore(() => resident.push(Deno.memoryUsage().rss));
    const options = { ask: "surprise", maxCharacters: 100, shardSize: 4000 } as const;
    const { computed } = await explainCorpus(path, { model, out, ...options });
    deepEqual([computed.documents, computed.problems, computed.shards], [
      LINES / 1000,
      LINES - LINES / 1000,
      LINES / 4000,
    ]);
    const half = resident.length >> 1;
    const [early, late] = [resident.slice(0, half), resident.slice(half)].map((some) => Math.max(...some) / MB);
    const series = resident.filter((_, i) => i % 8 === 0).map((bytes) => Math.round(bytes / MB)).join(" ");
    ok(late! - early! < 40, `the second half of the file took more: ${series}`);
    ok(late! - resident[0]! / MB < 250, `more than a file of that size in memory: ${series}`);
  } finally {
    await Deno.remove(path);
  }
});
