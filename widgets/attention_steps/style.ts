/**
 * The rules of a view of steps: a query that is chosen or hovered lights up its keys, fades the values, and shows its
 * panels.
 *
 * @module
 */
import { panelRules } from "../kit/choice.ts";
import { ORANGE, rgba } from "../kit/colours.ts";
import { type Css, cssJoined, styling } from "../kit/css.ts";
import { drawnTokens, type StepsShown } from "./data.ts";

/** The colour of what a query cannot see. */
export const MASKED = rgba([128, 128, 128], 0.15);

/** The rules. `--w<j>` is the weight of token j. */
export function stepRules(name: string, shown: StepsShown): Css {
  const tokens = drawnTokens(shown);
  const weights = (query: number) =>
    cssJoined(
      tokens.map((key) => styling`--w${key}:${Number(Math.max(0, shown.weight(query, key)).toFixed(3)) || 0}`),
      ";",
    );
  const chosen = (root: (query: number) => Css) =>
    tokens.map((query) => styling`${root(query)}{${weights(query)};.q${query}{outline:2px solid}}`);
  return cssJoined([
    panelRules(name, tokens, shown.position),
    styling`.${name}{${
      weights(shown.position)
    };.i{image-rendering:pixelated}.c tbody :is(td,th){height:24px;padding:0 6px;\
line-height:24px;white-space:nowrap;text-align:right}.c tbody td{min-width:52px}}`,
    styling`.${name}:not(:has(.o :checked,.o:hover)) .q${shown.position}{outline:2px dashed}`,
    ...chosen((query) => styling`.${name}:not(.h:has(.o:hover)):has(.o${query} :checked)`),
    ...chosen((query) => styling`.${name}.h:has(.o${query}:hover)`),
    ...tokens.map((key) =>
      styling`.${name} .a${key}{background-color:${
        rgba(ORANGE, styling`calc(0.6*var(--w${key}))`)
      }!important}.${name} .b${key}{opacity:var(--w${key})!important}`
    ),
  ], "\n");
}
