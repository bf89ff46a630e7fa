/**
 * What is kept of a decoding: its steps without the scores of the whole vocabulary.
 *
 * @module
 */
import type { Step } from "../../src/ask/write/step.ts";
import { rankOf } from "../../src/base/numbers.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import { spelled, spelledPredictions } from "../kit/characters.ts";
import { isSequence, nameOf } from "../kit/expect.ts";
import { counted } from "../kit/numbers.ts";

/** One step, without its logits. */
export interface DecodedStep extends Omit<Step, "logits"> {
  /** 1 is the most likely; unknown when neither the candidates nor logits tell it. */
  readonly rank?: number;
}

/** A decoding: its prompt, when it was told, and what was written. */
export interface DecodedSteps {
  /** What was given. */
  readonly prompt?: string | Sequence;
  /** What was written, in order. */
  readonly steps: readonly DecodedStep[];
}

/** Checks a step and takes what is kept of it. */
export function recordStep(step: Step): DecodedStep {
  const fields = (step ?? {}) as Partial<Step>;
  if (fields.token?.bytes === undefined || !Array.isArray(fields.candidates) || typeof fields.logProb !== "number") {
    throw new TypeError(`Cannot draw ${nameOf(step)} as a step; pass what model.steps() returned`);
  }
  const { logits, ...kept } = step;
  const listed = step.candidates.find(({ tokenId }) => tokenId === step.tokenId)?.rank;
  const rank = listed ?? (logits?.[step.tokenId] === undefined ? undefined : rankOf(logits, step.tokenId));
  return rank === undefined ? kept : { ...kept, rank };
}

/** The same, with the characters that tokens are parts of. */
export function spelledSteps(record: DecodedSteps): DecodedSteps {
  const { prompt } = record;
  const given = typeof prompt === "object" ? prompt.tokens : [];
  const { tokens } = spelled({ tokens: [...given, ...record.steps.map(({ token }) => token)] });
  const steps = record.steps.map((step, i): DecodedStep => ({
    ...step,
    token: tokens[given.length + i]!,
    candidates: spelledPredictions({ tokens }, given.length + i, step.candidates),
  }));
  return { ...record, ...typeof prompt === "object" && { prompt: spelled(prompt) }, steps };
}

/** Checks that `steps` can be walked and `prompt` can be shown. */
export function expectSteps(steps: unknown, prompt: unknown): void {
  const walks = steps !== null && typeof steps === "object" &&
    (Symbol.asyncIterator in steps || Symbol.iterator in steps);
  if (!walks) {
    throw new TypeError(`Cannot watch ${nameOf(steps)} as steps; pass what model.steps() returned`);
  }
  if (prompt !== undefined && typeof prompt !== "string" && !isSequence(prompt)) {
    throw new TypeError(
      `Cannot show ${nameOf(prompt)} as the prompt; pass its text, or what model.sequence() returned`,
    );
  }
}

/** `12 tokens written after 5`. */
export function writtenWords({ steps }: DecodedSteps): string {
  const [first] = steps;
  return first === undefined
    ? "Nothing was written"
    : `${counted(steps.length, "token")} written after ${first.position} of the prompt`;
}
