import { free } from "../../base/numbers.ts";
import type { ModelRunner } from "../../model/runner.ts";
import type { Sequence } from "../../model/sequence.ts";
import { showing } from "../../show/showing.ts";
import { type AskedModel, expectAffordable, type Question, type Watch } from "../question.ts";
import { continueBatch, type GroupedPlan, planTogether, readBatch } from "./batch.ts";
import { planSearch, searchBeams, type SearchPlan } from "./beams/run.ts";
import { beamSettings, expectNoBeams } from "./beams/settings.ts";
import { choose, describe, planDecoding, prepared, type WritingPlan } from "./decode.ts";
import { writtenAfter } from "./decoding.ts";
import { DECODE, type DecodeOptions } from "./options.ts";
import { overDefaults } from "./scores/lengths.ts";
import type { Step } from "./step.ts";

/** A text, or its token ids. */
type Input = string | readonly number[];

/** The question that {@linkcode LanguageModel.generate} asks. */
export const GENERATE: Question<Input, DecodeOptions, WritingPlan | SearchPlan, Sequence> = {
  label: "Sequence",
  options: DECODE,
  needs: "next token",
  plan({ runner, reader, defaults }, prompt, given) {
    const options = overDefaults(defaults, given);
    const settings = beamSettings(options, given);
    const read = reader.prompt(prompt);
    return settings ? planSearch(runner, [read], options, settings) : planDecoding(runner, read, options);
  },
  async run(model, plan, watch) {
    const [written] = isSearch(plan) ? await bestOf(model, plan, watch) : [await decode(model, plan, watch)];
    return writtenAfter(model.reader, plan.prompts[0]!, written!, plan.options);
  },
};

/** The question that {@linkcode LanguageModel.generateBatch} asks. */
export const GENERATE_BATCH: Question<readonly Input[], DecodeOptions, GroupedPlan | SearchPlan, readonly Sequence[]> =
  {
    label: "Sequences",
    options: DECODE,
    needs: "next token",
    plan({ runner, reader, defaults }, prompts, given) {
      const options = overDefaults(defaults, given);
      const settings = beamSettings(options, given);
      const read = readBatch(reader, runner.config, prompts, options);
      return settings ? planSearch(runner, read, options, settings) : planTogether(runner, read, options);
    },
    async run(model, plan, watch) {
      const { prompts, options } = plan;
      const written = isSearch(plan) ? await bestOf(model, plan, watch) : await continueBatch(model, plan, watch);
      return prompts.map((prompt, i) => writtenAfter(model.reader, prompt, written[i]!, options));
    },
  };

function isSearch(plan: WritingPlan): plan is SearchPlan {
  return "settings" in plan;
}

/** The best text that is found for each prompt. */
async function bestOf(model: AskedModel<ModelRunner>, plan: SearchPlan, watch: Watch): Promise<(readonly number[])[]> {
  return (await searchBeams(model, plan, watch)).map(([best]) => best!.written);
}

/** What is written after a single prompt. */
async function decode(model: AskedModel<ModelRunner>, plan: WritingPlan, watch: Watch): Promise<readonly number[]> {
  const written: number[] = [];
  for await (const { tokenId, logits, scores } of choose(model, plan.prompts[0]!, { ...plan.options, ...watch })) {
    written.push(tokenId);
    free(logits);
    if (scores) free(scores);
  }
  return written;
}

/** Writes one text, token by token, for {@linkcode LanguageModel.steps}. */
export async function* writeSteps(
  model: AskedModel<ModelRunner>,
  prompt: Input,
  given: DecodeOptions,
): AsyncGenerator<Step> {
  const { candidates = 5 } = given;
  const options = prepared(model, { ...given, candidates });
  expectNoBeams("write step by step", options, given);
  const read = model.reader.prompt(prompt);
  expectAffordable(planDecoding(model.runner, read, options));
  for await (const step of describe(model, read, candidates, choose(model, read, options))) yield showing("Step", step);
  await model.runner.settle();
}
