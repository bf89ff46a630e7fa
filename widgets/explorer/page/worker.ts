/**
 * The worker of the explorer's page: it loads a model, and answers what the page asks about it.
 *
 * @module
 */
import { LanguageModel } from "../../../src/language_model.ts";
import type { Progress } from "../../../src/base/progress.ts";
import { type FromPage, type LiveRequest, PROTOCOL, type ToPage } from "../../../src/live/protocol.ts";
import { type Explorer, explorerOf } from "../answers.ts";
import { expectData, type Load, type Questions } from "../questions.ts";

/** Files that the page sends, as what is asked cannot hold them. */
export interface SentFolder {
  readonly kind: "folder";
  readonly files: readonly File[];
}

/** Answers in a worker. */
class WorkerHost {
  readonly #running = new Map<string, AbortController>();
  #folder: readonly File[] = [];
  #explorer: Explorer | undefined;

  hear(message: FromPage | SentFolder): void {
    if (message.kind === "folder") this.#folder = message.files;
    else if (message.kind === "abort") this.#running.get(message.id)?.abort();
    else void this.#answer(message);
  }

  async #answer({ id, question, data }: LiveRequest): Promise<void> {
    const say = (message: ToPage) => postMessage(message);
    const controller = new AbortController();
    this.#running.set(id, controller);
    const onProgress = ({ completed, total, message }: Progress) =>
      say({ kind: "progress", protocol: PROTOCOL, id, completed, total, message });
    const watching = { signal: controller.signal, onProgress };
    try {
      const answer = question === "load"
        ? await this.#load(expectData("load", data), watching)
        : await this.#ask(question, data, watching);
      say({ kind: "result", protocol: PROTOCOL, id, data: answer as never });
    } catch (error) {
      const { name, message } = error instanceof Error || error instanceof DOMException
        ? error
        : new Error(String(error));
      say({ kind: "error", protocol: PROTOCOL, id, name, message });
    } finally {
      this.#running.delete(id);
    }
  }

  async #ask(question: string, data: unknown, watching: Parameters<Explorer["answer"]>[2]) {
    if (!this.#explorer) throw new Error(`Cannot answer "${question}" as no model is loaded; choose one`);
    return await this.#explorer.answer(question, data, watching);
  }

  async #load(
    { id, backend, endpoint, token, folder }: Load,
    watching: Parameters<Explorer["answer"]>[2],
  ): Promise<Questions["about"]["answer"]> {
    const files = folder ? this.#folder : id === "" ? undefined : id;
    const hub = { ...endpoint !== "" && { endpoint }, ...token !== "" && { token } };
    const model = await LanguageModel.fromPretrained(files, { backend, ...hub, ...watching });
    this.#explorer = explorerOf(model);
    return await this.#explorer.answer("about", {}, watching) as Questions["about"]["answer"];
  }
}

const host = new WorkerHost();
globalThis.addEventListener("message", ({ data }: MessageEvent<FromPage | SentFolder>) => host.hear(data));
