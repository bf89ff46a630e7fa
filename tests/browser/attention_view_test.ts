import { deepEqual, equal, ok } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Page } from "npm:playwright-core@1.65.1";
import { attentionView, surpriseView } from "../../widgets/mod.ts";
import { attentionOf, headScoresOf } from "../widgets/attention/fixtures.ts";
import { KEYS, sequenceOf } from "../widgets/fixtures.ts";
import { surpriseOf } from "../widgets/surprise/fixtures.ts";
import { faults, inBrowser, withPage } from "./support.ts";

const trace = attentionOf(KEYS);
const T = 10;
const HEADS = 3;

function percent(layer: number, head: number, query: number, key: number): number {
  const weight = trace.attention!.data[((layer * HEADS + head) * T + query) * T + key]!;
  const rounded = Math.round(100 * weight);
  return rounded < 2 ? 0 : rounded;
}

/** What the page shows: the weights of a row, the piece of the picture, the lines, the name. */
async function showsHead(page: Page, layer: number, head: number, query: number): Promise<void> {
  const shares = await page.locator(".t").evaluateAll((chips) =>
    chips.map((chip) => Number(getComputedStyle(chip).getPropertyValue("--s")))
  );
  deepEqual(shares, Array.from({ length: T }, (_, key) => key > query ? 0 : percent(layer, head, query, key)));
  const cells = await page.locator(".e").evaluateAll((all) =>
    all.map((cell) => Number(getComputedStyle(cell).getPropertyValue("--w")))
  );
  const pairs = Array.from(
    { length: T },
    (_, n) => Array.from({ length: n + 1 }, (_, m) => percent(layer, head, n, m)),
  );
  deepEqual(cells, pairs.flat());
  const widths = await page.locator(`svg.b .q${T - 1} path`).evaluateAll((paths) =>
    paths.map((path) => parseFloat(getComputedStyle(path).strokeWidth))
  );
  widths.forEach((width, key) => {
    const weight = percent(layer, head, T - 1, key);
    ok(Math.abs(width - (weight >= 5 ? 0.06 * weight : 0)) < 0.01, `line to ${key}: ${width} for ${weight}%`);
  });
  ok((await page.locator("b").first().innerText()).startsWith(`Layer ${layer}, head ${head}`));
  equal(await page.locator("details:visible").count(), 1);
}

async function chooses(page: Page): Promise<void> {
  await showsHead(page, 0, 1, T - 1);
  await page.locator(".g1_2").click();
  await showsHead(page, 1, 2, T - 1);
  await page.locator(".r4").hover();
  await showsHead(page, 1, 2, 4);
  equal(await page.locator("svg.b .q4").evaluate((one) => getComputedStyle(one).display), "inline");
  equal(await page.locator("svg.b .q5").evaluate((one) => getComputedStyle(one).display), "none");
  await page.locator(".r6").click();
  await page.mouse.move(1, 1);
  await showsHead(page, 1, 2, 6);
  await page.locator(".g0_0").click();
  await page.mouse.move(1, 1);
  await showsHead(page, 0, 0, 6);
  await page.locator("button[type=reset]").click();
  await page.mouse.move(1, 1);
  await showsHead(page, 0, 1, T - 1);
}

async function drawsAllHeads(page: Page): Promise<void> {
  const shown = async () => [await page.locator("svg.a").isVisible(), await page.locator("svg.b").isVisible()];
  deepEqual(await shown(), [false, true]);
  await page.getByLabel("lines of all heads of layer 0").check();
  deepEqual(await shown(), [true, false]);
  await page.locator(".g1_0").click(); // of another layer, whose lines are not in the page
  deepEqual(await shown(), [false, true]);
  equal(await page.getByLabel("lines of all heads").isVisible(), false);
}

const LONG = sequenceOf(Array.from({ length: 60 }, (_, i) => ` w${i}`), 1);
const MANY = attentionOf(LONG, 12, 12);
const FIRST = 12; // of the 48 in the matrix

function manyWeight(layer: number, head: number, query: number, key: number): number {
  return MANY.attention!.data[((layer * 12 + head) * 60 + query) * 60 + key]!;
}

/** A head that has no rules shows its own weights: in the text, as lines, in the picture below the pointer, as a table. */
async function opensHead(page: Page, layer: number, head: number): Promise<void> {
  await page.locator(`.g${layer}_${head}`).click();
  const name = `Layer ${layer}, head ${head}`;
  await page.waitForFunction(`document.querySelector("form b").innerText === "${name}"`);
  const shares = async () =>
    await page.locator(".t").evaluateAll((chips) =>
      chips.map((chip) => Number(getComputedStyle(chip).getPropertyValue("--s")))
    );
  const wanted = [
    Array.from({ length: FIRST }, (_, key) => manyWeight(layer, head, 59, key)).reduce((a, b) => a + b),
    ...Array.from({ length: 48 }, (_, i) => manyWeight(layer, head, 59, FIRST + i)),
  ];
  const off = (shares: number[]) =>
    wanted.filter((weight, i) => {
      const shown = shares[i]! / 100;
      return Math.abs(shown - weight) > 0.005 + 1 / 510 && !(shown === 0 && weight < 0.02 + 1 / 510);
    });
  for (let tries = 0; off(await shares()).length > 0 && tries < 40; ++tries) await page.waitForTimeout(50); // it inflates
  deepEqual(off(await shares()), [], name);
  const picture = page.locator("div.w");
  const { width = 0, height = 0 } = await picture.boundingBox() ?? {};
  for (const [query, key] of [[59, 0], [30, 29], [7, 3]] as const) {
    await picture.hover({ position: { x: width * (key + 0.5) / 60, y: height * (query + 0.5) / 60 } });
    const [words = "", percent = ""] = (await page.locator(".says").innerText()).split(": ");
    equal(words, `${query} ·w${query} → ${key} ·w${key}`);
    const read = Number(percent.replace("%", "")) / 100;
    ok(Math.abs(read - manyWeight(layer, head, query, key)) <= 1 / 510 + 0.0005, `${words}: ${percent}`);
  }
  await picture.hover({ position: { x: width - 1, y: 1 } });
  ok((await page.locator(".says").innerText()).endsWith("cannot be seen"));
}

async function opensAll(page: Page): Promise<void> {
  equal(await page.locator("td.n:visible, td.x:has-text('closed'):visible").count(), 0);
  for (const [layer, head] of [[0, 0], [11, 11], [3, 7], [5, 1]] as const) await opensHead(page, layer, head);
  const row = page.locator(".yy tbody tr").last();
  equal(await page.locator("details:visible").count(), 1);
  await page.locator("details:visible summary").click();
  const strongest = Array.from({ length: 12 }, (_, head) => {
    const weights = Array.from({ length: 60 }, (_, key) => manyWeight(5, head, 59, key));
    return Math.round(100 * Math.max(...weights));
  });
  const cells = (await row.locator("td").allInnerTexts()).slice(1);
  cells.forEach((cell, head) => ok(Math.abs(Number(/(\d+)%$/.exec(cell)?.[1]) - strongest[head]!) <= 1, cell));
  await page.locator("button[type=reset]").first().evaluate((button) => button.closest("form")!.reset());
  await page.waitForFunction(`!document.querySelector(".own")`);
  ok((await page.locator("b").first().innerText()).startsWith("Layer 8, head 0"));
}

const TEXT = sequenceOf(Array.from({ length: 100 }, (_, i) => ` w${i}`), 1);
const MOVED = attentionOf(TEXT, 2, 2);

/** The matrix stands at a token: its range, its names, and the weights of a row in the text below. */
async function standsAt(
  page: Page,
  first: number,
  query: number,
  [layer, head]: readonly [number, number],
): Promise<void> {
  const range = page.locator(".rg").first();
  await page.waitForFunction(`document.querySelector(".rg").textContent === "${first} to ${first + 47}"`);
  equal(await range.innerText(), `${first} to ${first + 47}`);
  const weight = (key: number) => MOVED.attention!.data[((layer * 2 + head) * 100 + query) * 100 + key]!;
  const wanted = [
    Array.from({ length: first }, (_, key) => weight(key)).reduce((sum, one) => sum + one, 0),
    ...Array.from({ length: 48 }, (_, i) => first + i > query ? 0 : weight(first + i)),
  ];
  const shares = async () =>
    await page.locator(".tx .t").evaluateAll((chips) =>
      chips.map((chip) => Number(getComputedStyle(chip).getPropertyValue("--s")) / 100)
    );
  const off = (shown: number[]) =>
    wanted.filter((one, i) => Math.abs(shown[i]! - one) > 0.005 + 1 / 510 && !(shown[i] === 0 && one < 0.02 + 1 / 510));
  for (let tries = 0; off(await shares()).length > 0 && tries < 40; ++tries) await page.waitForTimeout(50);
  deepEqual(off(await shares()), [], `${first}, token ${query}`);
  equal((await shares()).length, 49);
  const names = Array.from({ length: 48 }, (_, i) => `·w${first + i}`);
  deepEqual(
    (await page.locator("label.o").filter({ hasText: "·w" }).locator("span:nth-of-type(2)").allTextContents()).slice(
      0,
      48,
    ),
    names,
  );
  deepEqual(await page.locator(".hd .v").allTextContents(), names);
  deepEqual((await page.locator(".tx .t").allTextContents()).slice(1), names);
  const values = await page.locator("label.o input[name=token]").evaluateAll((all) =>
    all.map((one) => one instanceof HTMLInputElement ? [one.value, one.getAttribute("aria-label")] : [])
  );
  deepEqual(values, names.map((name, i) => [String(first + i), `${first + i} ${name}`]));
}

/** The matrix moves by buttons, keys, the picture of the whole text and other views, and back. */
async function moves(page: Page): Promise<void> {
  const [earlier, later] = [page.getByText("← earlier tokens"), page.getByText("later tokens →")];
  equal(await later.getAttribute("aria-disabled"), "true");
  await earlier.click();
  await page.mouse.move(1, 1);
  await standsAt(page, 4, 51, [1, 1]);
  await page.locator(".g0_0").click();
  await standsAt(page, 4, 51, [0, 0]);
  await page.locator(".tx").scrollIntoViewIfNeeded();
  await page.locator("label.o", { hasText: "·w10 " }).first().click();
  await page.mouse.move(1, 1);
  await standsAt(page, 4, 10, [0, 0]);
  ok((await page.locator(".m:visible", { hasText: "(token 10)" }).innerText()).startsWith("·w10"));
  equal(await page.locator(".h").nth(1).locator(".o :checked").inputValue(), "10");
  equal(await faults(page), "");
  await page.mouse.move(1, 1);
  await earlier.focus();
  await page.keyboard.press("Enter");
  await standsAt(page, 0, 47, [0, 0]);
  equal(await earlier.getAttribute("aria-disabled"), "true");
  equal(await page.locator(".tx .t").first().isVisible(), false);
  await page.keyboard.press("Enter"); // there is no earlier one
  const picture = page.locator("div.w");
  const { width = 0, height = 0 } = await picture.boundingBox() ?? {};
  await picture.click({ position: { x: 1, y: height * 0.3 } });
  await standsAt(page, 4, 51, [0, 0]);
  await picture.hover({ position: { x: width * 0.005, y: height * 0.995 } });
  ok((await page.locator(".says").innerText()).startsWith("99 ·w99 → 0 ·w0: "));
  const other = page.locator(".h").nth(1);
  await other.locator('.o:has(input[value="70"])').click();
  await page.mouse.move(1, 1);
  await standsAt(page, 52, 70, [0, 0]);
  await page.evaluate(`(() => {
    const input = document.querySelectorAll(".h")[1].querySelector('.o input[value="20"]');
    input.checked = true;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  })()`);
  await standsAt(page, 52, 70, [0, 0]); // nobody chose that
  await earlier.click();
  await page.locator("button[type=reset]").first().evaluate((button) => button.closest("form")!.reset());
  await standsAt(page, 52, 99, [1, 1]);
  equal(await page.locator(".own, .mv").count(), 0);
}

async function staysClosed(page: Page): Promise<void> {
  equal(await page.locator("td.es:visible").count(), 0);
  ok(await page.locator("td.n:visible").count() > 0);
}

Deno.test("attentionView() in a browser opens any head and any token's row, without scripts too", async (t) => {
  await inBrowser(async (browser, folder) => {
    const path = join(folder, "page.html");
    await attentionView(trace, { head: 1, scores: headScoresOf(KEYS) }).save(path);
    const url = pathToFileURL(path).href;
    for (const javaScriptEnabled of [true, false]) {
      await t.step(
        `scripts ${javaScriptEnabled ? "on" : "off"}`,
        () => withPage(browser, url, { javaScriptEnabled }, chooses),
      );
    }
    const many = join(folder, "many.html");
    await attentionView(MANY, { layer: 8 }).save(many);
    await t.step(
      "heads without rules open by their pictures",
      () => withPage(browser, pathToFileURL(many).href, {}, opensAll),
    );
    await t.step(
      "heads without rules stay closed without scripts",
      () => withPage(browser, pathToFileURL(many).href, { javaScriptEnabled: false }, staysClosed),
    );
    const moved = join(folder, "moved.html");
    const views = [attentionView(MOVED, { layer: 1, head: 1 }), surpriseView(surpriseOf(TEXT))];
    await Deno.writeTextFile(
      moved,
      `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Moved</title><main><h1>Moved</h1>${
        views.map(({ html }) => html).join("")
      }</main>`,
    );
    await t.step("the matrix moves over a long text", () => withPage(browser, pathToFileURL(moved).href, {}, moves));
    await t.step("the lines of all heads of the first layer", () => withPage(browser, url, {}, drawsAllHeads));
  });
});
