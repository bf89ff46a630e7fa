/**
 * A browser for the tests of the views: one that is there, or Debian's.
 *
 * @module
 */
import { type Browser, chromium } from "npm:playwright-core@1.65.1";
import { installDebian, isRoot } from "../apt.ts";

const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/snap/bin/chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
];

const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

async function firstPlace(): Promise<string | undefined> {
  const named = Deno.env.get("CHROMIUM");
  if (named !== undefined) return named;
  for (const place of PLACES) {
    if (await Deno.stat(place).then(({ isFile }) => isFile, () => false)) return place;
  }
  return undefined;
}

/**
 * Finds Chromium or a browser made of it; as root on Debian, installs it.
 *
 * @returns The path of its program.
 * @throws {Error} If there is none.
 */
export async function findChromium(): Promise<string> {
  const found = await firstPlace();
  if (found !== undefined) return found;
  await installDebian("chromium");
  const installed = await firstPlace();
  if (installed !== undefined) return installed;
  throw new Error(
    "Cannot test the views in a browser as neither Chromium nor Chrome is found: " +
      `install one ("apt install chromium"), or set CHROMIUM to the path of its program. Looked at ${
        PLACES.join(", ")
      }`,
  );
}

/**
 * Starts the browser without a window, with a profile of its own.
 *
 * @param flags More flags of the browser.
 * @returns The browser; close it.
 */
export async function launchChromium(flags: readonly string[] = []): Promise<Browser> {
  const args = [...FLAGS, ...flags, ...(isRoot() ? ["--no-sandbox"] : [])];
  return await chromium.launch({ executablePath: await findChromium(), args });
}
