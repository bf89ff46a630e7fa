import { expectAbility } from "../../ask/question.ts";
import { positionOf } from "../reading/windows.ts";
import type { Sums, TableSchema } from "../types.ts";
import { Adding, type CorpusAsk, DOCUMENT_COLUMNS, Rows, type ShardWork } from "./ask.ts";

const TABLE: TableSchema = {
  name: "settling",
  columns: [
    ...DOCUMENT_COLUMNS,
    { name: "mean", type: "double", about: "the mean of the layers; null where there are none" },
    {
      name: "layers",
      type: "int32[]",
      about: "the layer after which the likeliest token stays what it is at the end, at the positions 1, 2, ...",
    },
    { name: "tokens", type: "int32[]", about: "the token that is likeliest at the end" },
  ],
};

const TOTAL: TableSchema = {
  name: "settling",
  columns: [
    { name: "layer", type: "int32", about: "the layer, from 0" },
    { name: "settled", type: "int64", about: "how many predictions settle after it" },
    { name: "divergence", type: "double", about: "the mean of KL(final || this layer) in nats" },
    { name: "entropy", type: "double", about: "the mean entropy of what it would predict, in nats" },
  ],
};

/** After which layer predictions settle, through the logit lens with the final norm: `model.layerPredictions()`. */
export const SETTLING_ASK: CorpusAsk = {
  name: "settling",
  tables: [TABLE],
  totals: [TOTAL],
  needs: { lens: "all" },
  expect: ({ runner }) => expectAbility("ask when predictions settle", "next token", runner),
  begin: ({ model }) => begin(model.runner.config.nLayer),
  merge: () => {
    const all = new Adding();
    return { add: (sums) => all.add(sums), end: () => ({ tables: [layersOf(all.sums)], sums: all.sums }) };
  },
};

function layersOf(sums: Sums) {
  const { predictions } = sums as { readonly predictions: number };
  const [settled, divergence, entropy] = [sums.settled, sums.divergence, sums.entropy] as (readonly number[])[];
  const mean = (sum: number) => predictions > 0 ? sum / predictions : null;
  const rows = new Rows(TOTAL);
  settled!.forEach((count, layer) => {
    rows.push({ layer, settled: count, divergence: mean(divergence![layer]!), entropy: mean(entropy![layer]!) });
  });
  return rows.rows();
}

function begin(L: number): ShardWork {
  const rows = new Rows(TABLE);
  const zeros = () => Array<number>(L).fill(0);
  const sums = { predictions: 0, settled: zeros(), divergence: zeros(), entropy: zeros() };
  let seen = { layers: [] as number[], tokens: [] as number[] };
  return {
    take({ targets, piece: { lens, targets: all } }) {
      if (!lens) return;
      const R = all.length;
      for (const { window, target, row } of targets) {
        const final = lens.tokenIds[(L - 1) * R + row]!;
        let layer = L - 1;
        while (layer > 0 && lens.tokenIds[(layer - 1) * R + row] === final) --layer;
        const at = positionOf(window, target) - 1;
        seen.layers[at] = layer;
        seen.tokens[at] = final;
        sums.settled[layer]! += 1;
        for (let depth = 0; depth < L; ++depth) {
          sums.divergence[depth]! += lens.divergences[depth * R + row]!;
          sums.entropy[depth]! += lens.entropies[depth * R + row]!;
        }
      }
      sums.predictions += targets.length;
    },
    finish({ index, id }) {
      const { layers } = seen;
      const mean = layers.length > 0 ? layers.reduce((sum, layer) => sum + layer, 0) / layers.length : null;
      rows.push({ document: index, id, mean, ...seen });
      seen = { layers: [], tokens: [] };
    },
    end: () => ({ tables: [rows.rows()], sums }),
  };
}
