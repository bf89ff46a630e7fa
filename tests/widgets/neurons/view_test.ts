import { deepEqual, equal, match, ok, throws } from "@std/assert";
import { neuronClusters } from "../../../src/analysis/mod.ts";
import { LanguageModel, neuronsView, type NeuronsViewOptions, type Trace } from "../../../mod.ts";
import { categoryColour } from "../../../widgets/kit/categories.ts";
import { clustersOf } from "../activations/clusters_fixtures.ts";
import { KEYS, sequenceOf } from "../fixtures.ts";
import { matchesGolden } from "../golden.ts";
import { INJECTED, longSequence, SCRIPTS } from "../lens_fixtures.ts";
import { all, isWellFormed, parse } from "../page.ts";
import { standsAlone, staysReadable } from "../views_all.ts";
import { neuronTraceOf } from "./fixtures.ts";

const CLUSTERS = clustersOf(KEYS, 3);
const M = CLUSTERS.clusterOf.data.length;

/** `[T]`, the activations of a neuron of the second layer, which is layer 3. */
function rowOf({ activations }: Trace, neuron: number): number[] {
  const [, T] = activations!.shape as [number, number];
  return Array.from({ length: T }, (_, t) => activations!.data[(T + t) * M + neuron]!);
}

/** What the page gives its script. */
function dataOf(html: string) {
  const one = all(parse(html), ".d")[0]!;
  const read = (name: string) => one.getAttribute(`data-${name}`)!;
  const shares = Uint8Array.fromBase64(read("s"));
  return {
    shares,
    words: JSON.parse(read("n")),
    colours: JSON.parse(read("g")),
    colourOf: JSON.parse(read("c")),
    T: +read("t"),
  };
}

Deno.test("neuronsView() draws a page and an image that can be looked at", async () => {
  const view = neuronsView(neuronTraceOf(), { clusters: CLUSTERS });
  await matchesGolden("neurons.html", view.html);
  await matchesGolden("neurons.svg", view.svg);
  isWellFormed(view.svg);
  standsAlone(view);
  staysReadable(view, ["cluster 2", "·cabinet", "Neurons as a table"]);
});

Deno.test("neuronsView() draws the most active neurons by cluster, place and strength, with the numbers of the trace", () => {
  const trace = neuronTraceOf();
  const view = neuronsView(trace, { clusters: CLUSTERS, neurons: 20 });
  const peaks = Array.from({ length: M }, (_, neuron) => Math.max(...rowOf(trace, neuron)));
  const drawn = [...peaks.keys()].sort((a, b) => peaks[b]! - peaks[a]! || a - b).slice(0, 20);
  const places = peaks.map((peak, neuron) => rowOf(trace, neuron).indexOf(peak));
  const cluster = (neuron: number) => CLUSTERS.clusterOf.data[neuron]!;
  const order = drawn.toSorted((a, b) => cluster(a) - cluster(b) || places[a]! - places[b]! || peaks[b]! - peaks[a]!);
  const rows = all(parse(view.html), "tbody tr").map((row) => [...row.children].map((cell) => cell.textContent))
    .filter((cells) => cells.length === 5);
  deepEqual(rows.map(([, neuron]) => Number(neuron)), order);
  deepEqual(rows.map(([one]) => Number(one)), order.map(cluster));
  rows.forEach(([, , peak, at, active], i) => {
    const row = rowOf(trace, order[i]!);
    ok(Math.abs(Number(peak) - peaks[order[i]!]!) <= 5e-4, `${peak}`);
    ok(at!.startsWith(`${places[order[i]!]} `), `${at}`);
    equal(Number(active), row.filter((one) => one > 0).length);
  });
  const { shares, words, colours, colourOf, T } = dataOf(view.html);
  order.forEach((neuron, i) => {
    const row = rowOf(trace, neuron);
    const expected = row.map((one) => Math.round(100 * Math.max(0, one) / peaks[neuron]!));
    deepEqual([...shares.subarray(i * T, (i + 1) * T)], expected);
    match(words[i], new RegExp(`^layer 3, neuron ${neuron}, cluster ${cluster(neuron)}: largest `));
    equal(colours[colourOf[i]], categoryColour(cluster(neuron)).join());
  });
});

Deno.test("neuronsView() colours the text by the most active neuron, or by the one that is asked for", () => {
  const trace = neuronTraceOf();
  const alphas = (options: NeuronsViewOptions) =>
    all(parse(neuronsView(trace, options).html), ".t").map((chip) => {
      const [, alpha = "0"] =
        /background-color:rgba\(\d+,\d+,\d+,([\d.e-]+)\)/.exec(chip.getAttribute("style") ?? "") ?? [];
      return Number(alpha);
    });
  for (const neuron of [undefined, 5, 27]) {
    const peaks = Array.from({ length: M }, (_, one) => Math.max(...rowOf(trace, one)));
    const chosen = neuron ?? peaks.indexOf(Math.max(...peaks));
    const row = rowOf(trace, chosen);
    const found = alphas({ layer: 3, neurons: 3, ...neuron !== undefined && { neuron } });
    row.forEach((one, t) =>
      ok(Math.abs(found[t]! - 0.6 * Math.max(0, one) / peaks[chosen]!) <= 0.001, `${neuron} ${t}`)
    );
  }
});

Deno.test("neuronsView() draws what a model computes, in the clusters of the same layer", async () => {
  await using model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
  const trace = await model.trace(model.sequence("One, two, three, four"), { capture: ["activations"] });
  const clusters = await neuronClusters(trace, { layer: 2, clusters: 12, scale: "unit" });
  const view = neuronsView(trace, { clusters });
  const [, T, width] = trace.activations!.shape as [number, number, number];
  const peaks = Array.from({ length: width }, (_, m) => {
    return Math.max(...Array.from({ length: T }, (_, t) => trace.activations!.data[(2 * T + t) * width + m]!));
  });
  const best = peaks.indexOf(Math.max(...peaks));
  match(
    view.html,
    new RegExp(`Coloured below: <span class="f">layer 2, neuron ${best}, cluster ${clusters.clusterOf.data[best]}`),
  );
  const { colours, words } = dataOf(view.html);
  equal(words.length, 200);
  const drawn = new Set(words.map((one: string) => /cluster (\d+)/.exec(one)![1]));
  equal(colours.length, drawn.size); // more than nine clusters, each of a colour of its own
});

Deno.test("neuronsView() of 700 tokens and 400 neurons is bounded, and says what it leaves out", () => {
  const long = longSequence(700);
  const view = neuronsView(neuronTraceOf(long, 8), { clusters: clustersOf(long, 3, 8), neurons: 400 });
  ok(view.html.length < 1_500_000, `${view.html.length}`);
  match(view.html, /The first 600 tokens are shown/);
  isWellFormed(view.svg);
});

Deno.test("neuronsView() keeps hostile tokens and scripts of every direction in their place", () => {
  staysReadable(neuronsView(neuronTraceOf(INJECTED)), ["</script>"]);
  isWellFormed(neuronsView(neuronTraceOf(SCRIPTS)).svg);
  isWellFormed(neuronsView(neuronTraceOf(sequenceOf(["a"], 1), 2), { neurons: 1 }).svg);
});

Deno.test("neuronsView() says what does not fit", () => {
  const trace = neuronTraceOf();
  const refuses = (options: object, message: RegExp, name = "RangeError") =>
    throws(() => neuronsView(trace, options), { name, message });
  throws(() => neuronsView(Promise.resolve() as never), {
    name: "TypeError",
    message: /^Cannot draw a promise as neurons; pass what await model\.trace/,
  });
  refuses({ layer: 1 }, /^Cannot show layer 1 as the trace holds layers 0, 3$/);
  refuses({ neurons: 0 }, /^Cannot draw 0 neurons; use a whole number from 1 to 400$/);
  refuses({ neuron: M }, /^Cannot show neuron 28 as layer 0 has 28 neurons, from 0$/);
  refuses({ clusters: clustersOf(sequenceOf(["a"], 1), 3) }, /clusters of another text/);
  refuses({ clusters: CLUSTERS, layer: 0 }, /^Cannot colour the neurons of layer 0 by clusters of layer 3$/);
  refuses({ clusters: clustersOf(KEYS, 3, 4) }, /the shape of clusterOf is not \[28\]/);
  refuses(
    { clusters: {} },
    /^Cannot colour neurons by an object with no keys; pass what await neuronClusters/,
    "TypeError",
  );
  const sizes = [28];
  refuses({ clusters: { ...CLUSTERS, sizes } }, /^Cannot colour neurons by cluster 1 as there are 1 cluster$/);
  const activations = { data: new Float32Array(3), shape: [1, 1, 3] };
  throws(() => neuronsView({ ...trace, activations }), { name: "RangeError", message: /shape of activations is not/ });
});
