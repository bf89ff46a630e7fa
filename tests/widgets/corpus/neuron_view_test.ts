import { deepEqual, equal, match, ok, throws } from "@std/assert";
import type { CorpusNeuron } from "../../../src/analysis/corpus_results.ts";
import { neuronView } from "../../../widgets/mod.ts";
import { KEYS } from "../fixtures.ts";
import { matchesGolden } from "../golden.ts";
import { INJECTED, SCRIPTS } from "../lens_fixtures.ts";
import { all, alpha, isWellFormed, parse } from "../page.ts";
import { isInert, standsAlone, staysReadable } from "../views_all.ts";
import { neuronOf } from "./fixtures.ts";

Deno.test("neuronView() draws a page and an image that can be looked at", async () => {
  const view = neuronView(neuronOf());
  await matchesGolden("neuron.html", view.html);
  await matchesGolden("neuron.svg", view.svg);
  isWellFormed(view.svg);
  standsAlone(view);
  staysReadable(view, ["Neuron 17 of layer 2", "·cabinet", "that excite it most", "What it writes"]);
});

Deno.test("neuronView() colours each token by its activation, as a share of the greatest of all texts", () => {
  const neuron = neuronOf();
  const chips = all(parse(neuronView(neuron).html), ".t");
  const values = neuron.examples.flatMap(({ activations }) => [...activations!]);
  equal(chips.length, values.length);
  values.forEach((value, i) => ok(Math.abs(alpha(chips[i]!) - 0.6 * Math.abs(value) / 3.25) < 0.001, `chip ${i}`));
  const outlined = chips.flatMap((chip, i) => chip.getAttribute("style")?.includes("outline") ? [i] : []);
  deepEqual(outlined, neuron.examples.map(({ position, start }, i) => i * KEYS.tokens.length + position - start));
});

Deno.test("neuronView() colours the best token alone where no model computed the others, and says so", () => {
  const view = neuronView(neuronOf(KEYS, { activations: false }));
  const coloured = all(parse(view.html), ".t").filter((chip) => alpha(chip) > 0);
  equal(coloured.length, 3);
  match(view.html, /Only the token that excites it most is coloured; pass the model to corpus\.neuron\(\)/);
});

Deno.test("neuronView() says numbers, texts and tokens in plain text", () => {
  const lines = neuronView(neuronOf()).text.split("\n");
  equal(
    lines[0],
    "Neuron 17 of layer 2: mean activation −0.0625, standard deviation 0.500, above 0 at 20.0% of 450 tokens.",
  );
  match(lines[2]!, /^3\.25 +tale-0 +1 +The‹·keys›·to·the/);
  match(lines[3]!, /^2\.50 +tale-7 +6 +…The·keys‹·to›·the/);
});

Deno.test("neuronView() leaves out what there is none of", () => {
  const { writes: _, ...neuron } = neuronOf();
  const view = neuronView({ ...neuron, examples: [], histogram: [{ range: "[0, 1)", count: 0 }] });
  equal(view.html.includes("What it writes"), false);
  match(view.html, /0 texts that excite it most/);
  isWellFormed(view.svg);
});

Deno.test("neuronView() keeps hostile tokens and scripts of every direction in their place", () => {
  isInert(neuronView(neuronOf(INJECTED)));
  staysReadable(neuronView(neuronOf(INJECTED)), ["</script>"]);
  isWellFormed(neuronView(neuronOf(SCRIPTS)).svg);
  const hostile = { ...neuronOf(), examples: [{ ...neuronOf().examples[0]!, id: '"><script>alert(1)</script>' }] };
  equal(all(parse(neuronView(hostile).html), "script").length, 0);
});

Deno.test("neuronView() says what does not fit", () => {
  throws(() => neuronView(Promise.resolve() as unknown as CorpusNeuron), {
    name: "TypeError",
    message: "Cannot draw a promise as a neuron; pass what await corpus.neuron() returned",
  });
  const [example] = neuronOf().examples;
  const short = { ...neuronOf(), examples: [{ ...example!, activations: new Float32Array(2) }] };
  throws(() => neuronView(short), {
    name: "RangeError",
    message: "Cannot draw a neuron as example 0 has 2 activations for 10 tokens",
  });
});
