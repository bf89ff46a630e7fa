import type { Progress } from "../../base/progress.ts";
import type { CorpusSettings, CorpusSource } from "../types.ts";
import type { Job } from "./run.ts";
import type { Share } from "./shards.ts";

/** What a pace is measured of. */
export interface Paced {
  readonly source: CorpusSource;
  readonly settings: CorpusSettings;
  readonly share: Share;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

/** How far a job is, and how fast. */
export class Pacer {
  readonly #paced: Paced;
  #begun = performance.now();
  #before = 0;
  #documents = 0;
  #tokens = 0;

  constructor(paced: Paced) {
    this.#paced = paced;
  }

  /** How many tokens were explained in a second. */
  get tokensPerSecond(): number {
    return this.#rate(this.#tokens);
  }

  /** What a job tells. */
  listeners(): Pick<Job, "onBegin" | "onRead"> {
    return {
      onBegin: (documents) => {
        this.#before = documents;
        this.#begun = performance.now();
      },
      onRead: (documents, tokens) => {
        this.#documents += documents;
        this.#tokens += tokens;
        this.#report();
      },
    };
  }

  #rate(count: number): number {
    const seconds = (performance.now() - this.#begun) / 1000;
    return seconds > 0 ? count / seconds : 0;
  }

  #report(): void {
    const { onProgress } = this.#paced;
    if (!onProgress) return;
    const completed = this.#documents;
    const total = this.#total();
    const rates = `${this.#rate(completed).toFixed(1)} texts/s, ${Math.round(this.tokensPerSecond)} tokens/s`;
    const all = total > 0 ? ` of about ${total}` : "";
    onProgress({ task: "corpus", completed, total, message: `Explained ${completed}${all} texts, ${rates}` });
  }

  /** About how many documents this call will explain; 0 where nobody knows. */
  #total(): number {
    const { source, settings: { limit = Infinity }, share } = this.#paced;
    const progress = source.progress();
    const read = progress && progress.total > 0 ? progress.read / progress.total : 0;
    if (read <= 0 && limit === Infinity) return 0;
    const seen = (this.#before + this.#documents) * share.count; // those that were read ahead are not counted
    const all = Math.min(limit, read > 0 ? seen / Math.min(1, read) : Infinity);
    return Math.max(this.#documents + 1, Math.round(all / share.count) - this.#before);
  }
}
