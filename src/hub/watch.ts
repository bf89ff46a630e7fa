/** Aborts a request when its caller does, and when nothing comes for too long. */
export class Watch {
  readonly #silence = new AbortController();
  readonly #patience: number;
  readonly #signal: AbortSignal | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `patience` is the longest silence, in milliseconds. */
  constructor({ signal, patience }: { readonly signal?: AbortSignal | undefined; readonly patience: number }) {
    this.#signal = signal;
    this.#patience = patience;
    this.beat();
  }

  /** Stops the request. */
  get signal(): AbortSignal {
    const { signal } = this.#silence;
    return this.#signal ? AbortSignal.any([this.#signal, signal]) : signal;
  }

  /** Something came. */
  beat(): void {
    this.stop();
    this.#timer = setTimeout(() => {
      const message = `nothing came for ${this.#patience / 1000} seconds`;
      this.#silence.abort(new DOMException(message, "TimeoutError"));
    }, this.#patience);
  }

  /** The request is over. */
  stop(): void {
    clearTimeout(this.#timer);
  }
}
