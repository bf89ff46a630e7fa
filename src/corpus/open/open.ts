/**
 * Reads what {@linkcode explainCorpus} wrote.
 *
 * @module
 */
import { stoppable } from "../../base/kernel.ts";
import { inPage } from "../../base/platform.ts";
import { expectOptions, type OptionTable } from "../../base/options.ts";
import { shown } from "../../base/words.ts";
import type { LanguageModel } from "../../language_model.ts";
import { showing } from "../../show/showing.ts";
import { MANIFEST, partName, readDone, readManifest, readTotal, totalName } from "../job/files.ts";
import type { ParquetTable } from "../parquet/read.ts";
import { folderStore } from "../store/folder.ts";
import type { CorpusStore, Manifest, ShardDone, TableSchema, Total } from "../types.ts";
import { documentsOf, excerptOf, type StoredDocument, tokensIn } from "./excerpts.ts";
import { type CorpusNeuronOptions, type ExampleRow, neuronOf, neuronOptions, type NeuronRow } from "./neuron.ts";
import { type CorpusRow, expectWanted, openTable, rangeOf, rowsIn, type Where } from "./rows.ts";
import { headsOf, settlingOf, SurpriseCount } from "./summary.ts";
import type {
  BlamedToken,
  CorpusNeuron,
  CorpusSummary,
  CorpusSurprise,
  DocumentSurprise,
  Excerpt,
} from "../../analysis/corpus_results.ts";

/** Options of {@linkcode Corpus.rows}. */
export interface CorpusRowsOptions {
  /**
   * The columns that are read; the others are left in their files.
   *
   * @default All of them.
   */
  readonly columns?: readonly string[];
  /** What columns must be: a value, or a range as `{ from, to }`, both included. */
  readonly where?: Readonly<Record<string, Where>>;
  /** After how many rows to end. */
  readonly limit?: number;
  /** Stops between two rows. */
  readonly signal?: AbortSignal;
}

const ROWS: OptionTable<CorpusRowsOptions> = {
  task: "read rows of a corpus",
  kinds: { columns: "an array", where: "an object", limit: "a number", signal: "the signal of an AbortController" },
};

/** Options of {@linkcode Corpus.summary}. */
export interface CorpusSummaryOptions {
  /**
   * How many documents that surprised most and least, and how many of the most blamed tokens, are told.
   *
   * @default {10}
   */
  readonly kept?: number;
  /** A model whose tokenizer says what tokens are; without it, they are what stands in the texts. */
  readonly model?: LanguageModel;
  /** Stops between two rows. */
  readonly signal?: AbortSignal;
}

const SUMMARY: OptionTable<CorpusSummaryOptions> = {
  task: "sum a corpus up",
  kinds: { kept: "a number", model: "an object", signal: "the signal of an AbortController" },
};

/** How many tokens of a document are shown of its beginning. */
const BEGINNING = 40;

/**
 * Opens what {@linkcode explainCorpus} wrote. What it is is read now, and tables when they are asked for.
 *
 * @param out The folder that was written to, or a store.
 * @returns What can be asked.
 * @throws {Error} When there is no such job.
 *
 * @example The texts that excite a neuron most
 * ```ts
 * import { explainCorpus, openCorpus } from "@looking-glass/looking-glass";
 *
 * const out = await Deno.makeTempDir();
 * await explainCorpus(["The king had a daughter.", "It rained all day."], { ask: "neurons", out });
 * const corpus = await openCorpus(out);
 * const { examples } = await corpus.neuron(2, 17);
 * for (const { id, value } of examples) console.log(id, value);
 * await Deno.remove(out, { recursive: true });
 * ```
 */
export async function openCorpus(out: string | URL | CorpusStore): Promise<Corpus> {
  if (inPage) throw new Error("Cannot open a corpus in a page as it has no files; run it under Deno");
  const isStore = typeof out === "object" && out !== null && "readRange" in out;
  if (!isStore && !(typeof out === "string" && out !== "") && !(out instanceof URL)) {
    throw new TypeError(`Cannot open ${shown(out)} as a corpus; pass the folder that explainCorpus() wrote to`);
  }
  const store = isStore ? out : folderStore(out);
  const manifest = await readManifest(store);
  if (manifest === undefined) {
    throw new Error(
      `Cannot open ${store.name} as a corpus as it has no ${MANIFEST}; pass what explainCorpus() wrote to`,
    );
  }
  const { done } = await readDone(store, manifest.settings.shardSize);
  const shards = [...done.values()].sort((a, b) => a.shard - b.shard);
  return new Corpus(store, manifest, shards, await readTotal(store));
}

/** A corpus that was explained, or is being explained. Made by {@linkcode openCorpus}. */
export class Corpus {
  /** What was asked of what. */
  readonly manifest: Manifest;
  /** The shards that are done, in their order. */
  readonly shards: readonly ShardDone[];
  /** What all of them say; undefined while some are missing. */
  readonly total: Total | undefined;
  readonly #store: CorpusStore;
  readonly #tables = new Map<string, Promise<ParquetTable>>();

  /** Made by `openCorpus`. */
  constructor(store: CorpusStore, manifest: Manifest, shards: readonly ShardDone[], total: Total | undefined) {
    this.#store = store;
    this.manifest = manifest;
    this.shards = shards;
    this.total = total;
  }

  /**
   * Rows of a table, in the order of the documents. Of a table of all shards, as `total/heads`, they come from one file.
   *
   * @param table The name of a table, as in `manifest.tables`; before one of `manifest.totals` stands `total/`.
   * @param options Which rows, and which of their columns.
   * @returns The rows, as they are read.
   * @throws {RangeError} When there is no such table or column.
   *
   * @example The documents that surprised most, without their lists
   * ```ts
   * import { explainCorpus, openCorpus } from "@looking-glass/looking-glass";
   *
   * const out = await Deno.makeTempDir();
   * await explainCorpus(["The king had a daughter.", "Zebra cabinet of."], { ask: "surprise", out });
   * const corpus = await openCorpus(out);
   * const columns = ["id", "perplexity"];
   * for await (const row of corpus.rows("surprise", { columns, where: { surprise: { from: 3 } } })) console.log(row);
   * await Deno.remove(out, { recursive: true });
   * ```
   */
  async *rows(table: string, options: CorpusRowsOptions = {}): AsyncGenerator<CorpusRow> {
    const { columns, where = {}, limit = Infinity, ...given } = expectOptions<CorpusRowsOptions>(options, ROWS);
    const signal = stoppable(given.signal);
    if (!(limit >= 0)) throw new RangeError(`Cannot read ${limit} rows of a corpus; pass a number from 0 on as limit`);
    const schema = this.#schemaOf(table);
    const wanted = expectWanted(table, schema.columns.map(({ name }) => name), columns, where);
    let left = limit;
    for (const name of this.#filesOf(table, schema, where)) {
      for await (const row of rowsIn(await this.#open(name), wanted)) {
        signal.throwIfAborted();
        if (left-- <= 0) return;
        yield row;
      }
    }
  }

  /**
   * What excites a neuron: the documents with their tokens, and how its activations are distributed. Asked with
   * `neurons`.
   *
   * @param layer The 0-based index of the layer.
   * @param neuron The 0-based index of the neuron in its MLP.
   * @throws {Error} When the corpus was not asked, or shards are missing.
   * @throws {RangeError} When there is no such neuron.
   */
  async neuron(layer: number, neuron: number, options: CorpusNeuronOptions = {}): Promise<CorpusNeuron> {
    const given = await neuronOptions(options, this.manifest);
    const [L, N] = this.#sumsOf("neurons").shape as readonly [number, number];
    if (
      !Number.isInteger(layer) || !Number.isInteger(neuron) || !(layer >= 0 && layer < L && neuron >= 0 && neuron < N)
    ) {
      const there = `there are layers 0 to ${L - 1} of ${N} neurons`;
      throw new RangeError(`Cannot read neuron ${shown(neuron)} of layer ${shown(layer)} as ${there}`);
    }
    const where = { layer, neuron };
    const [row] = await this.#all("total/neurons", { where });
    const limit = given.examples ?? Infinity;
    const found = await this.#all("total/neuron_examples", { where, limit }) as unknown as ExampleRow[];
    const documents = await this.#documents(found.map(({ document }) => document), given.signal);
    const examples = found.map((example) => ({ ...example, stored: documents.get(example.document)! }));
    const parts = { layer, neuron, row: row as unknown as NeuronRow, examples };
    return showing("CorpusNeuron", await neuronOf(parts, this.manifest, given));
  }

  /**
   * The averages of all that was asked: surprise document by document, where heads look, when predictions settle, and
   * which tokens get the blame.
   *
   * @throws {Error} When shards are missing.
   */
  async summary(options: CorpusSummaryOptions = {}): Promise<CorpusSummary> {
    const { kept = 10, model, signal } = expectOptions<CorpusSummaryOptions>(options, SUMMARY);
    if (!Number.isSafeInteger(kept) || kept < 0 || kept > 1000) {
      throw new RangeError(`Cannot sum a corpus up with kept ${kept}; pass a whole number from 0 to 1000`);
    }
    const { documents, windows, tokens, problems } = this.#whole("sum up");
    const { source, model: { id }, settings: { ask } } = this.manifest;
    const sums = (name: "heads" | "settling") => this.#sumsOf(name);
    return showing("CorpusSummary", {
      ...{ source: source.name, model: id, documents, windows, tokens, problems },
      ...ask.includes("surprise") && { surprise: await this.#surprise(kept, model, signal) },
      ...ask.includes("heads") && { heads: headsOf(await this.#all("total/heads"), sums("heads")) },
      ...ask.includes("settling") && { settling: settlingOf(await this.#all("total/settling"), sums("settling")) },
      ...ask.includes("saliency") && { blame: await this.#blame(kept, model, signal) },
    });
  }

  async #surprise(kept: number, model: LanguageModel | undefined, signal?: AbortSignal): Promise<CorpusSurprise> {
    const count = new SurpriseCount(kept);
    const columns = ["document", "id", "measured", "surprise"];
    for await (const row of this.rows("surprise", { columns, ...signal && { signal } })) {
      count.add(row as unknown as DocumentSurprise);
    }
    const { most, least, ...all } = count.end();
    const documents = await this.#documents([...most, ...least].map(({ document }) => document), signal);
    const begin = (found: DocumentSurprise): DocumentSurprise & Excerpt => {
      const stored = documents.get(found.document)!;
      return { ...found, ...excerptOf(stored, 0, Math.min(stored.tokenIds.length, BEGINNING), model?.tokenizer) };
    };
    return { ...all, most: most.map(begin), least: least.map(begin) };
  }

  /** Which tokens of the vocabulary get the most blame in all. */
  async #blame(kept: number, model: LanguageModel | undefined, signal?: AbortSignal): Promise<readonly BlamedToken[]> {
    const rows = await this.#all("total/saliency_tokens", signal && { signal }) as unknown as {
      readonly tokenId: number;
      readonly chances: number;
      readonly score: number;
    }[];
    const best = rows.toSorted((a, b) => b.score - a.score || a.tokenId - b.tokenId).slice(0, kept);
    const tokens = await this.#tokensOf(new Set(best.map(({ tokenId }) => tokenId)), model);
    return best.map(({ tokenId, chances, score }) => ({
      tokenId,
      token: tokens.get(tokenId)!,
      chances,
      score: score / chances,
    }));
  }

  /** Tokens as a model has them, or as they stand in the first document that has each. */
  async #tokensOf(ids: ReadonlySet<number>, model: LanguageModel | undefined) {
    if (model) return new Map([...ids].map((id) => [id, model.tokenizer.tokens([id])[0]!]));
    return await tokensIn(this.rows("documents"), ids);
  }

  /** Documents by their numbers. */
  async #documents(numbers: readonly number[], signal?: AbortSignal): Promise<ReadonlyMap<number, StoredDocument>> {
    const read = (document: Where) => this.rows("documents", { where: { document }, ...signal && { signal } });
    return await documentsOf(numbers, this.manifest.settings.shardSize, read);
  }

  async #all(table: string, options: CorpusRowsOptions = {}): Promise<readonly CorpusRow[]> {
    return await Array.fromAsync(this.rows(table, options));
  }

  #open(name: string): Promise<ParquetTable> {
    return this.#tables.getOrInsertComputed(name, () => openTable(this.#store, name));
  }

  #whole(task: string): Total {
    if (this.total !== undefined) return this.total;
    const shards = `${this.shards.length} ${this.shards.length === 1 ? "shard is" : "shards are"} done and more follow`;
    throw new Error(`Cannot ${task} ${this.#store.name} as ${shards}; start the job again to go on, then open it`);
  }

  #sumsOf(ask: Manifest["settings"]["ask"][number]): Total["sums"][string] {
    const asked = this.manifest.settings.ask;
    if (!asked.includes(ask)) {
      throw new Error(
        `Cannot read ${ask} of ${this.#store.name} as it was asked for ${asked.join(", ")}; ask for ${ask}`,
      );
    }
    return this.#whole(`read ${ask} of`).sums[ask]!;
  }

  #schemaOf(table: unknown): TableSchema {
    const { tables, totals } = this.manifest;
    const all = [...tables, ...totals.map((total) => ({ ...total, name: `total/${total.name}` }))];
    const found = all.find(({ name }) => name === table);
    if (found) return found;
    throw new RangeError(
      `Cannot read table ${shown(table)} of ${this.#store.name}; it has ${all.map(({ name }) => name).join(", ")}`,
    );
  }

  /** A number of a document tells its shard. */
  #filesOf(table: string, { name, columns }: TableSchema, where: Readonly<Record<string, Where>>): readonly string[] {
    if (name.startsWith("total/")) {
      this.#whole(`read ${table} of`);
      return [totalName(name.slice("total/".length))];
    }
    const { from = -Infinity, to = Infinity } = rangeOf(where.document) ?? {};
    const hasDocuments = columns[0]?.name === "document";
    const isIn = ({ start, end }: ShardDone) => to >= start && from < end;
    return this.shards.filter((shard) => !hasDocuments || isIn(shard)).map(({ shard }) => partName(name, shard));
  }
}
