/**
 * Attention as lines from each token to those it attends to, in the colour of the head, as wide as the weight.
 *
 * @module
 */
import { styling } from "../kit/css.ts";
import { type Html, markup, stacked } from "../kit/html.ts";
import { fixedSize } from "../kit/image.ts";
import { type AttentionShown, lastKey } from "./data.ts";
import { pairName } from "./names.ts";

/** Thinner lines are not drawn, in percent: of one head, and of all heads of a layer, which are many. */
export const LEAST_LINE = 5;
export const LEAST_OF_MANY = 10;

/** The widest line, in pixels. */
const WIDEST = 6;

/** A line between two tokens. */
export interface Line {
  readonly head: number;
  readonly query: number;
  readonly key: number;
  readonly weight: number;
}

/** The lines of all heads of a layer, among the tokens that are shown, thinnest first. */
export function linesOf(shown: AttentionShown, layer: number): Line[] {
  const { weights, heads, start, end } = shown;
  const lines: Line[] = [];
  for (let head = 0; head < heads; ++head) {
    const weight = weights(layer, head);
    for (let query = start; query < end; ++query) {
      for (let key = start; key <= lastKey(shown, query); ++key) {
        if (100 * weight(query, key) >= LEAST_OF_MANY) lines.push({ head, query, key, weight: weight(query, key) });
      }
    }
  }
  return lines.sort((a, b) => a.weight - b.weight);
}

/** How wide a line is, in pixels. */
export function lineWidth(weight: number): number {
  return Number((WIDEST * weight).toFixed(1));
}

/** The width of a line as CSS over `--w`, a weight in percent. */
export const LINE_WIDTH = styling`calc(min(1,max(0,var(--w,0) - ${LEAST_LINE - 1}))*var(--w,0)*${WIDEST / 100}px)`;

function svg(
  { start, end }: AttentionShown,
  className: string,
  size: readonly [number, number],
  groups: Html,
): Html {
  return markup`<svg class="${className}" aria-hidden="true" width="${size[0]}" height="${size[1]}" \
style="${fixedSize(...size)}" viewBox="0 ${start - 0.5} 9 ${end - start}" preserveAspectRatio="none">${groups}</svg>`;
}

/**
 * A line for each pair of tokens, as wide as the head that is open says, as an inline drawing without text, which leaves
 * nothing behind where SVG is stripped. Lines of token n are in a group of class `q<n>`.
 */
export function headLines(shown: AttentionShown, width: number, height: number): Html {
  const { start, end } = shown;
  const tokens = Array.from({ length: end - start }, (_, i) => start + i);
  const groups = tokens.map((query) => {
    const paths = tokens.filter((key) => key <= lastKey(shown, query)).map((key) =>
      markup`<path style="--w:var(${pairName(shown, query, key)})" d="M0 ${query}L9 ${key}"/>`
    );
    return markup`<g class="q q${query}">${paths}</g>`;
  });
  return svg(shown, "b", [width, height], stacked(groups));
}

/** The lines of all heads of the layer that is shown at first, of class `h<n>` for head n. */
export function layerLines(shown: AttentionShown, width: number, height: number): Html {
  const groups = Map.groupBy(linesOf(shown, shown.layer), (line) => line.query);
  const drawn = [...groups].map(([query, lines]) => {
    const paths = lines.map(({ head, key, weight }) =>
      markup`<path class="h${head}" d="M0 ${query}L9 ${key}" stroke-width="${lineWidth(weight)}"/>`
    );
    return markup`<g class="q q${query}">${paths}</g>`;
  });
  return svg(shown, "a", [width, height], stacked(drawn));
}
