import { deepEqual, equal, ok } from "@std/assert";
import { SCORES } from "../../src/models/gradient_question.ts";
import type { Program } from "../../src/models/program.ts";
import { weightsOf } from "../../src/models/weights.ts";
import type { Value } from "../../src/onnx/mod.ts";
import { erf } from "../support/erf.ts";
import { maxAbsDifference } from "../support/goldens.ts";
import { type TinyModel, tinyModel, type TinyOptions, type TinyRequest } from "../support/tiny_gpt2.ts";

const IDS = [5, 22, 7, 0, 7, 13, 1];
const T = IDS.length;
const ROWS = [...IDS.keys()];

/** Holds numbers to others within 1e-5 of the largest. */
function close(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string, bound = 1e-5): void {
  const scale = Math.max(1e-30, ...Array.from(expected, Math.abs));
  const error = maxAbsDifference(actual, expected) / scale;
  ok(error <= bound, `${what}: ${error}`);
}

/** The logits of every token and what the blocks give to a cache, with the tokens read in pieces of these lengths. */
async function readInPieces(model: TinyModel, lengths: readonly number[]) {
  const { logits, hiddenStates, keys, values } = model.program.outputs;
  const { nEmbd, nLayer, vocabSize } = model.config;
  const fetches = [logits, hiddenStates.at(-1)!, ...keys, ...values];
  let seen = fetches.map(() => new Float32Array(0));
  let start = 0;
  for (const length of lengths) {
    const request = { tokenIds: IDS.slice(start, start + length), rows: ROWS.slice(0, length), past: seen.slice(2) };
    const results = await model.run(request, fetches);
    seen = seen.map((before, i) => Float32Array.of(...before, ...results[i]!));
    start += length;
  }
  equal(seen[0]!.length, T * vocabSize);
  equal(seen.length, 2 + 2 * nLayer);
  ok(seen.slice(1).every(({ length }) => length === T * nEmbd));
  return seen;
}

for (const lengths of [[1, 1, 1, 1, 1, 1, 1], [3, 4], [6, 1]]) {
  Deno.test(`Program: ${T} tokens read in pieces of ${lengths} give what they give at once`, async () => {
    await using model = await tinyModel();
    const whole = await readInPieces(model, [T]);
    const pieces = await readInPieces(model, lengths);
    whole.forEach((expected, i) => close(pieces[i]!, expected, `output ${i}`));
  });
}

Deno.test("Program: attention sums to 1 over the tokens so far and is 0 after them", async () => {
  await using model = await tinyModel();
  for (const pattern of await model.run({ tokenIds: IDS, rows: [0] }, model.program.outputs.attention)) {
    equal(pattern.length, 3 * T * T);
    for (let row = 0; row < 3 * T; ++row) {
      const weights = pattern.subarray(row * T, (row + 1) * T);
      ok(Math.abs(weights.reduce((sum, weight) => sum + weight) - 1) < 1e-6);
      ok(weights.subarray(row % T + 1).every((weight) => weight === 0));
    }
  }
});

Deno.test("Program: no branch reads what the model has transposed, so that it is read where it is", async () => {
  await using model = await tinyModel();
  const { graph } = model.program;
  const transposed = graph.nodes.filter(({ op }) => op === "Transpose").flatMap(({ outputs }) => outputs);
  const branches = graph.nodes.flatMap(({ attributes }) =>
    Object.values(attributes).flatMap((one) => one.kind === "graph" ? [one.value] : [])
  );
  ok(transposed.length > 0 && branches.length > 0);
  const read = new Set(branches.flatMap(({ nodes }) => nodes.flatMap(({ inputs }) => inputs)));
  deepEqual(transposed.filter((value) => read.has(value)), []);
});

Deno.test("Program: logits are given for the rows that are asked for, in their order", async () => {
  await using model = await tinyModel();
  const { logits } = model.program.outputs;
  const [all] = await model.run({ tokenIds: IDS, rows: ROWS }, [logits]);
  const [some] = await model.run({ tokenIds: IDS, rows: [4, 1, 4] }, [logits]);
  const row = (index: number) => [...all!.subarray(23 * index, 23 * (index + 1))];
  close(some!, [...row(4), ...row(1), ...row(4)], "rows");
});

Deno.test("Program: texts that are read side by side do not see each other", async () => {
  await using model = await tinyModel();
  const { logits, attention } = model.program.outputs;
  const texts = [IDS.slice(0, 3), IDS.slice(3), [9]];
  const alone = await Promise.all(texts.map(async (tokenIds) => {
    return (await model.run({ tokenIds, rows: [...tokenIds.keys()] }, [logits]))[0]!;
  }));
  const owners = texts.flatMap((text, i) => text.map(() => i));
  const positions = texts.flatMap((text) => [...text.keys()]);
  const tokenIds = texts.flat();
  const request = { tokenIds, rows: [...tokenIds.keys()], texts: owners, positions };
  const [together, pattern] = await model.run(request, [logits, attention[0]!]);
  close(together!, alone.flatMap((rows) => [...rows]), "logits");
  pattern!.forEach((weight, i) => {
    const [from, to] = [Math.floor(i / 8) % 8, i % 8];
    equal(weight > 0, owners[to] === owners[from] && to <= from, `from ${from} to ${to}`);
  });
});

Deno.test("Program: texts go on side by side from one cache, whatever stands between their tokens", async () => {
  await using model = await tinyModel();
  const { logits, keys, values } = model.program.outputs;
  const texts = [IDS, IDS.toReversed().slice(0, 5), [9]];
  const alone = await Promise.all(texts.map(async (tokenIds) => {
    return (await model.run({ tokenIds, rows: [...tokenIds.keys()] }, [logits]))[0]!;
  }));
  let past: Float32Array[] | undefined;
  const pastTexts: number[] = [];
  const read = texts.map(() => 0);
  for (const owners of [[0, 0, 1], [1, 0, 1], [2], [0, 0, 1, 0], [0, 1]]) {
    const positions = owners.map((text) => read[text]!++);
    const tokenIds = owners.map((text, t) => texts[text]![positions[t]!]!);
    const request = { tokenIds, rows: [...owners.keys()], texts: owners, positions, pastTexts, ...past && { past } };
    const [some, ...cached] = await model.run(request, [logits, ...keys, ...values]);
    const expected = owners.flatMap((
      text,
      t,
    ) => [...alone[text]!.subarray(23 * positions[t]!, 23 * (positions[t]! + 1))]);
    close(some!, expected, `texts ${owners}`);
    past = cached.map((rows, i) => Float32Array.of(...past?.[i] ?? [], ...rows));
    pastTexts.push(...owners);
  }
  deepEqual(read, texts.map(({ length }) => length));
});

Deno.test("Program: texts that begin alike go on from one beginning in the cache", async () => {
  await using model = await tinyModel();
  const { logits, keys, values } = model.program.outputs;
  const beginning = IDS.slice(0, 4);
  const ends = [[7, 8], [7, 2], [9, 3]];
  const alone = await Promise.all(ends.map(async (end) => {
    return (await model.run({ tokenIds: [...beginning, ...end], rows: [5] }, [logits]))[0]!;
  }));
  const [, ...first] = await model.run({ tokenIds: beginning, rows: [0] }, [logits, ...keys, ...values]);
  const step = { tokenIds: [7, 9], rows: [0], texts: [0, 2], positions: [4, 4], past: first, pastTexts: [0, 0, 0, 0] };
  const [, ...second] = await model.run({ ...step, pastLastTexts: [2, 2, 2, 2] }, [logits, ...keys, ...values]);
  const [together] = await model.run({
    tokenIds: ends.map((end) => end[1]!),
    rows: [0, 1, 2],
    texts: [0, 1, 2],
    positions: [5, 5, 5],
    past: first.map((rows, i) => Float32Array.of(...rows, ...second[i]!)),
    pastTexts: [0, 0, 0, 0, 0, 2],
    pastLastTexts: [2, 2, 2, 2, 1, 2],
  }, [logits]);
  close(together!, alone.flatMap((row) => [...row]), "logits");
});

Deno.test("Program: each token has an embedding scale of its own, which leaves its position", async () => {
  await using model = await tinyModel();
  const { hiddenStates, scores: { gradientXInputSum } } = model.program.outputs;
  const scale = [1, 0, 0.5, 1, -2, 0, 1];
  const at = async (embeddingScale: readonly number[]) =>
    (await model.run({ tokenIds: IDS, rows: [0], embeddingScale }, [hiddenStates[0]!]))[0]!;
  const [whole, none, scaled] = [await at(IDS.map(() => 1)), await at(IDS.map(() => 0)), await at(scale)];
  const C = model.config.nEmbd;
  close(scaled, Array.from(whole, (x, i) => none[i]! + scale[Math.floor(i / C)]! * (x - none[i]!)), "embeddings");
  ok(none.some((position) => position !== 0));
  const request = { tokenIds: IDS, rows: [T - 1], targets: [2], mix: [[1]], embeddingScale: scale };
  const [score] = await model.run(request, [gradientXInputSum]);
  deepEqual(Array.from(score!, (value) => value !== 0), scale.map((value) => value !== 0));
});

Deno.test("Program: the gradient is exactly 0 after the row whose next token is explained", async () => {
  await using model = await tinyModel();
  for (const [score, data] of await scores(model, { rows: ROWS, targets: [3, 1, 4, 1, 5, 9, 2], mix: identity(T) })) {
    for (let n = 0; n < T; ++n) {
      const row = data.subarray(n * T, (n + 1) * T);
      ok(row.subarray(n + 1).every((value) => value === 0), score);
      // A gradient is orthogonal to the vector of ones, as LayerNorm subtracts the mean.
      if (score !== "gradientSum") ok(row.subarray(0, n + 1).every((value) => value !== 0), score);
    }
  }
});

Deno.test("Program: a mix of rows gives the same mix of their gradients", async () => {
  await using model = await tinyModel();
  const request = { rows: [2, 6, 4], targets: [3, 1, 4] };
  const weights = [[1, 1, 1], [0.5, -2, 0]];
  const rows = (await scores(model, { ...request, mix: identity(3) })).get("gradientXInputSum")!;
  const mixed = (await scores(model, { ...request, mix: weights })).get("gradientXInputSum")!;
  const expected = weights.flatMap((mix) => {
    return ROWS.map((t) => mix.reduce((sum, weight, r) => sum + weight * rows[r * T + t]!, 0));
  });
  close(mixed, expected, "mix");
});

for (const [what, factor, bounds] of [["unsure", 1, [1e-3, 1]], ["all but certain", 12, [1e-12, 1e-8]]] as const) {
  Deno.test(`Program: the gradient of a log-probability is that of its logit less the mean of all, ${what}`, async () => {
    const [row, target] = [T - 1, 9]; // the target is not among the tokens that are read
    await using model = await tinyModel({}, { scaled: { tokenId: target, factor } });
    const V = model.config.vocabSize;
    const [logits] = await model.run({ tokenIds: IDS, rows: [row] }, [model.program.outputs.logits]);
    const p = softmax(logits!);
    const others = p.map((p, v) => v === target ? 0 : p);
    const doubt = others.reduce((a, b) => a + b);
    ok(doubt > bounds[0] && doubt < bounds[1], `${doubt}`);

    const every = { rows: Array<number>(V).fill(row), targets: [...Array(V).keys()], mix: identity(V), ofLogit: true };
    const ofLogits = (await scores(model, every)).get("gradientXInputSum")!;
    const ofLogProb = (await scores(model, { rows: [row], targets: [target], mix: [[1]] })).get("gradientXInputSum")!;
    // d log p = Σ p_v (d logit − d logit_v), which keeps its digits when p is near 1
    const expected = ROWS.map((t) => {
      return others.reduce((sum, p, v) => sum + p * (ofLogits[target * T + t]! - ofLogits[v * T + t]!), 0);
    });
    close(ofLogProb, expected, "log-probability");
  });
}

Deno.test("Program: the four scores belong together", async () => {
  await using model = await tinyModel();
  const all = await scores(model, { rows: [T - 1], targets: [2], mix: [[1]] });
  deepEqual([...all.keys()], [...SCORES]);
  const root = Math.sqrt(model.config.nEmbd); // Cauchy-Schwarz
  for (const name of ["gradient", "gradientXInput"] as const) {
    const [l2, sum] = [all.get(`${name}L2`)!, all.get(`${name}Sum`)!];
    ok(l2.every((norm, t) => norm > 0 && Math.abs(sum[t]!) <= root * norm * (1 + 1e-5)), name);
  }
  ok(all.get("gradientSum")!.every((sum, t) => Math.abs(sum) <= 1e-5 * all.get("gradientL2")![t]!));
});

Deno.test("Program: an empty mix leaves the gradient out", async () => {
  await using model = await tinyModel();
  for (const data of (await scores(model, { rows: [0], mix: [] })).values()) equal(data.length, 0);
});

Deno.test("Program: one token can be read and explained", async () => {
  await using model = await tinyModel();
  const [score] = await model.run({ tokenIds: [4], rows: [0], targets: [1], mix: [[1]] }, [
    model.program.outputs.scores.gradientL2,
  ]);
  equal(score!.length, 1);
  ok(score![0]! > 0);
});

for (const tied of [true, false]) {
  Deno.test(`Program declares every weight once, ${tied ? "tied" : "untied"}`, async () => {
    await using model = await tinyModel({ tie_word_embeddings: tied });
    const external = model.program.graph.initializers.filter(({ data }) => data.kind === "external");
    deepEqual(external.map(({ value }) => value.name).sort(), [...weightsOf(model.config).keys()].sort());
  });
}

const ACTIVATIONS: Readonly<Record<string, (x: number) => number>> = {
  gelu: (x) => x * (1 + erf(x * Math.SQRT1_2)) / 2,
  "gelu_fast": (x) => x * (1 + Math.tanh(0.7978845608 * x * (1 + 0.044715 * x * x))) / 2,
  "gelu_new": (x) => x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))) / 2,
  "gelu_pytorch_tanh": (x) => x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))) / 2,
  relu: (x) => Math.max(0, x),
  silu: (x) => x / (1 + Math.exp(-x)),
  swish: (x) => x / (1 + Math.exp(-x)),
  tanh: Math.tanh,
};

for (const [name, activation] of Object.entries(ACTIVATIONS)) {
  Deno.test(`Program: the neurons are ${name} of what c_fc gives`, async () => {
    const before: Value[] = [];
    const expose = ({ graph }: Program) => {
      const node = graph.nodes.find(({ inputs }) => inputs.some((input) => input.name === "h.1.mlp.c_fc.weight"))!;
      before.push(graph.output(node.outputs[0]!));
    };
    await using model = await tinyModel({ activation_function: name }, { expose });
    const after = model.program.outputs.activations[1]!;
    const [x, y] = await model.run({ tokenIds: IDS, rows: [0] }, [before[0]!, after]);
    ok(x!.some((value) => value > 1) && x!.some((value) => value < -1));
    close(y!, Array.from(x!, activation), name, 1e-6);
  });
}

for (const name of ["gelu", "gelu_new", "silu", "tanh"]) {
  Deno.test(`Program: gradient times input is the slope of scaling an embedding, with ${name}`, async () => {
    // The tokens are all different and the output embeddings are others, so scaling one embedding moves one token.
    const changes = { "activation_function": name, "tie_word_embeddings": false };
    const [position, target, step] = [2, 9, 0.02] as const;
    const tokenIds = [5, 22, 7, 0, 14, 13];
    const rows = [tokenIds.length - 1];
    const logProb = async (options: TinyOptions) => {
      await using model = await tinyModel(changes, options);
      const [logits] = await model.run({ tokenIds, rows }, [model.program.outputs.logits]);
      return Math.log(softmax(logits!)[target]!);
    };
    let slope = 0;
    for (const [times, weight] of [[-2, 1], [-1, -8], [1, 8], [2, -1]] as const) {
      const scaled = { tokenId: tokenIds[position]!, factor: 1 + times * step };
      slope += weight * await logProb({ scaled }) / (12 * step);
    }
    await using model = await tinyModel(changes);
    const { gradientXInputSum } = model.program.outputs.scores;
    const [score] = await model.run({ tokenIds, rows, targets: [target], mix: [[1]] }, [gradientXInputSum]);
    const scale = Math.max(...score!.map(Math.abs));
    ok(Math.abs(score![position]! - slope) <= 1e-3 * scale, `${score![position]} != ${slope}, of ${scale}`);
  });
}

async function scores(model: TinyModel, request: Omit<TinyRequest, "tokenIds">) {
  const { scores } = model.program.outputs;
  const results = await model.run({ tokenIds: IDS, ...request }, SCORES.map((name) => scores[name]));
  return new Map(SCORES.map((name, i) => [name, results[i]!]));
}

function identity(size: number): number[][] {
  return Array.from({ length: size }, (_, n) => Array.from({ length: size }, (_, r) => Number(n === r)));
}

function softmax(logits: Float32Array): number[] {
  const top = Math.max(...logits);
  const weights = Array.from(logits, (logit) => Math.exp(logit - top));
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}
