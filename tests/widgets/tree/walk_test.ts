import { deepEqual, equal, match, ok } from "@std/assert";
import { type DecodingTree, treeView } from "../../../widgets/mod.ts";
import { matchesGolden } from "../golden.ts";
import { INJECTION } from "../lens_fixtures.ts";
import { all, isWellFormed, parse } from "../page.ts";
import { isInert, standsAlone, staysReadable } from "../views_all.ts";
import { TREE, treeOf, WALKED } from "./fixtures.ts";

const walk = true;

/** Every path of a tree, and ln p of it, from its branches. */
function pathsOf({ prompt, branches }: DecodingTree): Map<string, number> {
  const first = prompt.tokens.length;
  const before = (id: number | undefined, end: number): number => {
    if (id === undefined) return 0;
    const { parent, start, steps } = branches[id]!;
    const own = steps.slice(0, Math.max(0, end - start)).reduce((sum, { logProb }) => sum + logProb, 0);
    return own + before(parent, Math.min(start, end));
  };
  return new Map(branches.flatMap(({ id, sequence }) =>
    sequence.tokens.slice(first).map((_, i) => {
      const text = sequence.tokens.slice(first, first + i + 1).map(({ text }) => text.replace(" ", "·")).join("");
      return [text, before(id, first + i + 1)] as const;
    })
  ));
}

Deno.test("treeView() to walk draws a page that can be looked at, and stays readable", async () => {
  const view = treeView(WALKED, { walk });
  await matchesGolden("tree_walk.html", view.html);
  standsAlone(view);
  staysReadable(view, ["·deux", "·tri", "8 branches after a prompt"]);
  equal(view.text, treeView(WALKED).text);
  equal(view.svg, treeView(WALKED).svg);
});

Deno.test("treeView() to walk has every path with its text and its probability, the likelier word first", () => {
  const page = parse(treeView(WALKED, { walk }).html);
  const expected = pathsOf(WALKED);
  const found = all(page, ".p");
  equal(found.length, 14);
  equal(expected.size, 14);
  for (const one of found) {
    const text = all(one, "span")[0]!.textContent ?? "";
    const logProb = expected.get(text)!;
    const words = one.textContent ?? "";
    const tokens = text.split("·").length - 1;
    ok(words.includes(`${tokens} token${tokens === 1 ? "" : "s"}, probability `), words);
    ok(words.includes(`${(-logProb / Math.LN2).toFixed(2)} bits`), `${words}: ${logProb}`);
    equal(/end of the branch$/.test(words), tokens === 3);
  }
  for (const list of all(page, "ul")) {
    const chances = [...list.children].map((item) =>
      Number.parseFloat(item.querySelector("label")!.textContent!.trim())
    );
    deepEqual(chances, chances.toSorted((a, b) => b - a));
    const names = new Set([...list.children].map((item) => item.querySelector("input")!.getAttribute("name")));
    equal(names.size, 1);
  }
  const names = all(page, "ul").map((list) => list.querySelector("input")!.getAttribute("name"));
  equal(new Set(names).size, names.length, "each choice has a name of its own");
});

Deno.test("treeView() to walk shows stretches and branches that end", () => {
  const view = treeView(TREE, { walk });
  const first = parse(view.html).querySelector("label")!.textContent!;
  match(first, /·are·on·the/);
  match(
    treeView(treeOf(["a"], [{ texts: [" b"] }, { parent: 0, after: 1, texts: [" c"] }]), { walk }).html,
    /ends here/,
  );
});

Deno.test("treeView() to walk draws 400 branches in a bounded page, and says what it leaves out", () => {
  const growths = [
    { texts: [" w0", " x"] },
    ...Array.from({ length: 449 }, (_, i) => ({ parent: 0, texts: [` w${i + 1}`, " x"] })),
  ];
  const view = treeView(treeOf(["a"], growths), { walk });
  match(view.html, /450 branches .* The first 400 are shown/);
  ok(view.html.length < 1_000_000, `${view.html.length}`);
});

Deno.test("treeView() to walk keeps hostile tokens and scripts of every direction in their place", () => {
  const hostile = treeView(treeOf([INJECTION], [{ texts: [INJECTION] }, { parent: 0, texts: [`${INJECTION}2`] }]), {
    walk,
  });
  isInert(hostile);
  staysReadable(hostile, ["</script>"]);
  const view = treeView(treeOf(["سلام"], [{ texts: [" 世界"] }, { parent: 0, after: 1, texts: [" שלום"] }]), { walk });
  isWellFormed(view.svg);
});
