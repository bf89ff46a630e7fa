/** How time passes; a test has its own. */
export interface PaceClock {
  /** Now, in milliseconds. */
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<void>;
}

const CLOCK: PaceClock = {
  now: () => performance.now(),
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/** Jupyter servers pass on 1 MB a second in the mean of 3 s, by default, and drop what is more; outputs of cells count too. */
const WINDOW_MS = 3000;
const MOST_BYTES = 2_000_000;

/**
 * Lets messages of a kernel go no faster than a Jupyter server passes them on: the logits of a vocabulary of 50,000 tokens
 * are 270 kB, and somebody who types asks for them several times a second.
 */
export class Pace {
  readonly #clock: PaceClock;
  #sent: { readonly at: number; readonly bytes: number }[] = [];
  #tail: Promise<unknown> = Promise.resolve();

  constructor(clock: PaceClock = CLOCK) {
    this.#clock = clock;
  }

  /** Calls `send` in its turn, as soon as so many bytes may go, unless it is not wanted any more by then. */
  go(bytes: number, isWanted: () => boolean, send: () => unknown): void {
    this.#tail = this.#tail.then(async () => {
      while (isWanted()) {
        const now = this.#clock.now();
        this.#sent = this.#sent.filter(({ at }) => at > now - WINDOW_MS);
        const before = this.#sent.reduce((sum, one) => sum + one.bytes, 0);
        if (before === 0 || before + bytes <= MOST_BYTES) {
          this.#sent.push({ at: now, bytes });
          return send();
        }
        await this.#clock.wait(Math.min(100, this.#sent[0]!.at + WINDOW_MS - now));
      }
    }).catch(() => {});
  }
}
