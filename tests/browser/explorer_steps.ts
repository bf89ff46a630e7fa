/** What is done on the explorer's page with the bundled model: see `explorer_test.ts`. */
import { deepEqual, equal, match, ok } from "@std/assert";
import type { Browser } from "npm:playwright-core@1.65.1";
import type { LanguageModel, Step } from "../../mod.ts";
import { OPACITY } from "../../widgets/kit/colours.ts";
import { glyphText } from "../../widgets/kit/glyphs.ts";
import { probabilityText } from "../../widgets/kit/quantities.ts";
import type { ExplorerPage, Served } from "./explorer_page.ts";

/** What the page reads at first. */
export const PROMPT = "The keys to the cabinet";

/** What all steps need. */
export interface All {
  readonly served: Served;
  readonly browser: Browser;
  readonly model: LanguageModel;
}

/** The opacities of a text by its scores. */
function opacities(scores: ArrayLike<number>, length: number): number[] {
  const own = Array.from({ length }, (_, i) => Math.abs(scores[i]!));
  return own.map((score) => OPACITY * score / Math.max(...own));
}

function expectColours(found: readonly number[], expected: readonly number[]): void {
  equal(found.length, expected.length);
  found.forEach((alpha, i) => ok(Math.abs(alpha - expected[i]!) < 0.005, `token ${i}: ${alpha} for ${expected[i]}`));
}

async function waitForColours(explorer: ExplorerPage, expected: readonly number[]): Promise<void> {
  for (let tries = 0; tries < 100; ++tries) {
    const found = await explorer.colours();
    if (found.every((alpha, i) => Math.abs(alpha - expected[i]!) < 0.005)) break;
    await explorer.page.waitForTimeout(100);
  }
  expectColours(await explorer.colours(), expected);
}

/** Candidates, maps, settings, ways, tabs. */
export async function onDesktop(t: Deno.TestContext, explorer: ExplorerPage, { model }: All): Promise<void> {
  const { page } = explorer;
  const sequence = model.sequence(PROMPT);
  const { predictions } = await model.candidates(sequence);
  const [, second, third] = predictions;
  await t.step("the ten likeliest next tokens with the model's probabilities", async () => {
    equal(await explorer.text, PROMPT);
    deepEqual(await explorer.words(), predictions.map(({ token }) => glyphText(token)));
    deepEqual(await explorer.numbers(), predictions.map(({ probability }) => probabilityText(probability)));
    match(
      await page.locator(".x-model").textContent() ?? "",
      /looking-glass-6m.*5\.9 million.*on wasm, weights 23 MiB/,
    );
  });
  await t.step("what led to a candidate that is hovered, which is not written", async () => {
    await page.locator(".x-row").nth(1).hover();
    const { scores } = await model.saliency(sequence, { next: second!.tokenId });
    await waitForColours(explorer, opacities(scores.data, sequence.tokenIds.length));
    equal(await explorer.text, PROMPT);
  });
  await t.step("why one rather than another", async () => {
    await page.locator(".x-why").nth(1).click();
    await page.locator(".x-why").nth(2).click();
    await page.mouse.move(5, 5);
    const options = { preset: "captum", next: second!.tokenId, contrast: third!.tokenId } as const;
    const { scores } = await model.saliency(sequence, options);
    await waitForColours(explorer, opacities(scores.data, sequence.tokenIds.length));
    match(
      await page.locator(".x-about").textContent() ?? "",
      new RegExp(
        `Next token ${glyphText(second!.token)} rather than ${glyphText(third!.token)}`,
      ),
    );
    await page.keyboard.press("Escape");
  });
  await t.step("sliders act on the numbers at once, and a draw is the model's own", async () => {
    const set = (label: string, value: string) => page.getByLabel(label, { exact: true }).fill(value);
    await set("Temperature", "0.5");
    await set("Top-k", "3");
    const options = { temperature: 0.5, topK: 3, candidates: 3, seed: 5, maxNewTokens: 1 };
    const value: Step = (await model.steps(PROMPT, options).next()).value;
    const shown = value.processed!.candidates.map(({ probability }) => probabilityText(probability));
    deepEqual((await explorer.numbers()).slice(0, 4), [...shown, "cut"]);
    match(await page.locator(".x-draw").textContent() ?? "", /3 of 4,096 tokens can be drawn/);
    await page.getByLabel("Seed").fill("5");
    await page.getByRole("button", { name: "Draw one" }).click();
    await explorer.becomes(PROMPT + value.token.text);
    await page.getByRole("button", { name: "Reset" }).click();
  });
  await t.step("keys append, undo and redo; all ways stay in the tree", async () => {
    await page.keyboard.press("Control+z");
    await explorer.becomes(PROMPT);
    await page.keyboard.press("3");
    await explorer.becomes(PROMPT + third!.token.text);
    await page.getByRole("button", { name: "Undo" }).click();
    await explorer.becomes(PROMPT);
    await page.keyboard.press("Control+Shift+z");
    await explorer.becomes(PROMPT + third!.token.text);
    await page.locator(".x-row .x-add").first().click();
    await page.locator(".x-way", { hasText: PROMPT }).first().click();
    await explorer.becomes(PROMPT);
    ok(await page.locator(".x-way").count() >= 3);
  });
  await t.step("a text that is edited is read from where it differs", async () => {
    await page.locator("textarea").press("End");
    await page.locator("textarea").press("Alt+2");
    await explorer.becomes(PROMPT + second!.token.text);
    match(await page.locator("#x-text-help").textContent() ?? "", /7 of 256 tokens, 1 read anew/);
    await page.keyboard.press("Control+z");
    await explorer.becomes(PROMPT);
  });
  await t.step("the caret chooses the token that is explained", async () => {
    await page.locator("textarea").press("End");
    for (let i = 0; i < 3; ++i) await page.locator("textarea").press("ArrowLeft");
    const position = sequence.tokenIds.length - 1;
    const { scores } = await model.saliency(sequence, { positions: [position] });
    await waitForColours(explorer, [...opacities(scores.data, position), 0]);
    match(await page.locator(".x-about").textContent() ?? "", /Token 5 ·cabinet/);
    await page.locator("textarea").press("End");
  });
  for (const tab of ["lens", "attention", "parts", "surprise", "model"]) {
    await t.step(`the tab ${tab} shows its view`, async () => {
      await explorer.tab(tab);
      ok(await page.locator(".x-view form, .x-view > div, .x-view table").count() > 0);
      equal(await page.locator(".x-view script").count(), 0);
    });
  }
  await t.step("attention opens heads of a long text that have no rules", async () => {
    const long = Array.from({ length: 12 }, (_, i) => `The keys to the cabinet ${i} are`).join(", ");
    await page.locator("textarea").fill(long);
    await explorer.becomes(long);
    await explorer.tab("attention");
    const { attention, sequence: { tokenIds: { length: T } } } = await model.trace(model.sequence(long), {
      capture: ["attention"],
    });
    const [layers = 0, heads = 0] = attention!.shape;
    const [layer, head] = [layers - 1, heads - 1];
    await page.locator(`.x-view .g${layer}_${head}`).click();
    await page.locator(".x-view .own").waitFor();
    match(await page.locator(".x-view b:visible").first().innerText(), new RegExp(`^Layer ${layer}, head ${head}`));
    const shares = await page.locator(".x-view .tx .t").evaluateAll((chips) =>
      chips.map((chip) => Number(getComputedStyle(chip).getPropertyValue("--s")) / 100)
    );
    const row = attention!.data.subarray(
      ((layer * heads + head) * T + T - 1) * T,
      ((layer * heads + head) * T + T) * T,
    );
    const wanted = Array.from(row).slice(-48);
    const off = wanted.filter((one, i) => {
      const share = shares.slice(-48)[i]!;
      return Math.abs(share - one) > 0.005 + 1 / 510 && !(share === 0 && one < 0.02 + 1 / 510);
    });
    deepEqual(off, []);
    await page.locator("textarea").fill(PROMPT);
    await explorer.becomes(PROMPT);
  });
  await t.step("surprise follows the chosen token", async () => {
    await explorer.tab("surprise");
    const position = sequence.tokenIds.length - 1;
    await page.getByRole("button", { name: "The token before" }).click();
    await page.locator(".x-view .m:visible", { hasText: new RegExp(`^Token ${position}: `) }).waitFor();
    await page.getByRole("button", { name: "The token before" }).click();
    await page.locator(".x-view .m:visible", { hasText: new RegExp(`^Token ${position - 1}: `) }).waitFor();
    await page.getByRole("button", { name: "Back to the likeliest" }).click();
    await explorer.settle();
  });
  await t.step("what if: a layer off changes the candidates to those of the changed model", async () => {
    await explorer.tab("whatif");
    await page.getByRole("button", { name: "Turn layer 0 MLP off" }).click();
    await page.getByText("Off: L0 MLP.").waitFor({ timeout: 60_000 });
    await using changed = await model.with([{ site: "mlp_out.0", scale: 0 }]);
    const { predictions } = await changed.candidates(sequence);
    deepEqual(await explorer.words(), predictions.map(({ token }) => glyphText(token)));
    ok(await page.locator(".x-changes tbody tr").count() >= 10);
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save the view as JSON" }).click(),
    ]);
    equal(file.suggestedFilename(), "whatif.json");
    const { off, changes } = JSON.parse(await Deno.readTextFile(await file.path()));
    deepEqual(off, [{ layer: 0, part: "mlp", head: 0 }]);
    const shown = await page.locator(".x-changes tbody td:nth-child(3)").allTextContents();
    deepEqual(changes.map(({ after }: { after: number }) => probabilityText(after)), shown);
    await page.getByRole("button", { name: "Turn all on" }).click();
    await explorer.settle();
    await explorer.tab("why");
  });
  await t.step("another word is looked up, with its rank", async () => {
    await page.getByLabel("Another word").fill(" castle");
    await page.locator(".x-row .x-word", { hasText: "·castle" }).waitFor({ timeout: 30_000 });
    await page.getByLabel("Another word").fill("");
  });
}

/** Texts that are hard to read. */
export async function withTexts(t: Deno.TestContext, explorer: ExplorerPage, { model }: All): Promise<void> {
  const { page } = explorer;
  const write = async (text: string) => {
    await page.locator("textarea").focus();
    await page.keyboard.press("Control+a");
    await page.keyboard.insertText(text);
  };
  await t.step("characters of several tokens, of several units, and of several code points", async () => {
    const text = "naïve 😀 👩‍👩‍👧 العربية";
    await write(text);
    await explorer.becomes(text);
    equal((await page.locator(".x-token").allTextContents()).join(""), text);
    const count = model.sequence(text).tokenIds.length;
    match(await page.locator("#x-text-help").textContent() ?? "", new RegExp(`^${count} of 256 tokens`));
  });
  await t.step("text that an input method composes", async () => {
    await write("I am ");
    await explorer.becomes("I am ");
    const session = await page.context().newCDPSession(page);
    for (const text of ["に", "にほ", "にほん"]) {
      await session.send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });
      await page.waitForTimeout(150);
    }
    await session.send("Input.insertText", { text: "日本" });
    await explorer.becomes("I am 日本");
  });
  await t.step("256 tokens fill the context, and one more is refused in words", async () => {
    const text = " the".repeat(256);
    await write(text);
    await explorer.becomes(text);
    match(await page.locator("#x-text-help").textContent() ?? "", /^256 of 256 tokens/);
    await write(`${text} the`);
    match(await explorer.problem(), /Cannot read 257 tokens as the context holds 256; shorten the text/);
  });
  await t.step("100 kB that are pasted say what is wrong, and never freeze the page", async () => {
    await write("word ".repeat(20_000));
    const waits = await page.evaluate(async () => {
      const waits: number[] = [];
      for (let i = 0; i < 20; ++i) {
        const start = performance.now();
        await new Promise((resolve) => requestAnimationFrame(resolve));
        waits.push(performance.now() - start);
      }
      return waits;
    });
    ok(Math.max(...waits) < 2000, `a frame took ${Math.max(...waits)} ms`);
    await page.getByText(/Cannot read 20002 tokens as the context holds 256; shorten the text/).waitFor();
    equal((await explorer.text).length, 100_000);
    await write(PROMPT);
    await explorer.becomes(PROMPT);
    await page.locator(".x-problem").waitFor({ state: "detached" });
  });
}
