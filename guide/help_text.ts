/**
 * Help as plain text.
 *
 * @module
 */
import type { HelpEntry, HelpMember } from "./help_data.ts";

/** What help about one thing consists of. */
export interface HelpPage {
  /** The thing. */
  readonly entry: HelpEntry;
  /** The entry of its options. */
  readonly options?: HelpEntry;
}

/** A group of the overview: what can be called, and what it is for. */
export interface HelpGroup {
  /** The heading. */
  readonly title: string;
  /** Where the group is imported from, where that is not the package itself. */
  readonly from: string;
  /** What is in it. */
  readonly entries: readonly HelpEntry[];
}

const LONG = 110;
const PACKAGE = "@looking-glass/looking-glass";

/** The page of an entry: with its options, where it has some. */
export function pageOf(entry: HelpEntry, entries: readonly HelpEntry[]): HelpPage {
  const options = entries.find(({ name }) => name === entry.options);
  return { entry, ...(options ? { options } : {}) };
}

/** Lines of a text, as one paragraph each. */
export function paragraphs(words: string): string[] {
  return words.split(/\n\n+/).map((one) => one.replaceAll("\n", " ").trim()).filter((one) => one !== "");
}

/** The first sentence, or where that is long what stands before its first colon or semicolon. */
export function firstSentence(words: string): string {
  const [first = ""] = paragraphs(words);
  const sentence = /^.*?\.(?= [A-Z]|$)/.exec(first)?.[0] ?? first;
  if (sentence.length <= LONG) return sentence;
  const part = /^(.{20,}?)[:;] /.exec(sentence)?.[1];
  return part === undefined ? sentence : `${part}.`;
}

/** `a method`, `an interface`. */
export function kindWords(kind: HelpEntry["kind"]): string {
  return kind === "interface" ? "an interface" : `a ${kind}`;
}

/** Whether a list of members is one of methods. */
export function isMethod({ name, type }: HelpMember): boolean {
  return type.startsWith(`${name}(`) || type.startsWith(`${name}<`);
}

/** How a member is written: its signature, or its name and type, and its default. */
export function memberText(member: HelpMember): string {
  const { name, type, default: value } = member;
  return `${isMethod(member) ? type : `${name}: ${type}`}${value === undefined ? "" : ` = ${value}`}`;
}

/** What is in the package, by what it is for. */
export function groupsOf(entries: readonly HelpEntry[]): HelpGroup[] {
  const methods = (owner: string) =>
    entries.filter(({ name, kind }) => kind === "method" && name.startsWith(`${owner}.`));
  const functions = (from: string) =>
    entries.filter((one) => one.kind === "function" && one.from === `${PACKAGE}${from}`);
  const own = functions("");
  const isView = ({ name }: HelpEntry) => name.endsWith("View");
  return [
    { title: "LanguageModel", from: PACKAGE, entries: methods("LanguageModel") },
    { title: "Views", from: PACKAGE, entries: own.filter(isView) },
    { title: "Functions", from: PACKAGE, entries: own.filter((one) => !isView(one)) },
    { title: "Analysis", from: `${PACKAGE}/analysis`, entries: functions("/analysis") },
  ];
}

function wrap(text: string, indent: string, width = 100): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + word.length + 1 > width - indent.length) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].map((one) => `${indent}${one}`).join("\n");
}

function memberLines(title: string, members: readonly HelpMember[]): string[] {
  const lines = members.flatMap((member) => [
    `  ${memberText(member)}`,
    ...paragraphs(member.words).map((words) => wrap(words, "      ")),
  ]);
  return lines.length > 0 ? ["", title, ...lines] : [];
}

/** Help about one thing. */
export function helpText({ entry, options }: HelpPage): string {
  const { name, kind, from, signature, words, params = [], returns, throws = [], examples = [], members = [] } = entry;
  const given = params.filter((one) => one.type !== options?.name);
  return [
    `${name}, ${kindWords(kind)} of ${from}`,
    ...(signature === `${kind} ${name}` ? [] : ["", `  ${signature}`]),
    ...paragraphs(words).flatMap((one) => ["", wrap(one, "")]),
    ...memberLines("Parameters", given),
    ...memberLines(`Options (${options?.name})`, options?.members ?? []),
    ...(returns ? ["", wrap(`Returns: ${returns.replaceAll("\n", " ")}`, "")] : []),
    ...memberLines("Has", members),
    ...(throws.length > 0 ? ["", "Errors", ...throws.map((one) => wrap(one.replaceAll("\n", " "), "  "))] : []),
    ...examples.flatMap(({ title, code }) => ["", `Example${title && `: ${title}`}`, code.replace(/^/gm, "  ")]),
  ].join("\n");
}

/** What there is to ask about. */
export function overviewText(groups: readonly HelpGroup[]): string {
  const lines = groups.flatMap(({ title, from, entries }) => [
    "",
    from === PACKAGE ? title : `${title}, from ${from}`,
    ...entries.map(({ name, words }) =>
      `  ${name.replace("LanguageModel.", "model.").padEnd(24)} ${firstSentence(words)}`
    ),
  ]);
  return [overviewWords(), ...lines].join("\n");
}

/** How help is asked for. */
export function overviewWords(): string {
  return 'What there is. help(model.saliency), help(saliencyView) or help("SaliencyOptions") tell more about one of them.';
}
