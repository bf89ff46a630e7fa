/**
 * What all questions have in common. A question is one unit: what it may be asked with, a plan that says what it will
 * take, and the work itself. `model.x` and `model.cost.x` are both made of that.
 *
 * @module
 */
import { stoppable } from "../base/kernel.ts";
import { expectOptions, type OptionTable } from "../base/options.ts";
import type { Progress } from "../base/progress.ts";
import type { Cost } from "../model/cost.ts";
import { expectWithin, type Machine } from "../model/memory.ts";
import type { Reader } from "../model/reader.ts";
import type { ModelRunner } from "../model/runner.ts";
import { type Watched, watched } from "../model/watch.ts";
import { showing } from "../show/showing.ts";
import type { GenerationDefaults } from "./write/generation_config.ts";

/** A model as questions know it. A plan needs no more than what would run it. */
export interface AskedModel<Runner extends Machine = Machine> extends GenerationDefaults {
  /** Reads tokens. */
  readonly runner: Runner;
  /** Spells tokens, and checks them. */
  readonly reader: Reader;
  /** Throws when the model cannot be used any more. */
  readonly expectUsable: () => void;
}

/** What a call will do, and what that takes. */
export interface Plan {
  /** What is attempted, to complete "Cannot ... within 2 KiB". */
  readonly task: string;
  /** What it takes. */
  readonly cost: Cost;
  /** What it may take. */
  readonly maxMemory: number;
  /** What makes it take less, to complete "raise maxMemory or ...". */
  readonly advice: string;
}

/** Where work reports to while it runs. */
export interface Watch {
  /** Called after each part. */
  readonly onProgress?: (progress: Progress) => void;
  /** Stops between two parts. */
  readonly signal: AbortSignal;
}

/** A question that a model can be asked, about a sequence, a prompt or a map. */
export interface Question<Subject, Options, Planned extends Plan, Result> {
  /** What a notebook shows the result as. */
  readonly label: string;
  /** What it may be asked with. */
  readonly options: OptionTable<Options>;
  /**
   * Checks all of what is asked, decides how it is answered, in runs that take no more than they may if that can be
   * done, and runs nothing.
   *
   * @throws {TypeError | RangeError} When something makes no sense; the message says what does.
   */
  plan(model: AskedModel, subject: Subject, options: Options): Planned;
  /** Does what is planned. */
  run(model: AskedModel<ModelRunner>, plan: Planned, watch: Watch): Promise<Result>;
}

/**
 * Refuses a plan that takes more than it may.
 *
 * @throws {RangeError} With the numbers.
 */
export function expectAffordable({ task, cost, maxMemory, advice }: Plan): void {
  expectWithin(task, cost, maxMemory, advice);
}

/** What an answer will take. */
export function estimate<Subject, Options, Planned extends Plan, Result>(
  model: AskedModel,
  question: Question<Subject, Options, Planned, Result>,
  subject: Subject,
  options: NoInfer<Options> | undefined,
): Cost {
  model.expectUsable();
  return question.plan(model, subject, expectOptions(options, question.options)).cost;
}

/** Answers a question: under a bar, stopped by a notebook's Stop button, with a result that shows itself. */
export async function ask<
  Subject,
  Options extends Watched & { readonly signal?: AbortSignal },
  Planned extends Plan,
  Result,
>(
  model: AskedModel<ModelRunner>,
  question: Question<Subject, Options, Planned, Result>,
  subject: Subject,
  options: NoInfer<Options>,
): Promise<Result> {
  model.expectUsable();
  const given = expectOptions(options, question.options);
  const signal = stoppable(given.signal);
  const plan = question.plan(model, subject, given);
  expectAffordable(plan);
  const work = ({ onProgress }: Watched) =>
    model.runner.session.settled(question.run(model, plan, { ...onProgress && { onProgress }, signal }));
  return showing(question.label, await watched<Watched, Result>(given, work));
}
