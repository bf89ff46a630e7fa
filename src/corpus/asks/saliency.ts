import { ask, expectAbility } from "../../ask/question.ts";
import type { SaliencyOptions } from "../../ask/saliency/definition.ts";
import { SALIENCY } from "../../ask/saliency/saliency.ts";
import { topK } from "../../base/numbers.ts";
import { positionOf, type ReadDocument, type Window } from "../reading/windows.ts";
import type { TableRows, TableSchema } from "../types.ts";
import {
  Adding,
  type AskContext,
  type CorpusAsk,
  DOCUMENT_COLUMNS,
  type Merging,
  Rows,
  type ShardWork,
} from "./ask.ts";

const TABLE: TableSchema = {
  name: "saliency",
  columns: [
    ...DOCUMENT_COLUMNS,
    { name: "explained", type: "int32", about: "how many tokens were explained: all but the first" },
    { name: "positions", type: "int32[]", about: "the tokens that got the most blame, the most first" },
    { name: "scores", type: "float[]", about: "the sum of their scores over all explained tokens" },
  ],
};

const TOKENS: TableSchema = {
  name: "saliency_tokens",
  columns: [
    { name: "tokenId", type: "int32", about: "the id of a token" },
    { name: "chances", type: "int64", about: "how often it stood before an explained token" },
    { name: "score", type: "double", about: "the sum of its scores" },
  ],
};

/** Which tokens get the blame for those that follow: `model.saliency()` of every token, summed up. */
export const SALIENCY_ASK: CorpusAsk = {
  name: "saliency",
  tables: [TABLE, TOKENS],
  totals: [TOKENS],
  needs: {},
  expect({ runner }) {
    expectAbility("ask for saliency", "next token", runner);
    runner.expectDifferentiable();
  },
  begin,
  merge,
};

/** How often each token could get blame, and how much it got. */
class TokenScores {
  readonly #of = new Map<number, { chances: number; score: number }>();

  add(tokenId: number, chances: number, score: number): void {
    const own = this.#of.getOrInsert(tokenId, { chances: 0, score: 0 });
    own.chances += chances;
    own.score += score;
  }

  rows(): TableRows {
    const rows = new Rows(TOKENS);
    const sorted = [...this.#of].sort(([a], [b]) => a - b);
    for (const [tokenId, { chances, score }] of sorted) rows.push({ tokenId, chances, score });
    return rows.rows();
  }
}

function begin(context: AskContext): ShardWork {
  const rows = new Rows(TABLE);
  const tokens = new TokenScores();
  const sums = { explained: 0 };
  return {
    async finish(document) {
      const blame = new Float64Array(document.tokenIds.length);
      let explained = 0;
      for (const window of document.windows) explained += await explain(context, document, window, { blame, tokens });
      const positions = topK(Float32Array.from(blame), Math.min(context.settings.sources, blame.length));
      const { index, id } = document;
      const scores = positions.map((position) => blame[position]!);
      rows.push({ document: index, id, explained, positions, scores });
      sums.explained += explained;
    },
    end: () => ({ tables: [rows.rows(), tokens.rows()], sums }),
  };
}

/** Explains the tokens of a window that count, and says how many that were. */
async function explain(
  { model, settings, signal }: AskContext,
  document: ReadDocument,
  window: Window,
  { blame, tokens }: { readonly blame: Float64Array; readonly tokens: TokenScores },
): Promise<number> {
  const { tokenIds, from, to } = window;
  const first = Math.max(1, from);
  const positions = Array.from({ length: Math.max(0, to - first) }, (_, i) => first + i);
  if (positions.length === 0) return 0;
  const sequence = { tokenIds, tokens: [], promptLength: 1, text: "" };
  const options: SaliencyOptions = { ...settings.saliency, positions, progress: false, signal };
  const { scores: { data, shape: [N] } } = await ask(model, SALIENCY, sequence, options);
  const T = tokenIds.length;
  for (let s = 0; s < to - 1; ++s) {
    let score = 0;
    for (let n = 0; n < N!; ++n) score += data[n * T + s]!;
    const position = positionOf(window, s);
    blame[position]! += score;
    tokens.add(document.tokenIds[position]!, positions.filter((target) => target > s).length, score);
  }
  return positions.length;
}

function merge(): Merging {
  const [tokens, all] = [new TokenScores(), new Adding()];
  return {
    async add(sums, read) {
      all.add(sums);
      for await (const rows of read(TOKENS.name)) {
        const [ids, chances, scores] = [rows.tokenId, rows.chances, rows.score] as ArrayLike<number>[];
        for (let row = 0; row < ids!.length; ++row) tokens.add(ids![row]!, chances![row]!, scores![row]!);
      }
    },
    end: () => ({ tables: [tokens.rows()], sums: all.sums }),
  };
}
