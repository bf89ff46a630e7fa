import { deepEqual, ok } from "@std/assert";
import { CASES } from "../../browser/views.ts";
import { KEYS } from "../fixtures.ts";
import { all, parse } from "../page.ts";

function styleOf(one: HTMLElement): string {
  return `;${one.getAttribute("style")};`;
}

/** Hosts align cells and pad them: JupyterLab to the right, by half a letter. What is not seen without rules has rules. */
for (const { name, draw } of CASES) {
  Deno.test(`every cell of ${name} sets its own alignment`, async () => {
    const body = parse((await draw(KEYS)).html);
    const hidden = new Set(all(body, `[style*="display:none"] :is(td, th)`));
    const cells = all(body, "td, th").filter((cell) => cell.childNodes.length > 0 && !hidden.has(cell));
    ok(cells.length > 5, `${cells.length} cells`);
    const bare = cells.filter((cell) => !styleOf(cell).includes(";text-align:"));
    deepEqual(bare.map((cell) => cell.outerHTML.slice(0, 120)), []);
    const picture = all(body, "table[role=presentation] td").filter((cell) => !styleOf(cell).includes(";padding:"));
    deepEqual(picture.map((cell) => cell.outerHTML.slice(0, 120)), []);
    const images = all(body, "img, svg").filter((one) => !styleOf(one).includes(";max-width:none;"));
    deepEqual(images.map((one) => one.outerHTML.slice(0, 120)), []);
  });
}
