import { eachScore, HEAD_SCORE_NAMES, placesOf } from "../../analysis/attention.ts";
import { expectRowSum } from "../../ask/trace/recorders.ts";
import type { ModelConfig } from "../../models/config.ts";
import type { PlacedPiece, Seen } from "../reading/pack.ts";
import type { Window } from "../reading/windows.ts";
import type { Sums, TableSchema } from "../types.ts";
import { Adding, type CorpusAsk, Rows, type ShardWork } from "./ask.ts";

const TOTAL: TableSchema = {
  name: "heads",
  columns: [
    { name: "layer", type: "int32", about: "the layer, from 0" },
    { name: "head", type: "int32", about: "the head, from 0" },
    { name: "previousToken", type: "double", about: "the mean attention to the token before" },
    { name: "firstToken", type: "double", about: "to the first token of the document, or of the window" },
    { name: "duplicateToken", type: "double", about: "to earlier occurrences of the same token; null where none is" },
    { name: "induction", type: "double", about: "to the tokens that follow earlier occurrences; null where none is" },
  ],
};

/** Where heads look on average: the scores of `headScores()`, over the tokens of all documents. */
export const HEADS_ASK: CorpusAsk = {
  name: "heads",
  tables: [],
  totals: [TOTAL],
  needs: { attention: true },
  expect: () => {},
  begin: ({ model }) => begin(model.runner.config),
  merge: () => {
    const all = new Adding();
    let shape: unknown;
    return {
      add({ shape: own, ...sums }) {
        shape = own;
        all.add(sums);
      },
      end() {
        const sums = { shape, ...all.sums };
        return { tables: [meansOf(sums)], sums };
      },
    };
  },
};

/** The means over all tokens that have such a token before them. */
function meansOf(sums: Sums) {
  const { shape: [L, H], counts } = sums as { shape: readonly [number, number]; counts: readonly number[] };
  const rows = new Rows(TOTAL);
  for (let at = 0; at < L * H; ++at) {
    const scores = HEAD_SCORE_NAMES.map((
      name,
      i,
    ) => [name, counts[i] ? (sums[name] as readonly number[])[at]! / counts[i]! : null]);
    rows.push({ layer: Math.floor(at / H), head: at % H, ...Object.fromEntries(scores) });
  }
  return rows.rows();
}

function begin({ nLayer: L, nHead: H }: ModelConfig): ShardWork {
  const scores = eachScore(() => new Float64Array(L * H));
  const counts = HEAD_SCORE_NAMES.map(() => 0);
  const known = new Map<Window, ReturnType<typeof placesOf>>();
  return {
    take({ windows, piece }) {
      for (const placed of windows) {
        const { window, from, to } = placed;
        const places = known.getOrInsertComputed(window, () => placesOf(window.tokenIds));
        const tokens = countedTokens(placed);
        HEAD_SCORE_NAMES.forEach((name, i) => {
          counts[i]! += tokens.filter((t) => places[name][t]!.length > 0).length;
          addScores(scores[name], piece, placed, tokens.map((t) => [t, places[name][t]!]));
        });
        if (from === 0) expectSums(piece, placed, H);
        if (to === window.tokenIds.length) known.delete(window);
      }
    },
    end: () => ({
      tables: [],
      sums: { shape: [L, H], counts, ...eachScore((name) => [...scores[name]]) },
    }),
  };
}

/** The tokens of a window in a piece that count, by their indices in the window. */
function countedTokens({ window, from, to }: PlacedPiece): readonly number[] {
  const [start, end] = [Math.max(from, window.from), Math.min(to, window.to)];
  return Array.from({ length: Math.max(0, end - start) }, (_, i) => start + i);
}

/** Adds the attention of tokens to others, for each head. */
function addScores(
  scores: Float64Array,
  { start, end, attention }: Seen["piece"],
  { offset }: PlacedPiece,
  places: readonly (readonly [token: number, others: readonly number[]])[],
): void {
  const offsets = Uint32Array.from(
    places.flatMap(([t, others]) => others.map((s) => (offset + t - start) * end + offset + s)),
  );
  const H = scores.length / attention.length;
  attention.forEach((patterns, layer) => {
    const size = patterns.length / H;
    for (let head = 0; head < H; ++head) {
      let sum = 0;
      for (const at of offsets) sum += patterns[head * size + at]!;
      scores[layer * H + head]! += sum;
    }
  });
}

/** The attention of the first token of a window that is read is looked at, as a mistake would show there too. */
function expectSums({ start, end, attention }: Seen["piece"], { offset, from, to }: PlacedPiece, H: number): void {
  for (const [layer, patterns] of attention.entries()) {
    const size = patterns.length / H;
    for (let head = 0; head < H; ++head) {
      for (const t of [from, to - 1]) {
        const row = head * size + (offset + t - start) * end;
        expectRowSum(patterns.subarray(row, row + end), layer, head, t);
      }
    }
  }
}
