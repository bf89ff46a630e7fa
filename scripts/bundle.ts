/**
 * Makes one module of the package for a page: `deno task bundle [folder]`, by default `.out/bundle`. Beside it lie the
 * files that it fetches when they are needed: its worker, onnxruntime-web with its wasm, and the bundled model.
 *
 * @module
 */
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { OUT, ROOT } from "./notebooks/environment.ts";

/** The name of the module. */
export const MODULE = "looking_glass.js";

/** What the module starts in a worker, and its name. */
const WORKER = { source: "src/runtime/worker/entry.ts", name: "looking_glass_worker.js" };

/** What stands for each entry of onnxruntime-web in a page: its module without wasm, and the wasm with its loader. */
const RUNTIMES: Readonly<Record<string, readonly [module: string, wasm: string]>> = {
  "": ["ort.wasm.min.mjs", "ort-wasm-simd-threaded"],
  "/jspi": ["ort.jspi.min.mjs", "ort-wasm-simd-threaded.jspi"],
  "/webgpu": ["ort.webgpu.min.mjs", "ort-wasm-simd-threaded.asyncify"],
};

/** What is used under Deno only: a page is refused before it comes to that. */
const EXTERNAL = ["node:crypto", "node:fs/promises", "node:path", "node:worker_threads", "node:zlib"];
/** Packages of a corpus, which a page cannot explain. */
const CORPUS = ["aws4fetch", "bullmq", "fzstd", "hyparquet-compressors", "hyparquet-writer", "ioredis"];

/**
 * Writes the bundle into a folder.
 *
 * @returns The names of the files.
 * @throws {Error} When Deno cannot bundle, or the bundle would need what a page does not have.
 */
export async function bundle(folder: string): Promise<string[]> {
  await Deno.mkdir(join(folder, "models", "dates"), { recursive: true });
  const files = new Map<string, string>();
  const modules = [["mod.ts", MODULE], [WORKER.source, WORKER.name]] as const;
  for (const [source, name] of modules) await bundleModule(source, join(folder, name), files);
  if (files.size === 0) throw new Error("Cannot bundle the package for a page as it loads no runtime");
  for (const models of ["models", join("models", "dates")]) {
    for await (const { name, isFile } of Deno.readDir(join(ROOT, models))) {
      if (isFile && /^(?!evaluation).*\.(json|safetensors)$/.test(name)) {
        files.set(join(models, name), join(ROOT, models, name));
      }
    }
  }
  await Promise.all([...files].map(([name, source]) => Deno.copyFile(source, join(folder, name))));
  return [...modules.map(([, name]) => name), ...files.keys()];
}

/**
 * Makes one module of a source, and notes in `files` what it fetches: names in the folder, and where they are.
 *
 * @throws {Error} When Deno cannot bundle, or the module would need what a page does not have.
 */
export async function bundleModule(
  source: string,
  path: string,
  files: Map<string, string>,
  { keepNames = true } = {},
): Promise<void> {
  const external = [await runtimePackage(), ...EXTERNAL, ...CORPUS.map((name) => `npm:${name}@*`)].map((name) =>
    `--external=${name}`
  );
  const args = [
    "bundle",
    "--quiet",
    "--platform=browser",
    "--minify",
    ...keepNames ? ["--keep-names"] : [],
    ...external,
    "-o",
    path,
  ];
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args: [...args, source], cwd: ROOT }).output();
  if (!success) throw new Error(`Cannot bundle ${source}: ${new TextDecoder().decode(stderr)}`);
  const text = (await Deno.readTextFile(path)).replaceAll(
    /import\("(npm:onnxruntime-web@[\d.]+)(\/\w+)?"\)/g,
    (_, name: string, entry = "") => `import("./${addRuntime(files, name, entry)}")`,
  ).replaceAll(`"./${basename(WORKER.source)}"`, `"./${WORKER.name}"`);
  // Examples in the texts of help import the package by its name, and its files.
  const unused = new RegExp(`import\\("npm:(${CORPUS.join("|")})@[\\d.]+"\\)`, "g");
  const left =
    /\b(?:import\(|from|import)\s*"(?!\.\/|node:|@looking-glass\/|@std\/)[\w@][\w@./:-]*"|(?:new URL\(|import\()\s*"[^"]*\.ts"/
      .exec(text.replaceAll(unused, ""));
  if (left) throw new Error(`Cannot bundle ${source} as a page cannot resolve ${left}`);
  await Deno.writeTextFile(path, text);
}

/** onnxruntime-web with its version: it stays outside of the module, which fetches it when a model is loaded. */
async function runtimePackage(): Promise<string> {
  const source = await Deno.readTextFile(join(ROOT, "src/runtime/backends/onnxruntime_web.ts"));
  return /npm:onnxruntime-web@[\d.]+/.exec(source)![0];
}

/** Notes the files of a runtime, and returns the name of its module. */
function addRuntime(files: Map<string, string>, specifier: string, entry: string): string {
  const runtime = RUNTIMES[entry];
  if (!runtime) throw new Error(`Cannot bundle ${specifier}${entry} as RUNTIMES of scripts/bundle.ts does not name it`);
  const [module, wasm] = runtime;
  const folder = fileURLToPath(new URL(".", import.meta.resolve(specifier)));
  for (const name of [module, `${wasm}.mjs`, `${wasm}.wasm`]) files.set(name, join(folder, name));
  return module;
}

if (import.meta.main) {
  const [folder = join(OUT, "bundle"), ...more] = Deno.args;
  if (folder.startsWith("-") || more.length > 0) {
    // deno-lint-ignore no-console -- this is what the command is for
    console.log("deno task bundle [folder]\n  writes the module for a page, by default into .out/bundle");
    Deno.exit(folder === "--help" ? 0 : 2);
  }
  const names = await bundle(folder);
  for (const name of names) {
    const { size } = await Deno.stat(join(folder, name));
    // deno-lint-ignore no-console -- this is what the command is for
    console.log(`${(size / 2 ** 20).toFixed(1).padStart(6)} MiB  ${join(basename(folder), name)}`);
  }
}
