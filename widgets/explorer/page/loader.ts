import type { LivePort } from "../../../src/live/protocol.ts";
import { messageOf } from "../../../src/base/words.ts";
import type { ModelLoader } from "../ui/model_box.ts";
import { type Signal, signal } from "../ui/preact.ts";
import type { Store } from "../ui/store.ts";
import type { SwitchPort } from "./switch_port.ts";
import type { SentFolder } from "./folder.ts";

type Backend = "wasm" | "webgpu";

/** A loading that goes on, and the way to the model that is used meanwhile. */
interface Running {
  readonly controller: AbortController;
  readonly port: LivePort;
  readonly before: LivePort | undefined;
}

/** Loads models into workers of their own; the one that was there stays until the next one is ready. */
export class PageLoader implements ModelLoader {
  readonly problem: Signal<string> = signal("");
  readonly isLoading: Signal<boolean> = signal(false);
  readonly isOpen: Signal<boolean> = signal(false);
  readonly #store: Store;
  readonly #port: SwitchPort;
  readonly #endpoint: string;
  #running: Running | undefined;

  constructor(store: Store, port: SwitchPort, endpoint: string) {
    this.#store = store;
    this.#port = port;
    this.#endpoint = endpoint;
  }

  async load(id: string, backend: Backend, token = ""): Promise<void> {
    await this.#load({ id, backend, token }, undefined);
  }

  async loadFolder(files: readonly File[], backend: Backend): Promise<void> {
    await this.loadDropped({ folder: files, name: "" }, backend);
  }

  /** Loads a folder that was dropped, whose files do not know what it is called. */
  async loadDropped(sent: SentFolder, backend: Backend): Promise<void> {
    await this.#load({ id: "", backend, token: "" }, sent);
  }

  cancel(): void {
    const running = this.#running;
    if (!running) return;
    this.#running = undefined;
    running.controller.abort(new DOMException("The loading was stopped", "AbortError"));
    running.port.close();
    this.#port.use(running.before);
    this.isLoading.value = false;
    this.#store.progress.value = undefined;
  }

  async #load(
    model: { id: string; backend: Backend; token: string },
    sent: SentFolder | undefined,
  ): Promise<void> {
    this.cancel();
    const before = this.#port.current;
    const { worker, port } = this.#port.start();
    const own = this.#running = { controller: new AbortController(), port, before };
    this.problem.value = "";
    this.isLoading.value = true;
    if (sent) worker.postMessage(sent);
    const load = { ...model, endpoint: this.#endpoint, folder: sent !== undefined };
    try {
      await this.#store.load(load, own.controller.signal);
      if (this.#running !== own) return;
      this.#running = undefined;
      this.isLoading.value = this.isOpen.value = false;
      before?.close();
    } catch (error) {
      if (this.#running !== own) return;
      this.cancel();
      this.problem.value = messageOf(error);
      this.isOpen.value = true;
    }
  }
}
