/**
 * Views, which come as HTML, as elements: the one place where the page reads HTML. They come from the model's side of the
 * port and were written by the templates of `widgets/kit/html.ts`. Scripts are taken out: they would not run, as the
 * page's policy forbids them, and views do without, but for the heads that only a program opens: that is called here.
 *
 * @module
 */

import { openHeads } from "../../attention/open_heads.ts";

/** What is chosen in a view, to be chosen in the next one: radios by their name and value, and what is open. */
function chosenIn(place: Element): string[] {
  const radios = place.querySelectorAll<HTMLInputElement>("input:checked");
  const open = [...place.querySelectorAll("details")].flatMap((details, i) => details.open ? [`details ${i}`] : []);
  return [...Array.from(radios, ({ name, value }) => `${name} ${value}`), ...open];
}

/** Puts a view into an element, in the place of what it holds; of the same kind, with the same parts chosen. */
export function showFragment(place: Element, text: string, isSameKind: boolean): void {
  const chosen = new Set(isSameKind ? chosenIn(place) : []);
  const template = place.ownerDocument.createElement("template");
  template.innerHTML = text;
  for (const program of template.content.querySelectorAll("script")) program.remove();
  for (const input of template.content.querySelectorAll("input")) {
    if (chosen.has(`${input.name} ${input.value}`)) input.checked = true;
  }
  for (const [i, details] of [...template.content.querySelectorAll("details")].entries()) {
    if (chosen.has(`details ${i}`)) details.open = true;
  }
  place.replaceChildren(template.content);
  for (const setup of place.querySelectorAll("[data-heads]")) openHeads(setup.closest<HTMLElement>(".h")!);
}
