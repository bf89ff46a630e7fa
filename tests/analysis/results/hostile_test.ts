/** Whatever somebody else wrote into a file, what is loaded has the types of its kind, and markup only where text may be. */
import { deepEqual, equal, match, ok } from "@std/assert";
import { decodeResults, diffResults, encodeResults, type ResultKind } from "../../../src/analysis/mod.ts";
import { KINDS, RESULTS, SALIENCY, SEQUENCE } from "./fixtures.ts";
import { documentOf, fileOf, partsOf } from "./raw_file.ts";
import { cpuTime } from "../../support/cpu_time.ts";

type Json = Record<string, unknown>;

const MARKUP = "<img src=x onerror=alert(1)>";
const ODD: readonly unknown[] = [MARKUP, -1, 0.5, 1e300, 2 ** 40, null, true, [], {}, [MARKUP], { [MARKUP]: 1 }];

/** Where any text may stand; all else is a number, true or false, or one of a few words. */
const TEXTS =
  /(^|\.)(text|piece|tokens\.\d+\.(text|piece)|decoding\.stop\.\d+|stop\.\d+|(classes|predicted|labels)\.\d+)$|^x\.(source|model|((surprise\.)?(examples|most|least)\.\d+\.id))$/;

/** All places of a document: each object or list, and each entry of one. */
function* places(value: unknown): Generator<readonly [holder: Json, key: string]> {
  if (typeof value !== "object" || value === null) return;
  for (const key of Object.keys(value)) {
    yield [value as Json, key];
    yield* places((value as Json)[key]);
  }
}

/** The type of everything in plain data, by its path. */
function types(value: unknown, path = "x"): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const visit = (value: unknown, path: string) => {
    if (typeof value !== "object" || value === null) found.set(path, typeof value);
    else if (ArrayBuffer.isView(value)) found.set(path, value.constructor.name);
    else for (const [key, item] of Object.entries(value)) visit(item, `${path}.${key}`);
  };
  visit(value, path);
  return found;
}

for (const kind of KINDS.filter((kind) => kind !== "data")) {
  Deno.test(`decodeResults() gives ${kind} its own types and words, or refuses it, whatever a file says`, async () => {
    const { document, tensors } = await partsOf(await encodeResults({ x: RESULTS[kind] }));
    const whole = JSON.parse(document);
    const expected = types(RESULTS[kind]);
    const [count, refused] = [{ places: 0, accepted: 0 }, new Set<string>()];
    for (const [holder, key] of places({ results: whole.results, shared: whole.shared })) {
      count.places += 1;
      const original = holder[key];
      for (const odd of ODD) {
        holder[key] = odd;
        const loaded = await decodeResults(fileOf(whole, tensors)).then(({ results, kinds }) => {
          return kinds.x === kind ? results.x : undefined;
        }, (error) => {
          match(error.message, /^Cannot read the bytes as results: /);
          refused.add(error.constructor.name);
        });
        if (loaded === undefined) continue;
        count.accepted += 1;
        for (const [path, type] of types(loaded)) {
          const likeWritten = expected.get(path) ?? type;
          if (!/stop\.\d+$/.test(path)) equal(type, likeWritten, `${path} is ${type}, written ${JSON.stringify(odd)}`);
        }
        expectNoMarkup(loaded);
      }
      holder[key] = original;
    }
    ok(count.places > (["tensor", "errorCurve"].includes(kind) ? 4 : 10), `${count.places} places`);
    ok(refused.has("SyntaxError"));
    deepEqual((await decodeResults(fileOf(whole, tensors), { x: kind })).results.x, RESULTS[kind], "put back");
  });
}

/** No key and no text but those that may be any text. */
function expectNoMarkup(value: unknown): void {
  const visit = (value: unknown, path: string) => {
    if (typeof value === "string") ok(!value.includes(MARKUP) || TEXTS.test(path), `markup at ${path}`);
    if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
    for (const [key, item] of Object.entries(value)) {
      ok(!key.includes(MARKUP), `markup as a key of ${path}`);
      visit(item, `${path}.${key}`);
    }
  };
  visit(value, "x");
}

Deno.test("decodeResults() drops fields that a record does not know, wherever they stand", async () => {
  for (const kind of KINDS.filter((kind) => !["data", "tensor"].includes(kind))) {
    const { document, tensors } = await partsOf(await encodeResults({ x: RESULTS[kind] }));
    const whole = JSON.parse(document);
    let count = 0;
    const add = (value: unknown) => {
      if (typeof value !== "object" || value === null) return;
      Object.values(value).forEach(add);
      if (Array.isArray(value) || Object.keys(value).some((key) => key.startsWith("$"))) return;
      Object.assign(value, { later: MARKUP, deep: { [MARKUP]: [1] } });
      count += 1;
    };
    Object.values(whole.results).forEach(add);
    whole.shared.forEach(add);
    ok(count > 0);
    const { results } = await decodeResults(fileOf(whole, tensors), { x: kind });
    deepEqual(results.x, RESULTS[kind], `${count} objects of ${kind}`);
  }
});

const refusal = (bytes: Uint8Array) => decodeResults(bytes).then(() => undefined, ({ message }) => message as string);

Deno.test("decodeResults() keeps what is shared the same object, and refuses one that is two records", async () => {
  const { document, tensors } = await partsOf(await encodeResults({ a: SALIENCY, b: SEQUENCE }));
  const whole = JSON.parse(document);
  whole.shared.forEach((one: Json) => "promptLength" in one && Object.assign(one, { later: 1 }));
  const { results } = await decodeResults(fileOf(whole, tensors), { a: "saliency", b: "sequence" });
  equal(results.a.sequence, results.b);
  const both = { start: 0, end: 1, text: "a", id: 97, piece: "a", bytes: { $bytes: "61" } };
  const sequence = { tokenIds: [97], tokens: [{ $shared: 0 }], promptLength: 1, text: "a" };
  const scores = { $tensor: "s", dtype: "F32", shape: [1, 1] };
  const grouped = { sequence, positions: [0], groups: [{ $shared: 0 }], scores };
  const file = fileOf(documentOf(grouped, "groupedSaliency", [both]), {
    s: { data: new Float32Array(1), shape: [1, 1] },
  });
  match((await refusal(file))!, /x\.groups\.0 is two different records at once/);
});

Deno.test("decodeResults() refuses numbers and words that no result has", async () => {
  const T = SEQUENCE.tokens.length;
  const cases: readonly (readonly [ResultKind, (x: Json) => void, RegExp])[] = [
    ["trace", (x) => x.layers = [0, MARKUP], /x\.layers\.1 is "<img.*", not a whole number, 0 to 1023/],
    ["trace", (x) => x.layers = [1, 0], /x\.layers\.1 is 0 after 1, not in rising order/],
    ["trace", (x) => x.layers = [0, 1, 2], /x\.attention has shape \[2,2,6,6\], not \[K,H,T,T\], as K is 3/],
    ["trace", (x) => (x.layers = [0, 1], delete x.attention), /tensor "x.attention" belongs to no result/],
    ["layerPredictions", (x) => x.norm = MARKUP, /x\.norm is "<img.*", not "final" or "none"/],
    ["layerPredictions", (x) => x.position = T + 1, /x\.position is 7, and T is 6/],
    ["layerSimilarity", (x) => x.layers = [MARKUP, 1], /x\.layers\.0 is "<img/],
    ["layerSimilarity", (x) => x.layers = [1], /x\.similarity has 3 layers, not 2/],
    ["headScores", (x) => x.counts = { previousToken: 1 }, /x\.counts has no firstToken/],
    ["embeddings", (x) => x.pooling = "max", /x\.pooling is "max", not "mean" or "cls"/],
    ["embeddings", (x) => (x.sequences as Json[]).pop(), /x\.vectors has shape \[2,4\], not \[N,C\], as N is 1/],
    ["classifier", (x) => (x.classes as string[]).pop(), /x\.weights has shape \[3,4\], not \[K,C\], as K is 2/],
    ["classifier", (x) => x.loss = -1, /x\.loss is -1, not a number >= 0/],
    ["classification", (x) => (x.predicted as string[])[1] = "doubt", /x has "doubt", which is none of its classes/],
    ["classification", (x) => x.accuracy = 1.5, /x\.accuracy is 1.5, not a number from 0 to 1/],
    ["classSaliency", (x) => (x.options as Json).method = "lime", /x\.options\.method is "lime", not "gradientXInput"/],
    ["filledMasks", (x) => (x.masks as Json[])[0]!.position = T, /x\.masks\.0\.position is 6, and T is 6/],
    ["maskedSaliency", (x) => (x.positions as number[])[1] = T, /x\.positions\.1 is 6, and T is 6/],
    ["neuronClusters", (x) => x.layer = 1024, /x\.layer is 1024, not a whole number, 0 to 1023/],
    ["neuronClusters", (x) => x.silhouette = 2, /x\.silhouette is 2, not a number from -1 to 1/],
    [
      "saliency",
      (x) => (x.options as Json).by = MARKUP,
      /x\.options\.by is "<img.*", not "word" or "sentence" or "group"/,
    ],
    ["saliency", (x) => (x.options as Json).preset = "mine", /x\.options\.preset is "mine", not "ecco" or/],
    ["factors", (x) => (x.topNeurons as Json[][])[0]![0]!.layer = 2, /x\.topNeurons are of layer 2, .* \[0,1\]/],
    ["factors", (x) => (x.topTokens as Json[][])[0]![0]!.text = 2, /x\.topTokens has position 2 of text 2/],
    [
      "steps",
      (x) => (x as unknown as Json[])[0]!.logProb = 0.5,
      /x\.0\.logProb is 0\.5, not a number from -Infinity to 0/,
    ],
    ["steps", (x) => (x as unknown as Json[])[0]!.tokenId = 1, /x\.0\.token\.id is 104, not 1/],
    ["surprise", (x) => x.perplexity = 0.5, /x\.perplexity is 0\.5, not a number >= 1/],
    ["logitAttribution", (x) => x.position = T + 1, /x\.position is 7, and T is 6/],
    ["logitAttribution", (x) => x.position = 3, /x\.tokens is of 4 tokens, and 3 stand before position 3/],
    ["logitAttribution", (x) => [x.mlps, x.heads] = [x.heads!, x.mlps!], /x\.heads has shape \[2\], not \[L,H\]/],
    ["logitAttribution", (x) => x.bias = MARKUP, /x\.bias is "<img.*", not a number/],
    ["headCircuit", (x) => x.layer = 1024, /x\.layer is 1024, not a whole number, 0 to 1023/],
    ["headCircuit", (x) => x.head = 65536, /x\.head is 65536, not a whole number, 0 to 65535/],
    ["headCircuit", (x) => x.qk = MARKUP, /x\.qk is "<img.*", not a number/],
    ["headCircuit", (x) => delete x.from, /x has no from/],
    ["headCircuit", (x) => (x.raised as Json[])[0]!.tokenId = 1, /x\.raised\.0\.token\.id is \d+, not 1/],
    ["neuronWrites", (x) => x.neuron = 2 ** 20, /x\.neuron is 1048576, not a whole number, 0 to 1048575/],
    [
      "neuronWrites",
      (x) => (x.lowered as Json[])[0]!.change = MARKUP,
      /x\.lowered\.0\.change is "<img.*", not a number/,
    ],
    ["neuronWrites", (x) => x.lowered = {}, /x\.lowered is .*, not an array/],
    ["corpusNeuron", (x) => x.layer = 1024, /x\.layer is 1024, not a whole number, 0 to 1023/],
    ["corpusNeuron", (x) => x.tokens = 449, /x\.histogram counts 450 tokens, and there are 449/],
    ["corpusNeuron", (x) => x.positive = 451, /x\.positive is 451, and there are 450 tokens/],
    ["corpusNeuron", (x) => (x.histogram as Json[])[0]!.range = MARKUP, /range is "<img.*", not a range such as/],
    ["corpusNeuron", (x) => (x.examples as Json[])[0]!.position = 99, /x\.examples\.0\.position is 99, and its tokens/],
    ["corpusNeuron", (x) => (x.writes as Json).neuron = 3, /x\.writes is of neuron 3 of layer 2, not 17 of 2/],
    ["corpusSummary", (x) => x.problems = -1, /x\.problems is -1, not a whole number >= 0/],
    [
      "corpusSummary",
      (x) => ((x.settling as Json).settled as number[]).pop(),
      /x\.settling\.settled has 2 entries, and L is 3/,
    ],
    ["corpusSummary", (x) => (x.blame as Json[])[0]!.tokenId = 1, /x\.blame\.0\.token\.id is \d+, not 1/],
    ["decodingTree", (x) => (x.branches as Json[])[1]!.parent = 1, /x\.branches\.1 has id 1 and parent 1/],
    ["groupedSaliency", (x) => (x.groups as Json[])[0]!.end = 0, /x\.groups\.0\.end is 0 and its start is 0/],
  ];
  for (const [kind, change, problem] of cases) {
    const { document, tensors } = await partsOf(await encodeResults({ x: RESULTS[kind] }));
    const whole = JSON.parse(document);
    change(whole.results.x);
    match((await refusal(fileOf(whole, tensors))) ?? "nothing", problem);
  }
  match((await refusal(fileOf({ ...documentOf(1), results: { [MARKUP]: 1 } })))!, /a result has the name "<img/);
  const file = { name: "model.safetensors", bytes: 1, sha256: MARKUP };
  const model = { id: "m", files: [file], package: "1", backend: "native" };
  match((await refusal(fileOf({ ...documentOf(1), model })))!, /sha256 is "<img.*", not a SHA-256 of 64/);
  const unhashed = { ...model, files: [], backend: MARKUP };
  match((await refusal(fileOf({ ...documentOf(1), model: unhashed })))!, /model\.backend is "<img.*", not "wasm" or/);
});

/** `depth` levels, each of which has the one below it `width` times. */
function levels(depth: number, width: number, last: unknown): unknown[] {
  const refs = (i: number) => Array.from({ length: width }, () => ({ $shared: i }));
  return [...Array.from({ length: depth }, (_, i) => refs(i + 1)), last];
}

Deno.test("decodeResults() refuses a small file that would be large, at once", async () => {
  const start = cpuTime();
  const deep = fileOf(documentOf({ $shared: 0 }, "data", levels(60, 2, 1)));
  ok(deep.length < 4000);
  match((await refusal(deep))!, /it holds more than 16777216 values, those that are shared counted wherever/);
  const wide = fileOf(documentOf({ $shared: 0 }, "data", levels(5, 300, 1)));
  match((await refusal(wide))!, /it holds more than 16777216 values/);
  const long = fileOf(documentOf({ $shared: 0 }, "data", levels(1, 2000, ["x".repeat(1e6)])));
  match((await refusal(long))!, /it holds more than 16777216 values/);
  const object = Array.from({ length: 60 }, (_, i) => ({ a: { $shared: i + 1 }, b: { $shared: i + 1 } }));
  match((await refusal(fileOf(documentOf({ $shared: 0 }, "data", [...object, 1]))))!, /it holds more than/);
  const brackets = `{"package":"","kinds":{},"shared":[],"results":{"x":[${"[],".repeat(9e6)}1]}}`;
  match((await refusal(fileOf(brackets)))!, /its document cannot be read, as it holds more than 16777216 values/);
  ok(cpuTime() - start < 5000, "five answers");
});

Deno.test("diffResults(), decodeResults() and encodeResults() look at what is shared once", async () => {
  const start = cpuTime();
  const file = fileOf(documentOf({ $shared: 0 }, "data", levels(22, 2, 1)));
  ok(file.length < 1500);
  const [a, b] = [await decodeResults(file), await decodeResults(file)];
  const { equal: isEqual, compared } = diffResults(a, b);
  deepEqual([isEqual, compared], [true, 2]);
  const changed = await decodeResults(fileOf(documentOf({ $shared: 0 }, "data", levels(22, 2, 2))));
  equal(diffResults(a, changed).differences.length, 1);
  equal((await encodeResults(a.results)).length < 2500, true);
  const sequence = { tokenIds: [], tokens: [], promptLength: 0, text: "" };
  const refs = (index: number) => Array(250).fill({ $shared: index });
  const token = { id: 1, piece: "a", bytes: { $bytes: "61" }, start: 0, end: 1, text: "a" };
  const prediction = { tokenId: 1, token, probability: 1, logit: 0, rank: 1 };
  const logits = { $array: "l", dtype: "F32", length: 1 };
  const step = { position: 0, tokenId: 1, token, logProb: 0, candidates: refs(0), logits: logits };
  const branches = Array.from({ length: 10 }, (_, id) => {
    return { id, start: 0, sequence: { $shared: 3 }, steps: { $shared: 1 }, logProb: 0, ...id > 0 && { parent: 0 } };
  });
  const shared = [prediction, refs(2), step, sequence];
  const tensors = { l: { data: Float32Array.of(1), shape: [1] } };
  const tree = fileOf(documentOf({ prompt: { $shared: 3 }, branches }, "decodingTree", shared), tensors);
  ok(tree.length < 12_000);
  const { results } = await decodeResults(tree, { x: "decodingTree" });
  equal(results.x.branches[9]!.steps.length, 250);
  equal(diffResults(results.x, (await decodeResults(tree)).results.x).equal, true);
  ok(cpuTime() - start < 3000);
});
