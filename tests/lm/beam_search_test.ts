import { deepEqual, equal, ok } from "@std/assert";
import { type EarlyStopping, Searcher } from "../../src/lm/beam_search.ts";
import { logSumExp } from "../../src/lm/numbers.ts";

interface TableRun {
  readonly table: number;
  readonly prompt: readonly number[];
  readonly settings: {
    readonly num_beams: number;
    readonly length_penalty: number;
    readonly early_stopping: EarlyStopping;
    readonly max_new_tokens: number;
    readonly eos_token_id: readonly number[];
  };
  readonly texts: readonly (readonly number[])[];
  readonly scores: readonly number[];
}

const { tables, runs }: { tables: readonly (readonly (readonly (readonly number[])[])[])[]; runs: readonly TableRun[] } = JSON.parse(
  await Deno.readTextFile(new URL("../goldens/beam_tables.json", import.meta.url)),
);

/** Searches in a model whose scores depend on the place and the last token only. */
function searchTable({ table, prompt, settings }: TableRun, more: { random?: () => number } = {}) {
  const endings = new Set(settings.eos_token_id);
  const search = new Searcher({
    beams: settings.num_beams,
    lengthPenalty: settings.length_penalty,
    earlyStopping: settings.early_stopping,
    limit: settings.max_new_tokens,
    endings: endings.size,
    ends: (written) => endings.has(written.at(-1)!),
    ...more,
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
  equal(runs.length, 351);
  let [seen, different] = [0, 0];
  for (const run of runs) {
    const found = searchTable(run);
    const same = JSON.stringify(found.map(({ written }) => written)) === JSON.stringify(run.texts);
    ++seen; if (!same) { ++different; console.log(JSON.stringify(run.settings), JSON.stringify(found.map(({ written }) => written)), JSON.stringify(run.texts), found.map(f=>f.score), run.scores); }
  }
  console.log(seen, different);
});
