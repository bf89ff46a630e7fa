/** How far a download is. */
export interface DownloadProgress {
  /** The file that is fetched now. */
  readonly file: string;
  /** How many bytes are there, of all files together. */
  readonly completed: number;
  /** How many bytes there will be. */
  readonly total: number;
  /** How many bytes come in a second, when that can be said. */
  readonly bytesPerSecond: number | undefined;
  /** How many seconds are left at this speed, when that can be said. */
  readonly secondsLeft: number | undefined;
}

const INTERVAL = 100;
/** The speed is that of the last seconds. */
const WINDOW = 5000;

/** Follows a download of several files, and says now and then how far it is. */
export class Meter {
  readonly #total: number;
  readonly #report: (progress: DownloadProgress) => void;
  readonly #now: () => number;
  #samples: { at: number; received: number }[] = [];
  #reported = -Infinity;
  #finished = 0;
  #received = 0;
  #current: { name: string; bytes: number; known: boolean } = { name: "", bytes: 0, known: false };

  /** Follows a download of `total` bytes. `now` gives milliseconds. */
  constructor(
    total: number,
    report: (progress: DownloadProgress) => void,
    now: () => number = () => performance.now(),
  ) {
    this.#total = total;
    this.#report = report;
    this.#now = now;
  }

  /** A file begins, the one before it is done. */
  begin(name: string): void {
    this.#finished += this.#current.bytes;
    this.#current = { name, bytes: 0, known: false };
  }

  /** There are `bytes` of the file now. What is there at first was fetched by an earlier process. */
  update(bytes: number): void {
    const { known, bytes: before, name } = this.#current;
    if (known) this.#received += Math.max(0, bytes - before);
    this.#current = { name, bytes, known: true };
    const at = this.#now();
    this.#samples.push({ at, received: this.#received });
    while (this.#samples.length > 2 && this.#samples[0]!.at < at - WINDOW) this.#samples.shift();
    if (at - this.#reported >= INTERVAL) this.#say(at);
  }

  /** The download is done. */
  end(): void {
    this.#say(this.#now());
  }

  #say(at: number): void {
    this.#reported = at;
    const completed = this.#finished + this.#current.bytes;
    const total = Math.max(this.#total, completed);
    const { at: since, received } = this.#samples[0] ?? { at, received: this.#received };
    const speed = at > since ? (this.#received - received) / (at - since) * 1000 : 0;
    this.#report({
      file: this.#current.name,
      completed,
      total,
      bytesPerSecond: speed > 0 ? speed : undefined,
      secondsLeft: completed === total ? 0 : speed > 0 ? (total - completed) / speed : undefined,
    });
  }
}
