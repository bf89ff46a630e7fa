/**
 * What the scripts of live views do in a notebook's page. Bundled as text by `scripts/live.ts`; nothing in Deno imports it.
 * A view is an element that holds what the kernel drew, and after it the script.
 *
 * @module
 */
import { askThrough, type LiveAsk } from "./client.ts";
import { jupyterPort } from "./jupyter_port.ts";
import { replaceContent } from "./page_content.ts";
import { type Form, makeForm } from "./page_form.ts";
import { adopted, keepWhenLeft } from "./page_output.ts";
import type { LiveMount, LiveSetup } from "./page_setup.ts";
import type { LivePort, LiveState } from "./protocol.ts";

/** How long typing may pause before it counts, in milliseconds. */
const PAUSE_MS = 250;

/** What a person is told about the kernel. */
const STATES: Readonly<Record<LiveState, string>> = {
  connecting: "Connecting to the kernel …",
  ready: "Live: edit, and the view follows.",
  busy: "The kernel is busy with another cell; it answers when that has ended.",
  restarted: "The kernel was restarted and does not know this view; run its cell again.",
  gone: "The kernel has ended or cannot be reached; this is what it said last. Start it and run the cell again.",
};

/** Makes a view live that has fields; in a page that is no notebook's it stays as it is. */
export function liveView(script: Element, { address, subject, label, fields }: LiveSetup): void {
  const view = script.previousElementSibling;
  const root = script.parentElement;
  const port = view && root && !adopted(root, subject) && jupyterPort(address, root);
  if (!port) return;
  const form = makeForm(script.ownerDocument, label, fields);
  view.before(form.element);
  const ask = askThrough(port, subject);
  const left = keepWhenLeft(root, () => ask("keep", null));
  new Drawing(view, form, ask, left.changed);
  port.onState((state) => form.tell(STATES[state], state === "restarted" || state === "gone"));
}

/**
 * Puts what `mount` makes in the place of a view, as soon as the kernel answers; until then, and where it never does, the
 * view stays.
 */
export function mountView(
  script: Element,
  { address, subject, text, changes }: LiveMount,
  mount: (host: Element, options: { port: LivePort; subject: string; text: string }) => unknown,
): void {
  const view = script.previousElementSibling;
  const root = script.parentElement;
  const port = view && root && !adopted(root, subject) && jupyterPort(address, root);
  if (!port) return;
  const note = script.ownerDocument.createElement("div");
  note.setAttribute("role", "status");
  view.before(note);
  const ask = askThrough(port, subject);
  const left = keepWhenLeft(root, () => ask("keep", null));
  let mounted = false;
  const send = (message: Parameters<LivePort["send"]>[0]) => {
    if (message.kind === "request" && changes.includes(message.question)) left.changed();
    port.send(message);
  };
  port.onState((state) => {
    if (!mounted) note.textContent = state === "ready" ? "" : STATES[state];
    if (mounted || state !== "ready") return;
    mounted = true;
    const host = script.ownerDocument.createElement("div");
    host.dataset.lmSuppressShortcuts = "true"; // keys are for the view, not for the notebook
    note.replaceWith(host);
    (view as HTMLElement).hidden = true;
    mount(host, { port: { ...portOf(port), send }, subject, text });
  });
}

/** The methods of a port, which may be an object of a class. */
function portOf(port: LivePort): LivePort {
  return {
    send: (message) => port.send(message),
    onMessage: (listener) => port.onMessage(listener),
    onState: (listener) => port.onState(listener),
    close: () => port.close(),
  };
}

/** Asks for the view of what the fields say, and puts it in the place of the one before. */
class Drawing {
  readonly #view: Element;
  readonly #form: Form;
  readonly #ask: LiveAsk;
  readonly #changed: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked: AbortController | undefined;

  constructor(view: Element, form: Form, ask: LiveAsk, changed: () => void) {
    this.#view = view;
    this.#form = form;
    this.#ask = ask;
    this.#changed = changed;
    form.element.addEventListener("input", () => this.#soon());
    form.element.addEventListener("keydown", (event) => event.stopPropagation());
    form.element.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#draw();
    });
  }

  #soon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#draw(), PAUSE_MS);
  }

  async #draw(): Promise<void> {
    clearTimeout(this.#timer);
    this.#asked?.abort();
    const asked = this.#asked = new AbortController();
    this.#view.setAttribute("aria-busy", "true");
    try {
      const answer = await this.#ask("draw", this.#form.values(), {
        signal: asked.signal,
        onProgress: ({ message }) => this.#form.warn(message),
      });
      if (asked.signal.aborted) return;
      this.#form.warn("");
      replaceContent(this.#view, String(Reflect.get(Object(answer), "html")));
      this.#changed();
    } catch (error) {
      if (!asked.signal.aborted) this.#form.warn(error instanceof Error ? error.message : String(error));
    } finally {
      if (this.#asked === asked) this.#view.removeAttribute("aria-busy");
    }
  }
}
