import { deepEqual, equal } from "@std/assert";
import type { Capture, SaliencyOptions, Sequence } from "../../mod.ts";
import { readGenerationConfig } from "../../src/ask/write/generation_config.ts";
import { type BeamGolden, expectFound } from "../support/beam_goldens.ts";
import { counted } from "../support/counted.ts";
import { openSourceModel, readGolden, SOURCE_NAMES } from "../support/sources.ts";

const STATE_BOUND = 1e-5;
/** Of scores, which reach 4.2; PyTorch in float32 is off by 4e-6. */
const SALIENCY_BOUND = 1e-5;

const OF = ["probability", "logProb", "logit"] as const;
const METHODS = ["gradientXInput", "gradient"] as const;
const REDUCTIONS = ["l2", "sum"] as const;

/** The arrays of a golden, by what is recorded. */
const STATES: Readonly<Partial<Record<Capture, string>>> = {
  hiddenStates: "decoder/hiddenStates",
  attention: "decoder/attention",
  activations: "decoder/activations",
  logits: "logits",
  crossAttention: "decoder/crossAttention",
  sourceAttention: "encoder/attention",
};

/** Texts that were written greedily after sources, with one setting and another. */
interface GreedyGolden {
  readonly sources: readonly (readonly number[])[];
  readonly runs: readonly {
    readonly settings: Readonly<Record<string, unknown>>;
    readonly written: readonly (readonly number[])[];
  }[];
}

for (const backend of ["wasm", "native"] as const) {
  for (const name of SOURCE_NAMES) {
    Deno.test(`trace() on ${backend} equals transformers on ${name}`, async () => {
      await using golden = await openSourceModel(name, { backend });
      for (const [key, pair] of Object.entries(golden.pairs)) {
        const capture = Object.keys(STATES) as Capture[];
        const trace = await golden.model.trace(golden.sequenceOf(pair), { capture });
        for (const state of capture) {
          deepEqual(trace[state]!.shape, (await golden.array(`${key}/${STATES[state]}`)).shape, state);
          await golden.close(trace[state]!.data, `${key}/${STATES[state]}`, STATE_BOUND);
        }
      }
    });

    Deno.test(`saliency() on ${backend} equals PyTorch on ${name}, of the source and of the text`, async () => {
      await using golden = await openSourceModel(name, { backend });
      let maps = 0;
      for (const [key, pair] of Object.entries(golden.pairs)) {
        const { sourceIds, targetIds, positions } = pair;
        const [E, T, sequence] = [sourceIds.length, targetIds.length, golden.sequenceOf(pair)];
        for (const scalar of OF) {
          for (const method of METHODS) {
            for (const reduce of REDUCTIONS) {
              const options: SaliencyOptions = { of: scalar, method, reduce, normalize: false, positions };
              const map = await golden.model.saliency(sequence, options);
              deepEqual(map.positions, positions.map((position) => E + position));
              deepEqual(map.sequence.tokenIds, [...sourceIds, ...targetIds]);
              equal(map.sequence.sourceLength, E);
              deepEqual(map.scores.shape, [positions.length, E + T]);
              const part = (start: number, end: number) =>
                positions.flatMap((_, n) => [...map.scores.data.subarray(n * (E + T) + start, n * (E + T) + end)]);
              const array = `${scalar}/${method}/${reduce}`;
              await golden.close(part(0, E), `${key}/saliency/source/${array}`, SALIENCY_BOUND);
              await golden.close(part(E, E + T), `${key}/saliency/target/${array}`, SALIENCY_BOUND);
              maps += 1;
            }
          }
        }
      }
      equal(maps, 2 * 12);
    });

    Deno.test(`generate() and generateBatch() on ${backend} write as transformers does on ${name}`, async () => {
      const golden = await readGolden<GreedyGolden>(name, "greedy.json");
      for (const { settings, written } of counted(golden.runs, 4)) {
        await using opened = await openSourceModel(name, { backend, generationConfig: settings });
        const what = JSON.stringify(settings);
        const alone: Sequence[] = [];
        for (const source of golden.sources) alone.push(await opened.model.generate(source));
        deepEqual(alone.map(({ tokenIds, promptLength }) => tokenIds.slice(promptLength)), written, what);
        deepEqual(alone.map(({ source }) => source!.tokenIds), golden.sources);
        deepEqual(await opened.model.generateBatch(golden.sources), alone, what);
      }
    });

    Deno.test(`beams() and generateBatch() on ${backend} find what transformers finds on ${name}`, async () => {
      const { prompts, runs } = await readGolden<BeamGolden>(name, "beams.json");
      const eos = { "eos_token_id": runs[0]!.settings.eos_token_id };
      await using opened = await openSourceModel(name, { backend, generationConfig: eos });
      let found = 0;
      for (const run of counted(runs, 20)) {
        deepEqual(run.settings.eos_token_id, eos.eos_token_id);
        const options = readGenerationConfig({ generation: run.settings }, opened.model.config).defaults;
        for (const [i, source] of prompts.entries()) {
          const { branches } = await opened.model.beams(source, options);
          found += expectFound(branches, run, i);
        }
        const { best: _, ...own } = options;
        const together = await opened.model.generateBatch(prompts, own);
        const first = run.texts.map(([text]) => text);
        deepEqual(together.map(({ tokenIds, promptLength }) => tokenIds.slice(promptLength)), first);
      }
      equal(found, 19 * 3 * 3 + 3);
    });
  }
}
