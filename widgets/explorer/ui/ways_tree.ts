/**
 * The ways that were tried as a tree, to go back to.
 *
 * @module
 */
import { type Drawn, ui } from "./preact.ts";
import type { Store } from "./store.ts";
import { isSamePlace, treeOf, type WayNode } from "./ways.ts";

interface Props {
  readonly store: Store;
}

/** The most characters of a text in the tree. */
const MOST = 48;

function nameOf(store: Store, { place: { text, then } }: WayNode): string {
  const last = then.at(-1);
  if (last !== undefined) return store.labels.get(last) ?? `#${last}`;
  const whole = text === "" ? "(nothing)" : text.replaceAll(/\s+/g, " ");
  return whole.length <= MOST ? whole : `…${whole.slice(1 - MOST).toWellFormed()}`;
}

function Node({ store, node }: Props & { readonly node: WayNode }): Drawn {
  const isHere = isSamePlace(node.place, store.place.value);
  const only = node.children.length === 1 ? node.children[0] : undefined;
  const button = ui`
    <button type="button" class=${`x-way${node.visited ? "" : " x-passed"}`}
      aria-current=${isHere ? "step" : undefined} onClick=${() => store.goTo(node.place)}>${
    nameOf(
      store,
      node,
    )
  }</button>
  `;
  // A way without forks goes on in its line.
  if (only) return ui`<span class="x-line">${button}<${Node} store=${store} node=${only} /></span>`;
  return ui`<span class="x-line">${button}${
    node.children.length > 0 &&
    ui`<ul>${
      node.children.map((child) =>
        ui`
          <li key=${child.place.then.at(-1)}>
            <${Node} store=${store} node=${child} />
          </li>
        `
      )
    }</ul>`
  }</span>`;
}

/** The ways. */
export function Ways({ store }: Props): Drawn {
  const { travel } = store;
  const { at, log, ways } = travel.value;
  return ui`
    <section class="x-ways" aria-labelledby="x-ways-title">
      <h2 id="x-ways-title">Ways tried</h2>
      <p class="x-buttons"><button type="button" disabled=${at === 0} aria-keyshortcuts="Control+Z"
          onClick=${() => store.undo()}>Undo</button><button type="button" disabled=${at === log.length - 1}
          aria-keyshortcuts="Control+Shift+Z" onClick=${() => store.undo(1)}>Redo</button></p>
      <ul class="x-tree">${
    treeOf(ways).map((node) =>
      ui`
          <li key=${node.place.text}>
            <${Node} store=${store} node=${node} />
          </li>
        `
    )
  }</ul>
    </section>
  `;
}
