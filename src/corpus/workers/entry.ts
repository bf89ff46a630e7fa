/**
 * What runs in a worker: a model of its own, which explains one shard after another.
 *
 * @module
 */
import { messageOf } from "../../base/words.ts";
import { LanguageModel } from "../../language_model.ts";
import { ASKED } from "../../ask/question.ts";
import { type Explainer, explainShard, type Shard } from "../job/shard.ts";
import type { Beginning, FromWorker, ToWorker } from "./messages.ts";

// onnxruntime-web resolves addresses against the origin of the worker, and that of a file is not one.
if (globalThis.location?.origin === "null") Object.defineProperty(globalThis, "location", { value: undefined });
const { parentPort } = await import("node:worker_threads");
const post = (message: FromWorker) => parentPort!.postMessage(message);

/** One worker's model, and what it is doing. */
class Server {
  #explainer: Promise<Explainer> | undefined;
  #stop = new AbortController();

  async hear(message: ToWorker): Promise<void> {
    try {
      if (message.kind === "stop") this.#stop.abort();
      else if (message.kind === "begin") await this.#begin(message);
      else post({ kind: "explained", explained: await this.#explain(message.shard) });
    } catch (error) {
      post({ kind: "failed", name: error instanceof Error ? error.name : "Error", message: messageOf(error) });
    }
  }

  async #begin({ model: id, load, settings, onError }: Beginning): Promise<void> {
    this.#explainer = LanguageModel.fromPretrained(id, { ...load, progress: false }).then((model) => {
      return { model: model[ASKED], tokenizer: model.tokenizer, settings, onError };
    });
    await this.#explainer;
    post({ kind: "ready" });
  }

  async #explain(shard: Shard) {
    this.#stop = new AbortController();
    const onRead = (documents: number, tokens: number) => post({ kind: "read", documents, tokens });
    return await explainShard(shard, await this.#explainer!, { signal: this.#stop.signal, onRead });
  }
}

const server = new Server();
parentPort!.on("message", (message: ToWorker) => void server.hear(message));
