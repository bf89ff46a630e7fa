/**
 * Chooses the model of the page: the bundled one, one of a hub, or a folder of files.
 *
 * @module
 */
import { formatBytes, messageOf } from "../../../src/base/words.ts";
import { type Drawn, type Signal, ui, useEffect, useRef } from "./preact.ts";
import type { Store } from "./store.ts";

/** Loads models. */
export interface ModelLoader {
  /** What goes wrong, as a sentence. */
  readonly problem: Signal<string>;
  /** Whether a model is being loaded. */
  readonly isLoading: Signal<boolean>;
  /** Whether the dialog is open. */
  readonly isOpen: Signal<boolean>;
  /** Loads a model by its id, none for the bundled one. */
  load(id: string, backend: "wasm" | "webgpu", token?: string): Promise<void>;
  /** Loads the files of a folder. */
  loadFolder(files: readonly File[], backend: "wasm" | "webgpu"): Promise<void>;
  /** Stops the loading. */
  cancel(): void;
}

interface Props {
  readonly store: Store;
  readonly loader: ModelLoader;
}

/** Models that fit a page. */
const KNOWN = ["gpt2", "distilgpt2", "HuggingFaceTB/SmolLM2-135M", "EleutherAI/pythia-70m", "facebook/opt-125m"];

/** How far a loading is. */
function Loading({ store, loader }: Props): Drawn {
  const { message = "Loading…", completed = 0, total = 0 } = store.progress.value ?? {};
  return ui`<div class="x-loading"><label>${message}
    <progress value=${total > 0 ? completed : undefined} max=${total > 0 ? total : undefined}></progress></label>
    <button type="button" onClick=${() => loader.cancel()}>Cancel</button></div>`;
}

/** How much more the browser lets the page store. */
function Space(): Drawn {
  const place = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    navigator.storage?.estimate().then(({ quota = 0, usage = 0 }) => {
      if (place.current) place.current.textContent = `${formatBytes(quota - usage)} free in this browser's storage.`;
    }, (error) => {
      if (place.current) place.current.textContent = messageOf(error);
    });
  }, []);
  return ui`<span ref=${place}></span>`;
}

function Form({ store, loader }: Props): Drawn {
  const id = useRef<HTMLInputElement>(null);
  const gpu = useRef<HTMLInputElement>(null);
  const token = useRef<HTMLInputElement>(null);
  const backend = () => gpu.current!.checked ? "webgpu" : "wasm";
  const submit = (event: Event) => {
    event.preventDefault();
    void loader.load(id.current!.value.trim(), backend(), token.current!.value.trim());
  };
  const folder = ({ currentTarget }: { currentTarget: HTMLInputElement }) =>
    void loader.loadFolder([...currentTarget.files ?? []], backend());
  const isGpu = store.model.value.backend === "webgpu";
  return ui`
    <form onSubmit=${submit}>
      <label>Model of the Hugging Face hub <input ref=${id} type="text" list="x-models" autocomplete="off" maxlength="200"
          spellcheck=${false} placeholder="gpt2" value=${store.model.value.id} /></label>
      <datalist id="x-models">${KNOWN.map((name) => ui`<option key=${name} value=${name} />`)}</datalist>
      <label>Access token, for gated models only; it is sent to the hub and not kept <input ref=${token} type="password"
      autocomplete="off" maxlength="200" /></label>
      <label class="x-check"><input ref=${gpu} type="checkbox" checked=${isGpu} />
          ${" compute on the graphics card (WebGPU)"}</label>
      <p class="x-buttons"><button type="submit">Load</button>
          <button type="button" onClick=${() => loader.load("", backend())}>Bundled model</button></p>
      <label>Or a folder with config.json, tokenizer.json and model.safetensors; it can be dropped anywhere on the page
          <input type="file" multiple webkitdirectory onChange=${folder} /></label>
      <p class="x-small">Models are kept by this browser and loaded from there the next time. <${Space} /></p>
    </form>
  `;
}

/** The button, and its dialog. */
export function ModelBox({ store, loader }: Props): Drawn {
  const dialog = useRef<HTMLDialogElement>(null);
  const isOpen = loader.isOpen.value;
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  const close = () => loader.isOpen.value = false;
  return ui`<div class="x-choose"><button type="button" onClick=${() =>
    loader.isOpen.value = true}>Change model</button>
    <dialog ref=${dialog} aria-labelledby="x-choose-title" onClose=${close} class="x-dialog">
      <div class="x-dialog-head"><h2 id="x-choose-title">Model</h2>
      <button type="button" class="x-close" aria-label="Close" onClick=${close}>×</button></div>
      ${
    isOpen && (loader.isLoading.value
      ? ui`<${Loading} store=${store} loader=${loader} />`
      : ui`<${Form} store=${store} loader=${loader} />`)
  }
      ${loader.problem.value && ui`<p class="x-problem" role="alert">${loader.problem.value}</p>`}
    </dialog></div>`;
}
