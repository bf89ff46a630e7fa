/**
 * The output of a live view: the notebook keeps what the view shows, so that a saved or untrusted notebook has its last
 * state. The kernel replaces the output for that, and the notebook then draws it anew; the view that is there already is
 * put in its place, with all that it remembers.
 *
 * @module
 */

/** Where the page keeps the views that are there, by their names. */
const VIEWS = Symbol.for("looking-glass.views.1");

/** How long after a change, and how long after the focus has left, the notebook is told, in milliseconds. */
const KEEP_MS = 1500;

/** Puts the view of this name that the page has, but not in its document, in the place of a new one. */
export function adopted(root: Element, name: string): boolean {
  const found: Map<string, WeakRef<Element>> | undefined = Reflect.get(globalThis, VIEWS);
  const views = found ?? new Map<string, WeakRef<Element>>();
  if (!found) Reflect.set(globalThis, VIEWS, views);
  const before = views.get(name)?.deref();
  if (before && !before.isConnected) {
    root.replaceWith(before);
    return true;
  }
  views.set(name, new WeakRef(root));
  return false;
}

/** Calls `keep` after a change, when nobody is at work in the view. */
export function keepWhenLeft(root: Element, keep: () => Promise<unknown>): { readonly changed: () => void } {
  let isChanged = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const soon = () => {
    clearTimeout(timer);
    if (isChanged) timer = setTimeout(now, KEEP_MS);
  };
  const now = () => {
    if (root.contains(root.ownerDocument.activeElement)) return; // its end is heard
    isChanged = false;
    keep().catch(() => {}); // the next change tries again
  };
  root.addEventListener("focusout", soon);
  return {
    changed() {
      isChanged = true;
      soon();
    },
  };
}
