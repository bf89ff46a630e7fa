import { deepEqual, equal, match, ok, throws } from "@std/assert";
import { type HeadCircuit, LanguageModel, type NeuronWrites } from "../../../mod.ts";
import { headCircuitView, neuronWritesView, type View } from "../../../widgets/mod.ts";
import { scoreText } from "../../../widgets/kit/numbers.ts";
import { viewOf } from "../../../widgets/result_view.ts";
import { sequenceOf } from "../fixtures.ts";
import { matchesGolden } from "../golden.ts";
import { INJECTION } from "../lens_fixtures.ts";
import { all, isWellFormed, parse } from "../page.ts";
import { isInert, standsAlone, staysReadable } from "../views_all.ts";
import { circuitOf, writesOf } from "./circuit_fixtures.ts";

const SIGNED = { percent: false, signed: true } as const;
const [CIRCUIT, WRITES] = [circuitOf(), writesOf()];

/** The bars: what they are named by, their number, and where they are. */
function barsOf({ html }: View) {
  const table = all(parse(html), "table").find((one) => one.querySelector("th")?.textContent === "token")!;
  return all(table, "tbody tr").map((row) => {
    const style = row.querySelector("span[title]")!.getAttribute("style")!;
    const number = (name: string) => Number(new RegExp(`${name}:(-?[\\d.]+)%`).exec(style)![1]);
    return {
      name: row.querySelector("th")!.textContent!,
      number: row.querySelector("td")!.textContent,
      ...{ left: number("margin-left"), width: number("width"), colour: /rgba\([^)]*\)/.exec(style)![0] },
    };
  });
}

Deno.test("headCircuitView() and neuronWritesView() draw pages and images that can be looked at", async () => {
  for (
    const [name, view] of [["head_circuit", headCircuitView(CIRCUIT)], [
      "neuron_writes",
      neuronWritesView(WRITES),
    ]] as const
  ) {
    await matchesGolden(`${name}.html`, view.html);
    await matchesGolden(`${name}.svg`, view.svg);
    isWellFormed(view.svg);
    standsAlone(view);
    staysReadable(view, ["·Mary", "blue lowers it", "Layer"]);
  }
});

Deno.test("neuronWritesView() has a bar from 0 for each token, from what is raised most to what is lowered most", () => {
  const changes = [...WRITES.raised, ...WRITES.lowered.toReversed()];
  const bars = barsOf(neuronWritesView(WRITES));
  deepEqual(bars.map(({ number }) => number), changes.map(({ change }) => scoreText(change, SIGNED)));
  const [high, low] = [changes[0]!.change, changes.at(-1)!.change];
  ok(high > 0 && low < 0, "the fixture has both signs");
  changes.forEach(({ change }, i) => {
    const { left, width, colour } = bars[i]!;
    ok(Math.abs(left - 100 * (Math.min(0, change) - low) / (high - low)) < 0.02, `bar ${i} begins at ${left}`);
    ok(Math.abs(width - 100 * Math.abs(change) / (high - low)) < 0.03, `bar ${i} is ${width} wide`);
    match(colour, change < 0 ? /^rgba\(33,102,172/ : /^rgba\(232,89,12/);
  });
});

Deno.test("headCircuitView() says how much the one token looks at the other and writes to it, each once among the bars", () => {
  const { to, ov } = CIRCUIT;
  const cells = all(parse(headCircuitView(CIRCUIT).html), "table")[0]!.querySelectorAll("tbody tr").values().toArray();
  deepEqual(cells.map((row) => [row.children[0]!.textContent, row.children[2]!.textContent]), [
    ["QK", "+0.226"],
    ["OV", scoreText(ov, SIGNED)],
  ]);
  const asked = (view: View) => barsOf(view).filter(({ name }) => name.endsWith(", asked about"));
  equal(barsOf(headCircuitView(CIRCUIT)).length, 12);
  deepEqual(asked(headCircuitView(CIRCUIT)).map(({ number }) => number), [scoreText(ov, SIGNED)]);
  const other = { ...sequenceOf([" dog"], 1).tokens[0]!, id: 999 };
  const between = barsOf(headCircuitView({ ...CIRCUIT, to: other, ov: 0.01 }));
  equal(between.length, 13);
  const place = between.findIndex(({ name }) => name.endsWith(", asked about"));
  match(between[place - 1]!.number!, /^\+/);
  match(between[place + 1]!.number!, /^−/);
  equal(to.id === other.id, false);
});

Deno.test("headCircuitView() and neuronWritesView() show the ends of long lists, and say so", () => {
  const long = writesOf(Array.from({ length: 200 }, (_, i) => ` word${i}`));
  const view = neuronWritesView(long);
  const bars = barsOf(view);
  equal(bars.length, 60);
  deepEqual([bars[0], bars.at(-1)].map((bar) => bar!.number), [
    scoreText(long.raised[0]!.change, SIGNED),
    scoreText(long.lowered[0]!.change, SIGNED),
  ]);
  ok(view.html.includes("The page shows 60 of 200 tokens; the data keeps all."));
  equal(view.data, long);
});

Deno.test("headCircuitView() and neuronWritesView() draw nothing and what is no number as such", () => {
  const none: NeuronWrites = { ...WRITES, raised: [], lowered: [] };
  match(neuronWritesView(none).text, /^Layer 3, neuron 1021\. /);
  const [first] = WRITES.raised;
  const odd = neuronWritesView({
    ...WRITES,
    raised: [{ ...first!, change: NaN }, { ...first!, tokenId: 1, change: Infinity }],
  });
  isWellFormed(odd.svg);
  ok(barsOf(odd).some(({ number, width }) => number === "NaN" && width === 0));
});

Deno.test("headCircuitView() and neuronWritesView() refuse what is something else, and say what to pass", () => {
  throws(() => headCircuitView(WRITES as unknown as HeadCircuit), {
    name: "TypeError",
    message:
      /^Cannot draw an object with layer, neuron, raised, lowered as the circuits of a head; pass what await model\.headCircuit\(\) returned$/,
  });
  throws(() => neuronWritesView({ raised: [1], lowered: [] } as unknown as NeuronWrites), {
    name: "TypeError",
    message:
      /^Cannot draw an object with raised, lowered as what a neuron writes; pass what await model\.neuronWrites\(\) returned$/,
  });
});

Deno.test("headCircuitView() and neuronWritesView() keep hostile tokens text", () => {
  const words = ["a", INJECTION, "b", ` "'${INJECTION}`];
  for (const view of [headCircuitView(circuitOf(words)), neuronWritesView(writesOf(words))]) isInert(view);
});

Deno.test("headCircuit() and neuronWrites() show themselves in a notebook by their views", async () => {
  await using model = await LanguageModel.fromPretrained();
  const circuit = await model.headCircuit({ layer: 4, head: 7 }, { from: " books", to: " are", topK: 3 });
  equal(viewOf(circuit)?.html, headCircuitView(circuit).html);
  const writes = await model.neuronWrites({ layer: 5, neuron: 7 }, { topK: 3 });
  equal(viewOf(writes)?.html, neuronWritesView(writes).html);
});
