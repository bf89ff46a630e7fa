/**
 * How the next token is drawn: settings that act at once, and the buttons that draw.
 *
 * @module
 */
import { wholeText } from "../../kit/quantities.ts";
import { type Drawn, ui } from "./preact.ts";
import { countLeft, OWN, type Settings } from "./sampling.ts";
import type { Store } from "./store.ts";

/** A slider. */
interface Slider {
  readonly name: keyof Settings;
  readonly label: string;
  readonly max: number;
  readonly step: number;
  readonly said: (value: number) => string;
}

const SLIDERS: readonly Slider[] = [
  { name: "temperature", label: "Temperature", max: 2, step: 0.05, said: (x) => x === 0 ? "0, greedy" : x.toFixed(2) },
  { name: "topK", label: "Top-k", max: 100, step: 1, said: (x) => x === 0 ? "all" : String(x) },
  { name: "topP", label: "Top-p", max: 1, step: 0.01, said: (x) => x === 1 ? "1, all" : x.toFixed(2) },
];

/** How many tokens are drawn in a row. */
const MANY = 10;

/** The settings. */
export function Controls({ store }: { readonly store: Store }): Drawn {
  const { settings, scores, logits, toDraw, isFresh } = store;
  const left = isFresh.value ? countLeft(scores.value, settings.value) : 0;
  const { length } = logits.value;
  const isOwn = SLIDERS.every(({ name }) => settings.value[name] === OWN[name]);
  const draw = (count: number) => () => {
    toDraw.value = count - 1;
    store.draw();
  };
  return ui`<section class="x-draw" aria-labelledby="x-draw-title">
    <h2 id="x-draw-title">Drawing</h2>
    ${
    SLIDERS.map(({ name, label, max, step, said }) =>
      ui`
        <label key=${name}
          class="x-slider"><span>${label}</span><input type="range" min="0" max=${max} step=${step}
                value=${settings.value[name]} aria-label=${label} aria-valuetext=${said(settings.value[name])}
                onInput=${({ currentTarget }: { currentTarget: HTMLInputElement }) =>
        settings.value = { ...settings.value, [name]: Number(currentTarget.value) }} />
                <output>${said(settings.value[name])}</output></label>
      `
    )
  }
    <p class="x-small">${left === 0 ? "…" : `${wholeText(left)} of ${wholeText(length)} tokens can be drawn.`}
      ${
    !isOwn && ui`
      <button type="button" class="x-link" onClick=${() => settings.value = OWN}>Reset</button>
    `
  }</p>
    <p class="x-buttons"><button type="button" onClick=${draw(1)} disabled=${!isFresh.value}>Draw one</button>
      ${
    toDraw.value > 0
      ? ui`<button type="button" onClick=${() => toDraw.value = 0}>Stop</button>`
      : ui`<button type="button" onClick=${draw(MANY)} disabled=${!isFresh.value}>Draw ${MANY}</button>`
  }
      <label class="x-seed">Seed <input type="number" min="0" step="1" value=${store.seed.value}
        onChange=${({ currentTarget }: { currentTarget: HTMLInputElement }) =>
    store.seed.value = Math.min(2 ** 40, Math.max(0, Math.trunc(Number(currentTarget.value)) || 0))} /></label></p>
  </section>`;
}
