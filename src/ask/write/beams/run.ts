/**
 * Runs a model for beam search. Each run reads one token of every beam of every prompt that is still searched, and the
 * beams of a prompt have what they share in one cache.
 *
 * @module
 */
import { free, logitsRow, logSumExp } from "../../../base/numbers.ts";
import { createRandom, expectSeed } from "../../../base/random.ts";
import type { KVCache } from "../../../model/kv_cache.ts";
import type { Machine } from "../../../model/memory.ts";
import { CHUNK_TOKENS } from "../../../model/prompts.ts";
import type { ModelRunner } from "../../../model/runner.ts";
import { temperatureOf } from "../../../model/score_settings.ts";
import type { Prompt } from "../../../model/sequence.ts";
import type { Watch } from "../../question.ts";
import { type GroupedPlan, lengthsOf, readPacks } from "../batch.ts";
import { planBatch } from "../batch_plan.ts";
import { BeamRows } from "./rows.ts";
import { type Beam, type BeamRow, Searcher } from "./search.ts";
import type { BeamSettings } from "./settings.ts";
import { createRules, type Decoder, expectRoomAfter, tellWritten } from "../decode.ts";
import type { DecodeOptions } from "../options.ts";
import { DEFAULT_SEED } from "../sampling.ts";
import type { ScoreProcessor } from "../scores/processors.ts";

/** How texts are searched for. */
export interface SearchPlan extends GroupedPlan {
  readonly settings: BeamSettings;
  /** Whether the scores that each token was chosen by are wanted. */
  readonly keepLogits: boolean;
}

/**
 * Plans to search for what follows prompts.
 *
 * @throws {RangeError} When there is no room after a prompt, or a length is out of its range.
 */
export function planSearch(
  machine: Machine,
  prompts: readonly Prompt[],
  options: DecodeOptions,
  settings: BeamSettings,
  { keepLogits = false }: { readonly keepLogits?: boolean } = {},
): SearchPlan {
  for (const { tokenIds } of prompts) expectRoomAfter(tokenIds, machine.config);
  const { beams } = settings;
  const what = prompts.length === 1 ? "a prompt" : `${prompts.length} prompts`;
  return {
    ...planBatch(machine, ...lengthsOf(prompts, { ...options, beams, keepLogits })),
    ...{ prompts, options, settings, keepLogits },
    task: `continue ${what} with ${beams} beams`,
    advice: "ask for fewer beams or tokens",
  };
}

/** The search of one prompt. */
interface Search {
  readonly given: Prompt;
  readonly prompt: readonly number[];
  readonly searcher: Searcher;
  /** How many tokens may be written. */
  readonly most: number;
  readonly process: ScoreProcessor | undefined;
  /** Where each running beam stands among all beams of the cache. */
  slots: number[];
}

/** What is found for each prompt, best first. */
export async function searchBeams(
  decoder: Decoder,
  plan: SearchPlan,
  watch: Watch,
): Promise<readonly (readonly Beam[])[]> {
  const { prompts, keepLogits } = plan;
  const searches = prompts.map((prompt) => createSearch(decoder, prompt, plan));
  const total = searches.reduce((sum, { most }) => sum + most, 0);
  const tell = () => {
    const completed = searches.reduce((sum, { searcher }) => sum + searcher.length, 0);
    tellWritten(watch, completed, total);
  };
  for (const group of plan.groups) {
    const some = group.map((index) => searches[index]!);
    await searchTogether(decoder.runner, some, { tell, keepLogits, signal: watch.signal });
  }
  return searches.map(({ searcher: { found } }, i) => {
    if (found.length > 0) return found;
    const which = prompts.length === 1 ? "the prompt" : `prompts[${i}]`;
    throw new RangeError(`Cannot continue ${which} as the options forbid every token; allow more`);
  });
}

function createSearch(decoder: Decoder, given: Prompt, { options, settings }: SearchPlan): Search {
  const { tokenIds: prompt } = given;
  const { stop = [], seed = DEFAULT_SEED } = options;
  const endings = new Set([...decoder.eosTokenIds, ...stop.filter((entry) => typeof entry === "number")]).size;
  const leastKept = endings + 1; // one at least does not end the text
  const { most, end, process, stops } = createRules(decoder, given, options, { least: 1, leastKept });
  const wholeText = stop.some((entry) => typeof entry === "string"); // which may begin in the prompt
  const ends = (written: readonly number[]) => stops(wholeText ? [...prompt, ...written] : written);
  expectSeed(seed);
  const drawing = temperatureOf(options) > 0 && { random: createRandom(seed) };
  const searcher = new Searcher({ ...settings, limit: end - prompt.length, endings, ends, ...drawing });
  return { given, prompt, searcher, most, process, slots: [] };
}

interface Hearing {
  readonly tell: () => void;
  readonly keepLogits: boolean;
  readonly signal: AbortSignal | undefined;
}

async function searchTogether(runner: ModelRunner, searches: readonly Search[], hearing: Hearing): Promise<void> {
  const { tell, keepLogits, signal } = hearing;
  using cache = runner.emptyCache();
  const places = searches.map(({ given }, id) => ({ id, prompt: given }));
  for await (const { text: { id }, logits } of readPacks(runner, cache, places, signal)) {
    const search = searches[id]!;
    search.slots = search.searcher.running.map(() => id);
    const row = beamRow(search, [], logits, keepLogits);
    search.searcher.advance(search.searcher.running.map(() => row));
    tell();
  }
  const rows = new BeamRows(cache, searches.length);
  const unfinished = (some: readonly Search[]) => some.filter(({ searcher }) => !searcher.done);
  for (let open = unfinished(searches); open.length > 0; open = unfinished(open)) {
    const last = placeBeams(open, rows);
    const parts = await readBeams(runner, cache, last, signal);
    const logits = rowsOf(parts, runner.config.vocabSize);
    rows.add();
    for (const search of open) {
      const { searcher, slots } = search;
      const said = searcher.running.map(({ written }, i) => beamRow(search, written, logits[slots[i]!]!, keepLogits));
      searcher.advance(said);
    }
    free(...parts);
    tell();
  }
}

/** Puts the running beams into the cache, those of one beginning side by side, and returns the last token of each. */
function placeBeams(open: readonly Search[], rows: BeamRows): readonly number[] {
  const beams = open.flatMap((search) =>
    search.searcher.running.map(({ written, parent }, i) => {
      return { search, i, last: written.at(-1)!, parent: search.slots[parent]! };
    })
  ).sort((a, b) => a.parent - b.parent);
  rows.follow(beams.map(({ parent }) => parent));
  beams.forEach(({ search, i }, slot) => search.slots[i] = slot);
  return beams.map(({ last }) => last);
}

/** Reads one token of each beam, and returns the scores of what follows them, `[beams, V]`, in as many parts as runs. */
async function readBeams(
  runner: ModelRunner,
  cache: KVCache,
  last: readonly number[],
  signal: AbortSignal | undefined,
): Promise<readonly Float32Array[]> {
  const parts: Float32Array[] = [];
  for (let start = 0; start < last.length; start += CHUNK_TOKENS) {
    const some = last.slice(start, start + CHUNK_TOKENS);
    const texts = some.map((_, i) => start + i);
    const [logits] = await runner.read(some, cache, [...some.keys()], { texts, signal });
    parts.push(logits!);
  }
  return parts;
}

/** The rows of what is in parts, `[V]` each. */
function rowsOf(parts: readonly Float32Array[], V: number): readonly Float32Array[] {
  return parts.flatMap((part) =>
    Array.from({ length: part.length / V }, (_, r) => logitsRow(part, r, part.length / V))
  );
}

/** What the model says after a beam: log-probabilities, as the settings change them. */
function beamRow(
  { prompt, process }: Search,
  written: readonly number[],
  logits: Float32Array,
  keep: boolean,
): BeamRow {
  const norm = logSumExp(logits);
  const own = logits.map((logit) => logit - norm);
  const changed = process?.([...prompt, ...written], own);
  const kept = keep && { kept: { logits: logits.slice(), ...changed && { scores: changed } } };
  return { scores: changed ?? own, logProb: (tokenId) => logits[tokenId]! - norm, ...kept };
}
