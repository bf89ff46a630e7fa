/**
 * Puts the explorer into an element: of its own page, or of a cell's output.
 *
 * @module
 */
import type { LivePort, LiveState } from "../../../src/live/protocol.ts";
import { messageOf } from "../../../src/base/words.ts";
import { cssJoined, cssText } from "../../kit/css.ts";
import { App, onKey } from "./app.ts";
import { askExplorer } from "./asking.ts";
import type { Saved } from "./link.ts";
import { Looks } from "./looks.ts";
import type { ModelLoader } from "./model_box.ts";
import { render, signal, ui } from "./preact.ts";
import { Store } from "./store.ts";
import { STYLE } from "./style.ts";

/** How the explorer is put somewhere. */
export interface MountOptions {
  /** The way to what computes. */
  readonly port: LivePort;
  /** The name under which it is asked there. */
  readonly subject: string;
  /** The text that is read at first. */
  readonly text?: string;
}

/** An explorer that is there. */
export interface Mounted {
  /** What it knows and does. */
  readonly store: Store;
  /** Takes it away, and closes the port. */
  close(): void;
}

/** What a person is told about the other end. */
const STATES: Readonly<Record<LiveState, string>> = {
  connecting: "Connecting…",
  ready: "",
  busy: "The kernel is busy with another cell; it answers when that has ended.",
  restarted: "The kernel was restarted and knows this view no longer; run the cell again.",
  gone: "The kernel cannot be reached; what is shown is what it said last.",
};

/** What only the page of its own has. */
export interface PageParts {
  readonly saved?: Saved | undefined;
  readonly loader?: (store: Store) => ModelLoader;
  /** What is said where nothing computes. */
  readonly gone?: string;
  /** Where keys are heard beside the element itself. */
  readonly keys?: EventTarget;
}

/** Draws the explorer into a shadow of the element, so that no style of the page reaches it. */
export function mountWith(host: Element, { port, subject, text }: MountOptions, parts: PageParts): Mounted {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const style = host.ownerDocument.createElement("style");
  style.textContent = cssText(cssJoined(STYLE, "\n"));
  const place = host.ownerDocument.createElement("div");
  root.replaceChildren(style, place);
  const store = new Store(askExplorer(port, subject));
  if (parts.saved) store.open(parts.saved);
  else if (text !== undefined) store.start(text);
  const looks = new Looks(store);
  const [state, said] = [signal(STATES.connecting), signal("")];
  port.onState((now) => state.value = now === "gone" ? parts.gone ?? STATES.gone : STATES[now]);
  const loader = parts.loader?.(store);
  const keys = (event: Event) => onKey(store, event as KeyboardEvent);
  const heard = parts.keys ?? place;
  heard.addEventListener("keydown", keys);
  render(ui`<${App} store=${store} looks=${looks} said=${said} state=${state} loader=${loader} />`, place);
  if (!loader) store.begin().catch((error) => store.problem.value = messageOf(error));
  return {
    store,
    close() {
      heard.removeEventListener("keydown", keys);
      render(null, place);
      port.close();
    },
  };
}

/** Puts the explorer into an element of a cell, which computes with the kernel's model. */
export function mountExplorer(host: Element, options: MountOptions): Mounted {
  return mountWith(host, options, {});
}
