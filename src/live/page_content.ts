/**
 * Puts what the kernel drew into the place of a view, and runs the scripts that it brings, as a notebook does with an
 * output of a cell: both are of the kernel that the page trusts, and nobody else's text is among it, as views escape
 * theirs.
 */
export function replaceContent(place: Element, html: string): void {
  const range = place.ownerDocument.createRange();
  range.selectNodeContents(place);
  place.replaceChildren(range.createContextualFragment(html));
}
