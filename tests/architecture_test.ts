/** Holds the folders to the one direction in which data flows. */
import { deepEqual, ok } from "@std/assert";

const ROOT = new URL("../", import.meta.url);

/** Folders of `src` and what stands beside them, from left to right: each imports from itself and from those before it. */
const LAYERS = [
  "base",
  ...["show", "music", "hub", "checkpoint", "tokenizer", "onnx"],
  ...["autodiff", "models", "runtime", "model", "ask", "language_model", "analysis", "live", "corpus"],
  ...["widgets/kit", "widgets/view", "widgets", "widgets/explorer", "guide"],
];
/**
 * A result shows itself by its view, and results are made everywhere to the left of views. One file reaches over, when a
 * notebook asks and not before: a view for each result would else have to be handed through every layer.
 */
const LAZY = { file: "src/show/view_of.ts", specifier: "../../widgets/result_view.ts" };
/** Neighbours that do not know each other. */
const STRANGERS = [
  ...[["checkpoint", "hub"], ["tokenizer", "hub"], ["tokenizer", "checkpoint"], ["onnx", "hub"]],
  ...[["onnx", "checkpoint"], ["onnx", "tokenizer"], ["analysis", "language_model"], [
    "widgets/view",
    "language_model",
  ]],
];

/** The worker of the explorer's page is a program of its own: nothing imports it. */
const LOADS_MODELS = "widgets/explorer/page/worker.ts";

interface Import {
  readonly file: string;
  readonly specifier: string;
}

function* files(folder: string, suffix: string): Generator<string> {
  for (const entry of Deno.readDirSync(new URL(`${folder}/`, ROOT))) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* files(path, suffix);
    else if (path.endsWith(suffix)) yield path;
  }
}

function imports(file: string, { types = true, dynamic = true } = {}): Import[] {
  const source = Deno.readTextFileSync(new URL(file, ROOT)).replaceAll(/\/\*\*.*?\*\//gs, "");
  const text = types ? source : source.replaceAll(/^(import|export) type [^;]*;/gm, "");
  const found = text.matchAll(dynamic ? /(?:\bfrom|\bimport\()\s*"([^"\n]+)"/g : /\bfrom\s*"([^"\n]+)"/g);
  return [...found].map(([, specifier]) => ({ file, specifier: specifier! }));
}

/** The folder of `src`, or of `widgets`: the kit, a view, what stands above all views, or the explorer above that. */
function layerOf(path: string): string {
  const [root, folder, ...rest] = path.split("/");
  if (root === "guide") return root;
  if (root === "src") return folder!.replace(/\.ts$/, "");
  if (rest.length === 0) return "widgets";
  return folder === "kit" || folder === "explorer" ? `widgets/${folder}` : "widgets/view";
}
const resolved = ({ file, specifier }: Import) => new URL(specifier, new URL(file, ROOT)).href.slice(ROOT.href.length);

const SOURCES = [...files("src", ".ts"), ...files("widgets", ".ts"), ...files("guide", ".ts")];
const IMPORTS = SOURCES.flatMap((file) => imports(file));

Deno.test("folders import from their own layer and those to the left", () => {
  ok(IMPORTS.length > 50, `only ${IMPORTS.length} imports found`);
  const backward = IMPORTS.filter(({ specifier }) => specifier.startsWith(".")).filter((entry) => {
    const [from, to] = [layerOf(entry.file), layerOf(resolved(entry))];
    ok(LAYERS.includes(from) && LAYERS.includes(to), `${from} or ${to} is no layer`);
    if (entry.file === LAZY.file && entry.specifier === LAZY.specifier) return false;
    return LAYERS.indexOf(to) > LAYERS.indexOf(from) || STRANGERS.some(([a, b]) => a === from && b === to);
  });
  deepEqual(backward, []);
});

Deno.test("the one import to the right is made when a result is shown, not before", () => {
  const source = Deno.readTextFileSync(new URL(LAZY.file, ROOT)).replaceAll(/\/\*\*.*?\*\//gs, "");
  deepEqual(source.split(LAZY.specifier).length, 2);
  ok(source.includes(`await import("${LAZY.specifier}")`));
  ok(/^export async function/.test(source.trim()), "something stands before the function");
});

Deno.test("a view imports from its own folder and the kit, not from another view", () => {
  const folder = (path: string) => path.split("/").slice(0, 2).join("/");
  const views = IMPORTS.filter(({ file }) => layerOf(file) === "widgets/view").filter(({ specifier }) =>
    specifier.startsWith(".")
  );
  const others = views.filter((entry) =>
    layerOf(resolved(entry)) === "widgets/view" && folder(resolved(entry)) !== folder(entry.file)
  );
  ok(views.length > 50, `only ${views.length} imports of views found`);
  deepEqual(others, []);
});

/** Files that import each other in a loop, types included, by Tarjan's algorithm. */
function circles(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const visit = (file: string) => {
    index.set(file, index.size);
    low.set(file, index.get(file)!);
    open.push(file);
    for (const target of edges.get(file) ?? []) {
      if (!index.has(target)) visit(target);
      if (open.includes(target)) low.set(file, Math.min(low.get(file)!, low.get(target)!));
    }
    if (low.get(file) !== index.get(file)) return;
    const loop = open.splice(open.indexOf(file));
    if (loop.length > 1 || edges.get(file)?.includes(file)) found.push(loop.sort());
  };
  for (const file of edges.keys()) visit(file);
  return found;
}

Deno.test("circles() finds files that import each other", () => {
  const edges = { a: ["b"], b: ["c", "d"], c: ["a"], d: ["e"], e: [], f: ["f"], g: ["h", "a"], h: ["g"] };
  deepEqual(circles(new Map(Object.entries(edges))), [["a", "b", "c"], ["f"], ["g", "h"]]);
});

Deno.test("no files import each other in a circle", () => {
  const relative = IMPORTS.filter(({ file, specifier }) =>
    specifier.startsWith(".") && !(file === LAZY.file && specifier === LAZY.specifier)
  );
  const edges = new Map(SOURCES.map((file) => [file, relative.filter((entry) => entry.file === file).map(resolved)]));
  ok(edges.values().some((targets) => targets.length > 5), "no imports found");
  deepEqual(circles(edges), []);
});

/** What is loaded with some files: files, and packages; `import()` counts where `dynamic` says so. */
function loadedWith(parts: readonly string[], { dynamic }: { readonly dynamic: boolean }): Set<string> {
  const loaded = new Set<string>();
  const visit = (file: string) => {
    for (const entry of imports(file, { types: false, dynamic })) {
      const target = entry.specifier.startsWith(".") ? resolved(entry) : entry.specifier;
      if (loaded.has(target)) continue;
      loaded.add(target);
      if (target !== entry.specifier && target.endsWith(".ts")) visit(target);
    }
  };
  parts.forEach(visit);
  return loaded;
}

Deno.test("analysis and widgets do not load ONNX Runtime", () => {
  const parts = [...files("src/analysis", ".ts"), ...files("widgets", ".ts")].filter((file) => file !== LOADS_MODELS);
  const loaded = loadedWith(parts, { dynamic: true });
  ok(loaded.has("src/base/numbers.ts"), "the walk does not follow imports");
  deepEqual([...loaded].filter((target) => target.includes("onnxruntime")), []);
});

Deno.test("importing the module loads what views are drawn with, and no other package; the model alone, no view", () => {
  const packages = (file: string) => {
    const external = [...loadedWith([file], { dynamic: false })].filter((target) => /^(npm|node):/.test(target));
    return external.map((target) => target.replace(/@\d+\.\d+\.\d+/, "")).sort();
  };
  deepEqual(packages("src/language_model.ts"), ["npm:@huggingface/jinja"]);
  deepEqual(packages("mod.ts"), [
    "npm:@huggingface/jinja",
    "npm:@observablehq/plot",
    "npm:fflate/browser", // the other one loads node:module, which takes longer than all of ours
    "npm:linkedom/worker",
  ]);
});

/** The variables that a program has once and that change; the file says why. */
const CHANGING = ["src/runtime/worker/engine.ts: common"];

Deno.test("no module has variables that change, but for those that say why", () => {
  const found = SOURCES.flatMap((file) => {
    const source = Deno.readTextFileSync(new URL(file, ROOT));
    return [...source.matchAll(/^(?:export )?(?:let|var) (\w+)/gm)].map(([, name]) => `${file}: ${name}`);
  });
  deepEqual(found, CHANGING);
});

Deno.test("each npm package is pinned exactly and named in one file", () => {
  const external = IMPORTS.filter(({ specifier }) => !specifier.startsWith("."));
  const npm = external.filter(({ specifier }) => !specifier.startsWith("node:")); // those are part of Deno
  const loose = npm.filter(({ specifier }) => !/^npm:(@[\w-]+\/)?[\w-]+@\d+\.\d+\.\d+(\/[\w./-]+)?$/.test(specifier));
  deepEqual(loose, [], "imports that are neither relative nor an exact npm: version");
  const homes = Map.groupBy(npm, ({ specifier }) => specifier.replace(/(@\d+\.\d+\.\d+).*/, "$1"));
  for (const [name, uses] of homes) {
    if (name.startsWith("npm:onnxruntime-common")) continue; // types that both runtimes share
    deepEqual(new Set(uses.map(({ file }) => file)).size, 1, `${name} is named in several files`);
  }
});

Deno.test("no loop has a variable by whose name Deno's transpiler drops elements of an array", async () => {
  const sources = [".ts", ".ipynb"].flatMap((suffix) => [...files(".", suffix)]);
  const own = sources.filter((file) => !/\/(\.|node_modules)/.test(file.slice(1)));
  ok(own.length > 200, `only ${own.length} files found`);
  const loop = /\bfor\s*(await\s*)?\(\s*(const|let|var)\s+(of|async|get|set|as|type)\b/;
  ok(loop.test("for (const  of of[1, 2]) {"));
  const texts = await Promise.all(own.map((file) => Deno.readTextFile(new URL(file, ROOT))));
  deepEqual(own.filter((file, i) => file !== "./tests/architecture_test.ts" && loop.test(texts[i]!)), []);
});

Deno.test("every test file is reached by deno task ok", () => {
  const tests = [...files(".", "_test.ts")].filter((file) => !/^\.\/(\.|node_modules)/.test(file));
  deepEqual(tests.filter((file) => !file.startsWith("./tests/")), []);
});
