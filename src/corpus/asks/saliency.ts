import { ask, expectAbility } from "../../ask/question.ts";
import { type SaliencyDefinition, saliencyDefinition, type SaliencyOptions } from "../../ask/saliency/definition.ts";
import { SALIENCY } from "../../ask/saliency/saliency.ts";
import { type ExplainedText, explainTexts, fitOneRun } from "../../ask/saliency/texts.ts";
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
  type ShardAnswer,
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
  const work = new SaliencyWork(context);
  return { finish: (document) => work.add(document), end: () => work.end() };
}

/** A window of which tokens are explained. */
interface Waiting extends ExplainedText {
  readonly document: ReadDocument;
  readonly window: Window;
}

/** What the tokens of a document got so far. */
interface Blame {
  readonly whose: ReadDocument;
  readonly scores: Float64Array;
  explained: number;
}

/** Short windows wait until they fill a run; documents are done in the order in which they came. */
class SaliencyWork {
  readonly #context: AskContext;
  readonly #definition: SaliencyDefinition;
  readonly #rows = new Rows(TABLE);
  readonly #tokens = new TokenScores();
  readonly #sums = { explained: 0 };
  #waiting: Waiting[] = [];
  #blame: Blame | undefined;

  constructor(context: AskContext) {
    this.#context = context;
    this.#definition = saliencyDefinition(context.settings.saliency);
  }

  async add(document: ReadDocument): Promise<void> {
    for (const window of document.windows) {
      const { tokenIds, from, to } = window;
      const first = Math.max(1, from);
      const positions = Array.from({ length: Math.max(0, to - first) }, (_, i) => first + i);
      const next = { document, window, tokenIds, positions };
      if (!this.#fit([...this.#waiting, next])) await this.#flush();
      this.#waiting.push(next);
    }
  }

  async end(): Promise<ShardAnswer> {
    await this.#flush();
    return { tables: [this.#rows.rows(), this.#tokens.rows()], sums: this.#sums };
  }

  /** Whether windows can be explained in one run; what is not the gradient of single tokens takes runs of its own. */
  #fit(windows: readonly Waiting[]): boolean {
    const { method, together } = this.#definition;
    return method !== "integratedGradients" && !together && fitOneRun(this.#context.model.runner, windows);
  }

  async #flush(): Promise<void> {
    const windows = this.#waiting;
    this.#waiting = [];
    const asked = windows.filter(({ positions }) => positions.length > 0);
    const { model: { runner }, signal } = this.#context;
    const scores = asked.length > 0 && this.#fit(asked)
      ? await explainTexts(runner, asked, this.#definition, signal)
      : await Promise.all(asked.map((one) => this.#alone(one)));
    for (const waiting of windows) this.#take(waiting, scores[asked.indexOf(waiting)]);
  }

  /** Explains a window that is too long to stand beside others, in as many runs as it takes. */
  async #alone({ tokenIds, positions }: Waiting): Promise<Float32Array> {
    const { model, settings, signal } = this.#context;
    const sequence = { tokenIds, tokens: [], promptLength: 1, text: "" };
    const options: SaliencyOptions = { ...settings.saliency, positions, progress: false, signal };
    return (await ask(model, SALIENCY, sequence, options)).scores.data as Float32Array;
  }

  /** Adds up the scores of a window, and writes the row of a document with its last. */
  #take({ document, window, positions, tokenIds: { length: T } }: Waiting, data: Float32Array | undefined): void {
    const blame = this.#blame ??= { whose: document, scores: new Float64Array(document.tokenIds.length), explained: 0 };
    blame.explained += positions.length;
    for (let s = 0; data && s < window.to - 1; ++s) {
      let score = 0;
      for (let at = s; at < data.length; at += T) score += data[at]!;
      const position = positionOf(window, s);
      blame.scores[position]! += score;
      this.#tokens.add(document.tokenIds[position]!, positions.filter((target) => target > s).length, score);
    }
    if (window === document.windows.at(-1)) this.#finish(blame);
  }

  #finish({ whose: { index, id }, scores: blame, explained }: Blame): void {
    const most = Math.min(this.#context.settings.sources, blame.length);
    const positions = topK(Float32Array.from(blame), most);
    this.#rows.push({ document: index, id, explained, positions, scores: positions.map((at) => blame[at]!) });
    this.#sums.explained += explained;
    this.#blame = undefined;
  }
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
