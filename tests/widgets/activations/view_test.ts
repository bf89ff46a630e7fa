import { deepEqual, equal, match, ok, throws } from "@std/assert";
import { activationsView, type NeuronClusters } from "../../../widgets/mod.ts";
import { HOSTILE, KEYS, sequenceOf } from "../fixtures.ts";
import { matchesGolden } from "../golden.ts";
import { all, isWellFormed, parse } from "../page.ts";
import { untrustedHtml } from "../untrusted.ts";
import { clustersOf } from "./clusters_fixtures.ts";

const clusters = clustersOf(KEYS);
const words = (count: number) => sequenceOf(Array.from({ length: count }, (_, i) => ` w${i}`), 1);

Deno.test("activationsView() draws a page and an image that can be looked at", async () => {
  const view = activationsView([clusters, clustersOf(KEYS, 1)], { layer: 1 });
  await matchesGolden("activations.html", view.html);
  await matchesGolden("activations.svg", view.svg);
  isWellFormed(view.svg);
});

Deno.test("activationsView() holds each cluster's mean at each token, in percent of its largest", () => {
  const chips = all(parse(activationsView(clusters).html), ".t");
  equal(chips.length, 10);
  for (let cluster = 0; cluster < 3; ++cluster) {
    const row = clusters.centroids.data.subarray(cluster * 10, cluster * 10 + 10);
    const largest = row.reduce((most, mean) => Math.max(most, Math.abs(mean)), 0);
    chips.forEach((chip, i) => {
      const style = chip.getAttribute("style") ?? "";
      equal(
        Number(new RegExp(`--${cluster}:(-?\\d+)`).exec(style)?.[1] ?? 0),
        Math.round(100 * row[i]! / largest) || 0,
      );
    });
  }
});

Deno.test("activationsView() shows the most active cluster at first", () => {
  const body = parse(activationsView(clusters).html);
  const shown = all(body, ".m").filter((one) => /inline/.test(one.getAttribute("style") ?? ""));
  deepEqual(shown.map((one) => one.textContent), ["cluster 2"]);
  match(all(body, ".t")[0]?.getAttribute("style") ?? "", /^background-color:rgba\(232,89,12,0\.6\)/);
});

Deno.test("activationsView() states sizes, silhouette and the most active tokens", () => {
  const view = activationsView(clusters);
  match(view.text, /^Layer 0: 3 clusters, silhouette 0\.250\ncluster +neurons +most active tokens\n/);
  match(view.text, /\n1 +8 +2 ·to \+1\.25 +8 ·table \+1\.25 +4 ·cabinet \+1\.00 +0 The \+0\.750\n/);
  const body = parse(view.html);
  match(body.textContent ?? "", /Layer 0: 28 neurons in 3 clusters, silhouette 0\.250/);
  const bars = all(body, ".o span").map((bar) => /inset (\d+)px/.exec(bar.getAttribute("style") ?? "")?.[1]);
  deepEqual(bars.filter(Boolean), ["40", "18", "4"]);
  equal(all(body, "details td").length, 10 * 4);
  const [beside, below] = ["tr:has(.o) .y", ".n > span"].map((where) => all(body, where).map((one) => one.textContent));
  deepEqual(below, beside!.map((words, cluster) => `cluster ${cluster}: ${words}`));
  equal(below!.length, 3);
});

Deno.test("activationsView() chooses among layers", () => {
  const body = parse(activationsView([clusters, clustersOf(KEYS, 3)], { layer: 3 }).html);
  deepEqual(all(body, "input[name=layer]").map((input) => input.hasAttribute("checked")), [false, true]);
  deepEqual(all(body, ".p").map((one) => /display:block/.test(one.getAttribute("style") ?? "")), [false, true]);
  equal(all(parse(activationsView(clusters).html), "input[name=layer]").length, 0);
  match(activationsView([clusters, clustersOf(KEYS, 3)]).text, /\nLayer 3: 3 clusters, silhouette −0\.125\n/);
});

Deno.test("activationsView() treats token text as data", async () => {
  const view = activationsView(clustersOf(HOSTILE));
  await matchesGolden("activations_hostile.html", view.html);
  const body = parse(view.html);
  equal(all(body, "script").length, 1);
  equal(all(body, "[onerror]").length, 0);
  ok(all(body, "img").every((image) => image.getAttribute("src")?.startsWith("data:image/png;base64,")));
  equal(/\u202E|\uFEFF/.test(view.html + view.svg + view.text), false);
  isWellFormed(view.svg);
});

Deno.test("activationsView() draws one token, one cluster, nothing active, emoji, Chinese and Arabic", () => {
  const one = activationsView({ ...clustersOf(sequenceOf(["Hi"], 1), 0, 1), silhouette: NaN });
  match(one.text, /^Layer 0: 1 cluster, silhouette none\n/);
  isWellFormed(one.svg);
  const none = { ...clusters, centroids: { data: new Float32Array(30), shape: [3, 10] } };
  isWellFormed(activationsView(none).svg);
  equal(/NaN|Infinity/.test(activationsView(none).html), false);
  isWellFormed(activationsView(clustersOf(sequenceOf(["🙂", "中文", " مرحبا", [0xF0, 0x9F]], 1))).svg);
});

Deno.test("activationsView() of 48 layers, 12 clusters and 600 tokens is a page of less than 600 kB and says what is left out", () => {
  const many = Array.from({ length: 48 }, (_, layer) => clustersOf(words(600), layer, 12));
  const view = activationsView(many, { layer: 30 });
  ok(view.html.length < 600_000, `${view.html.length}`);
  ok(view.svg.length < 100_000, `${view.svg.length}`);
  match(parse(view.html).textContent ?? "", /This page holds layers 29, 30 of 48; choose others with { layer }\./);
  equal(view.data, many);
});

Deno.test("activationsView() stays readable in a notebook that is not trusted", () => {
  const before = parse(activationsView(clustersOf(HOSTILE)).html);
  const after = parse(untrustedHtml(activationsView(clustersOf(HOSTILE)).html));
  equal(all(after, "style, script, svg").length, 0);
  equal(/--0|:has|addEventListener/.test(after.textContent ?? ""), false);
  ok(all(after, "img").every((image) => image.getAttribute("src")?.startsWith("data:image/png")));
  deepEqual(all(after, "td").map((cell) => cell.textContent), all(before, "td").map((cell) => cell.textContent));
  ok(all(after, ".r, .x, .u, .e").every((one) => /display:none/.test(one.getAttribute("style") ?? "")));
});

Deno.test("activationsView() gives the same text for the same data, and asks for nothing from outside", () => {
  const { html } = activationsView(clusters);
  equal(html, activationsView(clustersOf(KEYS)).html);
  equal(/https?:|url\(|@import/.test(html), false);
});

Deno.test("activationsView() throws on what is no clusters, on shapes that do not fit and on layers that are not there", () => {
  throws(() => activationsView(Promise.resolve() as unknown as NeuronClusters), {
    name: "TypeError",
    message: "Cannot draw a promise as neuron clusters; pass what await neuronClusters() returned",
  });
  throws(() => activationsView([]), {
    name: "RangeError",
    message: "Cannot draw neuron clusters as there are none: []",
  });
  throws(() => activationsView({ ...clusters, centroids: { data: new Float32Array(27), shape: [3, 9] } }), {
    name: "RangeError",
    message: "Cannot draw the neuron clusters as the shape of centroids is not [3,10]: [3,9] with 27 numbers",
  });
  throws(() => activationsView({ ...clusters, sizes: [1] }), {
    name: "RangeError",
    message: "Cannot draw the neuron clusters as sizes does not hold 3: 1",
  });
  throws(() => activationsView(clusters, { layer: 4 }), {
    name: "RangeError",
    message: "Cannot show layer 4 as these are clustered: 0",
  });
  throws(() => activationsView([clusters, clustersOf(HOSTILE, 1)]), {
    name: "RangeError",
    message: "Cannot draw neuron clusters of two texts together; layer 1 is of another",
  });
  throws(() => activationsView(clustersOf(sequenceOf([], 0))), {
    name: "RangeError",
    message: "Cannot draw neuron clusters as there are 3 clusters over 0 tokens",
  });
});
