/**
 * One shard: documents in, the rows of all tables out. Nothing is written here, so that it can be done anywhere.
 *
 * @module
 */
import type { CorpusCounts } from "../../analysis/corpus_results.ts";
import type { AskedModel } from "../../ask/question.ts";
import { packsOf } from "../../ask/texts.ts";
import type { ModelRunner } from "../../model/runner.ts";
import type { Tokenizer } from "../../tokenizer/tokenizer.ts";
import type { CorpusAsk, ShardWork } from "../asks/ask.ts";
import { Rows } from "../asks/ask.ts";
import { asksOf } from "../asks/all.ts";
import { allNeeds, isNeeded, type Needs, packTokens, type Placed, readPack, seenIn } from "../reading/pack.ts";
import { cutDocument, DocumentProblem, type ReadDocument } from "../reading/windows.ts";
import type { CorpusSettings, SourceRecord, Sums, TableRows } from "../types.ts";
import { DOCUMENTS, PROBLEMS } from "./tables.ts";

/** The records of a shard. */
export interface Shard {
  readonly shard: number;
  readonly start: number;
  /** Whether no record follows. */
  readonly last: boolean;
  readonly records: readonly SourceRecord[];
}

/** What a shard is explained with. */
export interface Explainer {
  readonly model: AskedModel<ModelRunner>;
  readonly tokenizer: Tokenizer;
  readonly settings: CorpusSettings;
  /** Whether one bad record ends the job. */
  readonly onError: "stop" | "skip";
}

/** What is to be written of a shard. */
export interface ExplainedShard extends CorpusCounts {
  readonly tables: readonly TableRows[];
  readonly sums: Readonly<Record<string, Sums>>;
}

/** What is heard and told while a shard is explained. */
export interface ShardWatch {
  readonly signal: AbortSignal;
  /** Hears how many documents and tokens were explained since the last time. */
  readonly onRead?: (documents: number, tokens: number) => void;
}

/** How many tokens are tokenized before they are read: enough to fill packs. */
const AHEAD = 4096;

/**
 * Explains the documents of a shard.
 *
 * @throws {Error} When a record is bad and the job is to stop at that, or the model cannot run.
 * @throws The signal's reason, when it is aborted.
 */
export async function explainShard(shard: Shard, explainer: Explainer, watch: ShardWatch): Promise<ExplainedShard> {
  const { model, settings } = explainer;
  const asks = asksOf(settings.ask);
  const works = asks.map((ask) => ask.begin({ model, settings, signal: watch.signal }));
  const reading = new ShardReading(explainer, asks, works, watch);
  for (const record of shard.records) await reading.add(record);
  await reading.flush();
  const answers = await Promise.all(works.map((work) => work.end()));
  await model.runner.settle();
  return {
    ...reading.counts,
    tables: [...reading.tables, ...answers.flatMap(({ tables }) => tables)],
    sums: Object.fromEntries(asks.map(({ name }, i) => [name, answers[i]!.sums])),
  };
}

/** Gathers documents until there are enough to be read side by side. */
class ShardReading {
  readonly counts = { documents: 0, windows: 0, tokens: 0, problems: 0 };
  readonly #documents = new Rows(DOCUMENTS);
  readonly #problems = new Rows(PROBLEMS);
  readonly #explainer: Explainer;
  readonly #works: readonly ShardWork[];
  readonly #needs: Needs;
  readonly #watch: ShardWatch;
  #waiting: ReadDocument[] = [];
  #tokens = 0;

  constructor(explainer: Explainer, asks: readonly CorpusAsk[], works: readonly ShardWork[], watch: ShardWatch) {
    this.#explainer = explainer;
    this.#works = works;
    this.#needs = allNeeds(asks.map(({ needs }) => needs));
    this.#watch = watch;
  }

  /** What every job writes. */
  get tables(): readonly TableRows[] {
    return [this.#documents.rows(), this.#problems.rows()];
  }

  async add(record: SourceRecord): Promise<void> {
    this.#watch.signal.throwIfAborted();
    const document = this.#cut(record);
    if (!document) return;
    this.#waiting.push(document);
    this.#tokens += document.tokenIds.length;
    if (this.#tokens >= AHEAD) await this.flush();
  }

  /** Reads what is waiting. */
  async flush(): Promise<void> {
    const documents = this.#waiting;
    this.#waiting = [];
    this.#tokens = 0;
    const { model } = this.#explainer;
    if (!isNeeded(this.#needs)) {
      for (const document of documents) await this.#finish(document);
      return;
    }
    const most = packTokens(model.runner, this.#needs);
    const placed = documents.flatMap((document) => document.windows.map((window): Placed => ({ document, window })));
    const packs = packsOf(placed, ({ window }) => window.tokenIds.length, (tokens) => tokens <= most);
    for (const pack of packs) {
      for await (const piece of readPack(model.runner, pack, this.#needs, this.#watch.signal)) {
        for (const seen of seenIn(piece)) {
          for (const work of this.#works) work.take?.(seen);
          if (seen.isLast) await this.#finish(seen.document);
        }
      }
    }
  }

  #cut(record: SourceRecord): ReadDocument | undefined {
    if ("problem" in record) return this.#refuse(record, record.problem);
    const { tokenizer, model: { runner: { config } }, settings } = this.#explainer;
    try {
      return cutDocument(record, { tokenizer, config, settings });
    } catch (error) {
      if (!(error instanceof DocumentProblem)) throw error;
      return this.#refuse(record, error.message);
    }
  }

  #refuse({ index, id }: SourceRecord, problem: string): undefined {
    if (this.#explainer.onError === "stop") {
      throw new Error(`Cannot explain document ${index} (${id}) as ${problem}; mend it, or pass onError: "skip"`);
    }
    this.#problems.push({ document: index, id, problem });
    this.counts.problems += 1;
  }

  async #finish(document: ReadDocument): Promise<void> {
    for (const work of this.#works) await work.finish?.(document);
    const { index, id, text, tokenIds, starts, windows } = document;
    const tokens = tokenIds.length;
    this.#documents.push({ document: index, id, text, tokens, windows: windows.length, tokenIds, starts });
    this.counts.documents += 1;
    this.counts.windows += windows.length;
    this.counts.tokens += tokens;
    this.#watch.onRead?.(1, tokens);
  }
}
