/**
 * The rules of a view of steps: a query that is chosen or hovered lights up its keys, fades the values, and shows its
 * panels.
 *
 * @module
 */
import { panelRules } from "../kit/choice.ts";
import { ORANGE, rgba } from "../kit/colours.ts";
import { type Css, cssJoined, styling } from "../kit/css.ts";
import { KEPT_RULE } from "../kit/picture_labels.ts";
import { textWidth } from "../kit/text_width.ts";
import { drawnTokens, type StepsShown } from "./data.ts";
import { stripWidths } from "./strips.ts";

/** The letters of a name beside its key; of a longer one the end is left out, as the text above has all of it. */
export const MOST_LETTERS = 12;

/** The colour of what a query cannot see. */
export const MASKED = rgba([128, 128, 128], 0.15);

/** What stands beside keys and values where these are as wide as they can be: the scores, and names without their letters. */
const BESIDE = 340;
const LETTER = 7.5;

/** Keys and values are wider where the page has room for all three columns. */
function wideRule({ sequence, start, end, size }: StepsShown): Css {
  const { wide } = stripWidths(size);
  const longest = sequence.tokens.slice(start, end).reduce((most, { text }) => Math.max(most, textWidth(text)), 0);
  const room = Math.ceil(2 * wide + BESIDE + LETTER * Math.min(MOST_LETTERS, longest));
  return styling`container-type:inline-size;@container (width >= ${room}px){.s{width:${wide}px!important}}`;
}

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
    styling`.${name}{${weights(shown.position)};${
      wideRule(shown)
    }${KEPT_RULE}.i{image-rendering:pixelated}.c tbody :is(td,th){height:24px;padding:0 3px;\
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
