import { deepEqual, equal, ok, throws } from "@std/assert";
import { decodeResults, encodeResults } from "../../../src/analysis/mod.ts";
import type { HeadEdges } from "../../../src/ask/patching/types.ts";
import { edgesView } from "../../../widgets/mod.ts";
import { viewOf } from "../../../widgets/result_view.ts";
import { counted } from "../../support/counted.ts";
import { matchesGolden } from "../golden.ts";
import { INJECTED } from "../lens_fixtures.ts";
import { all, isWellFormed, parse } from "../page.ts";
import { isInert, standsAlone, staysReadable } from "../views_all.ts";
import { edgesOf } from "./edges_fixtures.ts";
import { CLEAN, CORRUPTED } from "./fixtures.ts";

const EDGES = edgesOf();

function linesOf(html: string): (readonly (string | null)[])[] {
  return all(parse(html), "tbody tr").map((row) => all(row, "td").map((cell) => cell.textContent));
}

/** All zeros but for some edges, by their indices: sender's layer and head, reader's layer and head. */
function some(edges: Readonly<Record<"query" | "key" | "value", readonly (readonly number[])[]>>): HeadEdges {
  const tensors = Object.entries(edges).map(([input, list]) => {
    const data = new Float32Array(12 ** 2);
    for (const [l, h, i, r, effect] of list) data[((l! * 3 + h!) * 4 + i!) * 3 + r!] = effect!;
    return [input, { data, shape: [4, 3, 4, 3] }];
  });
  return { ...EDGES, ...Object.fromEntries(tensors) };
}

Deno.test("edgesView() draws a page and an image that can be looked at", async () => {
  const view = edgesView(EDGES);
  await matchesGolden("edges.html", view.html);
  await matchesGolden("edges.svg", view.svg);
  isWellFormed(view.svg);
  standsAlone(view);
  staysReadable(view, ["layer 0, head", "queries", "of the gap", "The strongest 20 of"]);
});

Deno.test("edgesView() lists the strongest edges by size, with the head that writes, the one that reads, and the share", () => {
  const given = some({
    query: [[0, 2, 3, 1, -0.5]],
    key: [[1, 0, 2, 2, 0.25]],
    value: [[2, 1, 3, 0, 1], [0, 0, 1, 1, 0.125]],
  });
  deepEqual(linesOf(edgesView(given).html), [
    ["layer 2, head 1", "layer 3, head 0", "values", "+1.00", "25.0%"],
    ["layer 0, head 2", "layer 3, head 1", "queries", "−0.500", "−12.5%"],
    ["layer 1, head 0", "layer 2, head 2", "keys", "+0.250", "6.3%"],
    ["layer 0, head 0", "layer 1, head 1", "values", "+0.125", "3.1%"],
  ]);
  deepEqual(linesOf(edgesView(given, { input: "key" }).html).map(([, , by]) => by), ["keys"]);
  equal(linesOf(edgesView(given, { most: 2 }).html).length, 2);
  const paths = parse(edgesView(given, { most: 3 }).svg).querySelectorAll('[aria-label="link"] path');
  deepEqual([...paths].map((path) => path.getAttribute("stroke")), ["#e8590c", "#2166ac", "#e8590c"]);
});

Deno.test("edgesView() says so where no edge changes anything, and leaves the share out where there is no gap", () => {
  const none = edgesView(some({ query: [], key: [], value: [] }));
  ok(none.text.includes("No edge changes anything."));
  deepEqual(linesOf(none.html), []);
  const flat = { ...some({ query: [[0, 0, 1, 0, 1]], key: [], value: [[0, 0, 1, 0, NaN]] }), cleanValue: -1 };
  deepEqual(linesOf(edgesView(flat).html), [["layer 0, head 0", "layer 1, head 0", "queries", "+1.00"]]);
});

Deno.test("edgesView() is what edges show themselves as, also after they were saved; tokens in it are text", async () => {
  const { results: { edges } } = await decodeResults(await encodeResults({ edges: EDGES }));
  equal(viewOf(edges)?.html, edgesView(EDGES).html);
  const target = { text: INJECTED.text, tokenIds: INJECTED.tokenIds, tokens: INJECTED.tokens };
  isInert(edgesView({ ...EDGES, metric: { name: "logit", target } }));
});

Deno.test("edgesView() refuses what are no edges, and says what is wrong", () => {
  const cases: readonly (readonly [object, object, string, RegExp])[] = [
    [CLEAN, {}, "TypeError", /^Cannot draw .* as edges between heads; pass what await model\.edges\(\) returned$/],
    [{ ...EDGES, query: { ...EDGES.query, shape: [3, 4, 3, 4] } }, {}, "RangeError", /the shape of key is not/],
    [{ ...EDGES, position: 0 }, {}, "RangeError", /^Cannot draw edges between heads at position 0 as /],
    [{ ...EDGES, metric: { name: "loss" } }, {}, "TypeError", /^Cannot draw edges between heads as its metric is none/],
    [EDGES, { most: 0 }, "RangeError", /^Cannot draw the 0 strongest edges; pass a whole number from 1 to 500$/],
    [
      EDGES,
      { input: "mlp" },
      "TypeError",
      /^Cannot draw edges between heads with input "mlp" as it must be "query" or /,
    ],
  ];
  for (const [given, options, name, message] of counted(cases, 6)) {
    throws(() => edgesView(given as HeadEdges, options), { name, message });
  }
  equal(edgesView(edgesOf(CORRUPTED, CLEAN, 2, 40)).data.query.shape.join(), "2,40,2,40");
});
