/**
 * Styles as values of a type of their own: what stands in a style attribute or between style tags is written in the
 * sources. Data enters as numbers, plain names, quoted strings and pictures, and can end none of them.
 *
 * @module
 */

/** A part of a style. It is made by {@linkcode styling} and its like only. */
class Css {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text, or `undefined` of anything else. */
  static textOf(value: unknown): string | undefined {
    return value !== null && typeof value === "object" && #text in value ? value.#text : undefined;
  }

  /** Outside of a template a style is no text. */
  toString(): never {
    throw new TypeError("Cannot join a style to text; write it into styling`…` or markup`…`");
  }
}

export type { Css };

/** What may stand in a hole of a style: numbers, styles, and names without any sign that means something. */
export type CssValue = number | string | Css | undefined | readonly Css[];

/** Letters, digits, `-` and `_`, a decimal, or a colour as `#rrggbb`: none ends a declaration nor begins one. */
const NAME = /^(?:[\w-]*|-?\d+\.\d+|#[\da-f]{6})$/;

/** A picture that needs no network. */
const PICTURE = /^data:image\/(?:png|svg\+xml);base64,[\w+/]*={0,2}$/;

/** What a value is, for the message of an error: short, and without anything that cannot be seen. */
export function shownValue(value: unknown): string {
  if (typeof value !== "string") return value === null || typeof value !== "object" ? String(value) : "an object";
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 59)}…` : value);
}

/** The text of a name. */
export function nameText(value: unknown, what: string): string {
  if (typeof value === "number" || (typeof value === "string" && NAME.test(value))) return String(value);
  throw new TypeError(`Cannot write ${shownValue(value)} as a part of ${what}; it takes numbers and plain names`);
}

function valueText(value: unknown): string {
  if (value === undefined) return "";
  if (Array.isArray(value)) return value.map(cssText).join("");
  return Css.textOf(value) ?? nameText(value, "a style");
}

/**
 * A part of a style: declarations or rules.
 *
 * @param strings What stands in the sources.
 * @param values Numbers, other parts, lists of those, and plain names such as `left`, `lg-1f` or `#e8590c`.
 * @throws {TypeError} If a value is anything else: a text that could end a declaration is no name.
 *
 * @example
 * ```ts
 * import { cssText, styling } from "./css.ts";
 *
 * console.log(cssText(styling`width:${3}px;text-align:${"left"}`)); // width:3px;text-align:left
 * ```
 */
export function styling(strings: TemplateStringsArray, ...values: readonly CssValue[]): Css {
  return new Css(strings.map((text, i) => i === 0 ? text : valueText(values[i - 1]) + text).join(""));
}

/** Parts of a style with something between: `;` between declarations, a new line between rules. */
export function cssJoined(parts: readonly Css[], between: ";" | "\n"): Css {
  return new Css(parts.map(cssText).join(between));
}

/**
 * A text as a string of CSS, for `content`: quotes, backslashes, tags and what cannot be seen are written by their codes.
 *
 * @example
 * ```ts
 * import { cssString, cssText } from "./css.ts";
 *
 * console.log(cssText(cssString("');}</style>"))); // '\27 );}\3c /style>'
 * ```
 */
export function cssString(text: string): Css {
  const coded = String(text).replace(/[\p{Cc}"'\\<&]/gu, (sign) => `\\${sign.codePointAt(0)?.toString(16)} `);
  return new Css(`'${coded}'`);
}

/** Whether a text is a picture as a `data:` URL. */
export function isPicture(value: unknown): value is string {
  return typeof value === "string" && PICTURE.test(value);
}

/** A picture as a `data:` URL, for `background-image`. */
export function cssPicture(url: string): Css {
  if (!isPicture(url)) throw new TypeError(`Cannot show ${shownValue(url)} as a picture; it is no data: URL of one`);
  return new Css(`url(${url})`);
}

/** A style as text, such as between style tags. */
export function cssText(value: Css): string {
  const text = Css.textOf(value);
  if (text !== undefined) return text;
  throw new TypeError(`Cannot use ${shownValue(value)} as a style; make it with css\`…\``);
}
