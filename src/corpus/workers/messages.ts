/**
 * What a job and its workers say to each other.
 *
 * @module
 */
import type { LoadOptions } from "../../model/load/options.ts";
import type { ExplainedShard, Shard } from "../job/shard.ts";
import type { CorpusSettings } from "../types.ts";

/** What a worker begins with: it loads a model of its own. */
export interface Beginning {
  readonly model: string | undefined;
  readonly load: WorkerLoad;
  readonly settings: CorpusSettings;
  readonly onError: "stop" | "skip";
}

/** The options of loading that can be sent. */
export type WorkerLoad = Omit<LoadOptions, "onProgress" | "progress" | "signal">;

/** What a worker is told. */
export type ToWorker =
  | ({ readonly kind: "begin" } & Beginning)
  | { readonly kind: "explain"; readonly shard: Shard }
  | { readonly kind: "stop" };

/** What a worker says. */
export type FromWorker =
  | { readonly kind: "ready" }
  | { readonly kind: "read"; readonly documents: number; readonly tokens: number }
  | { readonly kind: "explained"; readonly explained: ExplainedShard }
  | { readonly kind: "failed"; readonly name: string; readonly message: string };
