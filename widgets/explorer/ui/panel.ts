/**
 * The tabs below each other's names: what led to the chosen token, layer by layer, attention, and so on.
 *
 * @module
 */
import { showFragment } from "./fragment.ts";
import type { Tab } from "./link.ts";
import type { Looks } from "./looks.ts";
import { type Drawn, ui, useLayoutEffect, useRef } from "./preact.ts";
import type { Store } from "./store.ts";
import { WhatIf } from "./what_if.ts";

interface Props {
  readonly store: Store;
  readonly looks: Looks;
}

const TABS: readonly (readonly [tab: Tab, name: string, what: string])[] = [
  ["why", "Why", "Which tokens led to it: gradient × input of its probability, or of the difference of two logits."],
  ["lens", "Layers", "What each layer would predict if it were the last."],
  ["attention", "Attention", "Which tokens each head looks at."],
  ["parts", "Parts", "What the embeddings, heads and MLPs added to its logit."],
  ["surprise", "Surprise", "How likely each token of the text was to the model."],
  ["whatif", "What if", "Turn heads and layers off, and see what changes."],
  ["model", "Model", "What the model is made of."],
];

/** Moves between tabs with the arrow keys, as tabs do. */
function onKey(store: Store, event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  const at = TABS.findIndex(([tab]) => tab === store.tab.value);
  const last = TABS.length - 1;
  const to =
    { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last }[event.key];
  const next = to === undefined ? undefined : TABS[to];
  if (!next) return;
  store.tab.value = next[0];
  event.preventDefault();
  event.stopPropagation();
  event.currentTarget.querySelector<HTMLElement>(`#x-tab-${next[0]}`)?.focus();
}

/** Which token the panel is about, and the way to the ones beside it. */
function About({ store }: { readonly store: Store }): Drawn {
  const { target, pinned, contrast, reading } = store;
  const choice = target.value;
  if (!choice) return ui`<p class="x-about">…</p>`;
  const tokens = reading.value?.tokens ?? [];
  const isNext = choice.position === tokens.length;
  const move = (by: number) => () => {
    const position = choice.position + by;
    const token = tokens[position];
    contrast.value = undefined;
    pinned.value = token ? { position, ...token } : undefined;
  };
  const clear = () => pinned.value = contrast.value = undefined;
  return ui`<p class="x-about"><button type="button" class="x-step" aria-label="The token before" title="The token before"
      disabled=${choice.position <= 1} onClick=${move(-1)}>‹</button><button type="button" class="x-step"
      aria-label="The token after" title="The token after" disabled=${isNext} onClick=${move(1)}>›</button>
    <span>${isNext ? "Next token" : `Token ${choice.position}`} <b class="x-word">${choice.label}</b>${
    contrast.value && ui`${" rather than "}<b class="x-word">${contrast.value.label}</b>
    `
  }</span>${
    pinned.value && ui`
      <button type="button" class="x-link" onClick=${clear}>Back to the likeliest</button>
    `
  }</p>`;
}

/** A view that came as HTML. */
function Fragment({ looks }: { readonly looks: Looks }): Drawn {
  const place = useRef<HTMLDivElement>(null);
  const { view, problem, progress, isBusy } = looks.panel.value;
  const text = view?.html ?? "";
  const shown = useRef("");
  useLayoutEffect(() => {
    if (place.current) showFragment(place.current, text, shown.current === view?.title);
    shown.current = view?.title ?? "";
  }, [text]);
  return ui`<div>${problem && ui`<p class="x-problem" role="alert">${problem}</p>`}
    <p class="x-small" hidden=${!isBusy}>${progress?.message ?? "Computing…"}</p>
    <div class="x-view" ref=${place} aria-busy=${isBusy} hidden=${problem !== ""}></div></div>`;
}

/** The panel. */
export function Panel(props: Props): Drawn {
  const { store, looks } = props;
  const { tab } = store;
  const [, , what] = TABS.find(([one]) => one === tab.value)!;
  const tabs = TABS.map(([one, name]) =>
    ui`
      <button key=${one} type="button" role="tab" id=${`x-tab-${one}`} aria-selected=${tab.value === one}
        aria-controls="x-panel" tabindex=${tab.value === one ? 0 : -1} onClick=${() => tab.value = one}>${name}</button>
    `
  );
  return ui`
    <section class="x-panel" aria-label="What is inside">
      <div class="x-tabs" role="tablist" aria-label="What to see"
        onKeyDown=${(event: KeyboardEvent & { currentTarget: HTMLElement }) => onKey(store, event)}>${tabs}</div>
      <div role="tabpanel" id="x-panel" aria-labelledby=${`x-tab-${tab.value}`} tabindex="0">
          ${tab.value !== "whatif" && tab.value !== "model" && ui`<${About} store=${store} />`}
          <p class="x-small">${what}</p>
          ${tab.value === "whatif" ? ui`<${WhatIf} store=${store} />` : ui`<${Fragment} looks=${looks} />`}
        </div>
    </section>
  `;
}
