/**
 * Makes the explorer's page as a folder of files.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { bundleModule } from "../bundle.ts";
import { ROOT } from "../notebooks/environment.ts";
import { iconPng } from "./icon.ts";
import { contentPolicy, headersOf, type Hub } from "./policy.ts";

const MODULES = {
  "explorer.js": "widgets/explorer/page/main.ts",
  "explorer_worker.js": "widgets/explorer/page/worker.ts",
  "service_worker.js": "widgets/explorer/page/service_worker.ts",
} as const;

const MODEL = ["config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];
const ICONS = [192, 512];

function pageHtml(hub: Hub): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${contentPolicy(hub)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="description" content="Ask a language model by hand: what comes next, and why.">
<meta name="looking-glass-hub" content="${hub.endpoint}">
<title>Looking Glass explorer</title>
<link rel="manifest" href="manifest.webmanifest">
<link rel="icon" href="icon-192.png">
<link rel="apple-touch-icon" href="icon-192.png">
<link rel="modulepreload" href="explorer.js">
<script type="module" src="explorer.js"></script>
</head>
<body style="margin:0;background:Canvas;color:CanvasText">
<div id="explorer"></div>
<noscript>The explorer computes in this browser and needs JavaScript for that.</noscript>
</body>
</html>
`;
}

/**
 * Writes the page into a folder.
 *
 * @returns The names of the files.
 */
export async function buildExplorer(folder: string, hub: Hub = { endpoint: "", origins: [] }): Promise<string[]> {
  await Deno.mkdir(join(folder, "models"), { recursive: true });
  const files = new Map(MODEL.map((name) => [`models/${name}`, join(ROOT, "models", name)]));
  files.set("manifest.webmanifest", join(ROOT, "scripts", "explorer", "manifest.webmanifest"));
  for (const [name, source] of Object.entries(MODULES)) await bundleModule(source, join(folder, name), files);
  await Promise.all([...files].map(([name, source]) => Deno.copyFile(source, join(folder, name))));
  await Deno.writeTextFile(join(folder, "index.html"), pageHtml(hub));
  for (const size of ICONS) await Deno.writeFile(join(folder, `icon-${size}.png`), iconPng(size));
  const names = [
    "index.html",
    ...ICONS.map((size) => `icon-${size}.png`),
    ...Object.keys(MODULES).filter((name) => name !== "service_worker.js"),
    ...files.keys(),
  ];
  await finishServiceWorker(folder, names, hub);
  return [...names, "service_worker.js"];
}

/** What only WebGPU needs is kept when it is first used. */
const isLater = (name: string) => /webgpu|asyncify|jspi/.test(name);

/** Tells the service worker which files there are. */
async function finishServiceWorker(folder: string, names: readonly string[], hub: Hub): Promise<void> {
  const path = join(folder, "service_worker.js");
  const program = await Deno.readTextFile(path);
  const hash = createHash("sha256").update(program);
  for (const name of names) hash.update(name).update(await Deno.readFile(join(folder, name)));
  const kept = {
    version: hash.digest("hex").slice(0, 16),
    now: names.filter((name) => !isLater(name)),
    later: names.filter(isLater),
    headers: headersOf(hub),
  };
  await Deno.writeTextFile(path, `globalThis.EXPLORER_FILES=${JSON.stringify(kept)};\n${program}`);
}
