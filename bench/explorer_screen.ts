/**
 * The explorer's screen in Chromium, on its page or in a cell: how long it takes to answer.
 *
 * @module
 */
import type { Page } from "npm:playwright-core@1.65.1";

/** How long anything may take. */
const PATIENT = { timeout: 300_000 } as const;

/** How long each of some things took, in milliseconds. */
export type Times = readonly number[];

/** What is used of the page's screen; functions of a page know nothing outside of themselves. */
interface ScreenWindow {
  explorerRoot?: ShadowRoot;
}

/** Finds the screen, and waits until it has answered all that it asked. */
export async function settle(page: Page): Promise<void> {
  await page.waitForFunction(
    () => {
      const screen = globalThis as ScreenWindow;
      const hosts = [...document.querySelectorAll("#explorer, .jp-OutputArea-output div")];
      const root = screen.explorerRoot?.host.isConnected
        ? screen.explorerRoot
        : hosts.map(({ shadowRoot }) => shadowRoot).find((root) => root?.querySelector(".x-next"));
      if (!root) return false;
      screen.explorerRoot = root;
      return root.querySelector(".x-row") && root.querySelector(".x-token[style]") &&
        !root.querySelector("[aria-busy=true]");
    },
    undefined,
    PATIENT,
  );
  await page.waitForTimeout(200);
}

/** From a keystroke to the frame that shows what may come next. */
async function typeOne(page: Page, letter: string): Promise<number> {
  return await page.evaluate((letter) =>
    new Promise<number>((resolve) => {
      const root = (globalThis as ScreenWindow).explorerRoot!;
      const [area, next] = [root.querySelector("textarea")!, root.querySelector(".x-next")!];
      const start = performance.now();
      const look = () => {
        if (next.getAttribute("aria-busy") === "false" && performance.now() > start) resolve(performance.now() - start);
        else requestAnimationFrame(look);
      };
      area.value += letter;
      area.dispatchEvent(new Event("input", { bubbles: true }));
      queueMicrotask(() => requestAnimationFrame(look));
    }), letter);
}

/** From a click on "why" to the frame in which the text has the colours of the map; another click lets go of it. */
async function explainOne(page: Page, row: number): Promise<number> {
  return await page.evaluate((row) =>
    new Promise<number>((resolve) => {
      const root = (globalThis as ScreenWindow).explorerRoot!;
      const colours = () => Array.from(root.querySelectorAll(".x-token"), (one) => one.getAttribute("style")).join();
      const press = () => root.querySelectorAll<HTMLElement>(".x-why")[row]!.click();
      const before = colours();
      const start = performance.now();
      const look = () => {
        if (colours() === before) return requestAnimationFrame(look);
        resolve(performance.now() - start);
        press();
      };
      press();
      requestAnimationFrame(look);
    }), row);
}

/** Types a text letter by letter, each when all is answered that the one before it asked. */
export async function typeText(page: Page, text: string): Promise<Times> {
  const times: number[] = [];
  for (const letter of text) {
    await settle(page);
    times.push(await typeOne(page, letter));
  }
  return times;
}

/** Asks why of so many candidates, from the second on. */
export async function explainRows(page: Page, count: number): Promise<Times> {
  const times: number[] = [];
  for (let row = 1; row <= count; ++row) {
    await settle(page);
    times.push(await explainOne(page, row));
  }
  return times;
}
