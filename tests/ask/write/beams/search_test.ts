import { deepEqual, equal, ok } from "@std/assert";
import { type EarlyStopping, Searcher } from "../../../../src/ask/write/beams/search.ts";
import { logSumExp } from "../../../../src/base/numbers.ts";
import { createRandom } from "../../../../src/base/random.ts";

interface TableRun {
  readonly table: number;
  readonly prompt: readonly number[];
  readonly settings: {
    readonly "num_beams": number;
    readonly "length_penalty": number;
    readonly "early_stopping": EarlyStopping;
    readonly "max_new_tokens": number;
    readonly "eos_token_id": readonly number[];
  };
  readonly texts: readonly (readonly number[])[];
  readonly scores: readonly number[];
}

const { tables, runs }: {
  tables: readonly (readonly (readonly (readonly number[])[])[])[];
  runs: readonly TableRun[];
} = JSON.parse(
  await Deno.readTextFile(new URL("../../../goldens/beam_tables.json", import.meta.url)),
);

/** Searches in a model whose scores depend on the place and the last token only. */
function searchTable({ table, prompt, settings }: TableRun) {
  const endings = new Set(settings.eos_token_id);
  const search = new Searcher({
    beams: settings.num_beams,
    lengthPenalty: settings.length_penalty,
    earlyStopping: settings.early_stopping,
    limit: settings.max_new_tokens,
    endings: endings.size,
    ends: (written) => endings.has(written.at(-1)!),
  });
  while (!search.done) {
    search.advance(search.running.map(({ written }) => {
      const logits = Float32Array.from(tables[table]![written.length]![written.at(-1) ?? prompt.at(-1)!]!);
      const norm = logSumExp(logits);
      return { scores: logits.map((logit) => logit - norm), logProb: (token) => logits[token]! - norm };
    }));
  }
  return search.found;
}

Deno.test("Searcher finds what Hugging Face finds among few tokens, with all penalties and ends", () => {
  equal(runs.length, 471);
  let texts = 0;
  for (const run of runs) {
    const found = searchTable(run);
    const what = JSON.stringify(run.settings);
    deepEqual(found.map(({ written }) => written), run.texts, what);
    for (const [i, { score }] of found.entries()) {
      const expected = run.scores[i]!;
      ok(Math.abs(score - expected) <= 1e-6 * Math.max(1, Math.abs(expected)), `${what}: ${score}, not ${expected}`);
      ++texts;
    }
  }
  ok(texts > 1200);
  ok(runs.some((run) => run.texts.length < run.settings.num_beams), "some find fewer texts than there are beams");
});

Deno.test("Searcher draws continuations without replacement, each with its probability among those that are left", () => {
  const logits = Float32Array.of(1, 0, -0.5, 2, -3);
  const norm = logSumExp(logits);
  const p = Array.from(logits, (logit) => Math.exp(logit - norm));
  const seen = new Map<string, number>();
  const draws = 8000;
  for (let seed = 0; seed < draws; ++seed) {
    const rules = { beams: 2, lengthPenalty: 1, earlyStopping: false, limit: 1, endings: 1, ends: () => false };
    const search = new Searcher({ ...rules, random: createRandom(seed) });
    const row = { scores: logits.map((logit) => logit - norm), logProb: (token: number) => logits[token]! - norm };
    search.advance(search.running.map(() => row));
    ok(search.done);
    const pair = search.found.map(({ written: [token] }) => token!).sort().join();
    seen.set(pair, (seen.get(pair) ?? 0) + 1);
  }
  equal(seen.size, 10);
  for (const [pair, count] of seen) {
    const [a, b] = pair.split(",").map((token) => p[Number(token)]!) as [number, number];
    const expected = a * b / (1 - a) + a * b / (1 - b);
    const deviation = Math.sqrt(expected * (1 - expected) / draws);
    ok(Math.abs(count / draws - expected) < 4 * deviation, `${pair}: ${count / draws}, not ${expected}`);
  }
});
