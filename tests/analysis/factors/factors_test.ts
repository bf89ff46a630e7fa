import { deepEqual, equal, ok, rejects } from "@std/assert";
import { errorCurve, type Factors, type FactorsOptions, neuronFactors } from "../../../src/analysis/mod.ts";
import type { Trace } from "../../../src/ask/trace/trace.ts";
import type { Progress } from "../../../src/base/progress.ts";
import { random } from "../../checkpoint/random.ts";
import { counted } from "../../support/counted.ts";
import { equalsGolden, FACTS, golden, goldenTrace, layersOf, sequenceOfIds, traceOf } from "../analysis_goldens.ts";

const BOUND = 1e-6;
const LONG = await goldenTrace("long", "activations");
const SINGLE = await goldenTrace("single", "activations");
const TRACES: Readonly<Record<string, Trace>> = { long: LONG, single: SINGLE };

/** Two groups of neurons, each active at its own tokens: exactly two factors, on two layers of three neurons. */
const TWO_GROUPS = traceOf("activations", [2, 4, 3], [
  ...[2, -1, 0, 4, -1, 0, 0, 3, -2, 0, 1, 0],
  ...[0, 0, 1, -3, 0, 2, 0, 6, 0, 0, 2, 0],
]);

async function startOf(name: string): Promise<Pick<Factors, "activity" | "neurons">> {
  return { activity: await golden(`nmf/${name}/start/activity`), neurons: await golden(`nmf/${name}/start/neurons`) };
}

const near = (actual: number, expected: number, bound: number) =>
  ok(Math.abs(actual - expected) <= bound, `${actual} != ${expected}`);

for (const [name, { init, factors, prompts, layers, ...expected }] of counted(Object.entries(FACTS.nmf), 7)) {
  Deno.test(`neuronFactors() equals scikit-learn's NMF: ${name}`, async () => {
    const options: FactorsOptions = {
      factors,
      init: init === "custom" ? await startOf(name) : init,
      maxIterations: 2000,
      ...(layers ? { layers } : {}),
    };
    const found = await neuronFactors(prompts.map((prompt) => TRACES[prompt]!), options);
    await equalsGolden(found.activity, `nmf/${name}/activity`, BOUND);
    await equalsGolden(found.neurons, `nmf/${name}/neurons`, BOUND);
    near(found.error, expected.error, 1e-6);
    near(found.relativeError, expected.relativeError, 1e-7);
    equal(found.iterations, expected.iterations);
    equal(found.converged, expected.iterations < 2000);
    deepEqual(found.layers, layers ?? Array.from({ length: 12 }, (_, layer) => layer));
    deepEqual(
      found.sequences.map(({ tokenIds }) => tokenIds.length),
      prompts.map((prompt) => {
        return TRACES[prompt]!.sequence.tokenIds.length;
      }),
    );
  });
}

Deno.test("neuronFactors() leaves no more than Ecco's settings do", async () => {
  const { factors, iterations, relativeErrors } = FACTS.ecco; // scikit-learn, started at random, five seeds
  const [least, most] = [Math.min(...relativeErrors), Math.max(...relativeErrors)];
  const ours = await neuronFactors(LONG, { factors, maxIterations: iterations });
  ok(ours.relativeError <= 1.01 * least, `${ours.relativeError} > ${least}`);
  for (const seed of [0, 1]) {
    const { relativeError } = await neuronFactors(LONG, { factors, maxIterations: iterations, init: "random", seed });
    ok(relativeError >= 0.99 * least && relativeError <= 1.01 * most, `${relativeError} for seed ${seed}`);
  }
});

Deno.test("neuronFactors() finds two groups, and names their neurons and tokens", async () => {
  const { topNeurons, topTokens, relativeError, activity } = await neuronFactors(TWO_GROUPS, { factors: 2 });
  ok(relativeError < 1e-3, `${relativeError}`);
  deepEqual(topNeurons.map((neurons) => neurons.map(({ layer, neuron }) => [layer, neuron]).slice(0, 2)), [
    [[1, 1], [0, 1]],
    [[0, 0], [1, 2]],
  ]);
  deepEqual(topTokens.map((tokens) => tokens.map(({ text, position }) => [text, position]).slice(0, 2)), [
    [[0, 2], [0, 3]],
    [[0, 1], [0, 0]],
  ]);
  equal(topTokens[0]![0]!.activity, activity.data[2]);
});

Deno.test("neuronFactors() lists as many as asked, none that are 0, and tells texts apart", async () => {
  const { topNeurons, topTokens, neurons } = await neuronFactors([SINGLE, LONG], { factors: 3, top: 40 });
  for (const [k, tokens] of topTokens.entries()) {
    ok(tokens.length <= 37 && tokens.every(({ activity }) => activity > 0));
    ok(tokens.every(({ text, position }) => position < (text === 0 ? 9 : 28)));
    ok(tokens.some(({ text }) => text === 0) || tokens.some(({ text }) => text === 1));
    equal(topNeurons[k]!.length, 40);
    const [{ layer, neuron, weight }] = topNeurons[k]! as [Factors["topNeurons"][0][0]];
    equal(weight, neurons.data[k * 576 + layer * 48 + neuron]);
    equal(weight, Math.max(...neurons.data.subarray(k * 576, (k + 1) * 576)));
  }
});

Deno.test("neuronFactors() gives the same factors again, and by seed when it starts at random", async () => {
  const options = { factors: 4, maxIterations: 20 };
  deepEqual(await neuronFactors(LONG, options), await neuronFactors([LONG], options));
  const draw = (seed: number) => neuronFactors(LONG, { ...options, init: "random", seed });
  const [a, again, b] = [await draw(1), await draw(1), await draw(2)];
  deepEqual(a, again);
  ok(a.error !== b.error);
  deepEqual([a.seed, b.seed], [1, 2]);
});

Deno.test("neuronFactors() goes on from earlier factors", async () => {
  const half = await neuronFactors(LONG, { factors: 4, maxIterations: 20 });
  equal(half.converged, false);
  const rest = await neuronFactors(LONG, { factors: 4, maxIterations: 20, init: half });
  const whole = await neuronFactors(LONG, { factors: 4, maxIterations: 40 });
  near(rest.error, whole.error, 1e-5);
});

Deno.test("neuronFactors() reads the recorded blocks of a trace, by their index", async () => {
  const some = layersOf(LONG, "activations", [1, 2, 10]);
  deepEqual(
    await neuronFactors(some, { factors: 3, layers: [10, 2] }),
    { ...await neuronFactors(LONG, { factors: 3, layers: [2, 10, 2] }), sequences: [LONG.sequence] },
  );
  deepEqual((await neuronFactors(some, { factors: 3 })).layers, [1, 2, 10]);
  await rejects(neuronFactors(some, { factors: 3, layers: [3] }), {
    name: "RangeError",
    message: "Cannot factor neurons in layer 3 as the trace holds layers 1, 2, 10",
  });
});

Deno.test("neuronFactors() of one token: one factor, which explains all", async () => {
  const one = traceOf("activations", [2, 1, 3], [1, -1, 0, 2, 0.5, -3]);
  const { activity, neurons, relativeError, topTokens } = await neuronFactors(one);
  deepEqual([activity.shape, neurons.shape], [[1, 1], [1, 6]]);
  ok(relativeError < 1e-3);
  near(activity.data[0]! * neurons.data[3]!, 2, 1e-3);
  equal(topTokens[0]!.length, 1);
});

Deno.test("neuronFactors() of activations of lower rank than factors", async () => {
  for (const init of ["nndsvd", "nndsvda"] as const) {
    const { relativeError, neurons, activity } = await neuronFactors(TWO_GROUPS, { factors: 4, init });
    ok(relativeError < 1e-2, `${init}: ${relativeError}`);
    ok([...neurons.data, ...activity.data].every((value) => value >= 0 && Number.isFinite(value)));
  }
  const { activity } = await neuronFactors(TWO_GROUPS, { factors: 4, init: "nndsvd" });
  deepEqual([...activity.data.subarray(8)], Array(8).fill(0)); // there is no third singular vector to start from
});

Deno.test("errorCurve() equals scikit-learn's NMF", async () => {
  const { factors, relativeErrors } = FACTS.errorCurve;
  const curve = await errorCurve(LONG, { factors });
  deepEqual(curve.factors, factors);
  curve.relativeErrors.forEach((error, i) => near(error, relativeErrors[i]!, 1e-6));
});

Deno.test("errorCurve() takes as many factors as there are tokens", async () => {
  const { factors, relativeErrors } = await errorCurve(SINGLE, { maxIterations: 50 });
  deepEqual(factors, [1, 2, 4, 8]);
  ok(relativeErrors.every((error, i) => i === 0 || error < relativeErrors[i - 1]!));
  deepEqual(await errorCurve(SINGLE, { factors: [3], init: "random", seed: 5 }), {
    factors: [3],
    relativeErrors: [(await neuronFactors(SINGLE, { factors: 3, init: "random", seed: 5 })).relativeError],
  });
});

Deno.test("neuronFactors() tells how far it is and hears an abort in the middle", async () => {
  const seen: Progress[] = [];
  const { iterations } = await neuronFactors(LONG, { factors: 6, onProgress: (progress) => void seen.push(progress) });
  deepEqual(seen[0], {
    task: "factors",
    completed: 10,
    total: 200,
    message: "Factored for 10 of at most 200 iterations",
  });
  const message = `Factored in ${iterations} iterations`;
  deepEqual(seen.at(-1), { task: "factors", completed: iterations, total: iterations, message });

  const controller = new AbortController();
  let calls = 0;
  const onProgress = () => {
    if (++calls === 2) controller.abort(new Error("enough"));
  };
  await rejects(
    neuronFactors(LONG, { factors: 6, tolerance: 0, onProgress, signal: controller.signal }),
    /^Error: enough$/,
  );
  equal(calls, 2);
  await rejects(neuronFactors(LONG, { signal: AbortSignal.abort(new Error("before")) }), /^Error: before$/);
});

Deno.test("neuronFactors() hears a timer while it works", async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error("timer")), 0);
  const work = neuronFactors(LONG, { factors: 8, tolerance: 0, maxIterations: 1e9, signal: controller.signal });
  await rejects(work, /^Error: timer$/);
});

Deno.test("errorCurve() hears an abort between two numbers of factors", async () => {
  const controller = new AbortController();
  const seen: number[] = [];
  const onProgress = ({ completed, total }: Progress) => {
    seen.push(completed, total);
    controller.abort(new Error("enough"));
  };
  await rejects(errorCurve(SINGLE, { factors: [1, 2], onProgress, signal: controller.signal }), /^Error: enough$/);
  deepEqual(seen, [1, 2]);
});

Deno.test("neuronFactors() refuses traces that cannot be factored", async () => {
  const refused = (traces: Trace | Trace[], name: string, message: string, options: FactorsOptions = {}) =>
    rejects(neuronFactors(traces, options), { name, message });
  const missing = 'the trace has no activations; record it with model.trace(sequence, { capture: ["activations"] })';
  await refused({ sequence: sequenceOfIds([1]) }, "TypeError", `Cannot factor neurons as ${missing}`);
  await refused([], "RangeError", "Cannot factor neurons of no text; give at least one trace");
  await refused(LONG, "RangeError", "Cannot factor neurons of no layer; name at least one", { layers: [] });
  await refused(
    [LONG, TWO_GROUPS],
    "RangeError",
    "Cannot factor neurons of traces with layers 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 of 48 neurons and layers 0, 1 of 3 " +
      "together; record the same layers of one model",
  );
  const damaged = traceOf("activations", [1, 2, 2], [1, 2, Infinity, 4]);
  await refused(damaged, "RangeError", "Cannot factor neurons as the trace has Infinity at activations[0, 1, 0]");
  await refused(
    traceOf("activations", [1, 2, 2], [-1, 0, -1, 0]),
    "RangeError",
    "Cannot factor neurons that are nowhere active above 0",
  );
  const empty = { sequence: sequenceOfIds([]), activations: { data: new Float32Array(), shape: [12, 0, 48] } };
  await refused(empty, "RangeError", "Cannot factor neurons as the trace has empty activations");
});

Deno.test("neuronFactors() and errorCurve() refuse options out of range before any work", async () => {
  const refused = async (options: FactorsOptions, name: string, message: string) => {
    await rejects(neuronFactors(SINGLE, options), { name, message });
  };
  for (const factors of [0, 10, 1.5, NaN]) {
    const message = `Cannot explain 9 tokens x 576 neurons by ${factors} factors; use a whole number from 1 to 9`;
    await refused({ factors }, "RangeError", message);
    await rejects(errorCurve(SINGLE, { factors: [1, factors] }), { name: "RangeError", message });
  }
  await refused({ top: 0 }, "RangeError", "Cannot list the top 0 as it must be a whole number >= 1");
  await refused({ maxIterations: 0 }, "RangeError", "Cannot stop after 0 as it must be a whole number >= 1");
  await refused({ tolerance: NaN }, "RangeError", "Cannot stop at a tolerance of NaN as it must be a number >= 0");
  await refused({ seed: 0.5 }, "RangeError", "Cannot seed with 0.5 as a seed must be a whole number");
  const names = 'use "nndsvda", "nndsvd", "random" or factors';
  await refused({ init: JSON.parse('"svd"') }, "TypeError", `Cannot start a factorisation from "svd"; ${names}`);
  await refused({ init: JSON.parse("{}") }, "TypeError", `Cannot start a factorisation from {}; ${names}`);
  await rejects(errorCurve(SINGLE, { init: JSON.parse("{}") }), {
    name: "TypeError",
    message: "Cannot draw an error curve from given factors; name a start",
  });
  const start = await neuronFactors(SINGLE, { factors: 2, maxIterations: 1 });
  await refused(
    { factors: 3, init: start },
    "RangeError",
    "Cannot start from activity of shape [2, 9] as [3, 9] is needed",
  );
  for (
    const data of [
      start.neurons.data.with(5, -1),
      start.neurons.data.with(5, NaN),
      start.neurons.data.map(() => 0),
    ]
  ) {
    const init = { ...start, neurons: { ...start.neurons, data } };
    await refused({ factors: 2, init }, "RangeError", "Cannot start from neurons that are negative, NaN or all 0");
  }
  await rejects(errorCurve(SINGLE, { factors: [] }), {
    name: "RangeError",
    message: "Cannot draw an error curve of no number of factors; give some",
  });
});

Deno.test("neuronFactors() of many tokens explains what two factors made", async () => {
  const draw = random(3);
  const [T, M] = [300, 40];
  const [w, h] = [Array.from({ length: 2 * T }, draw), Array.from({ length: 2 * M }, draw)];
  const numbers = Array.from({ length: T * M }, (_, i) => {
    const [t, m] = [Math.floor(i / M), i % M];
    return w[2 * t]! * h[2 * m]! + w[2 * t + 1]! * h[2 * m + 1]!;
  });
  const { relativeError } = await neuronFactors(traceOf("activations", [1, T, M], numbers), { factors: 2 });
  ok(relativeError < 0.02, `${relativeError}`);
});
