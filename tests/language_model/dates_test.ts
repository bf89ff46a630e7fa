/** The model of dates that comes with the package, as transformers and PyTorch have it. */
import { deepEqual, equal, ok } from "@std/assert";
import { crossAttentionView, DATES, LanguageModel } from "../../mod.ts";
import { counted } from "../support/counted.ts";

/** What `scripts/oracles/date_goldens.py` wrote of one text. */
interface GoldenDate {
  readonly text: string;
  readonly sourceIds: readonly number[];
  readonly writtenIds: readonly number[];
  readonly written: string;
  readonly texts: readonly (readonly number[])[];
  readonly scores: readonly number[];
  /** The source token with the greatest weight at each row, `[L, H, N]`. */
  readonly mostAttended: readonly (readonly (readonly number[])[])[];
  readonly sourceSaliency?: readonly (readonly number[])[];
  readonly targetSaliency?: readonly (readonly number[])[];
}

const GOLDEN: { readonly dates: readonly GoldenDate[] } = JSON.parse(
  await Deno.readTextFile(new URL("../goldens/dates.json", import.meta.url)),
);

for (const backend of ["wasm", "native"] as const) {
  Deno.test(`the model of dates on ${backend} writes, searches, looks and explains as transformers has it`, async () => {
    await using model = await LanguageModel.fromPretrained(DATES, { backend });
    equal(model.id, "looking-glass-dates");
    const all = await model.generateBatch(GOLDEN.dates.map(({ text }) => text));
    let maps = 0;
    for (const [i, golden] of counted(GOLDEN.dates, 5).entries()) {
      const date = await model.generate(golden.text);
      deepEqual(date.source!.tokenIds, golden.sourceIds);
      deepEqual(date.tokenIds, [1, ...golden.writtenIds]);
      equal(date.text, `<pad>${golden.written}</s>`);
      deepEqual(all[i], date);
      const { branches } = await model.beams(golden.text, { beams: 3, best: 3, maxNewTokens: 12 });
      deepEqual(branches.map(({ sequence }) => sequence.tokenIds.slice(1)), golden.texts);
      for (const [n, { score }] of branches.entries()) ok(Math.abs(score - golden.scores[n]!) <= 1e-5);

      const trace = await model.trace(date, { capture: ["crossAttention"] });
      const [L, H, T, E] = trace.crossAttention!.shape as [number, number, number, number];
      const rows = Array.from({ length: L * H * T }, (_, row) => {
        const weights = trace.crossAttention!.data.subarray(row * E, (row + 1) * E);
        return weights.indexOf(Math.max(...weights));
      });
      const most = golden.mostAttended.flat();
      const written = Array.from({ length: L * H }, (_, head) => rows.slice(head * T, (head + 1) * T - 1));
      deepEqual(written, most);
      ok(crossAttentionView(trace, { head: 0 }).text.includes(`\n1 ${golden.written[0]} `));

      if (!golden.sourceSaliency) continue;
      const options = { of: "logProb", reduce: "sum", normalize: false } as const;
      const { scores } = await model.saliency(date, options);
      const expected = golden.sourceSaliency.flatMap((row, n) => [...row, ...golden.targetSaliency![n]!]);
      const scale = Math.max(...expected.map(Math.abs));
      scores.data.forEach((score, at) => ok(Math.abs(score - expected[at]!) <= 1e-3 * scale, `${at}: ${score}`));
      maps += 1;
    }
    equal(maps, 1);
  });
}
