import type { Question } from "../../question.ts";
import { expectCount } from "../decode.ts";
import { decodingOf } from "../decoding.ts";
import { overDefaults } from "../scores/lengths.ts";
import { planSearch, searchBeams, type SearchPlan } from "./run.ts";
import { expectBest, searchSettings } from "./settings.ts";
import { foundTree } from "./tree.ts";
import { BEAM_OPTIONS, type BeamSearch, type BeamSearchOptions } from "./types.ts";

/** How texts are searched for, and what is told of them. */
interface BeamsPlan extends SearchPlan {
  /** How many texts are returned. */
  readonly best: number;
  /** How many of the likeliest tokens each step lists. */
  readonly candidates: number;
}

/** The question that {@linkcode LanguageModel.beams} asks. */
export const BEAMS: Question<string | readonly number[], BeamSearchOptions, BeamsPlan, BeamSearch> = {
  label: "BeamSearch",
  options: BEAM_OPTIONS,
  needs: "next token",
  plan({ runner, reader, defaults }, prompt, given) {
    const { best: usual, candidates = 5, ...options } = overDefaults(defaults, given);
    const settings = searchSettings(options);
    const best = expectBest(given.best ?? Math.min(usual ?? Infinity, settings.beams), settings);
    expectCount("candidates", candidates, 0);
    const plan = planSearch(runner, [reader.prompt(prompt)], options, settings, { keepLogits: true });
    return { ...plan, best, candidates };
  },
  async run(model, plan, watch) {
    const { options, settings, best, candidates } = plan;
    const [prompt] = plan.prompts;
    const [found] = await searchBeams(model, plan, watch);
    const decoding = decodingOf({ ...options, ...settings }, model.reader, prompt!.tokenIds.length);
    return await foundTree(model, { prompt: prompt!, beams: found!.slice(0, best), candidates, decoding });
  },
};
