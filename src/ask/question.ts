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
import { familyOf } from "../models/families.ts";
import { hasHead } from "../models/family.ts";
import type { ProgramOptions } from "../models/program.ts";
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
  /**
   * The same model, with its changes, run by a program that can do more: made when it is first asked for, and kept until
   * the model is disposed. `say` hears what is not as it should be, when that is found out.
   */
  readonly inside: (options: ProgramOptions, say?: (message: string) => void) => Promise<ModelRunner>;
}

/** The name under which a model gives what questions ask, for those that are not asked of one text. */
export const ASKED: unique symbol = Symbol("looking-glass.asked");

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

/**
 * What some models do and others do not: predict the next token from those before it, as models that write do, or read
 * each token with all of its text, as encoders do.
 */
export type Ability = "next token" | "whole text";

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
  /** What the model must do; questions that say nothing can be asked of every model. */
  readonly needs?: Ability;
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

/** The ability, and whose it is, in words; what is to be done where it is missing. */
const ABILITIES = {
  "next token": {
    mask: "causal",
    lacks: "each token sees the whole text and none predicts the next one",
    advice: "use encode(), fillMask(), maskedSaliency() or classSaliency(), or load a model that writes",
  },
  "whole text": {
    mask: "full",
    lacks: "its tokens do not see what follows them",
    advice: "load an encoder, such as BERT",
  },
} as const;

/**
 * Refuses what the model cannot do.
 *
 * @throws {TypeError} By the name of its family, with what to do instead.
 */
export function expectAbility(task: string, needs: Ability | undefined, { config }: Pick<Machine, "config">): void {
  if (needs === undefined) return;
  const { mask, lacks, advice } = ABILITIES[needs];
  const family = familyOf(config);
  if (family.mask !== mask) throw new TypeError(`Cannot ${task} with ${family.name} as ${lacks}; ${advice}`);
}

/**
 * Refuses what needs logits where there are none.
 *
 * @throws {TypeError} When the checkpoint has no head that predicts masked tokens.
 */
export function expectHead(task: string, { config }: Pick<Machine, "config">): void {
  const family = familyOf(config);
  if (hasHead(family, config)) return;
  const needed = family.architectures.find((name) => name.endsWith("ForMaskedLM"));
  throw new TypeError(
    `Cannot ${task} as this ${family.name} has no head that predicts masked tokens; load a checkpoint of ${needed}`,
  );
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
  expectAbility(question.options.task, question.needs, model.runner);
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
  expectAbility(question.options.task, question.needs, model.runner);
  const given = expectOptions(options, question.options);
  const signal = stoppable(given.signal);
  const plan = question.plan(model, subject, given);
  expectAffordable(plan);
  const work = ({ onProgress }: Watched) =>
    model.runner.settled(question.run(model, plan, { ...onProgress && { onProgress }, signal }));
  return showing(question.label, await watched<Watched, Result>(given, work));
}
