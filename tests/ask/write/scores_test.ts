/** Holds what settings make of scores, and the numbers of seeds, to transformers and to the definitions. */
import { deepEqual, equal, ok } from "@std/assert";
import { readGenerationConfig } from "../../../src/ask/write/generation_config.ts";
import { mostNewTokens } from "../../../src/ask/write/scores/lengths.ts";
import { createProcessors } from "../../../src/ask/write/scores/processors.ts";
import { readSettings } from "../../../src/ask/write/scores/rules.ts";
import { createRandom } from "../../../src/base/random.ts";
import { parseConfig } from "../../../src/models/families.ts";

type Fields = Readonly<Record<string, unknown>>;

const read = async (name: string) =>
  JSON.parse(await Deno.readTextFile(new URL(`../../goldens/decoding/${name}`, import.meta.url)));

const SCORES: {
  readonly settings: Readonly<Record<string, Fields>>;
  readonly texts: readonly (readonly [prompt: readonly number[], written: readonly number[]])[];
  readonly logits: readonly (readonly [seed: number, width: number, step: number])[];
  readonly cases: readonly (readonly [string[], t: number, n: number, bits: string, sum: number, weighted: number])[];
} = await read("scores.json");

const SEEDS: readonly (readonly [seed: number, numbers: readonly number[]])[] = await read("seeds.json");

const CONFIG = parseConfig({ "model_type": "gpt2", "vocab_size": 97, "n_positions": 48, "eos_token_id": 40 });

const merged = (settings: Readonly<Record<string, Fields>>, names: readonly string[]): Fields =>
  Object.assign({}, ...names.map((name) => settings[name]));

/** Scores that any language makes alike. */
function madeScores(seed: number, width: number, step: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: 97 }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    const score = ((state >>> 16) / 65536 - 0.5) * width;
    return step === 0 ? score : toEven(score / step) * step;
  });
}

/** Python's round(). */
function toEven(value: number): number {
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + floor % 2 : Math.round(value);
}

Deno.test("createProcessors() leaves the tokens and the scores that transformers' processors leave", () => {
  let cases = 0;
  const reader = { word: (id: string | number) => ({ tokenIds: [Number(id)] }) };
  for (const [names, t, n, bits, sum, weighted] of SCORES.cases) {
    const [prompt, written] = SCORES.texts[t]!;
    const fields = merged(SCORES.settings, names);
    const { eosTokenIds, defaults } = readGenerationConfig({ generation: { "eos_token_id": 40, ...fields } }, CONFIG);
    const logits = madeScores(...SCORES.logits[n]!);
    const before = logits.slice();
    const end = prompt.length + mostNewTokens(defaults, prompt.length);
    const context = { prompt, end, eosTokenIds, vocabSize: 97 };
    const process = createProcessors(readSettings(defaults, reader), context);
    const scores = process?.([...prompt, ...written], logits) ?? logits;
    deepEqual(logits, before, "the logits themselves stay");
    const label = `${names.join(" and ")}, text ${t}, scores ${n}`;
    const left = [...scores].reduce((sum, score, id) => score > -Infinity ? sum + (1n << BigInt(id)) : sum, 0n);
    equal(left.toString(16), bits, label);
    const finite = [...scores.entries()].filter(([, score]) => score > -1e30);
    const total = finite.reduce((all, [, score]) => all + score, 0);
    const byId = finite.reduce((all, [id, score]) => all + (id + 1) * score, 0);
    const scale = Math.max(...finite.map(([, score]) => Math.abs(score)), 1);
    ok(Math.abs(total - sum) <= 1e-6 * scale * 97, `${label}: ${total}, not ${sum}`);
    ok(Math.abs(byId - weighted) <= 1e-6 * scale * 97 * 97, `${label}: ${byId}, not ${weighted}`);
    ++cases;
  }
  ok(cases > 1400, `only ${cases} cases`);
});

Deno.test("createRandom() uses all bits of a seed, as the generators' definitions have it", () => {
  const first = new Set<number>();
  for (const [seed, numbers] of SEEDS) {
    const random = createRandom(seed);
    deepEqual(numbers.map(() => random() * 2 ** 32), numbers, `seed ${seed}`);
    first.add(numbers[0]!);
  }
  equal(first.size, SEEDS.length);
  equal(SEEDS.length, 13);
});
