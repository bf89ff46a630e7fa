/**
 * The explorer's page: its worker, its models, its address.
 *
 * @module
 */
import { messageOf } from "../../../src/base/words.ts";
import { EXPLORER } from "../questions.ts";
import { linkOf, type Saved, savedOf } from "../ui/link.ts";
import { mountWith } from "../ui/mount.ts";
import { effect } from "../ui/preact.ts";
import type { Store } from "../ui/store.ts";
import { droppedFiles } from "./folder.ts";
import { PageLoader } from "./loader.ts";
import { SwitchPort } from "./switch_port.ts";

/** How soon after a change the address follows, in milliseconds; browsers refuse many changes in a row. */
const ADDRESS_AFTER_MS = 400;

/** The state of the link, and why there is none where it is damaged. */
function readLink(): { saved?: Saved | undefined; problem: string } {
  try {
    return { saved: savedOf(location.hash.slice(1)), problem: "" };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

/** Keeps the address at what is shown. */
function followAddress(store: Store): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let written = location.hash;
  effect(() => {
    const saved = store.saved();
    clearTimeout(timer);
    timer = setTimeout(() => {
      try {
        written = `#${linkOf(saved)}`;
      } catch {
        written = "#"; // too long for a link, as the button says
      }
      history.replaceState(null, "", written);
    }, ADDRESS_AFTER_MS);
  });
  addEventListener("hashchange", () => {
    if (location.hash !== written) location.reload();
  });
}

/** Takes folders that are dropped anywhere. */
function acceptDrops(loader: PageLoader): void {
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    if (!event.dataTransfer) return;
    droppedFiles(event.dataTransfer).then((sent) => loader.loadDropped(sent, "wasm"), (error) => {
      loader.problem.value = messageOf(error);
      loader.isOpen.value = true;
    });
  });
}

function start(): void {
  const port = new SwitchPort();
  const { saved, problem } = readLink();
  const endpoint = document.querySelector<HTMLMetaElement>("meta[name=looking-glass-hub]")?.content ?? "";
  const made = (store: Store) => new PageLoader(store, port, endpoint);
  let loader: PageLoader | undefined;
  const { store } = mountWith(document.querySelector("#explorer")!, { port, subject: EXPLORER }, {
    saved,
    loader: (store) => loader = made(store),
    gone: "No model is loaded; choose one.",
    keys: document,
  });
  acceptDrops(loader!);
  store.notice.value = problem;
  void loader!.load(store.model.value.id, store.model.value.backend).then(() => {
    followAddress(store);
    keepPage(store);
  });
}

/** Keeps the page for the next time, when it has shown something: it copies all files, which would take time from that. */
function keepPage(store: Store): void {
  if (!navigator.serviceWorker) return;
  const end = effect(() => {
    if (!store.isFresh.value && store.about.value && !store.problem.value) return;
    queueMicrotask(() => end());
    navigator.serviceWorker.register("./service_worker.js").catch(() => {}); // then it is not there offline
  });
}

start();
