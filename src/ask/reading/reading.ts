import { RunQueue } from "../../base/run_queue.ts";
import type { KVCache } from "../../model/kv_cache.ts";
import type { WholeText } from "../../model/reader.ts";
import type { ModelRunner } from "../../model/runner.ts";
import { ask, type AskedModel, expectAbility, type Question } from "../question.ts";
import { candidatesAfter, type CandidatesPlan, planCandidates } from "./candidates.ts";
import { CANDIDATES_OPTIONS, type CandidatesOptions, type ReadCandidates, type TextReading } from "./types.ts";

const TASK = "keep a reading";

/**
 * Begins to read.
 *
 * @throws {TypeError} When the model predicts no next token, or reads a source with an encoder.
 */
export function beginReading(model: AskedModel<ModelRunner>): TextReading {
  model.expectUsable();
  const { family } = model.runner;
  expectAbility(TASK, "next token", model.runner);
  if (family.hasSource) {
    const why = "its text is read after a source";
    throw new TypeError(
      `Cannot ${TASK} with ${family.name} as ${why}; use candidates() with sequence(text, { source })`,
    );
  }
  return new Reading(model);
}

class Reading implements TextReading {
  readonly #model: AskedModel<ModelRunner>;
  readonly #queue = new RunQueue();
  readonly #cache: KVCache;
  /** The ids of the rows of the cache; it may have one run more, which was read and thrown away. */
  #known: readonly number[] = [];
  #disposed = false;
  readonly #question: Question<WholeText, CandidatesOptions, CandidatesPlan, ReadCandidates> = {
    label: "Candidates",
    options: CANDIDATES_OPTIONS,
    needs: "next token",
    plan: ({ runner, reader }, text, options) => planCandidates(runner, reader.whole(text), options),
    run: (model, plan, watch) =>
      this.#queue.run(async () => {
        this.#expectOpen();
        const { tokenIds } = plan.sequence;
        const start = Math.min(commonLength(this.#known, tokenIds), tokenIds.length - 1);
        this.#cache.rewind(start);
        this.#known = tokenIds.slice(0, start);
        const onRead = (length: number) => this.#known = tokenIds.slice(0, length);
        const found = await candidatesAfter(model, plan, { cache: this.#cache, start, watch, onRead });
        return { ...found, read: { computed: tokenIds.length - start, reused: start } };
      }, watch.signal),
  };

  constructor(model: AskedModel<ModelRunner>) {
    this.#model = model;
    this.#cache = model.runner.emptyCache();
  }

  get length(): number {
    return this.#known.length;
  }

  async candidates(text: WholeText, options: CandidatesOptions = {}): Promise<ReadCandidates> {
    this.#expectOpen();
    return await ask(this.#model, this.#question, text, options);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#known = [];
    void this.#queue.run(() => Promise.resolve(this.#cache[Symbol.dispose]()));
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.dispose();
    return this.#queue.run(() => Promise.resolve());
  }

  #expectOpen(): void {
    if (!this.#disposed) return;
    throw new Error("Cannot list candidates as the reading is disposed; make another with reading()");
  }
}

/** How many ids two texts have in common before the first that differs. */
function commonLength(a: readonly number[], b: readonly number[]): number {
  const most = Math.min(a.length, b.length);
  for (let i = 0; i < most; ++i) if (a[i] !== b[i]) return i;
  return most;
}
