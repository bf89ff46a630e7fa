/**
 * Draws every view with the bundled model and writes its pictures, on light and on dark, into `docs/gallery`, and
 * `docs/gallery.md` about them. `deno task gallery`; names of pictures after it draw only those.
 *
 * @module
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "npm:playwright-core@1.65.1";
import * as lookingGlass from "../mod.ts";
import * as analysis from "../src/analysis/mod.ts";
import { ENTRIES, type GalleryEntry } from "./gallery/entries.ts";
import { launchChromium } from "./notebooks/chromium.ts";
import { ROOT } from "./notebooks/environment.ts";

const PICTURES = join(ROOT, "docs", "gallery");
const WIDTH = 960;
const MOST_HEIGHT = 900;
const MARGIN = 12;

const NAMES = { ...analysis, ...lookingGlass };

/** Runs the code of an entry as it is shown. */
async function draw({ code }: GalleryEntry, model: lookingGlass.LanguageModel): Promise<lookingGlass.View> {
  const last = (code.at(-1) ?? "").replace(/;$/, "");
  const body = [...code.slice(0, -1), `return ${last};`].join("\n");
  const names = Object.keys(NAMES);
  const run = new Function("model", ...names, `return (async () => {\n${body}\n})()`);
  return await run(model, ...Object.values(NAMES));
}

async function photograph(
  browser: Browser,
  page: string,
  { name, hover, height = MOST_HEIGHT }: GalleryEntry,
): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    const tab = await browser.newPage({ colorScheme, viewport: { width: WIDTH, height: 2400 } });
    await tab.goto(pathToFileURL(page).href);
    if (hover !== undefined) await tab.locator(hover).first().hover();
    const box = await tab.locator("main > div").boundingBox();
    if (box === null) throw new Error(`Cannot photograph ${name} as its page shows no view`);
    const clip = {
      x: Math.max(0, box.x - MARGIN),
      y: box.y - MARGIN,
      width: Math.min(WIDTH, box.width + 2 * MARGIN),
      height: Math.min(height, box.height + 2 * MARGIN),
    };
    await tab.screenshot({ path: join(PICTURES, `${name}_${colorScheme}.png`), clip });
    await tab.close();
  }
}

function section({ name, title, words, code }: GalleryEntry): string {
  return `## ${title}

${words}

\`\`\`ts ignore
${code.join("\n")}
\`\`\`

![${title}, on light](gallery/${name}_light.png)

![${title}, on dark](gallery/${name}_dark.png)
`;
}

function gallery(): string {
  return `# Gallery

Every view, drawn by the bundled model (\`const model = await LanguageModel.fromPretrained()\`). \`deno task gallery\` makes
this page: it runs the code below and takes the pictures. In a notebook and in a saved page they answer to the pointer
and to the keyboard.

${ENTRIES.map(section).join("\n")}`;
}

async function drawAll(browser: Browser, folder: string): Promise<void> {
  await using model = await lookingGlass.LanguageModel.fromPretrained();
  for (const entry of ENTRIES.filter(({ name }) => Deno.args.length === 0 || Deno.args.includes(name))) {
    const page = join(folder, `${entry.name}.html`);
    await (await draw(entry, model)).save(page);
    await photograph(browser, page, entry);
    // deno-lint-ignore no-console
    console.log(entry.name);
  }
}

await Deno.mkdir(PICTURES, { recursive: true });
const folder = await Deno.makeTempDir();
const browser = await launchChromium();
try {
  await drawAll(browser, folder);
  await Deno.writeTextFile(join(ROOT, "docs", "gallery.md"), gallery());
} finally {
  await browser.close();
  await Deno.remove(folder, { recursive: true });
}
