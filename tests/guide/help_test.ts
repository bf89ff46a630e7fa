import { deepEqual, match, ok, rejects } from "@std/assert";
import { helpEntries } from "../../guide/help_data.ts";
import * as everything from "../../mod.ts";
import * as analysis from "../../src/analysis/mod.ts";
import * as onnx from "../../src/onnx/mod.ts";
import * as widgets from "../../widgets/mod.ts";
import { ENTRIES, readDocs } from "../../scripts/help/doc_json.ts";
import { entriesJson, makeEntries } from "../../scripts/help/entries.ts";

const { help, LanguageModel, saliencyView } = everything;
const FILE = new URL("../../guide/help_data.json", import.meta.url);

const docs = await readDocs();
const entries = await helpEntries();

Deno.test("the data of help is what the doc comments say now; deno task help:generate writes it", async () => {
  ok(await Deno.readTextFile(FILE) === entriesJson(makeEntries(docs)), "guide/help_data.json is old; make it again");
});

Deno.test("the data of help is small", async () => {
  const { size } = await Deno.stat(FILE);
  ok(size < 460_000, `${size} bytes`);
});

Deno.test("help() explains every exported name, by its name", async () => {
  let asked = 0;
  for (const [path, symbols] of docs) {
    for (const { name } of symbols) {
      match((await help(name)).text, new RegExp(`^${name}, an? (function|class|interface|type|constant) of `), path);
      ++asked;
    }
  }
  ok(asked > 200, `${asked} names`);
  deepEqual([...docs.keys()], Object.keys(ENTRIES));
});

Deno.test("help() explains every exported function and class, given itself, with words and a signature", async () => {
  let asked = 0;
  for (const [name, value] of [everything, analysis, widgets, onnx].flatMap((module) => Object.entries(module))) {
    if (typeof value !== "function") continue;
    const { text } = await help(value);
    match(text, new RegExp(`^${name}, a (function|class) of `));
    ok(text.split("\n").length > 3, `${name} has no words`);
    ++asked;
  }
  ok(asked > 60, `${asked} functions`);
});

Deno.test("help() explains every method of a model as that of the model, though its costs have the same names", async () => {
  const names = Object.getOwnPropertyNames(LanguageModel.prototype).filter((name) => {
    const { value } = Object.getOwnPropertyDescriptor(LanguageModel.prototype, name)!;
    return typeof value === "function" && name !== "constructor";
  });
  ok(names.length > 12);
  for (const name of names) {
    match(
      (await help(Reflect.get(LanguageModel.prototype, name))).text,
      new RegExp(`^LanguageModel\\.${name}, a method of `),
    );
  }
  match((await help(LanguageModel.fromPretrained)).text, /^LanguageModel\.fromPretrained, a method of [^]*backend\?: /);
});

Deno.test("help() explains a model, its parts and its results by their types", async () => {
  await using model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
  const sequence = await model.generate("One, two", { maxNewTokens: 2 });
  const tree = await model.tree("One", { maxNewTokens: 1 });
  const saliency = await model.saliency(sequence);
  const cases: readonly (readonly [unknown, string])[] = [
    [model, "LanguageModel, a class"],
    [model.cost, "CostEstimator, an interface"],
    [model.cost.saliency, "CostEstimator.saliency, a method"],
    [model.saliency, "LanguageModel.saliency, a method"],
    [model.tokenizer, "Tokenizer, a class"],
    [tree, "GrowingTree, an interface"],
    [tree.fork, "GrowingTree.fork, a method"],
    [tree.data, "DecodingTree, an interface"],
    [sequence, "Sequence, an interface"],
    [saliency, "Saliency, an interface"],
    [saliency.scores, "Tensor, an interface"],
    [tree.data.branches[0]!.steps, "Step, an interface"],
    [saliencyView(saliency), "View, an interface"],
    ["model.saliency", "LanguageModel.saliency, a method"],
    ["model.cost.saliency()", "CostEstimator.saliency, a method"],
    ["saliency", "LanguageModel.saliency, a method"],
    ["fork", "GrowingTree.fork, a method"],
  ];
  for (const [thing, start] of cases) ok((await help(thing)).text.startsWith(start), start);
});

Deno.test("help() shows options with their types, defaults and words, those that are inherited too", async () => {
  const { text, html } = await help(LanguageModel.prototype.saliency);
  match(text, /preset\?: SaliencyPreset = "ecco"\n +Another tool's definition\./);
  match(text, /maxMemory\?: number/);
  match(text, /RangeError: When a position/);
  match(text, /Example: Integrated gradients\n {2}import \{ LanguageModel \}/);
  match(html, /&quot;ecco&quot;/);
  match(html, /maxMemory/);
});

Deno.test("help() without a thing lists every function and every method of a model", async () => {
  const { text } = await help();
  const listed = entries.filter(({ name, kind, from }) =>
    (kind === "function" && !from.endsWith("/onnx")) || name.startsWith("LanguageModel.")
  );
  ok(listed.length > 55, `${listed.length} names`);
  for (const { name } of listed) ok(text.includes(`  ${name.replace("LanguageModel.", "model.")} `), name);
});

Deno.test("help() names what is like something that does not exist", async () => {
  const cases: readonly (readonly [unknown, RegExp])[] = [
    ["saliencyVeiw", /^Cannot explain "saliencyVeiw" as .*; did you mean "saliencyView"/],
    ["SaliencyOption", /did you mean "SaliencyOptions"/],
    ["LanguageModel.salency", /did you mean .*"LanguageModel.saliency"/],
    [
      "qwertyuiop",
      /^Cannot explain "qwertyuiop" as this package has nothing of that name; help\(\) lists what there is$/,
    ],
    [undefined, /^Cannot explain undefined: a name that a module does not have is undefined after an import/],
    [Promise.resolve(1), /^Cannot explain a promise; write await/],
    [42, /^Cannot explain 42 as this package has nothing of that name/],
    [() => 1, /^Cannot explain this function as/],
    [{ a: 1 }, /^Cannot explain this object as/],
    [null, /^Cannot explain "?null"?|this object/],
    ["x".repeat(100_000), /^Cannot explain ".{10,200}as this package has nothing of that name/],
  ];
  for (const [thing, message] of cases) await rejects(async () => await help(thing), { name: "TypeError", message });
});

Deno.test("help() is read when it is shown, and shows itself as HTML and text", async () => {
  const shown: unknown = Reflect.get(help(saliencyView), Symbol.for("Jupyter.display"));
  ok(typeof shown === "function");
  const bundle = await shown();
  match(bundle["text/html"], /^\s*<div /);
  match(bundle["text/plain"], /^saliencyView, a function of /);
  match(Deno.inspect(help(saliencyView)), /console\.log\(await help/);
  match(Deno.inspect(await help(saliencyView)), /^saliencyView, a function of /);
});
