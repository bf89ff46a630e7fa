/**
 * The text as tokens that can be edited in place: a text area over a drawing of the same text, which has the colours.
 *
 * @module
 */
import { cssText } from "../../kit/css.ts";
import { overlay } from "../../kit/colours.ts";
import type { Reading } from "../questions.ts";
import type { Looks } from "./looks.ts";
import { type Drawn, ui, useRef } from "./preact.ts";
import type { Store } from "./store.ts";

/** A part of the text: one token, several that share a character, or none. */
export interface Span {
  readonly text: string;
  /** The token that ends it; none of what has not been read yet. */
  readonly position: number | undefined;
  readonly start: number;
}

/** The text in parts, as far as the reading is about the same. */
export function spansOf(value: string, reading: Reading | undefined): readonly Span[] {
  const spans: Span[] = [];
  let at = 0;
  if (reading && reading.offset >= 0) {
    const same = commonLength(value, reading.shown);
    for (const [position, token] of reading.tokens.entries()) {
      const end = token.end - reading.offset;
      if (end > same) break;
      if (end <= at) continue;
      spans.push({ text: value.slice(at, end), position, start: at });
      at = end;
    }
  }
  if (at < value.length) spans.push({ text: value.slice(at), position: undefined, start: at });
  return spans;
}

function commonLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) ++length;
  return length;
}

/** The colour of a token by its share of the greatest score. */
function colourOf(scores: readonly number[], position: number | undefined): string {
  const score = position === undefined ? undefined : scores[position];
  if (!score) return "";
  const largest = scores.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
  return `background-color:${cssText(overlay(score / largest))}`;
}

/** Chooses the token at a place of the text; behind the text it is the next one again. */
function chooseAt(store: Store, spans: readonly Span[], at: number, length: number): void {
  const span = at >= length ? undefined : spans.findLast(({ start }) => start <= at);
  const { position } = span ?? {};
  const token = position === undefined ? undefined : store.reading.value?.tokens[position];
  store.contrast.value = undefined;
  store.pinned.value = token && position ? { position, ...token } : undefined;
}

/** The token under the pointer. */
function positionAt(box: Element, x: number, y: number): number | undefined {
  const root = box.getRootNode() as Document | ShadowRoot;
  const found = root.elementsFromPoint(x, y).find((one) => one.classList.contains("x-token") && box.contains(one));
  return found ? Number(found.getAttribute("data-position")) : undefined;
}

/** The text. */
export function TextBox({ store, looks }: { readonly store: Store; readonly looks: Looks }): Drawn {
  const box = useRef<HTMLElement>(null);
  const value = store.value.value;
  const spans = spansOf(value, store.reading.value);
  const why = looks.why.value;
  const scores = why && store.isFresh.value ? why.answer.scores : [];
  const chosen = why?.choice.position;
  const hover = (event: PointerEvent) => {
    const position = event.buttons === 0 && box.current ? positionAt(box.current, event.clientX, event.clientY) : 0;
    const token = position ? store.reading.value?.tokens[position] : undefined;
    if (store.hovered.value?.position !== position) store.hovered.value = token && { position: position!, ...token };
  };
  const caret = ({ currentTarget }: { currentTarget: HTMLTextAreaElement }) => {
    const { selectionStart: start, selectionEnd: end } = currentTarget;
    if (start === end && store.isFresh.value) chooseAt(store, spans, start, value.length);
  };
  const onKeyUp = (event: KeyboardEvent & { currentTarget: HTMLTextAreaElement }) => {
    if (/^(Arrow|Home|End|Page)/.test(event.key)) caret(event);
  };
  return ui`
    <div class="x-text" ref=${box}>
      <div class="x-mirror" aria-hidden="true">${
    spans.map(({ text, position }) =>
      ui`<span key=${position ?? "rest"} class=${
        position === undefined ? "" : `x-token${position === chosen ? " x-chosen" : ""}`
      } data-position=${position} style=${colourOf(scores, position)}>${text}</span>`
    )
  }${"\u200b"}</div>
      <textarea aria-label="Text" aria-describedby="x-text-help" spellcheck=${false} autocapitalize="off"
        autocomplete="off"
        placeholder="Write something" value=${value}
        onInput=${({ currentTarget }: { currentTarget: HTMLTextAreaElement }) => store.type(currentTarget.value)}
        onPointerMove=${hover} onPointerLeave=${() => store.hovered.value = undefined}
        onClick=${caret} onKeyUp=${onKeyUp}></textarea>
    </div>
  `;
}
