/** The explorer's page in Chromium: where it is served, and how it is used. */
import { deepEqual } from "@std/assert";
import { join } from "node:path";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "npm:playwright-core@1.65.1";
import { buildExplorer } from "../../scripts/explorer/build.ts";
import { headersOf, type Hub } from "../../scripts/explorer/policy.ts";
import { serveExplorer } from "../../scripts/explorer/serve.ts";
import { parseConfig } from "../../src/models/families.ts";
import { HubServer, repository } from "../support/hub_server.ts";
import { randomCheckpoint, tensorSpecs, TINY } from "../support/tiny_gpt2.ts";
import { bundledFiles } from "./model_page.ts";

/** What is there: a hub, the page with its headers, and the same files as a host of files serves them. */
export interface Served extends AsyncDisposable {
  readonly hub: HubServer;
  /** With a policy and isolation. */
  readonly address: string;
  /** Below a path, with no header of its own. */
  readonly plain: Deno.HttpServer<Deno.NetAddr>;
  readonly plainAddress: string;
  readonly folder: string;
}

/** A random model that reads 1,024 tokens of the bundled model's. */
async function longFiles(): Promise<Record<string, Uint8Array<ArrayBuffer>>> {
  const { "tokenizer.json": tokenizer } = await bundledFiles();
  const config = { ...TINY, "vocab_size": 4096, "n_positions": 1024, "bos_token_id": 4095, "eos_token_id": 4095 };
  const [entry] = (await randomCheckpoint(tensorSpecs(parseConfig(config)))).values();
  const { source } = entry!;
  const weights = await source.read(0, source.size);
  const text = new TextEncoder().encode(JSON.stringify(config));
  return { "config.json": text, "tokenizer.json": tokenizer!, "model.safetensors": weights };
}

/** Builds the page and serves it, with a hub that has `owner/tiny`, the bundled model, and `owner/long`. */
export async function serveAll(): Promise<Served> {
  const folder = await Deno.makeTempDir();
  const tiny = await bundledFiles();
  const hub = new HubServer({ "owner/tiny": repository(tiny), "owner/long": repository(await longFiles()) });
  const policy: Hub = { endpoint: hub.endpoint, origins: ["http://127.0.0.1:*"] };
  await buildExplorer(join(folder, "page"), policy);
  for (const model of ["my-model", "dropped"]) {
    await Deno.mkdir(join(folder, model));
    for (const [name, bytes] of Object.entries(tiny)) await Deno.writeFile(join(folder, model, name), bytes);
  }
  const server = serveExplorer(join(folder, "page"), { headers: headersOf(policy) });
  const plain = serveExplorer(join(folder, "page"), { path: "/apps/explorer/" });
  return {
    hub,
    address: `http://127.0.0.1:${server.addr.port}/`,
    plain,
    plainAddress: `http://127.0.0.1:${plain.addr.port}/apps/explorer/`,
    folder,
    async [Symbol.asyncDispose]() {
      await Promise.all([server.shutdown(), plain.shutdown(), hub[Symbol.asyncDispose]()]);
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** What a page did that it may not: what its policy refused, errors, dialogs. */
export type Faults = string[];

/** A context that notes what goes wrong in its pages. */
export async function openContext(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<{ context: BrowserContext; faults: Faults }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const faults: Faults = [];
  context.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  context.on("weberror", (error) => void faults.push(String(error.error())));
  context.on("dialog", (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    return dialog.dismiss();
  });
  return { context, faults };
}

/** How long a busy machine may take for an answer, in milliseconds. */
const PATIENT = { timeout: 60_000 };

/** The page in the words of a test. */
export class ExplorerPage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Waits until the text has been read, and all that is asked about it is answered. */
  async settle(): Promise<void> {
    await this.page.evaluate(() =>
      new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
    );
    await this.page.locator(".x-next[aria-busy=false]").waitFor(PATIENT);
    await this.page.locator(".x-view[aria-busy=true]").waitFor({ state: "detached", ...PATIENT });
  }

  /** What may come next, as it is shown. */
  async words(): Promise<string[]> {
    await this.settle();
    return await this.page.locator(".x-row .x-word").allTextContents();
  }

  /** How likely each is, as it is shown. */
  async numbers(): Promise<string[]> {
    await this.settle();
    return await this.page.locator(".x-row .x-number").allTextContents();
  }

  get text(): Promise<string> {
    return this.page.locator("textarea").inputValue();
  }

  /** Waits until the text is another one, and has been read. */
  async becomes(text: string): Promise<void> {
    await this.page.waitForFunction(
      (text) => {
        const area = document.querySelector("#explorer")?.shadowRoot?.querySelector("textarea");
        return area?.value === text;
      },
      text,
      PATIENT,
    );
    await this.settle();
  }

  /** How opaque the colour of each token of the text is. */
  async colours(): Promise<number[]> {
    return await this.page.locator(".x-token").evaluateAll((tokens) =>
      tokens.map((token) => Number(/rgba\(.*, ([\d.]+)\)/.exec(getComputedStyle(token).backgroundColor)?.[1] ?? 0))
    );
  }

  /** The sentence that says what is wrong. */
  async problem(): Promise<string> {
    const place = this.page.locator(".x-problem").first();
    await place.waitFor(PATIENT);
    return await place.textContent() ?? "";
  }

  async tab(name: string): Promise<void> {
    await this.page.locator(`#x-tab-${name}`).click();
    await this.settle();
  }
}

/** Opens a page, and waits for its first predictions. */
export async function openExplorer(context: BrowserContext, address: string): Promise<ExplorerPage> {
  const page = await context.newPage();
  await page.goto(address);
  await page.locator(".x-row").first().waitFor(PATIENT);
  const explorer = new ExplorerPage(page);
  await explorer.settle();
  return explorer;
}

/** Opens a page for one thing, and expects that nothing was refused and nothing failed. */
export async function withExplorer(
  browser: Browser,
  address: string,
  options: BrowserContextOptions,
  use: (explorer: ExplorerPage) => Promise<void>,
): Promise<void> {
  const { context, faults } = await openContext(browser, options);
  try {
    await use(await openExplorer(context, address));
    deepEqual(faults, []);
  } finally {
    await context.close();
  }
}
