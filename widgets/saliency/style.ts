/**
 * The interaction of a saliency view. The inline styles of its chips show one row; where style rules are allowed
 * these replace it: hovering an explained token shows its row, a checked radio keeps it. A script adds Escape.
 *
 * @module
 */
import { overlayOfVariable } from "../kit/colours.ts";
import { type Css, cssJoined, styling } from "../kit/css.ts";

/** What the rules depend on. */
export interface StyleParts {
  /** The class of the view. */
  readonly name: string;
  /** The index of each row that can be chosen. */
  readonly rows: readonly number[];
  /** The index of the row shown at first. */
  readonly first: number;
  /** Whether scores have a sign. */
  readonly signed: boolean;
  /** Whether numbers and bars stand under the tokens. */
  readonly detailed: boolean;
}

/** Each chip holds its share in row n as `--s<n>`, and its number as `--l<n>`; a colour of the legend, its number. */
function shownRow(n: number): Css {
  return styling`--s:var(--s${n},0);--l:var(--l${n},'')`;
}

/** `.h` makes hovering stronger than a pin. Two rules hide all captions, so that a row needs one to show its own. */
function choosingRules({ name, rows }: StyleParts): Css {
  const shown = (root: Css, n: number) =>
    styling`${root} :is(.t,.k){${shownRow(n)}}${root} .m${n}{display:block!important}`;
  return cssJoined([
    styling`.${name}:has(:checked) .m,.${name}.h:has(.o:hover) .m{display:none!important}`,
    ...rows.map((n) => shown(styling`.${name}:has(.o${n} :checked)`, n)),
    ...rows.map((n) => shown(styling`.${name}.h:has(.o${n}:hover)`, n)),
  ], "\n");
}

/** The rules of a view. */
export function styleRules(parts: StyleParts): Css {
  const { name, first, signed, detailed } = parts;
  const sign = signed ? styling`;--p:clamp(0,var(--s)*1000,1)` : undefined;
  return styling`.${name}{.t,.k{${shownRow(first)}}.t{position:relative${sign};background-color:${
    overlayOfVariable(signed)
  }!important}
.o{cursor:pointer}.o:hover,.o:has(:checked){outline:2px solid}.o:has(:focus-visible){outline:3px double}
&:not(:has(:checked,.o:hover)) .o${first}{outline:2px dashed}
.r{display:contents!important}.r input{position:absolute;inset:0;width:100%;height:100%;margin:0;opacity:0;cursor:pointer}
.x{display:inline!important}.u{display:inline!important;visibility:hidden}&:has(:checked) .u{visibility:visible}
.k{font-size:0!important}.k::after{content:var(--l);font-size:12px}
${detailed ? detailedRules(signed) : ""}}
${choosingRules(parts)}`;
}

function detailedRules(signed: boolean): Css {
  const size = signed ? styling`max(var(--s),-1*var(--s))` : styling`var(--s)`;
  return styling`.b{width:calc(${size}*1%)!important;background-color:${overlayOfVariable(signed, true)}!important}
.n{font-size:0!important}.n::after{content:var(--l,'');font-size:11px}`;
}
