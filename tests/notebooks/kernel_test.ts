import { deepEqual, equal, match } from "@std/assert";
import { runCells, shownBy } from "./cells.ts";

Deno.test({
  name: "the Stop button ends a long call, again and again, and the kernel keeps its variables",
  ignore: Deno.build.os === "windows",
  async fn() {
    const long = `const signal = stoppable();
for (;;) { signal.throwIfAborted(); await new Promise((resolve) => setTimeout(resolve, 5)); }`;
    const { alive, results } = await runCells([
      { code: `import { inKernel, stoppable } from "../src/base/kernel.ts"; let kept = 41; inKernel` },
      { code: long, stopAfter: 0.5 },
      { code: `{ ${long} }`, stopAfter: 0.5 },
      { code: "kept + 1" },
    ]);
    equal(alive, true);
    equal(shownBy(results[0]), "true");
    for (const stopped of results.slice(1, 3)) match(JSON.stringify(stopped), /Interrupted by user/);
    equal(shownBy(results[3]), "42");
  },
});

Deno.test({
  name: "the Stop button is heard in the middle of a run in a worker, and the model is usable afterwards",
  ignore: Deno.build.os === "windows",
  async fn() {
    const load = `import { LanguageModel } from "../mod.ts";
const model = await LanguageModel.fromPretrained(undefined, { backend: "wasm", worker: true });
const sequence = model.sequence(Array.from({ length: model.config.nPositions }, (_, i) => i % 100));`;
    const { alive, results } = await runCells([
      { code: load },
      { code: "for (;;) await model.saliency(sequence);", stopAfter: 2 },
      { code: `(await model.generate("One, two", { maxNewTokens: 2 })).text.startsWith("One, two")` },
      { code: "await model.dispose(); 42" },
    ]);
    equal(alive, true);
    match(JSON.stringify(results[1]), /Interrupted by user/);
    equal(shownBy(results[2]), "true");
    equal(shownBy(results[3]), "42");
  },
});

Deno.test({
  name: "the Stop button ends a cell that makes one short call after another, whenever it is pressed",
  ignore: Deno.build.os === "windows",
  async fn() {
    const load = `import { LanguageModel } from "../mod.ts";
const model = await LanguageModel.fromPretrained(undefined, { backend: "native" });
const sequence = model.sequence(Array.from({ length: 100 }, (_, i) => i));`;
    // Ends by itself, so that a Stop that is not heard fails the test and does not hang it.
    const again = (call: string) => `{ const end = Date.now() + 4000; while (Date.now() < end) ${call}; }`;
    const changed = "await (await model.with([{ site: 'resid.1', scale: 0.5 }])).dispose()";
    const stopped = Array.from({ length: 16 }, (_, i) => {
      return { code: again(i % 4 < 3 ? "await model.surprise(sequence)" : changed), stopAfter: 0.3 + i * 0.013 };
    });
    const { alive, results } = await runCells([{ code: load }, ...stopped, { code: "await model.dispose(); 42" }]);
    equal(alive, true);
    const heard = results.slice(1, -1).map((outputs) => /Interrupted by user/.test(JSON.stringify(outputs)));
    deepEqual(heard, stopped.map(() => true));
    equal(shownBy(results.at(-1)), "42");
  },
});

Deno.test({
  name: "the Stop button ends each call that waits for a server, and not the next call",
  ignore: Deno.build.os === "windows",
  async fn() {
    const load = `import { explainCorpus, LanguageModel, loadResults } from "../mod.ts";
const never = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => new Promise(() => {}));
const address = "http://127.0.0.1:" + never.addr.port;
const model = await LanguageModel.fromPretrained(undefined, { backend: "native" });
const ends = AbortSignal.timeout(40_000); // a Stop that is not heard fails the test and does not hang it
42`;
    const asks = [
      'loadResults(address + "/results.safetensors", {}, { signal: ends })',
      'explainCorpus(address + "/texts.jsonl", { model, ask: "surprise", out: "nowhere", signal: ends })',
      "LanguageModel.fromPretrained(address, { signal: ends })",
    ];
    const next = '(await model.surprise(model.sequence("One, two"))).positions.length > 0';
    const cells = asks.flatMap((ask) => [{ code: `await ${ask}`, stopAfter: 0.5 }, { code: next }]);
    const { alive, results } = await runCells([{ code: load }, ...cells, { code: "await model.dispose(); 42" }]);
    equal(alive, true);
    const heard = asks.map((_, i) => /Interrupted by user/.test(JSON.stringify(results[1 + 2 * i])));
    deepEqual(heard, asks.map(() => true));
    deepEqual(asks.map((_, i) => shownBy(results[2 + 2 * i])), asks.map(() => "true"));
    equal(shownBy(results.at(-1)), "42");
  },
});

Deno.test("a view that was drawn live is shown once by its cell, and again by the next, even after an error", async () => {
  const load = `import { LanguageModel } from "../mod.ts"; import { stepsView } from "../widgets/mod.ts";
const model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
const draw = () => stepsView(model.steps("One, two", { maxNewTokens: 2 }));`;
  const { results } = await runCells([
    { code: load },
    { code: `const view = await draw(); throw new Error("enough");` },
    { code: "await new Promise((resolve) => setTimeout(resolve, 1100)); view" }, // nobody is faster
    { code: `throw new Error("nothing was drawn")` },
    { code: "const other = await draw(); other" },
    { code: "await model.dispose(); other" },
  ]);
  const kinds = results.slice(1).map((outputs) => outputs.map(({ kind }) => kind));
  const shown = (kind: string) => kind === "execute_result";
  deepEqual(kinds.map((one) => one.filter(shown).length), [0, 1, 0, 0, 1]);
  deepEqual([kinds[0]!.at(-1), kinds[2]!.at(-1)], ["error", "error"]);
});

Deno.test("no result of 40 cells comes after the kernel says it is idle", async () => {
  const cells = Array.from({ length: 40 }, (_, i) => ({ code: `${i} * 2` }));
  const { results } = await runCells([{ code: `import "../src/base/kernel.ts";` }, ...cells]);
  equal(results.slice(1).map(shownBy).join(), cells.map((_, i) => i * 2).join());
});
