/**
 * Heads and layers to turn off, and what the model would write then.
 *
 * @module
 */
import { probabilityText } from "../../kit/quantities.ts";
import { type Expected, mostChanged, pointsText } from "../most_changed.ts";
import { type Candidate, isSameOff, type Off, OFFERED, offName, type Reading } from "../questions.ts";
import { type Drawn, ui } from "./preact.ts";
import type { Store } from "./store.ts";

interface Props {
  readonly store: Store;
}

function Toggle({ store, off }: Props & { readonly off: Off }): Drawn {
  const isOff = store.off.value.some((one) => isSameOff(one, off));
  const { layer, part, head } = off;
  const name = part === "head" ? `head ${head}` : part === "mlp" ? "MLP" : "attention";
  return ui`<td><button type="button" class="x-part" aria-pressed=${isOff} aria-label=${`Turn layer ${layer} ${name} off`}
    title=${`Layer ${layer}, ${name}`} onClick=${() => store.toggle(off)}>${isOff ? "off" : ""}</button></td>`;
}

/** All parts, a row for each layer. */
function Grid({ store }: Props): Drawn {
  const { layers, heads, parts } = store.about.value!;
  const columns: readonly (readonly [name: string, off: Omit<Off, "layer">])[] = [
    ...parts.includes("head")
      ? Array.from({ length: heads }, (_, head) => [String(head), { part: "head" as const, head }] as const)
      : [],
    ...parts.includes("attention") ? [["all heads", { part: "attention", head: 0 }] as const] : [],
    ...parts.includes("mlp") ? [["MLP", { part: "mlp", head: 0 }] as const] : [],
  ];
  const rows = Array.from(
    { length: layers },
    (_, layer) =>
      ui`<tr key=${layer}><th scope="row">layer ${layer}</th>${
        columns.map(([name, off]) => ui`<${Toggle} key=${name} store=${store} off=${{ layer, ...off }} />`)
      }</tr>`,
  );
  return ui`
    <div class="x-scroll" role="region" aria-label="Parts of the model" tabindex="0">
      <table class="x-grid">
        <thead>
          <tr><td></td>${columns.map(([name]) => ui`<th key=${name} scope="col">${name}</th>`)}</tr>
        </thead>
        <tbody>${rows}</tbody>
      </table>
    </div>
  `;
}

function expectedOf({ candidates, logits }: Reading): Expected<Candidate> {
  const numbers = new Float32Array(Uint8Array.fromBase64(logits).buffer);
  return { candidates: candidates.slice(0, OFFERED), logits: numbers };
}

/** The likeliest tokens with and without the changes. */
function Changes({ store }: Props): Drawn | null {
  const [before, after] = [store.unchanged.value, store.reading.value];
  if (!before || !after || store.off.value.length === 0) return null;
  const rows = mostChanged(expectedOf(before), expectedOf(after)).map((one) => {
    const { token: { id, label }, was, is } = one;
    const style = `--a:${100 * Math.min(was, is)}%;--b:${Math.abs(100 * (is - was))}%`;
    return ui`
      <tr key=${id}>
        <th scope="row" class="x-word">${label}</th>
        <td>${probabilityText(was)}</td>
        <td>${probabilityText(is)}</td>
        <td class="x-change"><span class=${is < was ? "x-less" : "x-more"} style=${style}>
            <i></i><b></b></span></td>
        <td>${pointsText(one)}</td>
      </tr>
    `;
  });
  return ui`
    <div class="x-scroll" role="region" aria-label="What changes" tabindex="0">
      <table class="x-changes">
        <caption>The next token, with everything on and without what is off; the most changed first, in points</caption>
        <thead>
          <tr>
            <th scope="col">token</th>
            <th scope="col">all on</th>
            <th scope="col">now</th>
            <td></td>
            <th scope="col">change</th>
          </tr>
        </thead>
        <tbody>${rows}</tbody>
      </table>
    </div>
  `;
}

/** The tab. */
export function WhatIf({ store }: Props): Drawn {
  const { about, off, isFresh } = store;
  if (!about.value) return ui`<p>…</p>`;
  const names = off.value.map(offName).join(", ");
  return ui`
    <div aria-busy=${!isFresh.value}>
      <${Grid} store=${store} />
      <p class="x-small" role="status">${
    off.value.length === 0
      ? "Everything is on. All tabs follow what is off here."
      : isFresh.value
      ? `Off: ${names}.`
      : `Turning off ${names}…`
  } ${
    off.value.length > 0 &&
    ui`<button type="button" class="x-link" onClick=${() => store.setOff([])}>Turn all on</button>`
  }</p>
      <${Changes} store=${store} />
    </div>
  `;
}
