import { deepEqual, equal, match, throws } from "@std/assert";
import type { CorpusSummary } from "../../../src/analysis/corpus_results.ts";
import { corpusView } from "../../../widgets/mod.ts";
import { matchesGolden } from "../golden.ts";
import { INJECTED, SCRIPTS } from "../lens_fixtures.ts";
import { all, isWellFormed, parse } from "../page.ts";
import { isInert, standsAlone, staysReadable } from "../views_all.ts";
import { summaryOf } from "./fixtures.ts";

const COUNTS = { source: "x", model: "m", documents: 2, windows: 2, tokens: 9, problems: 0 };

Deno.test("corpusView() draws a page and an image that can be looked at", async () => {
  const view = corpusView(summaryOf());
  await matchesGolden("corpus.html", view.html);
  await matchesGolden("corpus.svg", view.svg);
  isWellFormed(view.svg);
  standsAlone(view);
  staysReadable(view, ["tales.jsonl", "Where heads look", "When predictions settle", "the most blame", "·cabinet"]);
});

Deno.test("corpusView() says what was read, and what could not be", () => {
  const [first] = corpusView(summaryOf()).text.split("\n");
  equal(
    first,
    "20 documents of tales.jsonl were read by looking-glass-6m: 200 tokens, and 1 record that could not be.",
  );
});

Deno.test("corpusView() writes surprise in bits or nats", () => {
  const bits = corpusView(summaryOf()).text;
  match(bits, /Surprise: 4\.33 bits for each of 180 tokens of 20 documents on average, perplexity 20\.09\./);
  match(bits, /most +tale-3 +5\.59 +The·keys/);
  const nats = corpusView(summaryOf(), { unit: "nats" }).text;
  match(nats, /Surprise: 3\.00 nats/);
  match(nats, /least +tale-8 +2\.06 +The·keys/);
});

Deno.test("corpusView() has the scores of each head in four tables", () => {
  const summary = summaryOf();
  const body = parse(corpusView(summary).html);
  const regions = all(body, "[role=region]").filter((one) =>
    one.getAttribute("aria-label")?.startsWith("Attention to")
  );
  equal(regions.length, 4);
  const numbers = all(regions[3]!, "td[title]").map((cell) => cell.textContent);
  deepEqual(numbers, Array.from(summary.heads.induction.data, (value) => `${(100 * value).toFixed(1)}%`));
});

Deno.test("corpusView() draws parts that were asked, and only those", () => {
  const all = summaryOf();
  const words = {
    surprise: "Surprise:",
    heads: "Where heads look",
    settling: "When predictions settle",
    blame: "blame",
  };
  for (const name of Object.keys(words) as (keyof typeof words)[]) {
    const view = corpusView({ ...COUNTS, [name]: all[name] });
    for (const [other, word] of Object.entries(words)) {
      equal(view.html.includes(word), other === name, `${name}: ${word}`);
    }
    isWellFormed(view.svg);
  }
  match(corpusView(COUNTS).text, /^2 documents of x were read by m: 9 tokens\.$/);
  isWellFormed(corpusView(COUNTS).svg);
});

Deno.test("corpusView() says that no token has such another one before it", () => {
  const { heads } = summaryOf();
  const induction = { data: new Float32Array(12).fill(NaN), shape: [3, 4] };
  const view = corpusView({ ...COUNTS, heads: { ...heads, induction } });
  match(view.text, /layer 0 +head 0 +\S+ +\S+ +\S+ +none\n/);
  match(view.html, /12 numbers of the data are NaN/);
  isWellFormed(view.svg);
});

Deno.test("corpusView() keeps hostile tokens and names in their place", () => {
  isInert(corpusView(summaryOf(INJECTED)));
  staysReadable(corpusView(summaryOf(INJECTED)), ["</script>"]);
  isWellFormed(corpusView(summaryOf(SCRIPTS)).svg);
  const source = '"><script>alert(1)</script>';
  equal(all(parse(corpusView({ ...summaryOf(), source }).html), "script").length, 0);
});

Deno.test("corpusView() says what does not fit", () => {
  throws(() => corpusView(Promise.resolve() as unknown as CorpusSummary), {
    name: "TypeError",
    message: "Cannot draw a promise as a corpus; pass what await corpus.summary() returned",
  });
  const summary = summaryOf();
  throws(() => corpusView({ ...summary, settling: { ...summary.settling, entropy: [1] } }), {
    name: "RangeError",
    message: /settling\.entropy/,
  });
});
