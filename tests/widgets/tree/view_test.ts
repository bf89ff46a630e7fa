import { deepEqual, equal, match, ok, throws } from "@std/assert";
import { type DecodingTree, treeView } from "../../../widgets/mod.ts";
import { matchesGolden } from "../golden.ts";
import { INJECTION } from "../lens_fixtures.ts";
import { all, isWellFormed, parse } from "../page.ts";
import { isInert, standsAlone, staysReadable } from "../views_all.ts";
import { TREE, treeOf } from "./fixtures.ts";

Deno.test("treeView() draws a page and an image that can be looked at", async () => {
  const view = treeView(TREE);
  await matchesGolden("tree.html", view.html);
  await matchesGolden("tree.svg", view.svg);
  isWellFormed(view.svg);
  standsAlone(view);
  staysReadable(view, ["·kitchen", "branch 3"]);
});

Deno.test("treeView() writes what branches share once, and each branch to its end", () => {
  const view = treeView(TREE);
  const items = all(parse(view.html), "li");
  equal(items.length, 6);
  deepEqual(view.text.split("\n").slice(2).map((line) => line.replace(/[\d.]+% /, "").replace(/ {2}\[.*/, "")), [
    "├─ ·are·on·the",
    "│  ├─ ·kitchen",
    "│  │  ├─ ·shelf.",
    "│  │  └─ ·wall,·as·ever.",
    "│  └─ ·table,·where·she·left·them.",
    "└─ ·were·gone.",
  ]);
  for (const { id, logProb } of TREE.branches) {
    ok(view.text.includes(`branch ${id}: ${(-logProb / Math.LN2).toFixed(2)} bits`), `branch ${id}`);
  }
});

Deno.test("treeView() begins each stretch with the probability of its first token", () => {
  const first = all(parse(treeView(TREE).html), "li")[0]?.textContent ?? "";
  const { logProb } = TREE.branches[0]!.steps[0]!;
  ok(first.startsWith(`${(100 * Math.exp(logProb)).toFixed(1)}% ·are`), first);
});

Deno.test("treeView() shows a branch that ends where another goes on", () => {
  const view = treeView(treeOf(["a"], [{ texts: [" b"] }, { parent: 0, after: 1, texts: [" c"] }]));
  match(view.text, /─ [\d.]+% ·c {2}\[branch 1.*\n.*\(ends here\) {2}\[branch 0/);
});

Deno.test("treeView() keeps a branch on its line after a new line", () => {
  const view = treeView(treeOf(["a\n", "b"], [{ texts: ["\n", " c", "\n\n", " d"] }]));
  equal(view.html.includes("<br>"), false);
  match(parse(view.html).querySelector("li")?.textContent ?? "", /↵·c↵↵·d/);
});

Deno.test("treeView() puts a fork that lies before its parent's own tokens where it belongs", () => {
  const view = treeView(treeOf(["a"], [
    { texts: [" b", " c", " d"] },
    { parent: 0, after: 2, texts: [" e"] },
    { parent: 1, after: 1, texts: [" f"] },
  ]));
  const depth = (text: string) => view.text.split("\n").find((line) => line.includes(text))?.indexOf("─");
  equal(depth("·f"), depth("·c"));
});

Deno.test("treeView() of 150 branches and 600 tokens is below 1 MB and says what it leaves out", () => {
  const long = Array.from({ length: 600 }, (_, i) => ` w${i}`);
  const forks = Array.from({ length: 149 }, (_, i) => ({ parent: 0, after: i, texts: long.slice(0, 50) }));
  const view = treeView(treeOf(["a"], [{ texts: long }, ...forks]));
  ok(view.html.length < 1_000_000, `${view.html.length}`);
  match(view.html, /150 branches .* The first 100 are shown/);
  match(view.html, /… \d+ tokens …/);
  isWellFormed(view.svg);
});

Deno.test("treeView() keeps hostile tokens and scripts of every direction in their place", () => {
  const hostile = treeView(
    treeOf([INJECTION], [{ texts: [INJECTION] }, { parent: 0, texts: [`${INJECTION}2`, "\n"] }]),
  );
  isInert(hostile);
  staysReadable(hostile, ["</script>"]);
  const view = treeView(treeOf(["سلام"], [{ texts: [" 世界", " 👩‍👩‍👧‍👦"] }, { parent: 0, after: 1, texts: [" שלום"] }]));
  isWellFormed(view.svg);
  match(view.text, /\n\u2068سلام\u2069\n/);
});

Deno.test("treeView() draws one branch of one token", () => {
  const view = treeView(treeOf(["a"], [{ texts: ["b"] }]));
  match(view.text, /^1 branch after a prompt of 1 token\.\na\n└─ [\d.]+% b {2}\[branch 0/);
  isWellFormed(view.svg);
});

Deno.test("treeView() says what does not fit", () => {
  const [first, second] = TREE.branches;
  const draw = (branches: unknown) => () => treeView({ ...TREE, branches } as DecodingTree);
  throws(() => treeView(null as unknown as DecodingTree), {
    name: "TypeError",
    message: /^Cannot draw null as a tree/,
  });
  throws(draw([]), { name: "RangeError", message: "Cannot draw the tree as it has no branches" });
  throws(draw([first, { ...second, id: 7 }]), { message: /branch 1 has the id 7/ });
  throws(draw([first, { ...second, parent: 1 }]), { message: /branch 1 has the parent 1; .* before its children/ });
  throws(draw([{ ...first, parent: 0 }]), { message: /branch 0 has the parent 0; the first has none/ });
  throws(draw([first, { ...second, start: 2 }]), { message: /branch 1 starts at 2; it has to start from 5 to 15/ });
  throws(draw([{ ...first, steps: [] }]), { message: /branch 0 has 0 steps for the tokens 5 to 14/ });
});
