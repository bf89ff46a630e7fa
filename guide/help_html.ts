/**
 * Help as HTML.
 *
 * @module
 */
import { css } from "../widgets/css.ts";
import { type Html, html, htmlText } from "../widgets/html.ts";
import type { HelpEntry, HelpMember } from "./help_data.ts";
import {
  firstSentence,
  type HelpGroup,
  type HelpPage,
  isMethod,
  kindWords,
  overviewWords,
  paragraphs,
} from "./help_text.ts";

/** JupyterLab paints `code` grey and aligns cells to the right: every style is our own. */
const CODE = css`
  font-family: monospace;
  white-space: pre-wrap
`;
const BLOCK = css`
  font-family: monospace;
  white-space: pre;
  overflow-x: auto;
  padding: 8px 12px;
  margin: 4px 0 12px;
  border-left: 3px solid rgba(128,128,128,0.6);
  background-color: rgba(128,128,128,0.1)
`;
const CELL = css`
  text-align: left;
  vertical-align: top;
  padding: 3px 12px 3px 0;
  white-space: normal
`;
const HEADING = css`
  font-weight: bold;
  margin: 12px 0 2px
`;

/** Words with what stands between backticks as code. */
function wordsHtml(words: string): Html[] {
  return words.split("`").map((part, i) => i % 2 === 1 ? html`<span style="${CODE}">${part}</span>` : html`${part}`);
}

function paragraphsHtml(words: string): Html[] {
  return paragraphs(words).map((one) =>
    html`<div style="${css`
      margin: 4px 0;
      max-width: 52em
    `}">${wordsHtml(one)}</div>`
  );
}

function memberRow(member: HelpMember): Html {
  const { name, type, words, default: value } = member;
  const shown = isMethod(member) ? type : name;
  return html`<tr><td style="${CELL}"><span style="${CODE}">${shown}</span></td>${
    isMethod(member) ? "" : html`<td style="${CELL}"><span style="${CODE}">${type}</span></td>`
  }<td style="${CELL}"><span style="${CODE}">${value ?? ""}</span></td><td style="${CELL}">${
    paragraphsHtml(words)
  }</td></tr>`;
}

function membersHtml(title: string, members: readonly HelpMember[]): Html[] {
  if (members.length === 0) return [];
  const tables = [members.filter((one) => !isMethod(one)), members.filter(isMethod)].filter(({ length }) => length > 0);
  return [
    html`<div style="${HEADING}">${title}</div>`,
    ...tables.map((list) =>
      html`
        <table style="${css`
          border-collapse: collapse;
          margin: 0;
          font-size: 13px
        `}">
          <tbody>${list.map(memberRow)}</tbody>
        </table>
      `
    ),
  ];
}

function exampleHtml({ title, code }: { readonly title: string; readonly code: string }): Html {
  return html`
    <div style="${HEADING}">Example${title && `: ${title}`}</div>
    <div style="${BLOCK}">${code}</div>
  `;
}

/** Help about one thing. */
export function helpHtml({ entry, options }: HelpPage): string {
  const { name, kind, from, signature, words, params = [], returns, throws = [], examples = [], members = [] } = entry;
  const given = params.filter((one) => one.type !== options?.name);
  const called = signature === `${kind} ${name}` ? [] : [html`<div style="${BLOCK}">${signature}</div>`];
  return htmlText(html`
    <div role="group"
      aria-label="${`Help on ${name}`}"><div><b>${name}</b>, ${kindWords(
        kind,
      )} of <span style="${CODE}">${from}</span></div>
    ${called}${paragraphsHtml(words)}${membersHtml("Parameters", given)}${membersHtml(
      `Options: ${options?.name}`,
      options?.members ?? [],
    )}${returns ? paragraphsHtml(`Returns: ${returns}`) : []}${membersHtml("What it has", members)}${throws.length > 0
      ? [html`<div style="${HEADING}">Errors</div>`, ...throws.flatMap(paragraphsHtml)]
      : []}${examples.map(exampleHtml)}</div>
  `);
}

function overviewRow({ name, words }: HelpEntry): Html {
  const called = name.replace("LanguageModel.", "model.");
  return html`
    <tr>
      <td style="${CELL}"><span style="${CODE}">${called}</span></td>
      <td style="${CELL}">${wordsHtml(firstSentence(words))}</td>
    </tr>
  `;
}

/** What there is to ask about. */
export function overviewHtml(groups: readonly HelpGroup[]): string {
  const parts = groups.map(({ title, from, entries }) =>
    html`
      <div style="${HEADING}">${title}, from <span style="${CODE}">${from}</span></div>
      <table style="${css`
        border-collapse: collapse;
        margin: 0;
        font-size: 13px
      `}">
        <tbody>${entries.map(overviewRow)}</tbody>
      </table>
    `
  );
  return htmlText(html`<div role="group" aria-label="Help"><div>${overviewWords()}</div>${parts}</div>`);
}
