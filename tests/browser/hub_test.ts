/** Live views under a JupyterHub on the loopback, whose page has no token but cookies. */
import { equal } from "@std/assert";
import { join } from "node:path";
import { launchChromium } from "../../scripts/notebooks/chromium.ts";
import { OUT, prepareEnvironment } from "../../scripts/notebooks/environment.ts";
import { prepareHub, startHub } from "../../scripts/notebooks/jupyterhub.ts";
import { notebookReady, runAll } from "../../scripts/notebooks/jupyterlab.ts";
import { FRONT, IMPORTS, liveIn, outputOf, PATIENT, writeNotebook } from "./live_page.ts";

const CELLS = [
  IMPORTS,
  'await live("The keys to the cabinet are")',
  'await explorerView(model, { text: "The keys to the" })',
];

await prepareEnvironment(() => {});
const missing = await prepareHub().then(() => "", (error: Error) => error.message);

Deno.test({
  name: `live views under JupyterHub${missing && ` (${missing})`}`,
  ignore: missing !== "",
  async fn(t) {
    const step = async (name: string, work: () => Promise<void>) => {
      if (!await t.step(name, work)) throw new Error(`Cannot go on after "${name}"`);
    };
    const [folder, notebooks] = [await Deno.makeTempDir(), join(OUT, "live_in_hub")];
    const path = await writeNotebook("hub.ipynb", CELLS, notebooks);
    const [hub, browser] = [await startHub(folder), await launchChromium()];
    const context = await browser.newContext({ viewport: { width: 1200, height: 2400 } });
    const faults: string[] = [];
    context.on("weberror", (error) => void faults.push(String(error.error())));
    let page = await context.newPage();
    try {
      await step("a view follows its text", async () => {
        await page.goto(`${hub.base}/hub/login?next=${encodeURIComponent("/hub/spawn")}`);
        await page.locator("input[name=username]").fill("somebody");
        await page.locator("input[name=password]").fill(hub.password);
        await page.locator("#login_submit").click();
        await page.waitForURL("**/user/somebody/**", PATIENT);
        await page.goto(`${hub.base}/user/somebody/lab/tree/${path}?reset`);
        await notebookReady(page, "JupyterLab Light");
        await runAll(page);
        const view = liveIn(page, 1);
        await view.ready();
        await view.text.fill("The dog near the houses is");
        await view.shows(/houses/);
      });
      await step("the explorer appends what is clicked", async () => {
        const output = outputOf(page, 2);
        await output.getByText("5 of 256 tokens").waitFor(PATIENT);
        await output.locator(".x-add").first().click();
        await output.getByText("6 of 256 tokens").waitFor(PATIENT);
      });
      await step("a reloaded page finds the kernel again", async () => {
        await page.locator(`${FRONT} .jp-NotebookPanel-toolbar`).click();
        await page.waitForTimeout(3000);
        await page.evaluate('jupyterapp.commands.execute("docmanager:save")');
        await page.close(); // a reload would ask about changes that the view has made since
        page = await context.newPage();
        await page.goto(`${hub.base}/user/somebody/lab/tree/${path}?reset`);
        await notebookReady(page, "JupyterLab Light");
        const view = liveIn(page, 1);
        await view.ready();
        equal(await view.text.inputValue(), "The dog near the houses is");
        await view.text.fill("The cats near the school are");
        await view.shows(/school/);
      });
      equal(faults.join(), "");
    } finally {
      // A hub that is ended leaves kernels behind.
      await page.evaluate("jupyterapp.shell.currentWidget.context.sessionContext.shutdown()").catch(() => {});
      await browser.close();
      await hub.stop();
      for (const one of [folder, notebooks]) await Deno.remove(one, { recursive: true });
    }
  },
});
