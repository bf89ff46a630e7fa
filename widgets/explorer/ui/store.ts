/**
 * What the explorer's page knows and does: signals that its parts are drawn from, and what changes them.
 *
 * @module
 */
import { messageOf } from "../../../src/base/words.ts";
import type { LiveProgress } from "../../../src/live/protocol.ts";
import { type About, type Candidate, isSameOff, type Load, type Off, OFFERED, type Reading } from "../questions.ts";
import type { Ask } from "./asking.ts";
import type { Choice, Saved, Tab } from "./link.ts";
import { batch, computed, type ReadonlySignal, type Signal, signal } from "./preact.ts";
import {
  type DrawSettings,
  drawToken,
  OWN_SETTINGS,
  type Settled,
  settledProbabilities,
} from "../../../src/ask/write/settled.ts";
import { isPlaceable, type Place, startAt, step, type Travel, visit } from "./ways.ts";

/** What is read at first. */
export const FIRST_TEXT = "The keys to the cabinet";

/** Before anything was read. */
const NOTHING: Settled = { probability: () => 0, left: 0 };

/** A task of which only the last call counts: a new one aborts the one before it. */
export class Latest {
  #running: AbortController | undefined;

  /** Aborts what runs. */
  stop(): void {
    this.#running?.abort(new DOMException("It was superseded", "AbortError"));
  }

  /** Runs a task; what it gives is dropped when another has begun meanwhile, and so are its errors. */
  async run<T>(task: (signal: AbortSignal) => Promise<T>, then: (result: T) => void, failed: (reason: string) => void) {
    this.stop();
    const own = this.#running = new AbortController();
    try {
      const result = await task(own.signal);
      if (!own.signal.aborted) then(result);
    } catch (error) {
      if (!own.signal.aborted) failed(messageOf(error));
    }
  }
}

/** The state of a page. */
export class Store {
  /** Asks the model. */
  readonly ask: Ask;
  readonly about: Signal<About | undefined> = signal(undefined);
  /** Which model was asked for. */
  readonly model: Signal<Pick<Load, "id" | "backend">> = signal({ id: "", backend: "wasm" });
  readonly travel: Signal<Travel> = signal(startAt({ text: FIRST_TEXT, then: [] }));
  /** What the text box holds. */
  readonly value: Signal<string> = signal(FIRST_TEXT);
  readonly reading: Signal<Reading | undefined> = signal(undefined);
  /** Whether the reading is that of the text. */
  readonly isFresh: Signal<boolean> = signal(false);
  /** What the model makes of the text when nothing is off. */
  readonly unchanged: Signal<Reading | undefined> = signal(undefined);
  readonly problem: Signal<string> = signal("");
  /** What a person is told until the text is another one. */
  readonly notice: Signal<string> = signal("");
  readonly progress: Signal<LiveProgress | undefined> = signal(undefined);
  readonly settings: Signal<DrawSettings> = signal(OWN_SETTINGS);
  readonly seed: Signal<number> = signal(0);
  /** How many tokens are still to be drawn by themselves. */
  readonly toDraw: Signal<number> = signal(0);
  readonly off: Signal<readonly Off[]> = signal([]);
  readonly tab: Signal<Tab> = signal("why");
  /** The token under the pointer or the focus, the one that was chosen, and the one that it is compared with. */
  readonly hovered: Signal<Choice | undefined> = signal(undefined);
  readonly pinned: Signal<Choice | undefined> = signal(undefined);
  readonly contrast: Signal<Choice | undefined> = signal(undefined);
  /** What appended tokens are called. */
  readonly labels: Map<number, string> = new Map();
  readonly #reading = new Latest();
  #waiting: number[] = [];

  /** The text. */
  readonly place: ReadonlySignal<Place> = computed(() => this.travel.value.log[this.travel.value.at]!);
  readonly logits: ReadonlySignal<Float32Array> = computed(() => {
    const { logits } = this.reading.value ?? { logits: "" };
    return new Float32Array(Uint8Array.fromBase64(logits).buffer);
  });
  /** How likely each token is by the settings. */
  readonly settled: ReadonlySignal<Settled> = computed(() =>
    this.logits.value.length === 0 ? NOTHING : settledProbabilities(this.logits.value, this.settings.value)
  );
  /** The tokens that are offered, best first. */
  readonly offered: ReadonlySignal<readonly Candidate[]> = computed(() =>
    this.reading.value?.candidates.slice(0, OFFERED) ?? []
  );
  /** What is explained when nothing is chosen: the likeliest next token. */
  readonly likeliest: ReadonlySignal<Choice | undefined> = computed(() => {
    const best = this.offered.value[0];
    return best && this.nextChoice(best);
  });
  /** The token that the views are about. */
  readonly target: ReadonlySignal<Choice | undefined> = computed(() => this.pinned.value ?? this.likeliest.value);

  constructor(ask: Ask) {
    this.ask = ask;
  }

  /** A candidate as a choice. */
  nextChoice({ id, label, spoken }: Pick<Candidate, "id" | "label" | "spoken">): Choice {
    return { position: this.reading.value?.tokens.length ?? 0, id, label, spoken };
  }

  /** Begins with a text. */
  start(text: string): void {
    this.travel.value = startAt({ text, then: [] });
    this.value.value = text;
  }

  /** Goes to what a link keeps. */
  open({ place, ways, labels, settings, seed, off, tab, model, backend, pinned, contrast }: Saved): void {
    batch(() => {
      for (const [id, label] of labels) this.labels.set(id, label);
      this.travel.value = startAt(place, ways);
      this.settings.value = settings;
      this.pinned.value = pinned ?? undefined;
      this.contrast.value = contrast ?? undefined;
      this.seed.value = seed;
      this.off.value = off;
      this.tab.value = tab;
      this.model.value = { id: model, backend };
      this.value.value = place.text;
    });
  }

  /** Asks which model there is, and reads the text. */
  async begin(): Promise<void> {
    const onProgress = (progress: LiveProgress) => this.progress.value = progress;
    this.#explore(await this.ask("about", {}, { onProgress }));
  }

  /** Loads another model, and reads the text with it. */
  async load(load: Load, signal: AbortSignal): Promise<void> {
    const onProgress = (progress: LiveProgress) => this.progress.value = progress;
    const about = await this.ask("load", load, { signal, onProgress });
    const isOther = this.about.value !== undefined;
    batch(() => {
      this.model.value = { id: load.id, backend: load.backend };
      if (isOther) { // ids of tokens mean something else to it
        this.off.value = [];
        this.travel.value = startAt({ text: this.value.value, then: [] });
        this.pinned.value = this.contrast.value = this.hovered.value = undefined;
      }
      this.#explore(about);
    });
  }

  #explore(about: About): void {
    batch(() => {
      this.about.value = about;
      this.progress.value = undefined;
      this.problem.value = "";
      this.off.value = this.off.value.filter(({ layer, head }) => layer < about.layers && head < about.heads);
      this.read();
    });
  }

  /** Reads the text; a reading that goes on is stopped. */
  read(): void {
    const off = this.off.value;
    const written = { ...this.place.value };
    if (!this.about.value) return;
    this.isFresh.value = false;
    const onProgress = (progress: LiveProgress) => this.progress.value = progress;
    void this.#reading.run(
      async (signal) => {
        if (!isPlaceable(written)) throw new RangeError("Cannot read so long a text; shorten it");
        const reading = await this.ask("read", { ...written, off }, { signal, onProgress });
        const unchanged = off.length === 0 ? reading : await this.ask("read", { ...written, off: [] }, { signal });
        return { reading, unchanged };
      },
      ({ reading, unchanged }) => this.#show(reading, unchanged),
      (reason) =>
        batch(() => {
          this.problem.value = reason;
          this.progress.value = undefined;
          this.#waiting = [];
          this.toDraw.value = 0;
        }),
    );
  }

  #show(reading: Reading, unchanged: Reading): void {
    batch(() => {
      this.reading.value = reading;
      this.unchanged.value = unchanged;
      this.value.value = reading.shown;
      this.isFresh.value = true;
      this.problem.value = "";
      this.progress.value = undefined;
    });
    const { then } = this.place.value;
    if (then.length > 0) { for (const { id, label } of reading.tokens.slice(-then.length)) this.labels.set(id, label); }
    const rank = this.#waiting.shift();
    if (rank !== undefined) this.append(rank);
    else if (this.toDraw.value > 0) {
      this.toDraw.value -= 1;
      this.draw();
    }
  }

  /** The text was typed. */
  type(text: string): void {
    this.#waiting = [];
    this.value.value = text;
    this.#go(visit(this.travel.value, { text, then: [] }, { typed: true, now: performance.now() }));
  }

  /** Appends the candidate of a rank, from 0; while the text is still being read, as soon as it is. */
  append(rank: number): void {
    const candidate = this.offered.value[rank];
    if (!this.isFresh.value) this.#waiting = [...this.#waiting, rank].slice(-OFFERED);
    else if (candidate) this.appendToken(candidate);
  }

  /** Appends a token. */
  appendToken({ id, label }: Pick<Candidate, "id" | "label">): void {
    const { text, then } = this.place.value;
    this.labels.set(id, label);
    this.#go(visit(this.travel.value, { text, then: [...then, id] }));
  }

  /** Appends what the model would write next, and counts the seed on. */
  draw(): void {
    if (!this.isFresh.value) return;
    const id = drawToken(this.logits.value, this.settings.value, this.seed.value);
    const known = this.reading.value!.candidates.find((one) => one.id === id);
    this.seed.value += 1;
    this.appendToken({ id, label: known?.label ?? `#${id}` });
  }

  /** Goes to another place. */
  goTo(place: Place): void {
    this.#go(visit(this.travel.value, place));
  }

  /** Goes back or forth in time. */
  undo(by: -1 | 1 = -1): void {
    this.toDraw.value = 0;
    this.#waiting = [];
    this.#go(step(this.travel.value, by));
  }

  #go(travel: Travel): void {
    if (travel === this.travel.value) return;
    batch(() => {
      this.notice.value = "";
      this.travel.value = travel;
      if (this.place.value.then.length === 0) this.value.value = this.place.value.text;
      this.pinned.value = this.contrast.value = this.hovered.value = undefined;
      this.read();
    });
  }

  /** Turns a part off, or on again. */
  toggle(part: Off): void {
    const rest = this.off.value.filter((one) => !isSameOff(one, part));
    this.setOff(rest.length === this.off.value.length ? [...rest, part] : rest);
  }

  /** Turns exactly these parts off. */
  setOff(off: readonly Off[]): void {
    batch(() => {
      this.off.value = off;
      this.read();
    });
  }

  /** Explains a token; a second one is compared with the first, and the same one again is let go. */
  choose(choice: Choice): void {
    batch(() => {
      const { value: pinned } = this.pinned;
      if (!pinned || pinned.position !== choice.position) {
        this.pinned.value = choice;
        this.contrast.value = undefined;
      } else if (pinned.id === choice.id) this.pinned.value = this.contrast.value = undefined;
      else this.contrast.value = this.contrast.value?.id === choice.id ? undefined : choice;
    });
  }

  /** All that a link keeps. */
  saved(): Saved {
    const { pinned, contrast, travel, model, settings, seed, off, tab, place, labels } = this;
    const used = new Set(travel.value.ways.flatMap(({ then }) => then));
    return {
      ...{ model: model.value.id, backend: model.value.backend, place: place.value, ways: travel.value.ways },
      labels: [...labels].filter(([id]) => used.has(id)),
      ...{ settings: settings.value, seed: seed.value, off: off.value, tab: tab.value },
      ...{ pinned: pinned.value ?? null, contrast: contrast.value ?? null },
    };
  }
}
