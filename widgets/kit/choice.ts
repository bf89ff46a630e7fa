/**
 * Things of which one is chosen: hovering shows one, a click or the arrow keys keep one, Escape or a button ends it.
 * Style rules do it, as radios are inputs without scripts; a script adds Escape. Where style rules are not allowed,
 * what is shown at first stays.
 *
 * @module
 */

import type { Sequence } from "../../src/model/sequence.ts";
import { type Css, cssJoined, styling } from "./css.ts";
import { contentName } from "./escape.ts";
import { attributes, type Html, markup, script } from "./html.ts";
import { rootHtml } from "./view.ts";

/**
 * An invisible radio over the label that it stands in, which needs the classes `o` and `o<n>` of a choice. Radios of one
 * `group` are chosen by turns.
 */
export function choiceRadio(value: number, words?: string, group: string = "choice"): Html {
  const name = attributes({ "aria-label": words });
  return markup`<span class="r" style="display:none"><input type="radio" name="${group}" value="${value}"${name}></span>`;
}

/** How things are chosen, in words, and the way back; shown only where it works. */
export function choiceHint(words: string): Html {
  return markup`<span class="x" style="display:none"> ${words}</span>\
 <span class="u" style="display:none"><button type="reset">Unpin</button></span>`;
}

/** What is common to all choices. */
export function choiceRules(name: string): Css {
  return styling`.${name}{.o{cursor:pointer;position:relative}.o:has(:focus-visible){outline:3px double!important}
.r{display:contents!important}.r input{position:absolute;inset:0;width:100%;height:100%;margin:0;opacity:0;cursor:pointer}
.x{display:inline!important}.u{display:inline!important;visibility:hidden}&:has(:checked) .u{visibility:visible}}`;
}

/** Chips that are chosen, and a panel `m<n>` for each. Hovering is stronger than a pin, by the class `h` of the view. */
export function panelRules(name: string, choices: readonly number[], first: number): Css {
  return cssJoined([
    choiceRules(name),
    styling`.${name}{.o:hover,.o:has(:checked){outline:2px solid}&:not(:has(:checked,.o:hover)) .o${first}{outline:2px dashed}}`,
    styling`.${name}:has(:checked) .m,.${name}.h:has(.o:hover) .m{display:none!important}`,
    ...choices.map((n) => styling`.${name}:has(.o${n} :checked) .m${n}{display:block!important}`),
    ...choices.map((n) => styling`.${name}.h:has(.o${n}:hover) .m${n}{display:block!important}`),
  ], "\n");
}

/**
 * Columns of a table of class `cs` that are chosen at their heads `o<n>`; `childOf` says which child of its row a column
 * is, from 1.
 */
export function columnRules(name: string, choices: readonly number[], childOf: (n: number) => number): Css {
  const marked = (root: Css, n: number) =>
    styling`${root} .cs tr>:nth-child(${childOf(n)}){box-shadow:inset 2px 0,inset -2px 0}`;
  return cssJoined([
    choiceRules(name),
    styling`.${name}{.o:hover,.o:has(:checked){outline:2px solid}}`,
    ...choices.map((n) => marked(styling`.${name}:has(.o${n} :checked)`, n)),
    ...choices.map((n) => marked(styling`.${name}.h:has(.o${n}:hover)`, n)),
  ], "\n");
}

/** A view whose parts are chosen. */
export interface Choice {
  /** The class of the view. */
  readonly name: string;
  /** The style rules. */
  readonly rules: Css;
  /** What the view is, for a screen reader. */
  readonly label: string;
  /** What the view shows. */
  readonly body: Html;
  /**
   * The sequence whose tokens are chosen, by radios in `.o` whose values are positions. Views of the same sequence on a
   * page then share the token that is chosen.
   */
  readonly sequence?: Pick<Sequence, "tokenIds" | "tokens"> | undefined;
  /** Another program. */
  readonly more?: Html | undefined;
}

/** The name by which views find others of the same sequence: that of its tokens. */
export function tokensName({ tokenIds, tokens }: Pick<Sequence, "tokenIds" | "tokens">): string {
  return contentName(`${tokenIds.join()} ${tokens.map(({ piece }) => piece).join(" ")}`);
}

/**
 * A form, so that the radios of one view are a group of their own. The rules stand last, as some hosts show them as text.
 */
export function choiceForm({ name, rules, label, body, sequence, more }: Choice): Html {
  const content = markup`<form method="dialog" aria-label="${label}" style="margin:0">
${body}
</form><style>
${rules}
</style><script>${SCRIPT}</script>${more}`;
  return rootHtml(`${name} h`, [content], sequence && tokensName(sequence));
}

/**
 * Escape takes a pin away, and so does a click on it; a head or layer that was opened stays open. Keys that move
 * between tokens are kept from JupyterLab, which would move between cells.
 *
 * A choice that somebody made, and no program, is put to the views of the same sequence: their radio of the same value is
 * checked, or none. They hear of it by the event `tokens`, which says nothing.
 */
export const SCRIPT = script`(()=>{const r=document.currentScript.parentElement;let w;
const all=(v,s,f)=>v.querySelectorAll(s).forEach(f),drop=()=>all(r,".o :checked",c=>c.checked=false);
const put=e=>{const q=r.dataset.tokens,c=r.querySelector(".o :checked");if(!q||!e.isTrusted)return;
all(document,"[data-tokens]",v=>{if(v===r||v.dataset.tokens!==q)return;
all(v,".o input",i=>i.checked=!!c&&i.value===c.value);v.dispatchEvent(new Event("tokens"))})};
r.addEventListener("keydown",e=>{if(e.ctrlKey||e.metaKey||e.altKey||!/^(Arrow|Escape$|Enter$| $)/.test(e.key))return;
e.stopPropagation();if(e.key==="Escape"){drop();put(e)}});
r.addEventListener("pointerdown",e=>{const l=e.target.closest(".o");w=l&&l.querySelector("input:checked")});
r.addEventListener("click",e=>{if(w&&e.target===w){w.checked=false;w=null;put(e)}});
r.addEventListener("change",e=>{if(e.target.closest(".o"))put(e)});
r.addEventListener("reset",e=>setTimeout(()=>put(e)))})()`;
