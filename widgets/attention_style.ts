/**
 * The interaction of an attention view. The inline styles show one head and one token; where style rules are allowed a
 * checked radio chooses another head, and hovering or choosing a token lights up its row and its lines.
 *
 * @module
 */
import type { AttentionShown } from "./attention_data.ts";
import { categoryColour } from "./categories.ts";
import { OPACITY, ORANGE } from "./colours.ts";

/** A name for a head, for classes. */
export function headName(layer: number, head: number): string {
  return `${layer}_${head}`;
}

/** Each chip holds the percent that token n gives to it as `--n`. */
function tokenRules(name: string, { start, end }: AttentionShown): string {
  const rules = Array.from({ length: end - start }, (_, i) => {
    const n = start + i;
    const shown = (root: string) =>
      `${root} .t{--s:var(--${n},0)}${root} .q${n},${root} .m${n}{display:inline!important}`;
    return [shown(`.${name}:has(.r${n} :checked)`), shown(`.${name}.h:has(.r${n}:hover)`)];
  });
  return [
    `.${name}:has(.o :checked) :is(.q,.m),.${name}.h:has(.o:hover) :is(.q,.m){display:none!important}`,
    ...rules.map(([pin]) => pin),
    ...rules.map(([, hover]) => hover),
  ].join("\n");
}

function headRules(name: string, { open, heads }: AttentionShown): string {
  const byHead = open.flatMap((layer) =>
    Array.from({ length: heads }, (_, head) => headName(layer, head)).map((one) =>
      `.${name}:has(.g${one} :checked) .p${one}{display:block!important}`
    )
  );
  const byLayer = open.map((layer) => `.${name}:has(.l${layer} :checked) .y${layer}{display:block!important}`);
  const byColour = Array.from(
    { length: heads },
    (_, head) =>
      `.${name} .h${head}{stroke:rgb(${categoryColour(head)})}` +
      `.${name}:has(.c${head} :checked):not(:has(.a:checked)) path:not(.h${head}){opacity:0.07}`,
  );
  return [...byHead, ...byLayer, ...byColour].join("\n");
}

/** The rules of a view; `side` is the height of a row, `width` that of the matrix. */
export function attentionRules(name: string, shown: AttentionShown, side: number, width: number): string {
  return `.${name}{.p,.y{display:none!important}.x{display:revert!important}
.t{--s:var(--${
    shown.end - 1
  },0);display:inline-block;padding:1px 3px;margin:1px;border-radius:3px;vertical-align:top;text-align:center;` +
    `background-color:rgba(${ORANGE},calc(sqrt(var(--s)/100)*${OPACITY}))!important}
.t::after{counter-reset:w var(--s);content:counter(w)"%";display:block;font-size:10px;line-height:12px;opacity:min(var(--s)*10,1)}
.i{image-rendering:pixelated}.e{position:absolute;top:1px;right:2px;font-weight:bold}
.g{cursor:pointer;position:relative}.g:hover{outline:2px solid}.g:has(:checked){outline:3px solid}.g:has(:focus-visible){outline:3px double}
.r{display:contents!important}.r input{position:absolute;inset:0;width:100%;height:100%;margin:0;opacity:0;cursor:pointer}
.o{cursor:pointer;position:relative}.z{position:absolute;inset:0 ${-width - 6}px 0 -1px}
.o:is(:hover,:has(:checked)) .z{outline:2px solid}
.o:has(:focus-visible) .z{outline:3px double}&:not(:has(.o :checked,.o:hover)) .r${shown.end - 1} .z{outline:1px dashed}
.v{writing-mode:vertical-rl;display:inline-block!important;vertical-align:bottom;max-height:9em;overflow:hidden;padding-bottom:2px;line-height:${side}px}
path{fill:none;opacity:0.75}.u{visibility:hidden}&:has(.o :checked) .u{visibility:visible}}
${headRules(name, shown)}
${tokenRules(name, shown)}`;
}
