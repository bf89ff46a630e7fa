/**
 * The interaction of an attention view. The inline styles show one head and one token; where style rules are allowed a
 * checked radio chooses another head, and hovering or choosing a token lights up its row and its lines.
 *
 * A head that is chosen sets its weights as variables, `--<query><key>` in percent; chips and lines read them.
 *
 * @module
 */
import { categoryColour } from "../kit/categories.ts";
import { OPACITY, ORANGE, rgb, rgba } from "../kit/colours.ts";
import { type Css, cssJoined, cssPicture, styling } from "../kit/css.ts";
import { COLUMNS_RULE } from "../kit/picture_labels.ts";
import { type AttentionShown, earlierWeight, lastKey, LEAST_WEIGHT } from "./data.ts";
import { LINE_WIDTH } from "./lines.ts";
import { headName, pairName, queryName } from "./names.ts";
import { matrixSprite, pieceRule, wholeSprite } from "./sprite.ts";

/** The sizes of a view in pixels. */
export interface Sizes {
  /** The height of a row of the matrix. */
  readonly side: number;
  readonly width: number;
  readonly height: number;
  readonly thumbnail: number;
  /** The picture of a text that is longer than the matrix. */
  readonly whole: number;
}

/** The weights of a head that show. */
function headVariables(shown: AttentionShown, layer: number, head: number): Css {
  const { start, end } = shown;
  const weight = shown.weights(layer, head);
  const all: Css[] = [];
  for (let query = start; query < end; ++query) {
    for (let key = start > 0 ? start - 1 : 0; key <= lastKey(shown, query); ++key) {
      const percent = Math.round(100 * (key < start ? earlierWeight(shown, weight, query) : weight(query, key)));
      if (percent >= LEAST_WEIGHT) {
        all.push(styling`${pairName(shown, query, key)}:${percent}`);
      }
    }
  }
  return cssJoined(all, ";");
}

function headRules(shown: AttentionShown): Css {
  const { open, heads } = shown;
  const all = Array.from({ length: heads }, (_, head) => head);
  return cssJoined([
    ...open.flatMap((layer) =>
      all.map((head) => {
        const name = headName(layer, head);
        return styling`&:has(.g${name} :checked){${
          headVariables(shown, layer, head)
        };.p${name}{display:inline!important}}`;
      })
    ),
    ...open.map((layer, row) =>
      styling`&:has(.l${layer} :checked){--l:${row};.j${layer}{display:inline!important}.y${layer}{display:block!important}}.l${layer}{--l:${row}}`
    ),
    ...all.map((head) =>
      styling`&:has(.c${head} :checked){--h:${head};--c:${
        rgb(categoryColour(head))
      };.k${head}{display:inline!important}.h${head}{opacity:0.9}}.c${head}{--h:${head}}.h${head}{stroke:${
        rgb(categoryColour(head))
      }}`
    ),
  ], "\n");
}

/** Each chip holds the percent that token n gives to it. */
function tokenRules(name: string, shown: AttentionShown): Css {
  const rules = Array.from({ length: shown.end - shown.start }, (_, i) => {
    const n = shown.start + i;
    const lit = (root: Css) =>
      styling`${root}{.t{--s:var(${queryName(shown, n)},0)}.q${n},.m${n}{display:inline!important}}`;
    return { pin: lit(styling`.${name}:has(.r${n} :checked)`), hover: lit(styling`.${name}.h:has(.r${n}:hover)`) };
  });
  return cssJoined([
    styling`.${name}:has(.o :checked) :is(.q,.m),.${name}.h:has(.o:hover) :is(.q,.m){display:none!important}`,
    ...rules.map(({ pin }) => pin),
    ...rules.map(({ hover }) => hover),
  ], "\n");
}

/** The pieces of the sprites; `.i` is the matrix, `.w` the whole text, and thumbnails are pieces of either. */
function pictureRules(shown: AttentionShown, { width, height, thumbnail, whole }: Sizes): Css {
  const all = wholeSprite(shown);
  const matrix = cssPicture(matrixSprite(shown));
  const small = pieceRule(shown, thumbnail, thumbnail);
  return cssJoined([
    styling`.i{${pieceRule(shown, width, height)};image-rendering:pixelated}`,
    all === undefined
      ? styling`.i,.g{background-image:${matrix}}`
      : styling`.i{background-image:${matrix}}.g,.w{background-image:${cssPicture(all)}}.w{${
        pieceRule(shown, whole, whole)
      }}`,
    // what can be opened has a frame, where not all can
    ...(shown.open.length < shown.layers
      ? [styling`.g{outline:1px solid rgba(128,128,128,0.8)}.n{opacity:0.4;cursor:not-allowed}`]
      : []),
    styling`.g{${small}${shown.end - shown.start <= thumbnail ? styling`;image-rendering:pixelated` : undefined}}`,
  ], "\n");
}

/** The rules of a view, by its name; what does not depend on the name is made once. */
export function attentionRules(shown: AttentionShown, sizes: Sizes): (name: string) => Css {
  const { side, width, thumbnail } = sizes;
  const last = shown.end - 1;
  const inner = styling`{.p,.y,.j,.k,.f{display:none!important}.x{display:revert!important}
.t{--s:var(${
    queryName(shown, last)
  },0);display:inline-block;padding:1px 3px;margin:1px;border-radius:3px;vertical-align:top;text-align:center;\
background-color:${rgba(ORANGE, styling`calc(sqrt(var(--s)/100)*${OPACITY})`)}!important}
.t::after{counter-reset:w var(--s);content:counter(w)"%";display:block;font-size:10px;line-height:12px;opacity:min(var(--s)*10,1)}
.g{display:inline-block;width:${thumbnail}px;height:${thumbnail}px;margin:2px;vertical-align:top;font-weight:bold;text-align:right;cursor:pointer;position:relative}.g:hover{outline:2px solid}.g:has(:checked){outline:3px solid}.g:has(:focus-visible){outline:3px double}
.r{display:contents!important}:is(.r,.g) input{position:absolute;inset:0;width:100%;height:100%;margin:0;opacity:0;cursor:pointer}
.o{cursor:pointer;position:relative}.z{position:absolute;inset:0 ${-width - 6}px 0 -1px}
.o:is(:hover,:has(:checked)) .z{outline:2px solid}
.o:has(:focus-visible) .z{outline:3px double}&:not(:has(.o :checked,.o:hover)) .r${last} .z{outline:1px dashed}
${COLUMNS_RULE}.v{line-height:${Math.min(side, 16)}px}
path{fill:none;vector-effect:non-scaling-stroke;opacity:0.75}.b path{stroke:var(--c);stroke-width:${LINE_WIDTH}}.a path{opacity:0.2}
svg{display:block}.a,&:has(.l${shown.layer} :checked):has(.d:checked) .b{display:none}&:has(.l${shown.layer} :checked):has(.d:checked) .a{display:block}
&:not(:has(.l${shown.layer} :checked)) .s{visibility:hidden}
.y td{text-align:left!important}.u{visibility:hidden}&:has(.o :checked) .u{visibility:visible}
${pictureRules(shown, sizes)}
${headRules(shown)}}`;
  return (name) =>
    styling`.${name}${inner}
${tokenRules(name, shown)}`;
}
