/** Holds every setting of generation_config.json, alone and in pairs, to what transformers makes of it. */
import { deepEqual, equal, ok } from "@std/assert";
import { LanguageModel } from "../../../mod.ts";
import { readGenerationConfig } from "../../../src/ask/write/generation_config.ts";
import { parseConfig } from "../../../src/models/families.ts";
import { checkpointCopy } from "../../support/goldens.ts";

type Fields = Readonly<Record<string, unknown>>;

const read = async (name: string) =>
  JSON.parse(await Deno.readTextFile(new URL(`../../goldens/decoding/${name}`, import.meta.url)));

const GREEDY: {
  readonly eos: number;
  readonly settings: Readonly<Record<string, Fields>>;
  readonly prompts: readonly (readonly number[])[];
  readonly cases: readonly (readonly [names: readonly string[], texts: readonly (readonly number[])[]])[];
} = await read("greedy.json");

const merged = (settings: Readonly<Record<string, Fields>>, names: readonly string[]): Fields =>
  Object.assign({}, ...names.map((name) => settings[name]));

const SEVERAL = "eos_token_id of several";

/** A model that ends its texts as the goldens do, and at `more` tokens. */
async function open(backend: "native" | "wasm", fields: Fields) {
  const copy = await checkpointCopy("f32", (directory) => {
    const file = { "eos_token_id": GREEDY.eos, ...fields };
    return Deno.writeTextFile(`${directory}/generation_config.json`, JSON.stringify(file));
  });
  const model = await LanguageModel.fromPretrained(copy.directory, { backend });
  const dispose = async () => {
    await model.dispose();
    await copy[Symbol.asyncDispose]();
  };
  return { model, [Symbol.asyncDispose]: dispose };
}

const CONFIG = parseConfig({ "model_type": "gpt2", "vocab_size": 97, "n_positions": 48, "eos_token_id": GREEDY.eos });
const optionsOf = (fields: Fields) => readGenerationConfig({ generation: fields }, CONFIG).defaults;
const after = ({ tokenIds, promptLength }: { tokenIds: readonly number[]; promptLength: number }) =>
  tokenIds.slice(promptLength);

for (const backend of ["native", "wasm"] as const) {
  Deno.test(`generate() and generateBatch() write with each setting, and each pair, what transformers writes: ${backend}`, async () => {
    await using one = await open(backend, {});
    await using several = await open(backend, GREEDY.settings[SEVERAL]!);
    let [cases, changed] = [0, 0];
    const free = GREEDY.cases[0]![1];
    for (const [names, texts] of GREEDY.cases) {
      if (backend === "wasm" && names.length === 2 && cases % 8 !== 0 && ++cases) continue;
      const { model } = names.includes(SEVERAL) ? several : one;
      const options = optionsOf(merged(GREEDY.settings, names));
      const found = await model.generateBatch(GREEDY.prompts, options);
      deepEqual(found.map(after), texts, `${names.join(" and ")}: ${JSON.stringify(options)}`);
      const last = GREEDY.prompts.at(-1)!;
      const alone = await model.generate(last, options);
      deepEqual(alone, found.at(-1));
      deepEqual(await model.generate(last, alone.decoding), alone, `${names.join(" and ")} by its own record`);
      ++cases;
      if (JSON.stringify(texts) !== JSON.stringify(free)) ++changed;
    }
    equal(cases, GREEDY.cases.length);
    ok(
      cases > 250 && changed > 0.75 * (backend === "wasm" ? cases / 8 : cases),
      `${changed} of ${cases} change the text`,
    );
  });
}

Deno.test("a model writes as its generation_config.json says, each setting alone, step by step and in a tree", async () => {
  let cases = 0;
  for (const [[name, other], texts] of GREEDY.cases) {
    if (name === undefined || other !== undefined) continue;
    await using opened = await open("wasm", GREEDY.settings[name]!);
    const [prompt, text] = [GREEDY.prompts[1]!, texts[1]!];
    deepEqual(after(await opened.model.generate(prompt)), text, name);
    const steps = await Array.fromAsync(opened.model.steps(prompt));
    deepEqual(steps.map(({ tokenId }) => tokenId), text, name);
    const tree = await opened.model.tree(prompt);
    deepEqual(after(tree.data.branches[0]!.sequence), text, name);
    const { runs } = opened.model.cost.generate(prompt);
    ok(runs >= text.length, `${name}: ${runs} runs are too few`);
    ++cases;
  }
  equal(cases, Object.keys(GREEDY.settings).length);
});
