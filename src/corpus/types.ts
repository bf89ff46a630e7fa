/**
 * What a corpus is made of, and what explaining one leaves behind. A job cuts its documents into shards by their number
 * in the source; a shard is computed as a whole, written under a temporary name and renamed, so that it exists or does
 * not, whoever computed it and how often. The files of a job, below `out`:
 *
 * | file                                  | what it is                                                             |
 * | ------------------------------------- | ---------------------------------------------------------------------- |
 * | `manifest.json`                       | {@linkcode Manifest}: written once, at the first start                 |
 * | `{table}/part-{shard:06}.parquet`     | the rows of one shard, for each table that the questions have          |
 * | `shards/{shard:06}.json`              | {@linkcode ShardDone}: written last, and only by who finished the shard |
 * | `total.json`                          | {@linkcode Total}: written when all shards are there                   |
 *
 * | `total/{table}.parquet`               | the rows of a question about all documents, where it has such a table  |
 *
 * @module
 */
import type { CorpusCounts } from "../analysis/corpus_results.ts";
import type { ModelIdentity } from "../model/identity.ts";

/** One document of a source. */
export interface CorpusDocument {
  /** Its number in the source, from 0; the same at every reading of the same source. */
  readonly index: number;
  /** What the source calls it: a field of it, or its file and line. */
  readonly id: string;
  /** The text. */
  readonly text: string;
}

/** A place of a source that holds no document: a broken line, a field that is missing or no text. */
export interface BadRecord {
  /** Its number in the source, from 0. */
  readonly index: number;
  /** What the source calls it. */
  readonly id: string;
  /** What is wrong, as a sentence without its end. */
  readonly problem: string;
}

/** What a source gives, in order; `index` goes up by one from one to the next. */
export type SourceRecord = CorpusDocument | BadRecord;

/** Where documents come from; it can be read as often as is wanted. */
export interface CorpusSource {
  /** What it is called in messages and in the manifest: path, URL, id of a dataset. */
  readonly name: string;
  /** What the source is, by names, sizes and hashes or times of its files, so that another one is noticed. */
  fingerprint(): Promise<string>;
  /** The records from number `start` on. Memory stays bounded whatever the size. */
  records(start: number, signal: AbortSignal): AsyncIterable<SourceRecord>;
  /** How many bytes there are and how many were read, for a bar; undefined where nobody can know. */
  progress(): { readonly read: number; readonly total: number } | undefined;
  /** Removes what was put aside to read it, as of stdin; nothing can be read then. Closing twice does nothing. */
  close(): Promise<void>;
}

/** The type of a column, as Parquet stores it. */
export type ColumnType = "string" | "int32" | "int64" | "float" | "double" | "boolean" | "float[]" | "int32[]";

/** One table that a question fills; every row names its document. */
export interface TableSchema {
  /** What it is called. */
  readonly name: string;
  /** Column by column, with what it holds. */
  readonly columns: readonly { readonly name: string; readonly type: ColumnType; readonly about: string }[];
}

/** Rows as columns of equal length; `null` stands where a row has no value. */
export interface TableRows {
  readonly table: TableSchema;
  readonly columns: Readonly<Record<string, ArrayLike<unknown>>>;
}

/** Where shards are written and read: a folder, or an S3-like store. Names are relative, with `/` between. */
export interface CorpusStore {
  /** What it is called in messages. */
  readonly name: string;
  /** The bytes of a file, or undefined where there is none. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** Part of a file, for Parquet. */
  readRange(name: string, start: number, end: number): Promise<Uint8Array>;
  /** Its size, or undefined where there is none. */
  size(name: string): Promise<number | undefined>;
  /** Writes a file that is there whole or not at all, in the place of one that is there already. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** The names of the files below a folder, sorted. */
  list(folder: string): Promise<readonly string[]>;
}

/** What a corpus can be asked. */
export type AskName =
  | "surprise"
  | "saliency"
  | "heads"
  | "settling"
  | "neurons"
  | "factors"
  | "embeddings"
  | "generated";

/** What decides what a job computes: another start of it must have the same. */
export interface CorpusSettings {
  /** What is asked, in the order of the tables. */
  readonly ask: readonly AskName[];
  /** How many documents a shard has. */
  readonly shardSize: number;
  /** How many documents are taken, where not all are. */
  readonly limit?: number;
  /** The most tokens that are read together. */
  readonly window: number;
  /** How many tokens of a window are those before it, read once more and not counted once more. */
  readonly overlap: number;
  /** The longest document, in UTF-16 code units; longer ones are problems. */
  readonly maxCharacters: number;
  /** How many documents are kept for each neuron. */
  readonly examples: number;
  /** How many tokens are kept for each document that have the most blame. */
  readonly sources: number;
  /** How tokens are blamed. */
  readonly saliency: Readonly<Record<string, unknown>>;
  /** How neurons are factored, where that is asked. */
  readonly factors?: Readonly<Record<string, unknown>>;
  /** How texts are written. */
  readonly generate: Readonly<Record<string, unknown>>;
  /** How texts become vectors. */
  readonly embed: Readonly<Record<string, unknown>>;
}

/** What a job is: `manifest.json`. */
export interface Manifest {
  /** What kind of file it is. */
  readonly format: "looking-glass corpus";
  /** The version of what stands in the files. */
  readonly version: 1;
  /** What was read. */
  readonly source: { readonly name: string; readonly fingerprint: string };
  /** The model by its files, without where it ran. */
  readonly model: Omit<ModelIdentity, "backend" | "package"> & { readonly dtype: "float32" | "q8" };
  /** What was asked, and how. */
  readonly settings: CorpusSettings;
  /** The tables of shards. */
  readonly tables: readonly TableSchema[];
  /** The tables of the whole. */
  readonly totals: readonly TableSchema[];
}

/** A file of a job, as it was written. */
export interface WrittenFile {
  /** Its name in the store. */
  readonly name: string;
  /** Its size. */
  readonly bytes: number;
  /** The SHA-256 of its bytes, 64 hexadecimal digits. */
  readonly sha256: string;
}

/** What of a question can be added up, by its name: plain JSON. */
export type Sums = Readonly<Record<string, unknown>>;

/** A shard that is done: `shards/{shard:06}.json`. */
export interface ShardDone extends CorpusCounts {
  /** The version of what stands in the files. */
  readonly version: 1;
  /** Its number, from 0. */
  readonly shard: number;
  /** The number of its first record. */
  readonly start: number;
  /** The number of the record behind its last one. */
  readonly end: number;
  /** Whether no record follows. */
  readonly last: boolean;
  /** The parts of tables that were written. */
  readonly files: readonly WrittenFile[];
  /** By name of the question. */
  readonly sums: Readonly<Record<string, Sums>>;
}

/** All shards together: `total.json`. */
export interface Total extends CorpusCounts {
  /** The version of what stands in the files. */
  readonly version: 1;
  /** How many shards there are. */
  readonly shards: number;
  /** The tables of the whole. */
  readonly files: readonly WrittenFile[];
  /** By name of the question. */
  readonly sums: Readonly<Record<string, Sums>>;
}
