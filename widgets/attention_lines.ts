/**
 * Attention as lines from each token to those it attends to, in the colour of the head, as wide as the weight.
 *
 * @module
 */
import type { AttentionShown } from "./attention_data.ts";

/** Thinner lines are not drawn. */
export const LEAST_LINE = 0.1;

/** A line between two tokens. */
export interface Line {
  readonly head: number;
  readonly query: number;
  readonly key: number;
  readonly weight: number;
}

/** The lines of all heads of a layer, among the tokens that are shown, thinnest first. */
export function linesOf({ weights, heads, start, end }: AttentionShown, layer: number): Line[] {
  const lines: Line[] = [];
  for (let head = 0; head < heads; ++head) {
    const weight = weights(layer, head);
    for (let query = start; query < end; ++query) {
      for (let key = start; key <= query; ++key) {
        if (weight(query, key) >= LEAST_LINE) lines.push({ head, query, key, weight: weight(query, key) });
      }
    }
  }
  return lines.sort((a, b) => a.weight - b.weight);
}

/** How wide a line is, in pixels. */
export function lineWidth(weight: number): number {
  return Number((6 * weight).toFixed(1));
}

/**
 * The lines of a layer as an inline drawing without text, which leaves nothing behind where SVG is stripped. Lines of
 * token n are in a group of class `q<n>`, those of head n have the class `h<n>`.
 */
export function linesSvg(shown: AttentionShown, layer: number, side: number, width: number): string {
  const { start, end } = shown;
  const height = (end - start) * side;
  const y = (token: number) => (token - start + 0.5) * side;
  const groups = Map.groupBy(linesOf(shown, layer), (line) => line.query);
  const drawn = [...groups].map(([query, lines]) => {
    const paths = lines.map(({ head, key, weight }) =>
      `<path class="h${head}" d="M0 ${y(query)}L${width} ${y(key)}" stroke-width="${lineWidth(weight)}"/>`
    );
    return `<g class="q q${query}">${paths.join("")}</g>`;
  });
  return `<svg class="y y${layer}" aria-hidden="true" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}">${drawn.join("\n")}</svg>`;
}
