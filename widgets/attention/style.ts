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
import { type Drawing, each, hasNumbers, isScripted } from "./parts.ts";
import { matrixSprite, pieceRule, wholeSprite } from "./sprite.ts";

/** The weights of a head that show. */
function headVariables(shown: AttentionShown, layer: number, head: number): Css {
  const { start, end } = shown;
  const weight = shown.weights(layer, head);
  const all: Css[] = [];
  for (let query = start; query < end; ++query) {
    for (let key = start > 0 ? start - 1 : 0; key <= lastKey(shown, query); ++key) {
      const percent = Math.round(100 * (key < start ? earlierWeight(weight, start, query) : weight(query, key)));
      if (percent >= LEAST_WEIGHT) {
        all.push(styling`${pairName(shown, query, key)}:${percent}`);
      }
    }
  }
  return cssJoined(all, ";");
}

function headRules(shown: Drawing): Css {
  const { open, heads, layers, scores } = shown;
  const all = each(heads);
  const opened = each(layers).filter((layer) => open.includes(layer) || isScripted(shown, layer));
  return cssJoined([
    ...opened.flatMap((layer) =>
      all.map((head) => {
        const name = headName(layer, head);
        const variables = open.includes(layer) ? styling`${headVariables(shown, layer, head)};` : undefined;
        if (variables === undefined && scores === undefined) return styling``;
        return styling`&:has(.g${name} :checked){${variables}.p${name}{display:inline!important}}`;
      })
    ),
    ...opened.map((layer) => {
      const row = open.indexOf(layer);
      const table = row < 0 ? undefined : styling`--o:${row};.y${layer}{display:block!important}`;
      return styling`&:has(.l${layer} :checked){--l:${layer};${table}.j${layer}{display:inline!important}}.l${layer}{--l:${layer}}`;
    }),
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
function pictureRules(shown: Drawing): Css {
  const { heads, open, layers, width, height, whole, pictures } = shown;
  const all = wholeSprite(shown);
  const matrix = cssPicture(matrixSprite(shown));
  const small = styling`var(--t)`;
  const [across, down, side] = [styling`${width}px`, styling`${height}px`, styling`${whole}px`];
  return cssJoined([
    hasNumbers(shown)
      ? NUMBERS
      : styling`div.i{${
        pieceRule(heads, open.length, "--o", across, down)
      };image-rendering:pixelated;background-image:${all === undefined ? styling`var(--m)` : matrix}}`,
    all === undefined
      ? styling`&{--m:${matrix}}.g{background-image:var(--m)}`
      : styling`.g,.w{background-image:${cssPicture(all)}}.w{${pieceRule(heads, layers, "--l", side, side)}}`,
    // what can be opened has a frame, where not all can
    ...(shown.open.length < shown.layers
      ? [styling`.g{outline:1px solid rgba(128,128,128,0.8)}.n{opacity:0.4;cursor:not-allowed}`]
      : []),
    ...(pictures ? [SCRIPTED] : []),
    styling`.g{${pieceRule(heads, layers, "--l", small, small)}${
      shown.end - shown.start <= 28 ? styling`;image-rendering:pixelated` : undefined
    }}`,
  ], "\n");
}

/** What a script opens is shown where one runs, and what stands in its place elsewhere is not. */
const SCRIPTED =
  styling`.ws{display:none}&.s{.es{display:revert!important}.n:has(~.es),.n:has(~.es)+.x,.ns{display:none!important}.ws{display:inline!important}
&.own .yy{display:block!important}&.own:has(:checked) .y.y{display:none!important}&.mv :is(.s,.tx details){display:none!important}.mb{margin:0 4px 0 0}.mb[aria-disabled=true]{opacity:0.5}}`;

/** The numbers of a small matrix stand in its cells. */
const NUMBERS = styling`.i .e{background-color:${
  rgba(ORANGE, styling`calc(sqrt(var(--w,0)/100)*${OPACITY})`)
}!important;font-size:0!important}.i .e::after{counter-reset:w var(--w,0);content:counter(w);font-size:11px;opacity:min(var(--w,0)*10,1)}`;

/** The rules of a view, by its name; what does not depend on the name is made once. */
export function attentionRules(shown: Drawing): (name: string) => Css {
  const { side, width, heads } = shown;
  const last = shown.end - 1;
  const inner = styling`{.p,.y,.j,.k,.f{display:none!important}.x{display:revert!important}
.t{--s:var(${
    queryName(shown, last)
  },0);display:inline-block;padding:1px 3px;margin:1px;border-radius:3px;vertical-align:top;text-align:center;\
background-color:${rgba(ORANGE, styling`calc(sqrt(var(--s)/100)*${OPACITY})`)}!important}
.t::after{counter-reset:w var(--s);content:counter(w)"%";display:block;font-size:11px;line-height:12px;opacity:min(var(--s)*10,1)}
.gs{container-type:inline-size}.gs table{--t:clamp(28px,calc((100cqw - 100px)/${heads} - 4px),56px)}.hs{width:var(--t)!important}
.g{display:inline-block;width:var(--t);height:var(--t);margin:2px;vertical-align:top;font-weight:bold;text-align:right;cursor:pointer;position:relative}.g:hover{outline:2px solid}.g:has(:checked){outline:3px solid}.g:has(:focus-visible){outline:3px double}
.r{display:contents!important}:is(.r,.g) input{position:absolute;inset:0;width:100%;height:100%;margin:0;opacity:0;cursor:pointer}
.o{cursor:pointer;position:relative}.z{position:absolute;inset:0 ${-width - 6}px 0 -1px}
.o:is(:hover,:has(:checked)) .z{outline:2px solid}
.o:has(:focus-visible) .z{outline:3px double}&:not(:has(.o :checked,.o:hover)) .r${last} .z{outline:1px dashed}
${COLUMNS_RULE}.v{line-height:${Math.min(side, 16)}px}
path{fill:none;vector-effect:non-scaling-stroke;opacity:0.75}.b path{stroke:var(--c);stroke-width:${LINE_WIDTH}}.a path{opacity:0.2}
svg{display:block}.a,&:has(.l${shown.layer} :checked):has(.d:checked) .b{display:none}&:has(.l${shown.layer} :checked):has(.d:checked) .a{display:block}
&:not(:has(.l${shown.layer} :checked)) .s{visibility:hidden}
.y td{text-align:left!important}.u{visibility:hidden}&:has(.o :checked) .u{visibility:visible}
${pictureRules(shown)}
${headRules(shown)}}`;
  return (name) =>
    styling`.${name}${inner}
${tokenRules(name, shown)}`;
}
