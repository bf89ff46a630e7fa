/**
 * What the script of a live view does in a notebook's page: fields above the view, whose values are sent to the kernel,
 * and the view that comes back. Bundled as text by `scripts/live.ts`; nothing in Deno imports it.
 *
 * @module
 */
import { askThrough, type LiveAsk } from "./client.ts";
import { jupyterPort } from "./jupyter_port.ts";
import type { LiveState } from "./protocol.ts";
import { replaceContent } from "./page_content.ts";
import type { LiveSetup } from "./page_setup.ts";

export { jupyterPort };

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

/** Makes the view that stands before `script` live; in a page that is no notebook's it stays as it is. */
export function liveView(script: Element, { address, subject, label, fields }: LiveSetup): void {
  const view = script.previousElementSibling;
  const port = view && jupyterPort(address, view);
  if (!view || !port) return;
  const form = makeForm(script.ownerDocument, label, fields);
  view.before(form.element);
  new Drawing(view, form, askThrough(port, subject));
  port.onState((state) => form.tell(STATES[state], state === "restarted" || state === "gone"));
}

/** The fields of a live view, and what is said beside them. */
interface Form {
  readonly element: HTMLFormElement;
  readonly values: () => Readonly<Record<string, string>>;
  readonly tell: (words: string, ended?: boolean) => void;
  readonly warn: (words: string) => void;
}

function makeForm(page: Document, label: string, fields: LiveSetup["fields"]): Form {
  const element = page.createElement("form");
  element.setAttribute("aria-label", label);
  element.dataset.lmSuppressShortcuts = "true"; // keys are for the fields, not for the notebook
  element.style.cssText = "margin:0 0 6px;display:flex;flex-wrap:wrap;gap:6px 12px;align-items:end;font-size:13px";
  const inputs = fields.map((field) => {
    const input = page.createElement(field.kind === "text" ? "textarea" : "input");
    input.name = field.name;
    input.value = field.value;
    input.placeholder = field.hint;
    input.setAttribute("autocomplete", "off");
    input.spellcheck = false;
    input.style.cssText = "font:inherit;color:inherit;background:transparent;border:1px solid;border-radius:3px;" +
      `padding:2px 4px;box-sizing:border-box;width:100%;${field.kind === "text" ? "resize:vertical" : ""}`;
    const words = page.createElement("label");
    words.style.cssText = field.kind === "text" ? "flex:1 1 100%" : "flex:0 1 10em";
    words.append(field.label, input);
    return { element: words, input };
  });
  const said = page.createElement("span");
  said.setAttribute("role", "status");
  const warned = page.createElement("span");
  warned.setAttribute("role", "alert");
  element.append(...inputs.map(({ element }) => element), said, warned);
  return {
    element,
    values: () => Object.fromEntries(inputs.map(({ input }) => [input.name, input.value])),
    tell(words, ended = false) {
      said.textContent = words;
      for (const { input } of inputs) input.disabled = ended;
    },
    warn: (words) => warned.textContent = words,
  };
}

/** Asks for the view of what the fields say, and puts it in the place of the one before. */
class Drawing {
  readonly #view: Element;
  readonly #form: Form;
  readonly #ask: LiveAsk;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked: AbortController | undefined;

  constructor(view: Element, form: Form, ask: LiveAsk) {
    this.#view = view;
    this.#form = form;
    this.#ask = ask;
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
    } catch (error) {
      if (!asked.signal.aborted) this.#form.warn(error instanceof Error ? error.message : String(error));
    } finally {
      if (this.#asked === asked) this.#view.removeAttribute("aria-busy");
    }
  }
}
