/** Live views in a real JupyterLab: asked, kept, reconnected, refused. */
import { equal, match, ok } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Page } from "npm:playwright-core@1.65.1";
import { launchChromium } from "../../scripts/notebooks/chromium.ts";
import { prepareEnvironment } from "../../scripts/notebooks/environment.ts";
import { drawNotebooks } from "../../scripts/notebooks/execute.ts";
import { openNotebook, runAll, startLab } from "../../scripts/notebooks/jupyterlab.ts";
import {
  command,
  FOLDER,
  IMPORTS,
  liveIn,
  outputOf,
  PATIENT,
  runCell,
  saved,
  startCell,
  writeNotebook,
} from "./live_page.ts";
import { faultsIn } from "./support.ts";

const CELLS = [
  IMPORTS,
  'await live("The keys to the cabinet are")',
  'const other = await model.with([{ site: "z.4", scale: 0 }]); await live("Once upon a time", {}, other)',
  'await explorerView(model, { text: "The keys to the" })',
  'await live("One two", { method: "integratedGradients", steps: 200 })',
  "await new Promise((resolve) => setTimeout(resolve, 4000)); 'slept'",
  "[globalThis.hacked, typeof globalThis.fetched].join()",
];
const LONG = "The keys to the cabinet are on the table ".repeat(6);
const INJECTED =
  'x"); globalThis.hacked = 1; (" ${globalThis.hacked = 2} </script><img src=x onerror="hacked=3"> castle';

/** The prompt of a cell's input. */
const promptOf = (page: Page, cell: number) =>
  page.locator(`[data-windowed-list-index="${cell}"] .jp-InputPrompt`).first().textContent();

/** The rows of the explorer's next tokens. */
const explorerIn = (page: Page) => outputOf(page, 3).locator("text=Next token").first();

Deno.test("live views in JupyterLab", async (t) => {
  await prepareEnvironment(() => {});
  const first = await writeNotebook("first.ipynb", CELLS);
  const second = await writeNotebook("second.ipynb", [IMPORTS, 'await live("Two notebooks")']);
  // Each step goes on where the one before it ended.
  const step = async (name: string, work: () => Promise<void>) => {
    if (!await t.step(name, work)) throw new Error(`Cannot go on after "${name}"`);
  };
  const [lab, browser] = [await startLab(), await launchChromium()];
  const faults: string[] = [];
  let page = await openNotebook(browser, lab.url(first), "JupyterLab Light");
  page.on("dialog", (dialog) => (faults.push(dialog.message()), void dialog.dismiss()));
  page.on("pageerror", (error) => void faults.push(error.message));
  await page.setViewportSize({ width: 1200, height: 2400 });
  try {
    await step("a view follows its text, and a token that is not in it", async () => {
      await runAll(page);
      const view = liveIn(page, 1);
      await view.ready();
      await view.text.fill("The dog near the houses is");
      await view.shows(/houses/);
      await view.field("next").fill(" red");
      await view.shows(/red/);
      await view.field("contrast").fill(" blue");
      await view.output.getByText(/rather than/).first().waitFor(PATIENT);
      await view.field("next").fill("twenty words of it");
      await view.alert.filter({ hasText: /Cannot explain .* as the next token as it is \d+ tokens/ }).waitFor(PATIENT);
      await view.field("next").fill("");
      await view.field("contrast").fill("");
      await view.alert.filter({ hasText: /^$/ }).waitFor({ ...PATIENT, state: "attached" });
    });

    await step("another view asks another model, and prompts stay as they are", async () => {
      const view = liveIn(page, 2);
      await view.text.fill("Once upon a garden");
      await view.shows(/garden/);
      match((await liveIn(page, 1).output.textContent())!, /houses/);
      equal(await promptOf(page, 6), "[7]:");
      await runCell(page, 6);
      await page.locator('[data-windowed-list-index="6"] .jp-InputPrompt', { hasText: "[8]:" }).waitFor(PATIENT);
    });

    await step("the explorer appends what is clicked", async () => {
      await explorerIn(page).waitFor(PATIENT);
      const output = outputOf(page, 3);
      await output.getByText("5 of 256 tokens").waitFor(PATIENT);
      await output.locator("[role=listitem], li, tr, button").filter({ hasText: "old" }).first().click();
      await output.getByText("6 of 256 tokens").waitFor(PATIENT);
    });

    await step("axe finds nothing in the explorer and in a view that follows, light and dark", async () => {
      for (const theme of ["JupyterLab Dark", "JupyterLab Light"]) {
        await page.evaluate(`jupyterapp.commands.execute("apputils:change-theme", { theme: "${theme}" })`);
        for (const cell of [1, 3]) equal(await faultsIn(outputOf(page, cell)), "", `${theme}, cell ${cell}`);
      }
    });

    await step("what a page says is never run", async () => {
      const view = liveIn(page, 1);
      await view.text.fill(INJECTED);
      await view.shows(/castle/);
      await runCell(page, 6);
      await outputOf(page, 6).filter({ hasText: ",undefined" }).waitFor(PATIENT);
      equal(await page.evaluate("typeof hacked"), "undefined");
      await view.text.fill("The dog near the houses is");
      await view.shows(/houses/);
    });

    await step("the notebook keeps the last state, and the view stays as it is", async () => {
      await page.locator(".jp-NotebookPanel-toolbar").first().click();
      await page.waitForTimeout(4000);
      const outputs = await saved(page, "first.ipynb");
      ok(outputs.some(({ plain, html }) => /houses/.test(plain) && html.includes("The dog near the houses is")));
      ok(
        outputs.some(({ plain }) => /^After "The keys to the old": /.test(plain)),
        outputs.map(({ plain }) => plain).join(),
      );
      await outputOf(page, 3).getByText("6 of 256 tokens").waitFor(PATIENT);
      equal(await liveIn(page, 1).text.inputValue(), "The dog near the houses is");
    });

    await step("a reloaded page finds the kernel again", async () => {
      await page.close();
      page = await openNotebook(browser, lab.url(first), "JupyterLab Dark");
      await page.setViewportSize({ width: 1200, height: 2400 });
      const view = liveIn(page, 1);
      await view.ready();
      equal(await view.text.inputValue(), "The dog near the houses is");
      await view.text.fill("The cats near the school are");
      await view.shows(/school/);
      await outputOf(page, 3).getByText("6 of 256 tokens").waitFor(PATIENT);
    });

    await step("a busy kernel is said to be busy, and answers when it has ended", async () => {
      const view = liveIn(page, 1);
      await startCell(page, 5);
      await view.status.filter({ hasText: "busy with another cell" }).waitFor(PATIENT);
      await view.text.fill("The cats near the table are");
      await view.shows(/table/);
      await view.ready();
    });

    await step("the Stop button ends what is computed, and typing on gives up what was asked before", async () => {
      const view = liveIn(page, 4);
      await view.text.fill(LONG);
      await view.alert.filter({ hasText: /Explained/ }).waitFor(PATIENT);
      await command(page, "notebook:interrupt-kernel");
      await view.alert.filter({ hasText: "Interrupted by user" }).waitFor(PATIENT);
      await view.text.fill(`${LONG} more`);
      await view.alert.filter({ hasText: /Explained/ }).waitFor(PATIENT);
      await view.text.fill("One three");
      await view.shows(/three/);
    });

    await step("another notebook has a kernel of its own, and drives no view of this one", async () => {
      const address = await page.evaluate<string>(`[...document.querySelectorAll("script")]
        .map(({ textContent }) => /"entry":"(\\w+)"/.exec(textContent)?.[1]).find(Boolean)`);
      const next = await openNotebook(browser, lab.url(second), "JupyterLab Light");
      await runAll(next);
      const view = liveIn(next, 1);
      await view.ready();
      await view.text.fill("Two notebooks in a garden");
      await view.shows(/garden/);
      ok(!/garden/.test((await liveIn(page, 1).output.textContent())!));
      await hostile(next, address);
      match((await liveIn(page, 1).output.textContent())!, /table/);
      ok(!/forged/.test((await liveIn(page, 1).output.textContent())!));
      await next.close();
    });

    await step(
      "a restarted kernel and one that has ended say so, and the view recovers by running its cell",
      async () => {
        const view = liveIn(page, 1);
        await page.evaluate("jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.restart()");
        await view.status.filter({ hasText: "was restarted" }).waitFor(PATIENT);
        equal(await view.text.isDisabled(), true);
        match((await view.output.textContent())!, /table/);
        await runAll(page);
        await liveIn(page, 1).ready();
        await page.evaluate("jupyterapp.shell.currentWidget.context.sessionContext.shutdown()");
        await liveIn(page, 1).status.filter({ hasText: "has ended or cannot be reached" }).waitFor(PATIENT);
        await command(page, "docmanager:save");
      },
    );
    equal(faults.join(), "");
    await page.close();

    await step("a notebook that is not trusted, and a page of it, show the view as it was", async () => {
      const text = await Deno.readTextFile(join(FOLDER, "first.ipynb"));
      await Deno.writeTextFile(
        join(FOLDER, "copy.ipynb"),
        text.replace('"metadata": {}', '"metadata": {"copy": true}'),
      );
      const copy = await openNotebook(browser, lab.url(".out/live/copy.ipynb"), "JupyterLab Light");
      await copy.setViewportSize({ width: 1200, height: 2400 });
      await outputOf(copy, 1).getByText("cabinet").first().waitFor(PATIENT);
      equal(await copy.locator(".jp-OutputArea-output script, .jp-OutputArea-output textarea").count(), 0);
      await outputOf(copy, 3).getByText("old").first().waitFor(PATIENT);
      await copy.close();
      await drawNotebooks([join(FOLDER, "first.ipynb")], FOLDER);
      const drawn = await browser.newPage();
      drawn.on("pageerror", (error) => void faults.push(error.message));
      await drawn.goto(pathToFileURL(join(FOLDER, "first.html")).href);
      equal(await drawn.locator("textarea").count(), 0);
      match((await drawn.locator(".jp-OutputArea-output").allTextContents()).join(), /cabinet.*old/s);
      equal(faults.join(), "");
    });
  } finally {
    await browser.close();
    await lab.stop();
    await Deno.remove(FOLDER, { recursive: true });
  }
});

/** What another notebook may try: to speak as the first one's kernel, and to ask by a name that it does not know. */
async function hostile(page: Page, entry: string): Promise<void> {
  ok(/^lookingGlass_/.test(entry));
  const message = { kind: "result", protocol: 1, id: "0".repeat(32), data: { html: "forged" } };
  const code = `globalThis[${JSON.stringify(entry)}]?.("x");
Deno.jupyter.broadcast("looking_glass_live", ${JSON.stringify({ entry, message })});
typeof globalThis[${JSON.stringify(entry)}]`;
  const answer = await page.evaluate<string>(`(async () => {
    const { kernel } = jupyterapp.shell.currentWidget.context.sessionContext.session;
    const future = kernel.requestExecute({ code: ${JSON.stringify(code)} });
    let seen = "";
    future.onIOPub = (message) => seen += message.content?.data?.["text/plain"] ?? "";
    await future.done;
    await new Promise((resolve) => setTimeout(resolve, 500));
    return seen;
  })()`);
  match(answer, /undefined/); // the other kernel has no such function
}
