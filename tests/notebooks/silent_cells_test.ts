/** What docs/when-nothing-appears.md says of the kernel, in the kernel. */
import { deepEqual, match, ok } from "@std/assert";
import { runCells, withoutBars } from "./cells.ts";

/** Cells of the page, and the kinds of their outputs. */
const CASES: readonly (readonly [code: string, kinds: readonly string[], shows?: RegExp])[] = [
  ["const a = (;", []],
  [`import { x } from "npm:this-package-is-not-there"`, []],
  [`import { saliencyVeiw } from "../mod.ts"`, []],
  ["saliencyVeiw", []],
  ["const view = tokensView(text)", []],
  ["NaN", []],
  ["null", []],
  ["undefined", []],
  ["-0", []],
  ["10n", []],
  [`Promise.reject(new Error("lost")); "still here"`, ["execute_result"], /still here/],
  [`model.generate("Once")`, ["execute_result"], /^Promise \{/],
  ["model.saliency(text, { positons: [1] })", ["execute_result"], /^Promise \{\s+<rejected> TypeError: /],
  ["saliencyView(model.saliency(text))", ["error"], /^Cannot draw a promise as /],
  [`await import("../modd.ts")`, ["error"], /^Module not found "file:\/\/\/.*modd.ts"/],
  [`let n: number = "text"; n`, ["execute_result"], /^"text"$/],
  [`help("saliencyVeiw")`, ["error"], /did you mean .*saliencyView/],
  ["help(model.saliency)", ["execute_result"], /preset\?: SaliencyPreset = "ecco"/],
  [`help("SaliencyOptions")`, ["execute_result"], /an interface of/],
  ["help(saliencyView)", ["execute_result"], /saliencyView\(given: Saliency/],
  ["help(text)", ["execute_result"], /^Sequence, an interface of/],
  ["await checkSetup()", ["execute_result"], /^Ready\.\n✓ Looking Glass .*a notebook under the Deno kernel/s],
];

Deno.test("a cell shows what the page about silent cells says", async () => {
  const load = `import { checkSetup, help, LanguageModel, saliencyView, tokensView } from "../mod.ts";
const model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
const text = await model.generate("Once", { maxNewTokens: 2 });`;
  const cells = CASES.map(([code]) => ({ code }));
  const { alive, results } = await runCells([{ code: load }, ...cells, { code: "await model.dispose();" }]);
  ok(alive);
  deepEqual(withoutBars(results[0]!), []);
  let compared = 0;
  for (const [i, [code, kinds, shows]] of CASES.entries()) {
    const outputs = withoutBars(results[i + 1]!);
    deepEqual(outputs.map(({ kind }) => kind), kinds, code);
    if (shows) match(outputs[0]!.evalue ?? outputs[0]!.data!["text/plain"]!, shows, code);
    ++compared;
  }
  deepEqual(compared, CASES.length);
});

Deno.test("the page about silent cells has the cells that are tried", async () => {
  const page = await Deno.readTextFile(new URL("../../docs/when-nothing-appears.md", import.meta.url));
  const silent = CASES.slice(0, 10).map(([code]) => code).filter((code) => code !== "saliencyVeiw");
  deepEqual(silent.filter((code) => !page.includes(`\`${code}\``)), []);
});
