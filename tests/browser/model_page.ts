/** Pages that load models, and what they compute, beside what Deno computes. */
import { equal, ok } from "@std/assert";
import { join } from "node:path";
import type { Browser, Page } from "npm:playwright-core@1.65.1";
import { LanguageModel } from "../../mod.ts";
import type { HubServer, Seen } from "../support/hub_server.ts";

/** What is continued. */
export const PROMPT = "The keys to the cabinet";
/** How many tokens are written. */
const TOKENS = 6;
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html",
  js: "text/javascript",
  mjs: "text/javascript",
  json: "application/json",
  wasm: "application/wasm",
};
const ISOLATION = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };

const PAGE = '<!DOCTYPE html><html lang="en"><link rel="icon" href="data:,"><body></body></html>';

/** Serves a folder as a web server would. */
export function serve(folder: string, { isolated = false } = {}): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const path = new URL(request.url).pathname;
    const headers = { ...(isolated ? ISOLATION : {}), "content-type": TYPES[path.split(".").at(-1)!] ?? "" };
    if (path === "/page.html") return new Response(PAGE, { headers });
    const body = await Deno.readFile(join(folder, path)).catch(() => undefined);
    return body ? new Response(body, { headers }) : new Response(null, { status: 404 });
  });
}

/** The files of the bundled model, as a repository has them. */
export async function bundledFiles(): Promise<Record<string, Uint8Array<ArrayBuffer>>> {
  const files: Record<string, Uint8Array<ArrayBuffer>> = {};
  for (const name of ["config.json", "generation_config.json", "tokenizer.json", "model.safetensors"]) {
    files[name] = await Deno.readFile(new URL(`../../models/${name}`, import.meta.url));
  }
  return files;
}

/** What is computed in Deno and in the page. */
interface Outcome {
  readonly text: string;
  readonly scores: readonly number[];
  readonly logProbs: readonly number[];
}

/** Loads the bundled model in Deno, or another, writes and explains. */
export async function inDeno(id?: string, { prompt = PROMPT, tokens = TOKENS } = {}): Promise<Outcome> {
  await using model = await LanguageModel.fromPretrained(id, { backend: "wasm" });
  const sequence = await model.generate(prompt, { maxNewTokens: tokens });
  const { scores } = await model.saliency(sequence);
  const logProbs: number[] = [];
  for await (const { logProb } of model.steps(prompt, { maxNewTokens: tokens / 2 })) logProbs.push(logProb);
  return { text: sequence.text, scores: [...scores.data], logProbs };
}

interface InPage extends Outcome {
  readonly backend: string;
  readonly isolated: boolean;
  readonly exports: readonly string[];
  readonly progress: readonly { task: string; completed: number; total: number }[];
}

interface Load {
  readonly id?: string | undefined;
  readonly url?: string | undefined;
  readonly options?: Readonly<Record<string, unknown>>;
  /** Ends the download when so many bytes are there. */
  readonly abortAfter?: number;
  /** What is continued, by default {@linkcode PROMPT}. */
  readonly prompt?: string;
  /** By how many tokens, an even number. */
  readonly tokens?: number;
}

/** Loads a model in the page, writes, explains, and shows the view. */
export async function inPage(page: Page, load: Load): Promise<InPage> {
  return await page.evaluate(async ({ id, url, options, abortAfter = Infinity, prompt, tokens }) => {
    const path = "/looking_glass.js";
    const module: typeof import("../../mod.ts") = await import(path);
    const progress: { task: string; completed: number; total: number }[] = [];
    const controller = new AbortController();
    const model = await module.LanguageModel.fromPretrained(url === undefined ? id : new URL(url, location.href), {
      backend: "wasm",
      ...options,
      signal: controller.signal,
      onProgress: ({ task, completed, total }) => {
        progress.push({ task, completed, total });
        if (task === "download" && completed >= abortAfter) controller.abort(new Error("enough"));
      },
    });
    const sequence = await model.generate(prompt, { maxNewTokens: tokens });
    const saliency = await model.saliency(sequence);
    document.body.innerHTML = module.saliencyView(saliency).html + module.saliencyView(saliency).svg;
    const logProbs: number[] = [];
    for await (const { logProb } of model.steps(prompt, { maxNewTokens: tokens / 2 })) logProbs.push(logProb);
    const { backend } = model;
    await model.dispose();
    const text = sequence.text;
    const scores = [...saliency.scores.data];
    return { text, scores, logProbs, backend, isolated: crossOriginIsolated, exports: Object.keys(module), progress };
  }, { prompt: PROMPT, tokens: TOKENS, ...load });
}

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  equal(actual.length, expected.length);
  actual.forEach((value, i) => ok(Math.abs(value - expected[i]!) < 1e-5, `number ${i}: ${value} for ${expected[i]}`));
}

/** Expects the same text, and numbers that are no more than 1e-5 apart. */
export function expectSame(page: Outcome, deno: Outcome): void {
  equal(page.text, deno.text);
  expectClose(page.scores, deno.scores);
  expectClose(page.logProbs, deno.logProbs);
}

/** A page of its own, with a storage of its own, for one test. */
export async function withPage(browser: Browser, url: string, use: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(`${url}/page.html`);
    await use(page);
  } finally {
    await context.close();
  }
}

/** The bytes of all files but one. */
export function size(files: Readonly<Record<string, Uint8Array>>, without: string): number {
  return Object.entries(files).reduce((sum, [name, { length }]) => sum + (name === without ? 0 : length), 0);
}

/** The shape of gpt2-xl. */
export const XL = new TextEncoder().encode(
  JSON.stringify({ model_type: "gpt2", n_embd: 1600, n_layer: 48, n_head: 25 }),
);

/** The requests for large files. */
export const large = (hub: HubServer): readonly Seen[] => hub.seen.filter(({ path }) => path.startsWith("/cdn/"));
/** The origin of a server. */
export const address = (server: Deno.HttpServer<Deno.NetAddr>) => `http://127.0.0.1:${server.addr.port}`;

/** Why a promise rejects. */
export async function reasonOf(promise: Promise<unknown>): Promise<string> {
  return await promise.then(() => "it did not fail", (error) => String(error));
}
