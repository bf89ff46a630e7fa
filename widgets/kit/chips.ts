/**
 * Tokens as chips: small pieces of text in reading order.
 *
 * @module
 */
import type { Sequence } from "../../src/model/sequence.ts";
import { type Css, styling } from "./css.ts";
import { characterHtml, partHtml, spokenPart } from "./characters.ts";
import { breaksLine } from "./glyphs.ts";
import { attributes, type Html, markup, stacked } from "./html.ts";
import { padText, textWidth } from "./text_width.ts";

/** The font of tokens. */
export const MONOSPACE = styling`font-family:Menlo,Consolas,monospace`;

/** The style of the line of chips. */
export const LINE_STYLE = styling`${MONOSPACE};font-size:14px;line-height:1.5;margin:6px 0;padding:2px`;

/** The style of small print. */
export const SMALL_STYLE = styling`font-size:12px;opacity:0.8;margin:4px 0`;

/** A row of a table that is a picture; JupyterLab would stripe it. */
export const PLAIN_ROW = markup`<tr style="background-color:rgba(0,0,0,0)">`;

/** How one chip differs from a bare one. */
export interface Chip {
  /** The position of the token. */
  readonly position: number;
  /** What a hover says, in plain text. */
  readonly title: string;
  /** More classes. */
  readonly className?: string;
  /** More inline style. */
  readonly style?: Css;
  /** What stands before the text. */
  readonly before?: Html | undefined;
  /** What stands after the text. */
  readonly after?: Html | undefined;
  /** Whether the chip is the label of an input in `before`. */
  readonly label?: boolean;
  /** Whether the text goes on in the same line after a new line, as in a list. */
  readonly oneLine?: boolean;
  /** Whether a token after the prompt is not underlined, as in a text that nobody continued. */
  readonly bare?: boolean;
}

/** Where a token belongs. What follows the prompt was written by the model, or by somebody else and only read by it. */
export function originOf(sequence: Sequence, position: number): "prompt" | "continuation" {
  return position < sequence.promptLength ? "prompt" : "continuation";
}

/** Whether a text was only read: one that `generate` wrote, or that has a prompt, says so. */
export function isRead({ promptLength, decoding }: Sequence): boolean {
  return promptLength <= 1 && decoding === undefined;
}

/** What a token is part of. */
export function roleOf(sequence: Sequence, position: number): "text" | "source" | "prompt" | "continuation" {
  if (position < (sequence.sourceLength ?? 0)) return "source";
  return isRead(sequence) ? "text" : originOf(sequence, position);
}

/** A token and its place in words: `“keys” after a space, token 3, prompt`; `unit` is what stands for a token. */
export function placeWords(sequence: Sequence, position: number, unit = "token"): string {
  return `${spokenPart(sequence, position)}, ${unit} ${position}, ${roleOf(sequence, position)}`;
}

/**
 * A chip as HTML, behind the character where it is the first of several parts of one. A token after the prompt is underlined, so that it differs without colour. The inline
 * style is what is left when a notebook is not trusted.
 */
export function chipHtml(sequence: Sequence, chip: Chip): Html {
  const token = sequence.tokens[chip.position];
  if (token === undefined) return markup``;
  const written = !chip.bare && originOf(sequence, chip.position) === "continuation";
  const underline = written ? styling`border-bottom:2px solid;` : undefined;
  const words = chip.label ? {} : { role: "img", "aria-label": placeWords(sequence, chip.position) };
  const own = attributes({
    class: `t${chip.className ? ` ${chip.className}` : ""}`,
    ...words,
    title: chip.title,
    style: styling`display:inline-block;padding:1px 2px;margin:1px;border-radius:3px;${underline}${chip.style}`,
  });
  const content = [chip.before, partHtml(sequence, chip.position), chip.after];
  const end = breaksLine(token) && !chip.oneLine ? markup`<br>` : undefined;
  const made = chip.label ? markup`<label${own}>${content}</label>` : markup`<span${own}>${content}</span>`;
  return markup`${characterHtml(sequence, chip.position)}${made}${end}`;
}

/** Says how prompt and continuation differ. */
export function underlineNote(sequence: Sequence): string {
  if (isRead(sequence)) return "";
  if (sequence.sourceLength !== undefined) {
    return "Before the arrow: the source. Underlined: what was written after it.";
  }
  if (sequence.promptLength >= sequence.tokens.length) return "Nothing is underlined: nothing follows the prompt.";
  return sequence.promptLength === 0 ? "" : "Underlined: what follows the prompt.";
}

/** Cells of larger tables have no padding of their own, which is half of their bytes. */
const MOST_PADDED = 600;

/** How {@linkcode dataTable} looks. */
export interface DataTable {
  /** Which columns hold numbers of one kind, below each other from the right. */
  readonly isNumber?: (column: number) => boolean;
  /** Whether the rules of the view align its cells, as it is not seen without them. */
  readonly ruled?: boolean;
}

/**
 * The head and the body of a table. Each cell sets its own alignment, as JupyterLab aligns cells to the right.
 *
 * @param names The names of the columns.
 * @param rows The cells of each row.
 * @param options How it looks.
 */
export function dataTable(
  names: readonly string[],
  rows: readonly (readonly string[])[],
  { isNumber = () => false, ruled = false }: DataTable = {},
): Html {
  const padding = rows.length * names.length > MOST_PADDED ? undefined : styling`padding:1px 6px;`;
  const styles = names.map((_, i) =>
    attributes({ style: styling`${padding}text-align:${isNumber(i) ? "right" : "left"}` })
  );
  const own = (column: number) => ruled ? undefined : styles[Math.min(column, styles.length - 1)];
  const heads = names.map((name, i) => markup`<th scope="col"${styles[i]}>${name}</th>`);
  const lines = rows.map((row) => markup`<tr>${row.map((text, i) => markup`<td${own(i)}>${text}</td>`)}</tr>`);
  return markup`<thead><tr>${heads}</tr></thead><tbody>${stacked(lines)}</tbody>`;
}

/** A table behind a line that opens it. */
export function tableDetails(summary: string, table: Html): Html {
  return markup`<details style="margin:4px 0;font-size:12px"><summary style="cursor:pointer">${summary}</summary>\
<div role="region" aria-label="${summary}" tabindex="0" style="overflow-x:auto;max-height:400px">\
<table style="border-collapse:collapse;${MONOSPACE};font-size:12px">\
${table}</table></div></details>`;
}

/** Columns of plain text, padded. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((text, i) => widths[i] = Math.max(widths[i] ?? 0, textWidth(text)));
  return rows.map((row) => row.map((text, i) => padText(text, widths[i] ?? 0)).join("  ").trimEnd()).join("\n");
}
