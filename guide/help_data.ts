/**
 * What help knows: the doc comments of everything that is exported, read from a file that `deno task help:generate`
 * makes of them.
 *
 * @module
 */

/** A property, a method or an option. */
export interface HelpMember {
  /** Its name; with `?` where it may be left out. */
  readonly name: string;
  /** Its type, or the signature of a method. */
  readonly type: string;
  /** What it is. */
  readonly words: string;
  /** Its default, as it is written in code. */
  readonly default?: string;
}

/** Something that has a name. */
export interface HelpEntry {
  /** What it is called: `saliencyView`, `LanguageModel.saliency`, `SaliencyOptions`. */
  readonly name: string;
  /** What it is. */
  readonly kind: "function" | "class" | "method" | "property" | "interface" | "type" | "constant";
  /** What it is imported from. */
  readonly from: string;
  /** How it is called, or what type it is. */
  readonly signature: string;
  /** What it does. */
  readonly words: string;
  /** Its parameters, each with what it is for. */
  readonly params?: readonly HelpMember[];
  /** The interface of its options. */
  readonly options?: string;
  /** What it returns. */
  readonly returns?: string;
  /** The errors that it throws. */
  readonly throws?: readonly string[];
  /** Programs that use it, each with a title. */
  readonly examples?: readonly { readonly title: string; readonly code: string }[];
  /** What it has. */
  readonly members?: readonly HelpMember[];
}

/** Reads the entries. They are loaded when the first help is asked for. */
export async function helpEntries(): Promise<readonly HelpEntry[]> {
  const { default: entries } = await import("./help_data.json", { with: { type: "json" } });
  return entries as readonly HelpEntry[];
}
