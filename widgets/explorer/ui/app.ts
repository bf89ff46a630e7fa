/**
 * The explorer as one screen.
 *
 * @module
 */
import { formatBytes } from "../../../src/base/words.ts";
import { probabilityText, wholeText } from "../../kit/quantities.ts";
import { Candidates } from "./candidates.ts";
import { Controls } from "./controls.ts";
import type { Looks } from "./looks.ts";
import { ModelBox, type ModelLoader } from "./model_box.ts";
import { Panel } from "./panel.ts";
import { type Drawn, type Signal, ui, useEffect, useRef } from "./preact.ts";
import { Share } from "./share.ts";
import type { Store } from "./store.ts";
import { TextBox } from "./text_box.ts";
import { Ways } from "./ways_tree.ts";

/** What the screen shows. */
export interface AppProps {
  readonly store: Store;
  readonly looks: Looks;
  /** What was copied or saved last. */
  readonly said: Signal<string>;
  /** What the other end is doing, as a sentence; empty when it is ready. */
  readonly state: Signal<string>;
  /** Loads models, where one can be chosen. */
  readonly loader: ModelLoader | undefined;
}

/** Texts to begin with, on which the bundled model shows something. */
const EXAMPLES = [
  "The keys to the cabinet",
  "One, two, three,",
  "Once upon a time there was a",
  "Mary gave the book to John. John gave the book to",
  "The king said to the",
];

/** How long a text must stand still before a screen reader hears what may come next, in milliseconds. */
const SAID_AFTER_MS = 700;

/** Says what may come next when the text stands still. */
function Announcer({ store }: { readonly store: Store }): Drawn {
  const place = useRef<HTMLParagraphElement>(null);
  const offered = store.offered.value;
  const isFresh = store.isFresh.value;
  useEffect(() => {
    if (!isFresh) return;
    const best = offered.slice(0, 3).map(({ spoken, probability }) => `${spoken} ${probabilityText(probability)}`);
    const timer = setTimeout(() => place.current!.textContent = `Next: ${best.join(", ")}`, SAID_AFTER_MS);
    return () => clearTimeout(timer);
  }, [offered, isFresh]);
  return ui`<p class="x-unseen" role="status" ref=${place}></p>`;
}

/** Which model it is, and where it runs. */
function ModelLine({ store }: { readonly store: Store }): Drawn | null {
  const about = store.about.value;
  if (!about) return null;
  const { id, parameters, layers, heads, context, backend, reason, bytes } = about;
  const size = parameters >= 1e9
    ? `${(parameters / 1e9).toFixed(1)} billion`
    : `${(parameters / 1e6).toFixed(1)} million`;
  const shape = `${size} parameters, ${layers} layers × ${heads} heads, context ${wholeText(context)}`;
  const place = `on ${backend}, weights ${formatBytes(bytes)}`;
  return ui`<p class="x-model"><b>${id}</b>${" "}<span title=${reason}>${shape} · ${place}</span></p>`;
}

/** Below the text: what is wrong with it, or how it is used. */
function TextNote({ store }: { readonly store: Store }): Drawn {
  const { problem, notice, reading, progress, about, isFresh } = store;
  const wrong = problem.value || notice.value;
  if (wrong) return ui`<p class="x-problem" role="alert">${wrong}</p>`;
  const { length = 0 } = reading.value?.tokens ?? [];
  const { computed = 0, reused = 0 } = reading.value ?? {};
  const said = !isFresh.value && progress.value
    ? progress.value.message
    : about.value
    ? `${wholeText(length)} of ${wholeText(about.value.context)} tokens${reused > 0 ? `, ${computed} read anew` : ""}`
    : "…";
  return ui`<p class="x-small" id="x-text-help">${said}<span class="x-hint">${" · put the caret into a token to explain it, press "}
    <kbd>1</kbd> to <kbd>0</kbd> (with <kbd>Alt</kbd> while you write) to append</span></p>`;
}

/** Hears keys that are not for a field. */
export function onKey(store: Store, event: KeyboardEvent): void {
  const field = (event.composedPath()[0] as Element | undefined)?.closest?.("input, textarea, select");
  const isText = field instanceof HTMLTextAreaElement;
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
  const control = event.ctrlKey || event.metaKey;
  if (control && event.key.toLowerCase() === "z" && (!field || isText)) store.undo(event.shiftKey ? 1 : -1);
  else if (control && event.key.toLowerCase() === "y" && (!field || isText)) store.undo(1);
  else if (digit !== undefined && !control && !event.shiftKey && (event.altKey ? !field || isText : !field)) {
    store.append((Number(digit) + 9) % 10);
  } else if (event.key === "Escape" && store.toDraw.value > 0) store.toDraw.value = 0;
  else if (event.key === "Escape" && store.pinned.value) store.pinned.value = store.contrast.value = undefined;
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/** The screen. */
export function App({ store, looks, said, state, loader }: AppProps): Drawn {
  const pick = ({ currentTarget }: { currentTarget: HTMLSelectElement }) => {
    store.type(currentTarget.value);
    currentTarget.value = "";
  };
  const isReady = store.about.value !== undefined;
  const [head, title, main] = loader ? ["header", "h1", "main"] : ["div", "h2", "div"]; // a notebook has a main of its own
  return ui`<div class="x-app">
    <${head} class="x-head"><${title}>Explorer<//><${ModelLine} store=${store} />
      ${loader && ui`<${ModelBox} store=${store} loader=${loader} />`}<//>
    ${state.value && ui`<p class="x-problem" role="status">${state.value}</p>`}
    <${main} class="x-main">
      <section class="x-write" aria-label="Text">
        <${TextBox} store=${store} looks=${looks} />
        <div class="x-under"><${TextNote} store=${store} />
          <label class="x-examples">Examples <select onChange=${pick}><option value="">choose…</option>${
    EXAMPLES.map((text) => ui`<option key=${text} value=${text}>${text}</option>`)
  }</select></label></div>
        ${
    looks.whyProblem.value && !store.problem.value && store.tab.value !== "why" &&
    ui`<p class="x-problem">${looks.whyProblem.value}</p>`
  }
      </section>
      <div class="x-left">${
    isReady && ui`
      <${Candidates} store=${store} looks=${looks} />
      <${Controls} store=${store} />
      <${Ways} store=${store} />
    `
  }</div>
      <div class="x-right">${
    isReady && ui`
      <${Panel} store=${store} looks=${looks} />
      <${Share} store=${store} looks=${looks} said=${said} hasLink=${loader !== undefined} />
    `
  }</div>
    <//>
    <${Announcer} store=${store} />
  </div>`;
}
