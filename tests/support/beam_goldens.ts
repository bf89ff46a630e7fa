/**
 * What Hugging Face finds with beams: the files of `scripts/oracles/beam_goldens.py`.
 *
 * @module
 */
import { deepEqual, equal, ok } from "@std/assert";
import type { EarlyStopping, FoundText } from "../../mod.ts";

/** One search of all prompts. */
export interface BeamRun {
  /** The settings, by their names in Hugging Face. */
  readonly settings: Readonly<Record<string, unknown>> & {
    readonly "num_beams": number;
    readonly "length_penalty"?: number;
    readonly "early_stopping"?: EarlyStopping;
    readonly "max_new_tokens": number;
    readonly "eos_token_id": readonly number[];
  };
  /** What stands after each prompt in each text that was found, best first. */
  readonly texts: readonly (readonly (readonly number[])[])[];
  /** The score of each text. */
  readonly scores: readonly (readonly number[])[];
  /** ln p of each text. */
  readonly logProbs: readonly (readonly number[])[];
}

/** The searches with one model. */
export interface BeamGolden {
  readonly texts?: readonly string[];
  readonly prompts: readonly (readonly number[])[];
  readonly runs: readonly BeamRun[];
  readonly full: { readonly prompt: readonly number[]; readonly runs: readonly BeamRun[] };
}

/** The searches with a tiny checkpoint, or the bundled model. */
export async function readBeamGolden(name: string): Promise<BeamGolden> {
  const file = new URL(`../goldens/${name === "bundled" ? name : `gpt2/${name}`}/beams.json`, import.meta.url);
  return JSON.parse(await Deno.readTextFile(file));
}

/** Holds what was found for a prompt to a run: the tokens exactly, the numbers within 1e-5. Says how many texts there were. */
export function expectFound(branches: readonly FoundText[], run: BeamRun, prompt: number): number {
  const what = JSON.stringify(run.settings);
  const written = branches.map(({ sequence: { tokenIds, promptLength } }) => tokenIds.slice(promptLength));
  deepEqual(written, run.texts[prompt], `${what}, prompt ${prompt}`);
  for (const [i, { score, logProb }] of branches.entries()) {
    const numbers = [[score, run.scores[prompt]![i]!], [logProb, run.logProbs[prompt]![i]!]] as const;
    for (const [own, expected] of numbers) {
      ok(Math.abs(own - expected) <= 1e-5 * Math.max(1, Math.abs(expected)), `${what}: ${own}, not ${expected}`);
    }
  }
  equal(branches.length, run.scores[prompt]!.length);
  return branches.length;
}
