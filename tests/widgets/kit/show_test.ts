import { deepEqual, equal, match, ok, rejects } from "@std/assert";
import { LanguageModel } from "../../../mod.ts";
import { showIn } from "../../../widgets/kit/show.ts";
import { show, tokensView } from "../../../widgets/mod.ts";
import { KEYS } from "../fixtures.ts";

/** A place that remembers what it shows. */
function place(inKernel: boolean) {
  const shown: { readonly html: string; readonly text: string; readonly id: string; readonly update: boolean }[] = [];
  const printed: string[] = [];
  return {
    shown,
    printed,
    inKernel,
    show: (
      bundle: Readonly<Record<string, string>>,
      { id, update }: { readonly id: string; readonly update: boolean },
    ) => {
      shown.push({ html: bundle["text/html"]!, text: bundle["text/plain"]!, id, update });
    },
    print: (text: string) => void printed.push(text),
  };
}

Deno.test("show() gives each view an output of its own in a notebook", async () => {
  const notebook = place(true);
  const view = tokensView(KEYS);
  for (let i = 0; i < 3; ++i) await showIn(view, notebook);
  equal(notebook.shown.length, 3);
  equal(new Set(notebook.shown.map(({ id }) => id)).size, 3);
  ok(notebook.shown.every(({ html, text, update }) => html === view.html && text === view.text && !update));
  deepEqual(notebook.printed, []);
});

Deno.test("show() prints the text of a view elsewhere", async () => {
  const script = place(false);
  await showIn(tokensView(KEYS), script);
  deepEqual(script.printed, [tokensView(KEYS).text]);
  deepEqual(script.shown, []);
});

Deno.test("show() takes what shows itself: results, models, trees", async () => {
  await using model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
  const script = place(false);
  const sequence = await model.generate("One, two,", { maxNewTokens: 2 });
  const tree = await model.tree("One, two,", { maxNewTokens: 2 });
  const things = [sequence, await model.saliency(sequence), await model.trace(sequence), tree, model];
  for (const thing of things) await showIn(thing, script);
  equal(script.printed.length, things.length);
  match(script.printed[2]!, /^Trace\n/);
  match(script.printed[3]!, /^1 branch after a prompt/);
});

Deno.test("show() refuses what does not show itself, and says what to do", async () => {
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [Promise.resolve(1), /^Cannot show a promise; write await before the call that gave it$/],
    [undefined, /^Cannot show undefined; pass a view, a result or a model, and print the rest$/],
    [null, /^Cannot show null; /],
    ["text", /^Cannot show text; /],
    [{ a: 1 }, /^Cannot show an object with a; /],
    [() => 1, /^Cannot show /],
  ];
  for (const [thing, message] of cases) await rejects(() => show(thing), { name: "TypeError", message });
});
