/** The explorer's page, used as a person does: with the mouse, by keys, on a phone, without a network. */
import { deepEqual, equal, match, ok } from "@std/assert";
import { join } from "node:path";
import type { Page } from "npm:playwright-core@1.65.1";
import { LanguageModel } from "../../mod.ts";
import { launchChromium } from "../../scripts/notebooks/chromium.ts";
import { linkOf } from "../../widgets/explorer/ui/link.ts";
import { ExplorerPage, openContext, openExplorer, serveAll, withExplorer } from "./explorer_page.ts";
import { type All, onDesktop, PROMPT, withTexts } from "./explorer_steps.ts";
import { faults as axeFaults } from "./support.ts";

/** Drags files or a text over the page, and lets go of them, as the mouse does it. */
async function drop(
  page: Page,
  { files = [], items = [] }: { files?: string[]; items?: { mimeType: string; data: string }[] },
): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const data = { items, files, dragOperationsMask: 1 };
  for (const phase of ["dragEnter", "dragOver", "drop"] as const) {
    await session.send("Input.dispatchDragEvent", { type: phase, x: 300, y: 300, data });
  }
  await session.detach();
}

async function withModels(t: Deno.TestContext, explorer: ExplorerPage, { served }: All): Promise<void> {
  const { page } = explorer;
  const { hub, folder } = served;
  const dialog = page.getByRole("dialog");
  const ask = async (id: string) => {
    if (!await dialog.isVisible()) await page.getByRole("button", { name: "Change model" }).click();
    await dialog.getByLabel("Model of the Hugging Face hub").fill(id);
    await dialog.getByRole("button", { name: "Load", exact: true }).click();
  };
  const reason = async () => {
    await dialog.locator(".x-problem").waitFor({ timeout: 60_000 });
    return await dialog.locator(".x-problem").textContent() ?? "";
  };
  await t.step("a download that is stopped leaves the model that was there", async () => {
    hub.intervene = ({ path, method }, answer) =>
      method === "GET" && path.startsWith("/cdn/")
        ? new Promise<Response>((resolve) => setTimeout(() => resolve(answer()), 30_000))
        : undefined;
    await ask("owner/tiny");
    await dialog.locator("progress").waitFor();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await dialog.getByRole("button", { name: "Close" }).click();
    hub.intervene = () => undefined;
    match(await page.locator(".x-model").textContent() ?? "", /looking-glass-6m/);
    await page.keyboard.press("1");
    await page.locator(".x-way").nth(1).waitFor();
  });
  await t.step(
    "a model that does not fit in the browser's storage is refused, and the one that was there stays",
    async () => {
      const session = await page.context().newCDPSession(page);
      const origin = new URL(served.address).origin;
      const usage = await page.evaluate(async () => {
        await navigator.serviceWorker.ready; // all of the page is kept by then
        return (await navigator.storage.estimate()).usage ?? 0;
      });
      await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: usage + 3_000_000 });
      await ask("owner/tiny");
      const problem = await reason();
      await session.send("Storage.overrideQuotaForOrigin", { origin });
      match(
        problem,
        /Cannot load "owner\/tiny" as .*does not fit: .*; let the browser remove the data of other sites, or/,
      );
      match(await page.locator(".x-model").textContent() ?? "", /looking-glass-6m/);
    },
  );
  await t.step("a model of a hub", async () => {
    await ask("owner/tiny");
    await page.locator(".x-model b", { hasText: "owner/tiny" }).waitFor({ timeout: 60_000 });
    await explorer.settle();
    await page.waitForFunction(() => location.hash.length > 100);
  });
  await t.step("a model that reads 1,024 tokens", async () => {
    await ask("owner/long");
    await page.locator(".x-model b", { hasText: "owner/long" }).waitFor({ timeout: 60_000 });
    await page.locator("textarea").fill(" the".repeat(1024));
    await page.getByText("1,024 of 1,024 tokens").waitFor({ timeout: 60_000 });
    await explorer.settle();
  });
  await t.step("what is not there, and ids that are none", async () => {
    await ask("owner/typo");
    match(await reason(), /Cannot load "owner\/typo" as config\.json could not be/);
    await dialog.locator("input[list]").fill("");
    await ask("../../etc");
    await page.getByText(/Cannot load "\.\.\/\.\.\/etc"/).waitFor();
    match(await reason(), /Cannot load "\.\.\/\.\.\/etc"/);
  });
  await t.step("a folder of files", async () => {
    await dialog.locator("input[type=file]").setInputFiles(join(folder, "my-model"));
    await page.locator(".x-model b", { hasText: "my-model" }).waitFor({ timeout: 60_000 });
  });
  await t.step("a folder that is dropped onto the page, one without a model, and a text that is none", async () => {
    await drop(page, { files: [join(folder, "dropped")] });
    await page.locator(".x-model b", { hasText: "dropped" }).waitFor({ timeout: 60_000 });
    await page.locator("textarea").fill(PROMPT); // what was there is too long for it
    await explorer.becomes(PROMPT);
    await drop(page, { files: [join(folder, "page", "models", "tokenizer.json")] });
    match(await reason(), /config\.json is missing/);
    await drop(page, { items: [{ mimeType: "text/plain", data: "a text" }] });
    await page.getByText(/Cannot load what was dropped as it is no folder/).waitFor();
    match(await page.locator(".x-model").textContent() ?? "", /dropped/);
  });
}

async function byKeys(t: Deno.TestContext, { browser, served, model }: All): Promise<void> {
  await t.step(
    "keys alone: write, choose, compare, look",
    () =>
      withExplorer(browser, served.address, {}, async (explorer) => {
        const { page } = explorer;
        const to = async (name: RegExp) => {
          for (let tries = 0; tries < 60; ++tries) {
            await page.keyboard.press("Tab");
            const focused = await page.evaluate(() => {
              const active = document.querySelector("#explorer")!.shadowRoot!.activeElement;
              return active?.getAttribute("aria-label") ?? active?.textContent ?? "";
            });
            if (name.test(focused)) return;
          }
          throw new Error(`the focus never came to ${name}`);
        };
        await to(/^Text$/);
        await page.keyboard.press("End");
        await page.keyboard.type(" are");
        await explorer.becomes(`${PROMPT} are`);
        const { predictions } = await model.candidates(model.sequence(`${PROMPT} are`));
        await to(/^Append /);
        await page.keyboard.press("ArrowDown");
        await page.keyboard.press("Enter");
        await explorer.becomes(`${PROMPT} are${predictions[1]!.token.text}`);
        await page.locator("textarea").focus();
        await to(/^Explain /);
        await page.keyboard.press("Enter");
        await to(/^Compare with /);
        await page.keyboard.press("Enter");
        await page.locator(".x-about", { hasText: "rather than" }).waitFor();
        await to(/^Why$/);
        await page.keyboard.press("ArrowRight");
        await page.locator("#x-tab-lens[aria-selected=true]").waitFor();
        await page.locator(".x-view table").first().waitFor({ timeout: 30_000 });
        const said = await page.locator("p.x-unseen[role=status]").textContent();
        match(said ?? "", /^Next: .+%, .+%, .+%$/);
      }),
  );
}

/** What was done before, on the page where it was done, as another page shows it. */
async function byLink(t: Deno.TestContext, first: ExplorerPage): Promise<void> {
  await t.step("a link shows the same again", async () => {
    await first.page.locator("textarea").blur(); // else a digit is written there
    await first.page.keyboard.press("4");
    await first.page.locator(".x-row .x-why").nth(1).click();
    await first.tab("lens");
    await first.page.getByLabel("Temperature", { exact: true }).fill("0.7");
    await first.page.waitForTimeout(800);
    const link = await first.page.evaluate(() => location.href);
    const [text, words, numbers] = [await first.text, await first.words(), await first.numbers()];
    const again = await openExplorer(first.page.context(), link);
    deepEqual([await again.text, await again.words(), await again.numbers()], [text, words, numbers]);
    equal(await again.page.locator("#x-tab-lens").getAttribute("aria-selected"), "true");
    equal(await again.page.locator(".x-about").textContent(), await first.page.locator(".x-about").textContent());
    await again.page.close();
  });
}

async function byOddLinks(t: Deno.TestContext, { browser, served }: All): Promise<void> {
  await t.step("a link that somebody damaged says so, and one that holds HTML shows it as text", async () => {
    const { context, faults } = await openContext(browser);
    for (
      const hash of ["#1.%%%", "#javascript:alert(1)", "#<img src=x onerror=alert(1)>", `#1.${"A".repeat(120_000)}`]
    ) {
      const explorer = new ExplorerPage(await context.newPage()); // says so before there is a model
      await explorer.page.goto(`${served.address}${hash}`);
      match(await explorer.problem(), /^Cannot open the link as /);
      equal(await explorer.text, PROMPT);
      await explorer.page.close();
    }
    const evil = "<img src=x onerror=alert(1)>";
    const hash = linkOf({
      ...{ model: "", backend: "wasm", seed: 0, tab: "why", off: [], settings: { temperature: 1, topK: 0, topP: 1 } },
      place: { text: `${evil}</textarea><script>alert(2)</script>`, then: [5] },
      ways: [{ text: "a", then: [7] }],
      labels: [[7, evil]],
      pinned: { position: 1, id: 5, label: evil, spoken: evil },
      contrast: null,
    });
    const explorer = await openExplorer(context, `${served.address}#${hash}`);
    match(await explorer.text, /^<img src=x onerror=alert\(1\)><\/textarea><script>/);
    equal(await explorer.page.locator("img[src=x]").count(), 0);
    deepEqual(faults, []);
    await context.close();
  });
}

async function forAll(t: Deno.TestContext, explorer: ExplorerPage): Promise<void> {
  const { page } = explorer;
  const dialog = page.getByRole("dialog");
  for (const [colorScheme, width] of [["dark", 360], ["light", 1280]] as const) {
    await t.step(`axe finds nothing in ${colorScheme} at ${width} pixels, and nothing is cut off`, async () => {
      await page.setViewportSize({ width, height: 780 });
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      for (const tab of ["why", "whatif", "attention"]) {
        await explorer.tab(tab);
        equal(await axeFaults(page), "");
        equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
      }
      await page.getByRole("button", { name: "Change model" }).click();
      await dialog.waitFor();
      equal(await axeFaults(page), "");
      await dialog.getByRole("button", { name: "Close" }).click();
    });
  }
}

async function onPhone(t: Deno.TestContext, { browser, served }: All): Promise<void> {
  await t.step("a phone: a finger appends, and explains", () =>
    withExplorer(browser, served.address, {
      viewport: { width: 360, height: 740 },
      hasTouch: true,
      isMobile: true,
    }, async (explorer) => {
      const [first] = await explorer.words();
      const button = explorer.page.locator(".x-row .x-add").first();
      ok((await button.boundingBox())!.height >= 40);
      await button.tap();
      await explorer.becomes(PROMPT + first!.replace("·", " "));
      await explorer.page.locator(".x-row .x-why").first().tap();
      await explorer.page.locator(".x-why[aria-pressed=true]").waitFor();
    }));
}

async function offline(t: Deno.TestContext, { browser, served }: All): Promise<void> {
  await t.step("after the first visit nothing is needed of a host, below any path; and threads work", async () => {
    const { context, faults } = await openContext(browser);
    const explorer = await openExplorer(context, served.plainAddress);
    const { page } = explorer;
    equal(await page.evaluate(() => crossOriginIsolated), false);
    const words = await explorer.words();
    await page.evaluate(async () => void await navigator.serviceWorker.ready);
    await served.plain.shutdown();
    await page.reload();
    await page.locator(".x-row").first().waitFor({ timeout: 60_000 });
    equal(await page.evaluate(() => crossOriginIsolated), true);
    deepEqual(await explorer.words(), words);
    const manifest = await page.evaluate(async () => await (await fetch("manifest.webmanifest")).json());
    equal(manifest.display, "standalone");
    deepEqual(faults, []);
    await context.close();
  });
}

Deno.test("the explorer's page", async (t) => {
  const browser = await launchChromium();
  await using served = await serveAll();
  await using model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
  const all = { served, browser, model };
  try {
    await withExplorer(browser, served.address, {}, async (explorer) => {
      equal(await explorer.page.evaluate(() => crossOriginIsolated), true);
      await onDesktop(t, explorer, all);
      await withTexts(t, explorer, all);
      await forAll(t, explorer);
      await byLink(t, explorer);
    });
    const { context } = await openContext(browser);
    await withModels(t, await openExplorer(context, served.address), all);
    await context.close();
    await byKeys(t, all);
    await byOddLinks(t, all);
    await onPhone(t, all);
    await offline(t, all);
  } finally {
    await browser.close();
  }
});
