import { expectAbility } from "../../ask/question.ts";
import { positionOf } from "../reading/windows.ts";
import type { TableSchema } from "../types.ts";
import { adding, type CorpusAsk, DOCUMENT_COLUMNS, Rows, type ShardWork } from "./ask.ts";

const TABLE: TableSchema = {
  name: "surprise",
  columns: [
    ...DOCUMENT_COLUMNS,
    { name: "measured", type: "int32", about: "how many tokens were measured: all but the first" },
    { name: "surprise", type: "double", about: "the mean of -ln p over them, in nats; null where there are none" },
    { name: "perplexity", type: "double", about: "exp of that" },
    { name: "logProbs", type: "float[]", about: "ln p of the tokens at the positions 1, 2, ..." },
    { name: "entropies", type: "float[]", about: "the entropy of what the model expected there, in nats" },
    { name: "ranks", type: "int32[]", about: "1 + the number of tokens with a strictly greater logit" },
  ],
};

/** How much each token surprises the model: `model.surprise()` of each document. */
export const SURPRISE_ASK: CorpusAsk = {
  name: "surprise",
  tables: [TABLE],
  totals: [],
  needs: { lens: "last" },
  expect: ({ runner }) => expectAbility("ask for surprise", "next token", runner),
  begin,
  merge: adding,
};

function begin(): ShardWork {
  const rows = new Rows(TABLE);
  const sums = { measured: 0, logProb: 0, entropy: 0, first: 0 };
  let seen = { logProbs: [] as number[], entropies: [] as number[], ranks: [] as number[] };
  return {
    take({ targets, piece }) {
      const lens = piece.lens;
      if (!lens) return;
      const last = lens.ranks.length - piece.targets.length; // where the last depth begins
      for (const { window, target, row } of targets) {
        const at = positionOf(window, target) - 1;
        seen.logProbs[at] = lens.logProbs[last + row]!;
        seen.entropies[at] = lens.entropies[last + row]!;
        seen.ranks[at] = lens.ranks[last + row]!;
      }
    },
    finish({ index, id, tokenIds }) {
      const measured = tokenIds.length - 1;
      const total = seen.logProbs.reduce((sum, logProb) => sum + logProb, 0);
      const mean = measured > 0 ? { surprise: -total / measured, perplexity: Math.exp(-total / measured) } : {};
      rows.push({ document: index, id, measured, ...mean, ...seen });
      sums.measured += measured;
      sums.logProb += total;
      sums.entropy += seen.entropies.reduce((sum, entropy) => sum + entropy, 0);
      sums.first += seen.ranks.filter((rank) => rank === 1).length;
      seen = { logProbs: [], entropies: [], ranks: [] };
    },
    end: () => ({ tables: [rows.rows()], sums }),
  };
}
