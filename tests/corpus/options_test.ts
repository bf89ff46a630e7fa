/** What makes no sense is refused by name, before anything is written; the command says the same. */
import { deepEqual, equal, match, ok, rejects } from "@std/assert";

import type { Progress } from "../../mod.ts";
import { LanguageModel } from "../../src/language_model.ts";
import { explainCorpus } from "../../src/corpus/explain_corpus.ts";
import { encoderCopy } from "../support/encoders.ts";
import { openSourceModel } from "../support/sources.ts";
import { memoryStore } from "./support.ts";

type Options = Record<string, unknown>;

const REFUSED: readonly (readonly [given: Options, message: string])[] = [
  [{ ask: undefined }, "Cannot explain a corpus with ask undefined; it must be given"],
  [{ factors: {} }, "Cannot explain a corpus with factors as it is not asked for factors"],
  [{ ask: "factors", factors: { seed: 1 } }, 'Cannot explain a corpus with "seed" as there is no such option'],
  [{ ask: "factors", factors: { factors: 0 } }, "Cannot explain a corpus with factors 0 as it must be a whole number"],
  [
    { ask: "factors", factors: { layers: [2, 1] } },
    "Cannot explain a corpus with layers 1 as it must be a whole number",
  ],
  [{ ask: "factors", factors: { layers: [] } }, "Cannot explain a corpus with layers [] as no neurons are in none"],
  [{ ask: "factors", factors: { layers: [99] } }, "Cannot factor the neurons of layer 99 as there are layers 0 to"],
  [{ ask: ["surprise", "x"] }, 'Cannot ask a corpus for "x"; ask for surprise, saliency, heads, settling, neurons,'],
  [{ ask: [] }, "Cannot ask a corpus for nothing"],
  [{ out: 3 }, "Cannot explain a corpus into 3; pass the path of a folder as out"],
  [{ model: 3 }, "Cannot explain a corpus with 3 as model; pass a model, or its id or path"],
  [{ workers: 0 }, "Cannot explain a corpus with workers 0 as it must be a whole number from 1 to 256"],
  [{ workers: 2 }, "Cannot share a loaded model with 2 workers as each loads its own"],
  [{ shard: "4/4" }, 'Cannot explain a corpus with shard "4/4"; pass i/n with i from 0 to n - 1'],
  [{ shardSize: 0.5 }, "Cannot explain a corpus with shardSize 0.5"],
  [{ window: 257 }, "Cannot explain a corpus with window 257 as it must be a whole number from 4 to 256"],
  [{ overlap: 129 }, "Cannot explain a corpus with overlap 129 as it must be a whole number from 0 to 128"],
  [{ limit: 0 }, "Cannot explain a corpus with limit 0"],
  [{ onError: "fail" }, 'Cannot explain a corpus with onError "fail" as it must be "stop" or "skip"'],
  [{ examples: 3 }, "Cannot explain a corpus with examples as it is not asked for neurons"],
  [{ generate: { maxNewTokens: 3 } }, "Cannot explain a corpus with generate as it is not asked for generated"],
  [{ ask: "saliency", saliency: { positions: [1] } }, 'Cannot explain a corpus with "positions" in saliency'],
  [{ ask: "saliency", saliency: { method: "x" } }, 'Cannot explain with method "x"'],
  [{ ask: "generated", generate: { stop: [/x/] } }, "Cannot explain a corpus with stop"],
  [{ ask: "generated", generate: { temprature: 1 } }, 'Cannot decode with "temprature"'],
  [{ ask: "embeddings" }, "Cannot ask for embeddings with GPT-2 as its tokens do not see what follows them"],
  [{ shards: 3 }, 'Cannot explain a corpus with "shards" as there is no such option'],
];

Deno.test(`explainCorpus() refuses ${REFUSED.length} requests that make no sense, and writes nothing`, async () => {
  await using model = await LanguageModel.fromPretrained();
  for (const [given, message] of REFUSED) {
    const out = memoryStore();
    const options = { ask: "surprise", out, model, ...given };
    const error = await explainCorpus(["A text."], options as never).then(() => undefined, (error: unknown) => error);
    ok(error instanceof TypeError || error instanceof RangeError, `${JSON.stringify(given)}: ${error}`);
    ok(error.message.startsWith(message), `${error.message}, not ${message}`);
    deepEqual([...out.files.keys()], []);
  }
});

Deno.test("explainCorpus() refuses models that cannot be asked", async () => {
  await using copy = await encoderCopy("bert/bert");
  await using encoder = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  const out = memoryStore();
  for (const ask of ["surprise", "settling", "saliency", "generated"] as const) {
    await rejects(() => explainCorpus(["a"], { ask, out, model: encoder }), TypeError, "with BERT");
  }
  await using opened = await openSourceModel("bart/bart");
  const message = "Cannot explain a corpus with BART as each text needs its source; load a model without one";
  await rejects(() => explainCorpus(["a"], { ask: "neurons", out, model: opened.model }), TypeError, message);
  deepEqual([...out.files.keys()], []);
});

Deno.test("explainCorpus() tells how far it is, of how many texts", async () => {
  const told: Progress[] = [];
  const out = memoryStore();
  const texts = Array<string>(12).fill("A text.");
  await explainCorpus(texts, { ask: "surprise", out, shardSize: 4, onProgress: (progress) => told.push(progress) });
  const own = told.filter(({ task }) => task === "corpus");
  deepEqual(own.map(({ completed }) => completed), texts.map((_, i) => i + 1));
  match(own[5]!.message, /^Explained 6 of about \d+ texts, [\d.]+ texts\/s, \d+ tokens\/s$/);
  ok(own.every(({ completed, total }) => total > completed && total <= 16), own.map(({ total }) => total).join(" "));
});

const COMMAND = new URL("../../scripts/corpus.ts", import.meta.url).href;

function command(...args: readonly string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", COMMAND, ...args],
    stdout: "piped",
    stderr: "piped",
  });
}

async function said(...args: readonly string[]) {
  const { code, stdout, stderr } = await command(...args).output();
  const [out, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out: out!, error: error! };
}

Deno.test("deno task corpus", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "looking-glass-" });
  const source = `${folder}/texts.jsonl`;
  const lines = Array.from({ length: 40 }, (_, i) => JSON.stringify({ body: `This is text ${i}.`, name: `n${i}` }));
  await Deno.writeTextFile(source, [...lines, "no JSON"].join("\n"));
  const asked = ["--ask", "surprise", "--field", "body", "--id", "name"];
  try {
    await t.step("says how it is used, and what it does not understand", async () => {
      match((await said("--help")).out, /^deno task corpus SOURCE --ask QUESTIONS --out FOLDER/);
      const wrong: [args: string[], message: string][] = [
        [[source], "Cannot explain"],
        [[source, "--ask", "surprise"], "without --out; see deno task corpus --help\n"],
        [[source, "--nope"], 'Cannot understand "--nope"; see deno task corpus --help\n'],
        [[source, "--limit", "-3"], 'Cannot use --limit "-3": it must be a whole number\n'],
        [[source, "--ask"], "Cannot use --ask without a value"],
        [[`${folder}/none.jsonl`, ...asked, "--out", folder], "none.jsonl"],
      ];
      for (const [args, message] of wrong) {
        const { code, error } = await said(...args);
        equal(code, 1);
        ok(error.startsWith("Cannot ") && error.includes(message), `${error}, not ${message}`);
      }
    });
    await t.step("says what a job would take, and writes nothing", async () => {
      const { code, out, error } = await said(source, ...asked, "--dry-run");
      deepEqual([code, error], [0, ""]);
      match(out, /texts\.jsonl: 41 documents, about \d+ tokens\ntried 32 documents \(0 of them problems\)/);
      match(out, /one model: \d+ tokens\/s, about /);
      deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["texts.jsonl"]);
    });
    await t.step("ends cleanly at Ctrl-C, and goes on", async () => {
      const out = `${folder}/out`;
      const args = [source, ...asked, "--out", out, "--shard-size", "1"];
      const process = command(...args).spawn();
      const isDone = () => Deno.stat(`${out}/shards/000000.json`).then(() => true, () => false);
      while (!await isDone()) await new Promise((resolve) => setTimeout(resolve, 10));
      process.kill("SIGINT");
      const { code, stderr } = await process.output();
      deepEqual([code, new TextDecoder().decode(stderr)], [130, "Stopped by SIGINT\n"]);
      const again = await said(...args);
      match(again.out, /^Explained \d+ documents in \d+ shards, .*\n.* has 40 documents, \d+ tokens, 1 problems\n$/);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
