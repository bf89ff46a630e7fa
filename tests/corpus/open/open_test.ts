/** What was explained is read back: by rows, neuron by neuron, and as averages. */
import { deepEqual, equal, match, ok, rejects } from "@std/assert";
import { explainCorpus } from "../../../src/corpus/explain_corpus.ts";
import { type Corpus, openCorpus } from "../../../src/corpus/open/open.ts";
import { folderStore } from "../../../src/corpus/store/folder.ts";
import type { CorpusStore } from "../../../src/corpus/types.ts";
import type { CorpusNeuron } from "../../../src/analysis/corpus_results.ts";
import { decodeResults, encodeResults, headScores } from "../../../src/analysis/mod.ts";
import { LanguageModel } from "../../../src/language_model.ts";
import { corpusView, neuronView } from "../../../widgets/mod.ts";
import { memoryStore, sourceOf, TEXTS } from "../support.ts";

const SETTINGS = { ask: ["surprise", "heads", "settling", "neurons", "saliency"], window: 64, overlap: 16 } as const;
const near = (a: number, b: number, what: string, tolerance = 1e-4) =>
  ok(Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b)), `${what}: ${a} is not ${b}`);

/** A store that tells what is read of it. */
function watched(store: CorpusStore, seen: string[]): CorpusStore {
  return {
    ...store,
    readRange: (name, start, end) => {
      seen.push(name);
      return store.readRange(name, start, end);
    },
  };
}

Deno.test("openCorpus()", async (t) => {
  await using model = await LanguageModel.fromPretrained(undefined, { backend: "native" });
  const texts = [...TEXTS, { problem: "it is no text" }] as const;
  const out = memoryStore();
  await explainCorpus(sourceOf([...texts]), { model, out, shardSize: 3, examples: 4, ...SETTINGS });
  const corpus = await openCorpus(out);

  await t.step("says what was asked of what, and how much there is", () => {
    deepEqual(corpus.manifest.settings.ask, [...SETTINGS.ask].sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b)));
    equal(corpus.total!.documents, TEXTS.length);
    equal(corpus.total!.problems, 1);
    deepEqual(corpus.shards.map(({ shard }) => shard), [...corpus.shards.keys()]);
  });

  await t.step("rows() gives documents in their order", async () => {
    const rows = await Array.fromAsync(corpus.rows("documents", { columns: ["document", "id", "text"] }));
    deepEqual(rows, TEXTS.map((text, i) => ({ document: i, id: `text ${i}`, text })));
    deepEqual(await Array.fromAsync(corpus.rows("problems")), [
      { document: TEXTS.length, id: `text ${TEXTS.length}`, problem: "it is no text" },
    ]);
  });

  await t.step("rows() reads the columns, rows and shards that are asked for", async () => {
    const seen: string[] = [];
    const other = await openCorpus(watched(out, seen));
    const where = { document: 4 };
    const rows = await Array.fromAsync(other.rows("surprise", { columns: ["id"], where }));
    deepEqual(rows, [{ id: "text 4" }]);
    deepEqual([...new Set(seen)], ["surprise/part-000001.parquet"]);
    const from = async (columns: readonly string[]) => {
      let bytes = 0;
      const counting = {
        ...out,
        readRange: (name: string, a: number, b: number) => (bytes += b - a, out.readRange(name, a, b)),
      };
      await Array.fromAsync((await openCorpus(counting)).rows("documents", { columns }));
      return bytes;
    };
    ok(await from(["document"]) < await from(["document", "text", "tokenIds", "starts"]), "all columns were read");
  });

  await t.step("rows() takes values, ranges and a limit", async () => {
    const all = await Array.fromAsync(corpus.rows("surprise"));
    const middle = all.map(({ surprise }) => surprise as number).sort((a, b) => a - b)[3]!;
    const rows = await Array.fromAsync(corpus.rows("surprise", { where: { surprise: { from: middle } } }));
    deepEqual(rows, all.filter(({ surprise }) => (surprise as number) >= middle));
    deepEqual(await Array.fromAsync(corpus.rows("surprise", { where: { id: "text 2" } })), all.slice(2, 3));
    deepEqual(await Array.fromAsync(corpus.rows("surprise", { limit: 2 })), all.slice(0, 2));
    deepEqual(await Array.fromAsync(corpus.rows("surprise", { limit: 0 })), []);
  });

  await t.step("neuron() gives what trace() sees, document by document", () => neuronIsTrace(corpus, model));

  await t.step("neuron() gives the same without a model, but for what only a model can say", async () => {
    const known = await corpus.neuron(2, 17, { model });
    const { writes, ...bare } = await corpus.neuron(2, 17);
    equal(writes, undefined);
    deepEqual(bare.histogram, known.histogram);
    deepEqual(
      bare.examples.map(({ value, position, start }) => [value, position, start]),
      known.examples.map(
        ({ value, position, start }) => [value, position, start],
      ),
    );
    for (const { tokens, activations, document } of bare.examples) {
      equal(activations, undefined);
      const { start } = tokens[0]!;
      equal(tokens.map(({ text }) => text).join(""), TEXTS[document]!.slice(start, tokens.at(-1)!.end));
    }
    equal((await corpus.neuron(2, 17, { examples: 1, context: 2 })).examples.length, 1);
    match(neuronView(known).text, /^Neuron 17 of layer 2: mean activation/);
  });

  await t.step("neuron() reads the documents of a shard once, however many examples they are", async () => {
    const countsOf = async (work: (corpus: Corpus) => Promise<unknown>) => {
      const seen: string[] = [];
      await work(await openCorpus(watched(out, seen)));
      return Map.groupBy(seen.filter((name) => name.startsWith("documents/")), (name) => name);
    };
    const once = await countsOf((other) => Array.fromAsync(other.rows("documents")));
    const read = await countsOf(async (other) => equal((await other.neuron(2, 17)).examples.length, 4));
    ok(read.size > 0 && read.size < 4, `${read.size} shards have the four documents`);
    for (const [name, reads] of read) equal(reads.length, once.get(name)!.length, name);
  });

  await t.step("neuron() and summary() are saved and loaded as what they are", async () => {
    const saved = { neuron: await corpus.neuron(2, 17, { model }), summary: await corpus.summary({ kept: 2, model }) };
    const { results, kinds } = await decodeResults(await encodeResults(saved));
    deepEqual(kinds, { neuron: "corpusNeuron", summary: "corpusSummary" });
    deepEqual(results, saved);
    match(neuronView(results.neuron as CorpusNeuron).text, /^Neuron 17 of layer 2: mean activation/);
  });

  await t.step("summary() is what single texts say, on average", () => summaryIsMean(corpus, model));

  await t.step("refuses what is not there", async () => {
    await rejects(Array.fromAsync(corpus.rows("tokens")), {
      name: "RangeError",
      message: /^Cannot read table "tokens" of memory; it has documents, problems, surprise, /,
    });
    await rejects(Array.fromAsync(corpus.rows("surprise", { columns: ["text"] })), {
      name: "RangeError",
      message: /^Cannot read column "text" of surprise as its columns are document, id, /,
    });
    await rejects(Array.fromAsync(corpus.rows("surprise", { where: { id: [1] as unknown as string } })), {
      name: "TypeError",
      message: "Cannot read rows of surprise where id is [1]; pass a value, or { from, to }",
    });
    await rejects(corpus.neuron(6, 0), {
      name: "RangeError",
      message: /^Cannot read neuron 0 of layer 6 as there are/,
    });
    await rejects(corpus.neuron(0, 0.5), { name: "RangeError", message: /^Cannot read neuron 0\.5 of layer 0/ });
    await rejects(openCorpus(memoryStore()), {
      name: "Error",
      message: /^Cannot open memory as a corpus as it has no/,
    });
    await rejects(openCorpus(3 as unknown as string), {
      name: "TypeError",
      message: /^Cannot open 3 as a corpus; pass/,
    });
  });

  await t.step("refuses another model", async () => {
    await using changed = await model.with([{ site: "neurons.0", neurons: [1], scale: 0 }]);
    await rejects(corpus.neuron(2, 17, { model: changed }), {
      name: "TypeError",
      message: /^Cannot read a corpus of .* as it is another model; pass the one that the corpus was asked$/,
    });
  });

  await t.step("says that shards are missing, and reads those that are there", async () => {
    const folder = await Deno.makeTempDir();
    try {
      const asked = { model, out: folder, shardSize: 2, limit: 4, ask: ["surprise", "neurons"] } as const;
      await explainCorpus(sourceOf(TEXTS), { ...asked, shard: "0/2" });
      const half = await openCorpus(folder);
      equal(half.total, undefined);
      equal((await Array.fromAsync(half.rows("surprise"))).length, 2);
      await rejects(half.neuron(0, 0), {
        name: "Error",
        message: `Cannot read neurons of ${folder} as 1 shard is done and more follow; start the job again to go on, ` +
          "then open it",
      });
      await rejects(half.summary(), { name: "Error", message: /^Cannot sum up .* as 1 shard is done/ });
      const heads = (await openCorpus(folderStore(folder))).rows("total/neurons");
      await rejects(Array.fromAsync(heads), { name: "Error", message: /^Cannot read total\/neurons of/ });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
});

const ORDER = ["surprise", "saliency", "heads", "settling", "neurons"];

/** The oracle is a trace of each document that is one window. */
async function neuronIsTrace(corpus: Corpus, model: LanguageModel): Promise<void> {
  const found = await corpus.neuron(2, 17, { model, context: 5 });
  equal(found.examples.length, 4);
  const writes = await model.neuronWrites({ layer: 2, neuron: 17 });
  deepEqual(found.writes!.raised.map(({ tokenId }) => tokenId), writes.raised.map(({ tokenId }) => tokenId));
  let checked = 0;
  for (const { document, start, tokens, activations, value, position } of found.examples) {
    const sequence = model.sequence(TEXTS[document]!);
    near(activations![position - start]!, value, `document ${document}`);
    if (sequence.tokenIds.length > 64) continue;
    const trace = await model.trace(sequence, { capture: ["activations"], layers: [2] });
    const [, T, W] = trace.activations!.shape as [number, number, number];
    const own = Array.from({ length: T }, (_, at) => trace.activations!.data[at * W + 17]!);
    near(Math.max(...own), value, `the greatest of document ${document}`);
    tokens.forEach((token, i) => {
      equal(token.id, sequence.tokenIds[start + i]);
      near(activations![i]!, own[start + i]!, `token ${start + i} of document ${document}`);
    });
    ++checked;
  }
  ok(checked > 0, "no document is one window");
  const counted = found.histogram.reduce((sum, { count }) => sum + count, 0);
  equal(counted, found.tokens);
}

async function summaryIsMean(corpus: Corpus, model: LanguageModel): Promise<void> {
  const summary = await corpus.summary({ kept: 2, model });
  const { surprise, heads, settling, blame } = summary;
  equal(surprise!.documents, TEXTS.filter((text) => model.sequence(text).tokenIds.length > 1).length);
  equal(surprise!.distribution.reduce((sum, { count }) => sum + count, 0), surprise!.documents);
  equal(surprise!.perplexity, Math.exp(surprise!.surprise));
  const [most] = surprise!.most;
  const alone = await model.surprise(model.sequence(TEXTS[most!.document]!.slice(0, 400)));
  if (TEXTS[most!.document]!.length < 150) near(Math.log(alone.perplexity), most!.surprise, "the surprise of a text");
  ok(most!.surprise >= surprise!.most[1]!.surprise && surprise!.least[0]!.surprise <= surprise!.least[1]!.surprise);
  equal(settling!.settled.reduce((sum, count) => sum + count, 0), settling!.predictions);
  equal(settling!.divergence.length, model.config.nLayer);
  deepEqual(heads!.induction.shape, [model.config.nLayer, model.config.nHead]);
  ok([...heads!.previousToken.data].every((share) => share >= 0 && share <= 1));
  equal(blame!.length, 2);
  ok(blame![0]!.score * blame![0]!.chances >= blame![1]!.score * blame![1]!.chances);
  match(corpusView(summary).text, new RegExp(`^${TEXTS.length} documents of texts were read by `));
}

Deno.test("summary() of one text is what headScores() and surprise() say of it", async () => {
  await using model = await LanguageModel.fromPretrained(undefined, { backend: "native" });
  const [text] = TEXTS;
  const out = memoryStore();
  await explainCorpus(sourceOf([text!]), { model, out, ask: ["surprise", "heads"] });
  const { surprise, heads } = await (await openCorpus(out)).summary();
  const sequence = model.sequence(text!);
  const scores = await headScores(await model.trace(sequence, { capture: ["attention"] }));
  for (const name of ["previousToken", "firstToken", "duplicateToken", "induction"] as const) {
    equal(heads!.counts[name], scores.counts![name]);
    heads![name].data.forEach((value, i) => {
      if (scores.counts![name] === 0) ok(Number.isNaN(value));
      else near(value, scores[name].data[i]!, `${name} ${i}`, 1e-5);
    });
  }
  const alone = await model.surprise(sequence);
  near(surprise!.perplexity, alone.perplexity, "perplexity");
});
