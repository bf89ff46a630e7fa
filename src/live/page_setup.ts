import type { KernelAddress } from "./kernel_address.ts";

/** A field above a live view. */
export interface LiveField {
  /** By which name its value is sent. */
  readonly name: string;
  /** What a person reads. */
  readonly label: string;
  /** A text of several lines, or a word. */
  readonly kind: "text" | "word";
  /** What it holds at first. */
  readonly value: string;
  /** What is shown while it is empty. */
  readonly hint: string;
}

/** What the script of a live view is given. */
export interface LiveSetup {
  readonly address: KernelAddress;
  /** The name under which the view is asked; whoever does not know it cannot ask. */
  readonly subject: string;
  /** What the fields are, for a screen reader. */
  readonly label: string;
  readonly fields: readonly LiveField[];
}

/** What the script of a view is given that something else is put in the place of. */
export interface LiveMount extends Pick<LiveSetup, "address" | "subject"> {
  /** The text that it begins with. */
  readonly text: string;
  /** The questions that change what it shows. */
  readonly changes: readonly string[];
}
