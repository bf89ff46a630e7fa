import { expectOptions } from "../../base/options.ts";
import type { KVCache } from "../../model/kv_cache.ts";
import { readPrompt } from "../../model/prompts.ts";
import type { ModelRunner } from "../../model/runner.ts";
import type { Decoding, Prompt } from "../../model/sequence.ts";
import { watched } from "../../model/watch.ts";
import { showing } from "../../show/showing.ts";
import { displayOf } from "../../show/view_of.ts";
import { type AskedModel, expectAffordable } from "../question.ts";
import { expectNoBeams } from "./beams/settings.ts";
import { choose, chooseFrom, describe, planDecoding, prepared } from "./decode.ts";
import { decodingOf } from "./decoding.ts";
import type { DecodeOptions } from "./options.ts";
import { overDefaults } from "./scores/lengths.ts";
import { spreadTree } from "./spread.ts";
import type { Step } from "./step.ts";
import {
  type Branch,
  type DecodingTree,
  FORK,
  type ForkOptions,
  type GrowingTree,
  type SpreadOptions,
} from "./tree_types.ts";

/** What a decoding is made of. */
export interface TreeRequest {
  /** Where every branch begins. */
  readonly prompt: Prompt;
  /** How the first branch is written, and, but for the signal, every other one that does not say otherwise. */
  readonly options: DecodeOptions;
}

/** A branch, and what the model has read of it. */
interface Grown {
  readonly branch: Branch;
  /** The branch that holds the rows before `firstRow`; none when there are none. */
  readonly from?: Grown;
  /** The position of the first of `rows`. */
  readonly firstRow: number;
  /** The keys and values of its own tokens but the last one, which has not been read. */
  readonly rows: KVCache;
}

/** Writes the first branch. */
export async function growTree(model: AskedModel<ModelRunner>, request: TreeRequest): Promise<GrowingTree> {
  const tree = new Tree(model, request);
  await tree.plant();
  return tree;
}

class Tree implements GrowingTree {
  readonly #model: AskedModel<ModelRunner>;
  readonly #request: TreeRequest;
  readonly #grown: Grown[] = [];

  constructor(model: AskedModel<ModelRunner>, request: TreeRequest) {
    this.#model = model;
    this.#request = request;
  }

  get data(): DecodingTree {
    const { tokenIds, text } = this.#request.prompt;
    const prompt = this.#model.reader.sequence(tokenIds, tokenIds.length, text);
    return showing("DecodingTree", { prompt, branches: this.#grown.map(({ branch }) => branch) });
  }

  async plant(): Promise<void> {
    const { prompt, options } = this.#request;
    const { candidates = 5, ...rest } = prepared(this.#model, options);
    expectNoBeams("grow a tree", rest, options);
    expectAffordable(planDecoding(this.#model.runner, prompt, rest));
    using cache = this.#model.runner.emptyCache();
    const steps = await watched(rest, async (rest) => {
      const choices = choose(this.#model, prompt, { ...rest, candidates }, cache);
      return await Array.fromAsync(describe(this.#model, prompt, candidates, choices));
    });
    const decoding = decodingOf(rest, this.#model.reader, prompt.tokenIds.length);
    this.#add({ start: prompt.tokenIds.length, steps, cache, firstRow: 0, decoding });
  }

  async fork(at: Step | number, token: number | string, options: ForkOptions = {}): Promise<Branch> {
    options = expectOptions(options, FORK);
    const { branch, ...own } = options;
    const { prompt, options: { signal: _, ...given } } = this.#request;
    const { candidates = 5, ...rest } = prepared(this.#model, overDefaults(given, own));
    expectNoBeams("fork", rest, own);
    const { from, position } = this.#place(at, branch);
    const first = this.#model.reader.single(token, "fork with");
    rest.signal?.throwIfAborted();
    using cache = this.#model.runner.emptyCache();
    copyRows(from, position, cache);
    const firstRow = cache.length;
    const read = () => this.#logits(from, position, cache, rest.signal);
    const before = from.branch.sequence.tokenIds.slice(0, position);
    const shared = before.slice(prompt.tokenIds.length);
    const steps = await watched(rest, async (rest) => {
      const start = { before, source: prompt.source, cache, read, first };
      const choices = chooseFrom(this.#model, start, { ...rest, candidates });
      return await Array.fromAsync(describe(this.#model, prompt, candidates, choices, shared));
    });
    return this.#add({ from, start: position, steps, cache, firstRow });
  }

  async spread(options: SpreadOptions): Promise<readonly Branch[]> {
    return await spreadTree(this, options);
  }

  /** What a notebook shows: the branches. */
  [Symbol.for("Jupyter.display")](): Promise<object> {
    return displayOf("GrowingTree", this.data);
  }

  /** What `console.log` shows. */
  [Symbol.for("Deno.customInspect")](): string {
    const { prompt, branches } = this.data;
    const lines = branches.map(({ id, sequence, logProb }) =>
      `${id}: ${JSON.stringify(sequence.text)} (${logProb.toFixed(2)})`
    );
    return [`GrowingTree of ${JSON.stringify(prompt.text)}`, ...lines].join("\n  ");
  }

  /** The branch that holds the step in whose place a token is written, or ends right before it. */
  #place(at: Step | number, branch?: number): { readonly from: Grown; readonly position: number } {
    if (typeof at !== "number") return { from: this.#branchOf(at, branch), position: at.position };
    const id = branch ?? 0;
    let from = this.#grown[id];
    if (!from) {
      throw new RangeError(`Cannot fork branch ${id} as the tree has the branches 0 to ${this.#grown.length - 1}`);
    }
    const least = this.#request.prompt.tokenIds.length;
    const end = lengthOf(from);
    if (!Number.isInteger(at) || at < least || at > end) {
      throw new RangeError(`Cannot fork at position ${at} as branch ${id} can be continued from ${least} to ${end}`);
    }
    const { nPositions } = this.#model.runner.config;
    if (at === nPositions) {
      throw new RangeError(`Cannot fork at position ${at} as the context holds ${nPositions} tokens`);
    }
    while (from.from && at < from.branch.start) from = from.from;
    return { from, position: at };
  }

  #branchOf(step: Step, branch: number | undefined): Grown {
    if (typeof step !== "object" || step === null) {
      throw new TypeError(`Cannot fork at ${JSON.stringify(step)}; pass a step of the tree, or a position`);
    }
    if (branch !== undefined) {
      throw new TypeError(
        `Cannot fork at a step and in branch ${branch}, as a step is of one branch; leave branch out`,
      );
    }
    const from = this.#grown.find(({ branch: { steps } }) => steps.includes(step));
    if (!from) throw new RangeError("Cannot fork at a step that is not of this tree; pass its position and branch");
    return from;
  }

  /** The scores at `position`: what follows the last token of a branch has not been asked yet. */
  async #logits(from: Grown, position: number, cache: KVCache, signal?: AbortSignal): Promise<Float32Array> {
    const { start, steps, sequence } = from.branch;
    const step = steps[position - start];
    const rest = { tokenIds: sequence.tokenIds.slice(position - 1) };
    return step?.logits ?? await readPrompt(this.#model.runner, rest, cache, signal);
  }

  #add(
    { from, start, steps, cache, firstRow, decoding }: {
      readonly from?: Grown;
      readonly start: number;
      readonly steps: readonly Step[];
      readonly cache: KVCache;
      readonly firstRow: number;
      readonly decoding?: Decoding;
    },
  ): Branch {
    const { tokenIds } = this.#request.prompt;
    const shared = from?.branch.sequence.tokenIds.slice(tokenIds.length, start) ?? [];
    const written = [...shared, ...steps.map(({ tokenId }) => tokenId)];
    const branch: Branch = {
      id: this.#grown.length,
      ...from && { parent: holderOf(from, start).branch.id },
      start,
      sequence: { ...this.#model.reader.continuation(this.#request.prompt, written), ...decoding && { decoding } },
      steps,
      logProb: logProbBefore(from, start) + sumLogProbs(steps),
    };
    const rows = this.#model.runner.emptyCache(); // as long as it must be, without what is shared
    rows.appendFrom(cache, firstRow, cache.length);
    this.#grown.push({ branch, ...from && { from }, firstRow, rows });
    return showing("Branch", branch);
  }
}

function lengthOf({ branch }: Grown): number {
  return branch.sequence.tokenIds.length;
}

/** The branch that holds the token before `position`; the first branch, when that is the prompt's. */
function holderOf(grown: Grown, position: number): Grown {
  return grown.from && position <= grown.branch.start ? holderOf(grown.from, position) : grown;
}

/** Copies the rows of a branch before `end`, as far as they have been read, to an empty cache. */
function copyRows({ from, firstRow, rows }: Grown, end: number, cache: KVCache): void {
  if (from) copyRows(from, Math.min(end, firstRow), cache);
  cache.appendFrom(rows, 0, Math.max(0, end - firstRow));
}

function logProbBefore(grown: Grown | undefined, position: number): number {
  if (!grown) return 0;
  const { from, branch: { start, steps } } = grown;
  return logProbBefore(from, Math.min(position, start)) + sumLogProbs(steps.slice(0, Math.max(0, position - start)));
}

function sumLogProbs(steps: readonly Step[]): number {
  return steps.reduce((sum, { logProb }) => sum + logProb, 0);
}
