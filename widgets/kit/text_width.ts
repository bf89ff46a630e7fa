/**
 * How wide text is where each character takes one column, and some take two or none.
 *
 * @module
 */
import { lazily } from "../../src/base/lazily.ts";

/** Scripts and signs that take two columns: East Asian ones and pictures. */
const WIDE = new RegExp(
  "[\\u1100-\\u115F\\u2E80-\\u303E\\u3041-\\uA4CF\\uAC00-\\uD7A3\\uF900-\\uFAFF\\uFE30-\\uFE4F\\uFF00-\\uFF60\\uFFE0-\\uFFE6]" +
    "|\\p{Emoji_Presentation}|[\\u{20000}-\\u{3FFFD}]",
  "u",
);
const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;
/** Letters and signs of which each is one character and one column; most tokens need no more care. */
const PLAIN = /^[\u0020-\u024F]*$/;
/** The first one of a process takes 30 ms, which most texts can do without. */
const segmenter = lazily(() => new Intl.Segmenter("en", { granularity: "grapheme" }));

/** The marks of a text that are read as one character each. */
function graphemes(text: string): string[] {
  return Array.from(segmenter().segment(text), ({ segment }) => segment);
}

/**
 * The columns that a text takes.
 *
 * @param text One line.
 * @returns Two for each wide character, one for any other.
 *
 * @example
 * ```ts
 * import { textWidth } from "./text_width.ts";
 *
 * console.log(textWidth("abc"), textWidth("漢字"), textWidth("👩‍👩‍👧")); // 3 4 2
 * ```
 */
export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  return graphemes(text).reduce((sum, mark) => sum + (WIDE.test(mark) ? 2 : 1), 0);
}

/**
 * A text that takes no more columns than it may; no character is cut in two.
 *
 * @param text One line.
 * @param most The most columns.
 * @returns The text, or its beginning and an ellipsis.
 *
 * @example
 * ```ts
 * import { shortText } from "./text_width.ts";
 *
 * console.log(shortText("internationalisation", 8)); // interna…
 * ```
 */
export function shortText(text: string, most: number): string {
  if (textWidth(text) <= most) return text;
  let kept = "";
  let left = most - 1;
  for (const mark of graphemes(text)) {
    left -= WIDE.test(mark) ? 2 : 1;
    if (left < 0) return `${kept}…`;
    kept += mark;
  }
  return kept;
}

/**
 * A text that keeps its place among others on a line, even where it is written from right to left.
 *
 * @param text One line.
 * @returns The text; between isolates (U+2068, U+2069) when it holds right-to-left letters.
 */
export function isolated(text: string): string {
  return RIGHT_TO_LEFT.test(text) ? `\u2068${text}\u2069` : text;
}

/** A text with spaces after it, or before it, up to a width. */
export function padText(text: string, width: number, align: "left" | "right" = "left"): string {
  const spaces = " ".repeat(Math.max(0, width - textWidth(text)));
  return align === "left" ? isolated(text) + spaces : spaces + isolated(text);
}
