/**
 * Views, which come as HTML, as elements: the one place where the page reads HTML. They come from the model's side of the
 * port and were written by the templates of `widgets/kit/html.ts`. Scripts are taken out: they would not run, as the
 * page's policy forbids them, and views do without.
 *
 * @module
 */

/** Puts a view into an element, in the place of what it holds. */
export function showFragment(place: Element, text: string): void {
  const template = place.ownerDocument.createElement("template");
  template.innerHTML = text;
  for (const program of template.content.querySelectorAll("script")) program.remove();
  place.replaceChildren(template.content);
}
