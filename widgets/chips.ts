/**
 * Tokens as chips: small pieces of text in reading order.
 *
 * @module
 */
import type { Sequence } from "../src/lm/types.ts";
import { escapeHtml } from "./escape.ts";
import { breaksLine, glyphHtml, spokenToken } from "./glyphs.ts";
import { padText, textWidth } from "./text_width.ts";

/** The font of tokens. */
export const MONOSPACE = "font-family:Menlo,Consolas,monospace";

/** The style of the line of chips. */
export const LINE_STYLE = `${MONOSPACE};font-size:14px;line-height:1.5;margin:6px 0;padding:2px`;

/** The style of small print. */
export const SMALL_STYLE = "font-size:12px;opacity:0.8;margin:4px 0";

/** A row of a table that is a picture; JupyterLab would stripe it. */
export const PLAIN_ROW = `<tr style="background-color:rgba(0,0,0,0)">`;

/** How one chip differs from a bare one. */
export interface Chip {
  /** The position of the token. */
  readonly position: number;
  /** What a hover says, in plain text. */
  readonly title: string;
  /** More classes. */
  readonly className?: string;
  /** More inline style. */
  readonly style?: string;
  /** HTML before the text. */
  readonly before?: string;
  /** HTML after the text. */
  readonly after?: string;
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
export function roleOf(sequence: Sequence, position: number): "text" | "prompt" | "continuation" {
  return isRead(sequence) ? "text" : originOf(sequence, position);
}

/** A token and its place in words: `“keys” after a space, token 3, prompt`; `unit` is what stands for a token. */
export function placeWords(sequence: Sequence, position: number, unit = "token"): string {
  const token = sequence.tokens[position];
  return `${token === undefined ? "nothing" : spokenToken(token)}, ${unit} ${position}, ${roleOf(sequence, position)}`;
}

/**
 * A chip as HTML. A token after the prompt is underlined, so that it differs without colour. The inline
 * style is what is left when a notebook is not trusted.
 */
export function chipHtml(sequence: Sequence, chip: Chip): string {
  const token = sequence.tokens[chip.position];
  if (token === undefined) return "";
  const written = !chip.bare && originOf(sequence, chip.position) === "continuation";
  const underline = written ? "border-bottom:2px solid;" : "";
  const style = `display:inline-block;padding:1px 2px;margin:1px;border-radius:3px;${underline}${chip.style ?? ""}`;
  const tag = chip.label ? "label" : "span";
  const words = chip.label ? "" : ` role="img" aria-label="${escapeHtml(placeWords(sequence, chip.position))}"`;
  return `<${tag} class="t${chip.className ? ` ${chip.className}` : ""}"${words} title="${escapeHtml(chip.title)}" ` +
    `style="${style}">${chip.before ?? ""}${glyphHtml(token)}${chip.after ?? ""}</${tag}>${
      breaksLine(token) && !chip.oneLine ? "<br>" : ""
    }`;
}

/** Says how prompt and continuation differ. */
export function underlineNote(sequence: Sequence): string {
  if (isRead(sequence)) return "";
  if (sequence.promptLength >= sequence.tokens.length) return "Nothing is underlined: nothing follows the prompt.";
  return sequence.promptLength === 0 ? "" : "Underlined: what follows the prompt.";
}

/** A table cell. */
export function cell(text: string, align: "left" | "right" = "left"): string {
  return `<td style="padding:1px 6px;text-align:${align}">${escapeHtml(text)}</td>`;
}

/** The head of a table. */
export function headHtml(names: readonly string[]): string {
  const cells = names.map((name) => `<th scope="col" style="padding:1px 6px;text-align:left">${escapeHtml(name)}</th>`);
  return `<thead><tr>${cells.join("")}</tr></thead>`;
}

/** A table behind a line that opens it. */
export function tableDetails(summary: string, table: string): string {
  return `<details style="margin:4px 0;font-size:12px"><summary style="cursor:pointer">${
    escapeHtml(summary)
  }</summary>` +
    `<div role="region" aria-label="${escapeHtml(summary)}" tabindex="0" style="overflow-x:auto;max-height:400px">` +
    `<table style="border-collapse:collapse;${MONOSPACE};font-size:12px">` +
    `${table}</table></div></details>`;
}

/** Columns of plain text, padded. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((text, i) => widths[i] = Math.max(widths[i] ?? 0, textWidth(text)));
  return rows.map((row) => row.map((text, i) => padText(text, widths[i] ?? 0)).join("  ").trimEnd()).join("\n");
}
