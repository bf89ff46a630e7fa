/**
 * Token text is data: it may be `</script>`, quotes or a bidirectional override. Everything that enters a page goes
 * through one of these.
 *
 * @module
 */

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Text as HTML or XML text, or as the value of a quoted attribute.
 *
 * @param text Any text.
 * @returns The text with `& < > " '` written as entities.
 *
 * @example
 * ```ts
 * import { escapeHtml } from "./escape.ts";
 *
 * console.log(escapeHtml("</script>")); // &lt;/script&gt;
 * ```
 */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/**
 * A value as JSON that may stand inside a `<script>` element: no `<` is left that could end it.
 *
 * @param value A value that JSON can hold.
 * @returns JSON text.
 *
 * @example
 * ```ts
 * import { scriptJson } from "./escape.ts";
 *
 * console.log(scriptJson("</script>")); // "\u003c/script>"
 * ```
 */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

/**
 * A name that depends on the content only, so a view drawn again is the same text, byte for byte. Two views of one
 * name have the same content, so sharing style rules does no harm. (Two 32-bit FNV-1a hashes.)
 *
 * @param content Everything that makes one view differ from another.
 * @returns A CSS class name.
 *
 * @example
 * ```ts
 * import { contentName } from "./escape.ts";
 *
 * console.log(contentName("a") === contentName("a"), contentName("a") === contentName("b")); // true false
 * ```
 */
export function contentName(content: string): string {
  const hash = (seed: number) => {
    let state = seed;
    for (let i = 0; i < content.length; ++i) state = Math.imul(state ^ content.charCodeAt(i), 0x01000193);
    return (state >>> 0).toString(16).padStart(8, "0");
  };
  return `lg-${hash(0x811c9dc5)}${hash(0x2b992ddf)}`;
}
