/**
 * The worker of the explorer's page: it loads a model, and answers what the page asks about it.
 *
 * @module
 */
import { LanguageModel } from "../../../src/language_model.ts";
import { LiveHost, type LiveSubject, type LiveWatch } from "../../../src/live/host.ts";
import { answerPage } from "../../../src/live/worker_port.ts";
import { Graph } from "../../../src/onnx/mod.ts";
import { Session } from "../../../src/runtime/session.ts";
import { type Explorer, explorerOf } from "../answers.ts";
import { expectData, EXPLORER, type Load } from "../questions.ts";
import { namedFiles, type SentFolder } from "./folder.ts";

/** Answers with the model that was loaded last. */
class LoadingExplorer implements LiveSubject {
  #folder: readonly File[] = [];
  #explorer: Explorer | undefined;

  /** Takes the files of a folder, to be loaded. */
  take(files: readonly File[]): void {
    this.#folder = files;
  }

  async answer(question: string, data: unknown, watch: LiveWatch): Promise<unknown> {
    if (question === "load") {
      await this.#load(expectData("load", data), watch);
      return await this.#explorer?.answer("about", {}, watch);
    }
    if (!this.#explorer) throw new Error(`Cannot answer "${question}" as no model is loaded; choose one`);
    return await this.#explorer.answer(question, data, watch);
  }

  async #load({ id, backend, endpoint, token, folder }: Load, watch: LiveWatch): Promise<void> {
    const warm = backend === "wasm" ? warmWasm() : Promise.resolve();
    const files = folder ? this.#folder : id === "" ? undefined : id;
    const hub = { ...endpoint !== "" && { endpoint }, ...token !== "" && { token } };
    const model = await LanguageModel.fromPretrained(files, { backend, ...hub, ...watch, progress: false });
    this.#explorer = explorerOf(model);
    await warm;
  }
}

/** Lets the browser compile onnxruntime's WebAssembly while the model's files come. */
async function warmWasm(): Promise<void> {
  const graph = new Graph();
  graph.output(graph.add(graph.floats([1]), graph.floats([1])));
  // Where this fails the model says why.
  await Session.create(graph, new Map(), { backend: "wasm" }).then((session) => session.dispose(), () => {});
}

const explorer = new LoadingExplorer();
const host = new LiveHost();
host.add(EXPLORER, explorer);
answerPage(globalThis, host);
addEventListener("message", ({ data }: MessageEvent<SentFolder>) => data.folder && explorer.take(namedFiles(data)));
