import { messageOf } from "../../../src/base/words.ts";
import type { ModelLoader } from "../ui/model_box.ts";
import { type Signal, signal } from "../ui/preact.ts";
import type { Store } from "../ui/store.ts";
import type { SwitchPort } from "./switch_port.ts";
import type { SentFolder } from "./worker.ts";

type Backend = "wasm" | "webgpu";

/** Loads models into workers of their own; the one that was there stays until the next one is ready. */
export class PageLoader implements ModelLoader {
  readonly problem: Signal<string> = signal("");
  readonly isLoading: Signal<boolean> = signal(false);
  readonly isOpen: Signal<boolean> = signal(false);
  readonly #store: Store;
  readonly #port: SwitchPort;
  readonly #endpoint: string;
  #stop = () => {};

  constructor(store: Store, port: SwitchPort, endpoint: string) {
    this.#store = store;
    this.#port = port;
    this.#endpoint = endpoint;
  }

  async load(id: string, backend: Backend, token = ""): Promise<void> {
    await this.#load({ id, backend, token }, undefined);
  }

  async loadFolder(files: readonly File[], backend: Backend): Promise<void> {
    await this.#load({ id: "", backend, token: "" }, files);
  }

  cancel(): void {
    this.#stop();
  }

  async #load(
    model: { id: string; backend: Backend; token: string },
    files: readonly File[] | undefined,
  ): Promise<void> {
    this.cancel();
    const controller = new AbortController();
    const before = this.#port.current;
    const worker = this.#port.start();
    this.#stop = () => controller.abort(new DOMException("The loading was stopped", "AbortError"));
    this.problem.value = "";
    this.isLoading.value = true;
    try {
      if (files) worker.postMessage({ kind: "folder", files } satisfies SentFolder);
      const load = { ...model, endpoint: this.#endpoint, folder: files !== undefined };
      await this.#store.load(load, controller.signal);
      if (before) this.#port.end(before);
      this.isOpen.value = false;
    } catch (error) {
      this.#port.end(worker);
      if (this.#port.current === worker) this.#port.use(before);
      if (controller.signal.aborted) return;
      this.problem.value = messageOf(error);
      this.isOpen.value = true;
    } finally {
      if (this.#port.current === worker || this.#port.current === before) this.isLoading.value = false;
    }
  }
}
