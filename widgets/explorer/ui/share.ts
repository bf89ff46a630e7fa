/**
 * Ways out of the page: a link, a notebook cell, files of what is shown.
 *
 * @module
 */
import { messageOf } from "../../../src/base/words.ts";
import type { FileFormat } from "../questions.ts";
import { linkOf } from "./link.ts";
import type { Looks } from "./looks.ts";
import { notebookCell } from "./notebook_cell.ts";
import { type Drawn, type Signal, ui } from "./preact.ts";
import type { Store } from "./store.ts";

interface Props {
  readonly store: Store;
  readonly looks: Looks;
  /** What was done last, or why it was not. */
  readonly said: Signal<string>;
  /** Whether there is an address to share. */
  readonly hasLink: boolean;
}

const TYPES: Readonly<Record<FileFormat, string>> = {
  svg: "image/svg+xml",
  html: "text/html",
  json: "application/json",
};

/** Offers a text as a file. */
function download(name: string, content: string, format: FileFormat): void {
  const address = URL.createObjectURL(new Blob([content], { type: TYPES[format] }));
  const anchor = Object.assign(document.createElement("a"), { href: address, download: name });
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** The buttons. */
export function Share({ store, looks, said, hasLink }: Props): Drawn {
  const doing = (what: () => Promise<string>) => async () => {
    said.value = await what().catch((error) => messageOf(error));
  };
  const copy = async (text: string, what: string) => {
    await navigator.clipboard.writeText(text);
    return `${what} is in the clipboard.`;
  };
  const link = doing(() => copy(`${location.href.split("#")[0]}#${linkOf(store.saved())}`, "The link"));
  const cell = doing(() => {
    const target = store.target.value;
    if (!target) throw new Error("Cannot copy a cell as nothing is read yet; wait until the model has read the text");
    return copy(notebookCell(store.saved(), target, store.value.value), "The cell");
  });
  const save = (format: FileFormat) =>
    doing(async () => {
      const { name, content } = await looks.file(format);
      download(name, content, format);
      return `Saved ${name}.`;
    });
  const isWhole = store.tab.value === "whatif" && store.off.value.length === 0; // nothing changes
  return ui`
    <section class="x-share" aria-label="Share and save">
      <p class="x-buttons">
        ${hasLink && ui`<button type="button" onClick=${link}>Copy link</button>`}
        <button type="button" onClick=${cell}>Copy as notebook cell</button>
        ${
    (["svg", "html", "json"] as const).map((format) =>
      ui`
            <button key=${format} type="button" disabled=${isWhole} aria-label=${`Save the view as ${format.toUpperCase()}`}
              onClick=${save(format)}>${format.toUpperCase()}</button>
          `
    )
  }</p>
      <p class="x-small" role="status">${said.value}</p>
    </section>
  `;
}
