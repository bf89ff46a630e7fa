/**
 * HTML as a value of a type of its own. It comes from templates that stand in the sources, and what enters them is
 * escaped where it stands, so text cannot become HTML by accident: nothing here turns a text into HTML.
 *
 * @module
 */
import { type Css, cssText, type CssValue, isPicture, nameText, shownValue, styling } from "./css.ts";
import { escapeHtml, scriptJson } from "./escape.ts";
import { type Hole, holesOf } from "./html_holes.ts";

type Kind = "html" | "attributes" | "script";

/** Text that was made here, for one kind of place. */
class Made<K extends Kind> {
  readonly #text: string;
  readonly #kind: K;

  constructor(kind: K, text: string) {
    this.#kind = kind;
    this.#text = text;
  }

  /** The text, or `undefined` of anything that was not made here for such a place. */
  static textOf(kind: Kind, value: unknown): string | undefined {
    if (value === null || typeof value !== "object" || !(#kind in value)) return undefined;
    return value.#kind === kind ? value.#text : undefined;
  }

  /** Outside of a template HTML is no text. */
  toString(): never {
    throw new TypeError("Cannot join HTML to text; write it into markup`…`");
  }
}

/** A piece of HTML: text and whole tags. */
export type Html = Made<"html">;
/** Attributes of a tag. */
export type Attributes = Made<"attributes">;
/** A program for between script tags. */
export type Script = Made<"script">;

/** What may stand in a hole of HTML; `undefined`, `null` and `false` are nothing, and lists are one after another. */
export type HtmlValue =
  | string
  | number
  | Html
  | Attributes
  | Script
  | Css
  | false
  | null
  | undefined
  | readonly HtmlValue[];

/** Attributes whose value is fetched, opened or run. */
const ADDRESSES = new Set(
  ["src", "href", "xlink:href", "srcset", "action", "formaction", "data", "poster", "background", "ping", "srcdoc"],
);
/** A sound that needs no network. */
const SOUND = /^data:audio\/wav;base64,[\w+/]*={0,2}$/;
const NAMES = new Set(["class", "id", "name", "for", "type"]);

function isNothing(value: unknown): value is false | null | undefined {
  return value === undefined || value === null || value === false;
}

/** What has a text of its own. */
function plainText(value: unknown, where: string): string {
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw new TypeError(`Cannot write ${shownValue(value)} into ${where}; it takes text and numbers`);
}

/** A style between the quotes of an attribute. */
function quotedStyle(value: unknown): string {
  return cssText(styling`${value as CssValue}`).replace(/[&<>"]/g, escapeHtml);
}

function attributeText(name: string, value: unknown): string {
  if (isNothing(value)) return "";
  if (Array.isArray(value)) return value.map((one) => attributeText(name, one)).join("");
  if (name === "style") return quotedStyle(value);
  if (name.startsWith("on")) throw new SyntaxError(`Cannot write ${name}="…" into HTML; it would be a script`);
  if (NAMES.has(name)) return plainText(value, name).split(" ").map((one) => nameText(one, `${name}="…"`)).join(" ");
  if (!ADDRESSES.has(name)) return escapeHtml(plainText(value, `${name}="…"`));
  if (isPicture(value) || (name === "src" && typeof value === "string" && SOUND.test(value))) return value;
  throw new TypeError(`Cannot write ${shownValue(value)} as ${name}="…"; it takes pictures and sounds as data: URLs`);
}

function contentText(value: unknown): string {
  if (isNothing(value)) return "";
  if (Array.isArray(value)) return value.map(contentText).join("");
  return Made.textOf("html", value) ?? escapeHtml(plainText(value, "HTML"));
}

/** A style between its tags: it has no quotes to end, but must not end the element. */
function styleText(value: unknown): string {
  const text = cssText(value as Css);
  if (/<[/!]/.test(text)) throw new SyntaxError("Cannot write a style that ends its element");
  return text;
}

function madeText(kind: Kind, value: unknown, where: string): string {
  if (isNothing(value)) return "";
  const text = Made.textOf(kind, value);
  if (text !== undefined) return text;
  throw new TypeError(`Cannot write ${shownValue(value)} into ${where}; it takes what ${kind} made`);
}

function holeText(hole: Hole, value: unknown): string {
  if (hole.in === "text") return contentText(value);
  if (hole.in === "value") return attributeText(hole.attribute, value);
  if (hole.in === "style") return styleText(value);
  return hole.in === "tag" ? madeText("attributes", value, "a tag") : madeText("script", value, "a script");
}

/**
 * A piece of HTML. A hole takes what fits its place: text and numbers are escaped in text and in quoted attributes,
 * other pieces are put in as they are; a `style` takes {@linkcode styling}, a class or a name plain names, an address a
 * picture or a sound; a tag takes {@linkcode attributes}, a script element {@linkcode script}.
 *
 * @param strings What stands in the sources: whole tags, values in double quotes.
 * @param values What stands in the holes.
 * @returns The piece; {@linkcode htmlText} gives its text.
 * @throws {TypeError} If a value does not fit its place.
 * @throws {SyntaxError} If the template cannot be read.
 *
 * @example
 * ```ts
 * import { htmlText, markup } from "./html.ts";
 *
 * const name = markup`<b>${"<Keys>"}</b>`;
 * console.log(htmlText(markup`<p title="${'"'}">${name}</p>`)); // <p title="&quot;"><b>&lt;Keys&gt;</b></p>
 * ```
 */
export function markup(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const texts = holesOf(strings).map((hole, i) => holeText(hole, values[i]));
  return new Made("html", strings.map((text, i) => i === 0 ? text : texts[i - 1] + text).join(""));
}

/** Pieces with something between. */
export function joined(parts: readonly HtmlValue[], between: string): Html {
  return new Made("html", parts.map(contentText).join(escapeHtml(between)));
}

/** Pieces below each other. */
export function stacked(parts: readonly HtmlValue[]): Html {
  return joined(parts, "\n");
}

/**
 * Attributes that not every tag has: those that are `undefined` or `false` are left out, `true` stands without a value.
 *
 * @throws {TypeError} If a value does not fit its attribute.
 * @throws {SyntaxError} If a name is no name, or that of an event.
 */
export function attributes(values: Readonly<Record<string, HtmlValue | true>>): Attributes {
  const texts = Object.entries(values).map(([name, value]) => {
    if (!/^[a-z][a-z-]*$/.test(name)) throw new SyntaxError(`Cannot write ${shownValue(name)} as an attribute`);
    if (isNothing(value)) return "";
    return value === true ? ` ${name}` : ` ${name}="${attributeText(name, value)}"`;
  });
  return new Made("attributes", texts.join(""));
}

/**
 * A program; what stands in its holes is written as JSON, but for other programs.
 *
 * @param strings What stands in the sources.
 * @param values What JSON can hold, or what {@linkcode committed} made.
 */
export function script(strings: TemplateStringsArray, ...values: readonly unknown[]): Script {
  const written = (value: unknown) => Made.textOf("script", value) ?? scriptJson(value);
  return new Made("script", strings.map((text, i) => i === 0 ? text : written(values[i - 1]) + text).join(""));
}

/**
 * A program that was bundled of this package's sources, and is committed as text beside them.
 *
 * @throws {SyntaxError} If it would end its element.
 */
export function committed(code: string): Script {
  if (/<\/script|<!--/i.test(code)) throw new SyntaxError("Cannot write a program that ends its element");
  return new Made("script", code);
}

/**
 * An element of a drawn picture as XML, whose attributes were set one by one.
 *
 * @throws {SyntaxError} If a name is no name, or that of an event.
 * @throws {TypeError} If an address is not that of a picture.
 */
export function element(name: string, values: readonly (readonly [string, string])[], content: readonly Html[]): Html {
  for (const one of [name, ...values.map(([attribute]) => attribute)]) {
    if (/^(?!on)[A-Za-z][\w:-]*$/.test(one)) continue;
    throw new SyntaxError(`Cannot write ${shownValue(one)} as a name in a picture`);
  }
  const texts = values.map(([attribute, value]) =>
    ` ${attribute}="${ADDRESSES.has(attribute) ? attributeText(attribute, value) : escapeHtml(value)}"`
  );
  const inner = contentText(content);
  const tag = `${name}${texts.join("")}`;
  return new Made("html", inner === "" ? `<${tag}/>` : `<${tag}>${inner}</${name}>`);
}

/** A piece whose regions and forms have a label before their own, where others of the same names stand beside it. */
export function labelled(value: Html, label: string): Html {
  const before = /( role="region"| method="dialog")( aria-label=")/g; // quotes of a text are escaped
  return new Made(
    "html",
    htmlText(value).replaceAll(before, (_, role, name) => `${role}${name}${escapeHtml(label)}: `),
  );
}

/** A piece as text: for what shows HTML, and to name a view by what it holds. */
export function htmlText(value: Html): string {
  const text = Made.textOf("html", value);
  if (text !== undefined) return text;
  throw new TypeError(`Cannot use ${shownValue(value)} as HTML; make it with markup\`…\``);
}
