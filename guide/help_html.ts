/**
 * Help as HTML.
 *
 * @module
 */
import { styling } from "../widgets/kit/css.ts";
import { type Html, htmlText, markup, stacked } from "../widgets/kit/html.ts";
import type { HelpEntry, HelpMember } from "./help_data.ts";
import * as words from "./help_text.ts";

/** JupyterLab paints `code` grey and aligns cells to the right: every style is our own. */
const CODE = styling`font-family:monospace;white-space:pre-wrap`;
const BLOCK =
  styling`font-family:monospace;white-space:pre;overflow-x:auto;padding:8px 12px;margin:4px 0 12px;border-left:3px solid rgba(128,128,128,0.6);background-color:rgba(128,128,128,0.1)`;
const CELL = styling`text-align:left;vertical-align:top;padding:3px 12px 3px 0;white-space:normal`;
const TABLE = styling`border-collapse:collapse;margin:0;font-size:13px`;
const HEADING = styling`font-weight:bold;margin:12px 0 2px`;
const PARAGRAPH = styling`margin:4px 0;max-width:52em`;

const code = (text: string) => markup`<span style="${CODE}">${text}</span>`;
const block = (text: string) => markup`<div style="${BLOCK}">${text}</div>`;
const heading = (text: string) => markup`<div style="${HEADING}">${text}</div>`;
const cell = (content: Html | string | readonly Html[]) => markup`<td style="${CELL}">${content}</td>`;
const table = (rows: readonly Html[]) => markup`<table style="${TABLE}"><tbody>${stacked(rows)}</tbody></table>`;

/** Words with what stands between backticks as code. */
function sentence(text: string): Html[] {
  return text.split("`").map((part, i) => i % 2 === 1 ? code(part) : markup`${part}`);
}

function paragraphs(text: string): Html[] {
  return words.paragraphs(text).map((one) => markup`<div style="${PARAGRAPH}">${sentence(one)}</div>`);
}

function memberRow(member: HelpMember): Html {
  const { name, type, default: value = "" } = member;
  const shown = words.isMethod(member) ? [cell(code(type))] : [cell(code(name)), cell(code(type)), cell(code(value))];
  return markup`<tr>${shown}${cell(paragraphs(member.words))}</tr>`;
}

function membersHtml(title: string, members: readonly HelpMember[]): Html[] {
  if (members.length === 0) return [];
  const kinds = [members.filter((one) => !words.isMethod(one)), members.filter(words.isMethod)];
  return [heading(title), ...kinds.filter(({ length }) => length > 0).map((list) => table(list.map(memberRow)))];
}

function exampleHtml({ title, code }: { readonly title: string; readonly code: string }): Html[] {
  return [heading(`Example${title && `: ${title}`}`), block(code)];
}

/** Help about one thing. */
export function helpHtml({ entry, options }: words.HelpPage): string {
  const { name, kind, from, signature, params = [], returns, throws = [], examples = [], members = [] } = entry;
  const parts = [
    markup`<div><b>${name}</b>, ${words.kindWords(kind)} of ${code(from)}</div>`,
    ...(signature === `${kind} ${name}` ? [] : [block(signature)]),
    ...paragraphs(entry.words),
    ...membersHtml("Parameters", params.filter((one) => one.type !== options?.name)),
    ...membersHtml(`Options: ${options?.name}`, options?.members ?? []),
    ...(returns ? paragraphs(`Returns: ${returns}`) : []),
    ...membersHtml("What it has", members),
    ...(throws.length > 0 ? [heading("Errors"), ...throws.flatMap(paragraphs)] : []),
    ...examples.flatMap(exampleHtml),
  ];
  return htmlText(markup`<div role="group" aria-label="Help on ${name}">${stacked(parts)}</div>`);
}

function overviewRow({ name, words: text }: HelpEntry): Html {
  const called = name.replace("LanguageModel.", "model.");
  return markup`<tr>${cell(code(called))}${cell(sentence(words.firstSentence(text)))}</tr>`;
}

/** What there is to ask about. */
export function overviewHtml(groups: readonly words.HelpGroup[]): string {
  const parts = groups.flatMap(({ title, from, entries }) => [
    markup`<div style="${HEADING}">${title}, from ${code(from)}</div>`,
    table(entries.map(overviewRow)),
  ]);
  return htmlText(
    markup`<div role="group" aria-label="Help"><div>${words.overviewWords()}</div>${stacked(parts)}</div>`,
  );
}
