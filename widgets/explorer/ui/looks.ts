/**
 * What is asked about the chosen token: which tokens led to it, and the view of the open tab.
 *
 * @module
 */
import type { LiveProgress } from "../../../src/live/protocol.ts";
import type { Asked, Candidate, FileFormat, View, ViewFile, Why } from "../questions.ts";
import type { Choice } from "./link.ts";
import { batch, effect, type Signal, signal, untracked } from "./preact.ts";
import { Latest, type Store } from "./store.ts";

/** What the panel holds. */
export interface Panel {
  readonly view: View | undefined;
  readonly problem: string;
  readonly progress: LiveProgress | undefined;
  readonly isBusy: boolean;
}

const EMPTY: Panel = { view: undefined, problem: "", progress: undefined, isBusy: false };

/** Asks what is looked at, whenever it changes. */
export class Looks {
  /** What led to the token under the pointer, or to the chosen one. */
  readonly why: Signal<{ readonly choice: Choice; readonly answer: Why } | undefined> = signal(undefined);
  readonly whyProblem: Signal<string> = signal("");
  readonly panel: Signal<Panel> = signal(EMPTY);
  /** A word that somebody looks up, and what it is in this place. */
  readonly word: Signal<string> = signal("");
  readonly found: Signal<Candidate | undefined> = signal(undefined);
  readonly wordProblem: Signal<string> = signal("");
  readonly #store: Store;
  readonly #whys = new Latest();
  readonly #views = new Latest();
  readonly #words = new Latest();
  #known = new Map<string, Why>();

  constructor(store: Store) {
    this.#store = store;
    effect(() => {
      store.reading.value;
      this.#known = new Map();
    });
    effect(() => this.#explain());
    effect(() => this.#look());
    effect(() => this.#find());
  }

  /** The question about a choice. */
  #asked(choice: Choice, contrast: Choice | undefined): Asked {
    const { place, off } = this.#store;
    const against = contrast?.position === choice.position ? contrast.id : null;
    return { ...place.value, off: off.value, position: choice.position, target: choice.id, contrast: against };
  }

  #explain(): void {
    const { hovered, target, contrast, isFresh, ask } = this.#store;
    const choice = hovered.value ?? target.value;
    const other = hovered.value ? undefined : contrast.value;
    if (!isFresh.value || !choice) {
      this.whyProblem.value = "";
      return this.#whys.stop();
    }
    const asked = untracked(() => this.#asked(choice, other));
    const key = JSON.stringify([asked.position, asked.target, asked.contrast]);
    const known = this.#known.get(key);
    void this.#whys.run(
      (signal) => known ? Promise.resolve(known) : ask("why", asked, { signal }),
      (answer) => {
        this.#known.set(key, answer);
        this.why.value = { choice, answer };
        this.whyProblem.value = "";
      },
      (reason) => this.whyProblem.value = reason,
    );
  }

  #look(): void {
    const { tab, target, contrast, isFresh, ask } = this.#store;
    const choice = target.value;
    const view = tab.value;
    const other = contrast.value;
    if (!isFresh.value || !choice || view === "whatif") {
      this.panel.value = { ...this.panel.peek(), problem: "" };
      return this.#views.stop();
    }
    const asked = untracked(() => ({ ...this.#asked(choice, other), view }));
    const before = untracked(() => this.panel.value);
    this.panel.value = { ...before, isBusy: true, progress: undefined };
    void this.#views.run(
      (signal) => {
        const onProgress = (progress: LiveProgress) => this.panel.value = { ...this.panel.peek(), progress };
        return ask("view", asked, { signal, onProgress });
      },
      (view) => this.panel.value = { ...EMPTY, view },
      (problem) => this.panel.value = { ...EMPTY, problem },
    );
  }

  #find(): void {
    const { isFresh, ask, place, off } = this.#store;
    const word = this.word.value;
    if (!isFresh.value || word === "") {
      if (word === "") batch(() => [this.found.value, this.wordProblem.value] = [undefined, ""]);
      return this.#words.stop();
    }
    const asked = untracked(() => ({ ...place.value, off: off.value, word }));
    void this.#words.run(
      (signal) => ask("word", asked, { signal }),
      (found) => batch(() => [this.found.value, this.wordProblem.value] = [found, ""]),
      (reason) => batch(() => [this.found.value, this.wordProblem.value] = [undefined, reason]),
    );
  }

  /** The view of the open tab as a file. */
  async file(format: FileFormat): Promise<ViewFile> {
    const { tab, target, contrast, ask } = this.#store;
    const choice = target.peek();
    if (!choice) throw new Error("Cannot save a view as there is none yet; wait until the model has read the text");
    return await ask("file", { ...this.#asked(choice, contrast.peek()), view: tab.peek(), format });
  }
}
