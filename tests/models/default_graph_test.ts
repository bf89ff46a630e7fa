import { deepEqual, equal, ok } from "@std/assert";
import { LanguageModel } from "../../mod.ts";
import { counted } from "../support/counted.ts";
import {
  GRAPH_HASHES,
  GRAPH_NAMES,
  type GraphHash,
  graphHash,
  sha256,
  watchRuntime,
} from "../support/default_graphs.ts";
import { checkpointCopy } from "../support/goldens.ts";

const HASHES: Readonly<Record<string, GraphHash>> = JSON.parse(await Deno.readTextFile(GRAPH_HASHES));
const ADVICE = "what runs where nothing is changed inside is another graph; if that is meant, run " +
  "scripts/oracles/graph_hashes.ts and say why in the commit";

Deno.test("Program: tests/goldens/graphs.json names every checkpoint once", () => {
  deepEqual(Object.keys(HASHES), counted(GRAPH_NAMES, 35));
});

for (const name of GRAPH_NAMES) {
  Deno.test(`Program: the default graph of ${name} is the same bytes as when its hash was written`, async () => {
    deepEqual(await graphHash(name), HASHES[name], `${name}: ${ADVICE}`);
  });
}

/** Some tokens of the tiny checkpoints. */
const IDS = [5, 22, 7, 40, 7, 13, 11];

/** What is asked of a model that nothing is changed in. */
async function plainAnswers(model: LanguageModel, name: string): Promise<unknown> {
  if (name.startsWith("bert/")) {
    return [await model.encode([IDS, IDS.slice(2)]), await model.trace(model.sequence(IDS))];
  }
  const source = name.startsWith("bart/") ? IDS : undefined;
  const written = await model.generate(source ?? IDS, { maxNewTokens: 4 });
  const sequence = model.sequence(written.tokenIds, { promptLength: source ? 1 : IDS.length, ...source && { source } });
  const saliency = await model.saliency(sequence);
  const { hiddenStates, attention } = await model.trace(sequence, { capture: ["hiddenStates", "attention"] });
  return [written.tokenIds, saliency.scores, hiddenStates, attention];
}

/** What is asked of the inside of a model. */
async function askInside(model: LanguageModel, name: string): Promise<void> {
  const changed = await model.with([{ site: "z.0", heads: [0], scale: 0 }, { site: "resid.1", scale: 0.5 }]);
  if (name.startsWith("bert/")) return void await changed.encode([IDS]);
  const text = (ids: readonly number[]) => model.sequence(ids, name.startsWith("bart/") ? { source: IDS } : {});
  const [clean, other] = [text(IDS), text(IDS.with(2, 8))];
  await changed.surprise(clean);
  const words = { target: 3, contrast: 4 };
  await model.patch(clean, other, { ...words, method: "both" });
  await model.importance(clean, { at: "z", ...words });
}

for (const backend of ["wasm", "native"] as const) {
  for (const name of ["f32", "llama/grouped", "gpt_neox/parallel", "opt/pre_norm", "bart/bart", "bert/bert"]) {
    Deno.test(`with(): ${name} on ${backend} runs its own bytes on the same inputs, before a change and beside one`, async () => {
      using given = watchRuntime(backend);
      await using copy = await checkpointCopy(name);
      await using model = await LanguageModel.fromPretrained(copy.directory, { backend });
      const before = await plainAnswers(model, name);
      const runs = given.runs.slice();
      ok(runs.length > 0);
      const { sha256: whole, reading } = HASHES[name === "f32" ? "gpt2/f32" : name]!;
      const own = backend === "wasm" ? [whole] : name.startsWith("bert/") ? [reading] : [reading, whole];
      equal(given.models.length, own.length, "asking without a change started another program than for the gradient");

      await askInside(model, name);
      ok(given.models.length > own.length, "a change must have started a program of its own");
      const [started, asked] = [given.models.length, given.runs.length];
      deepEqual(await plainAnswers(model, name), before);
      equal(given.models.length, started, "a model that was changed started another program for what needs none");
      deepEqual(given.runs.slice(asked), runs, "the runs of an unchanged model are other ones beside a changed one");

      await using again = await LanguageModel.fromPretrained(copy.directory, { backend });
      const hashes = await Promise.all(given.models.map(sha256));
      deepEqual([...hashes.slice(0, own.length), hashes.at(-1)], [...own, own[0]], again.id);
      const others = hashes.slice(own.length, -1);
      ok(others.every((hash) => hash !== whole && hash !== reading), "a program of a change has the default graph");
    });
  }
}
