/**
 * How long somebody waits for the explorer: `deno task bench:explorer [page] [cell]`. The bundled model and GPT-2 small's
 * shape with random weights; on its page in Chromium, which computes with wasm in a worker with threads, and in a cell of
 * JupyterLab, whose kernel computes on native. Prints medians beside their targets, and the load of the machine.
 *
 * @module
 */
import { join } from "node:path";
import { buildExplorer } from "../scripts/explorer/build.ts";
import { headersOf } from "../scripts/explorer/policy.ts";
import { serveExplorer } from "../scripts/explorer/serve.ts";
import { launchChromium } from "../scripts/notebooks/chromium.ts";
import { OUT, prepareEnvironment, ROOT } from "../scripts/notebooks/environment.ts";
import { openNotebook, runAll, startLab } from "../scripts/notebooks/jupyterlab.ts";
import { codeNotebook } from "../scripts/notebooks/notebook.ts";
import { explainRows, settle, type Times, typeText } from "./explorer_screen.ts";
import { formatTime, table } from "./format.ts";
import { CHECKPOINT } from "./programs.ts";
import { prepareCheckpoint } from "./setup.ts";

type Browser = Awaited<ReturnType<typeof launchChromium>>;
type Page = Awaited<ReturnType<Browser["newPage"]>>;

const ROUNDS = 5;
const TYPED = " are on the table";
const MODELS = { bundled: "bundled", small: "GPT-2 small's shape" } as const;

/** One line of the table. */
interface Row {
  readonly what: string;
  readonly model: string;
  readonly where: string;
  readonly times: Times;
  /** In milliseconds. */
  readonly target?: number;
}

function median(numbers: Times): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
}

function say(text: string): void {
  // deno-lint-ignore no-console -- this is what the command is for
  console.log(text);
}

/** What is done with a model that is there. */
async function use(page: Page, model: string, where: string, target?: number): Promise<Row[]> {
  const about = { model, where };
  const typed = { ...about, what: "keystroke to prediction", times: await typeText(page, TYPED) };
  return [
    target === undefined ? typed : { ...typed, target },
    { ...about, what: "click to map", times: await explainRows(page, 9) },
  ];
}

/** A page of which nothing was kept, from its beginning to its first prediction. */
async function openCold(browser: Browser, address: string): Promise<{ page: Page; ms: number }> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(address);
  await page.locator(".x-row").first().waitFor({ timeout: 120_000 });
  const ms = await page.evaluate(() => performance.now());
  await settle(page);
  return { page, ms };
}

async function onPage(browser: Browser): Promise<Row[]> {
  const folder = join(OUT, "explorer");
  await buildExplorer(folder);
  await using server = serveExplorer(folder, { headers: headersOf({ endpoint: "", origins: [] }) });
  const address = `http://127.0.0.1:${server.addr.port}/`;
  const opened: number[] = [];
  for (let round = 1; round < ROUNDS; ++round) {
    const { page, ms } = await openCold(browser, address);
    opened.push(ms);
    await page.context().close();
  }
  const { page, ms } = await openCold(browser, address);
  opened.push(ms);
  const where = "page, wasm";
  const rows: Row[] = [
    { what: "cold page to first prediction", model: MODELS.bundled, where, times: opened, target: 3000 },
    ...await use(page, MODELS.bundled, where, 100),
  ];
  await page.getByRole("button", { name: "Change model" }).click();
  const start = performance.now();
  await page.locator("input[type=file]").setInputFiles(join(ROOT, CHECKPOINT));
  await page.locator(".x-model b", { hasText: "gpt2-small" }).waitFor({ timeout: 300_000 });
  await page.locator(".x-next[aria-busy=false]").waitFor({ timeout: 120_000 });
  const what = "folder to first prediction";
  rows.push({ what, model: MODELS.small, where, times: [performance.now() - start] });
  rows.push(...await use(page, MODELS.small, where));
  await page.context().close();
  return rows;
}

/** A notebook that explores a model. */
async function writeNotebook(name: string, id: string | undefined): Promise<string> {
  const sources = [
    `import { explorerView, LanguageModel } from "../../mod.ts";
const model = await LanguageModel.fromPretrained(${
      id === undefined ? "undefined" : JSON.stringify(id)
    }, { backend: "native" });`,
    "await explorerView(model)",
  ];
  await Deno.mkdir(join(OUT, "bench"), { recursive: true });
  await Deno.writeTextFile(join(OUT, "bench", name), JSON.stringify(codeNotebook(sources)));
  return `.out/bench/${name}`;
}

async function inCell(browser: Browser): Promise<Row[]> {
  await prepareEnvironment(say);
  const lab = await startLab();
  const rows: Row[] = [];
  const where = "cell, native";
  try {
    for (
      const { model, id, target } of [
        { model: MODELS.bundled, id: undefined, target: 100 },
        { model: MODELS.small, id: join(ROOT, CHECKPOINT), target: 250 },
      ]
    ) {
      const page = await openNotebook(browser, lab.url(await writeNotebook("explorer.ipynb", id)), "JupyterLab Light");
      await page.setViewportSize({ width: 1200, height: 1600 });
      const start = performance.now();
      await runAll(page);
      await settle(page);
      rows.push({ what: "two cells to first map", model, where, times: [performance.now() - start] });
      rows.push(...await use(page, model, where, target));
      await page.evaluate("jupyterapp.shell.currentWidget.context.sessionContext.shutdown()");
      await page.close();
    }
  } finally {
    await lab.stop();
  }
  return rows;
}

function lineOf({ what, model, where, times, target }: Row): string[] {
  const middle = median(times);
  const verdict = target === undefined ? "" : `${formatTime(target / 1000)}, ${middle <= target ? "met" : "missed"}`;
  const [least, most] = [Math.min(...times), Math.max(...times)].map((ms) => formatTime(ms / 1000));
  return [what, model, where, formatTime(middle / 1000), `${least} to ${most}`, String(times.length), verdict];
}

const PLACES = { page: onPage, cell: inCell } as const;

async function main(): Promise<void> {
  const known = Object.keys(PLACES) as (keyof typeof PLACES)[];
  const places = Deno.args.length === 0 ? known : known.filter((place) => Deno.args.includes(place));
  if (places.length < Deno.args.length) {
    say(`deno task bench:explorer [${known.join("] [")}]`);
    Deno.exit(2);
  }
  await prepareCheckpoint(say);
  const browser = await launchChromium();
  const [load] = Deno.loadavg();
  const rows: Row[] = [];
  try {
    for (const place of places) rows.push(...await PLACES[place](browser));
  } finally {
    await browser.close();
  }
  const [after] = Deno.loadavg();
  say(`The explorer; load of the machine ${load!.toFixed(1)} before and ${after!.toFixed(1)} after\n`);
  say(table(["", "model", "where", "median", "least to most", "times", "target"], rows.map(lineOf)));
}

if (import.meta.main) await main();
