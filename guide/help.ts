import { JUPYTER_DISPLAY, type MimeBundle } from "../widgets/kit/view.ts";
import { helpEntries } from "./help_data.ts";
import { helpHtml, overviewHtml } from "./help_html.ts";
import { entryOf } from "./help_names.ts";
import { groupsOf, helpText, overviewText, pageOf } from "./help_text.ts";

/** Help that was read. */
export interface HelpView {
  /** As a fragment of HTML. */
  readonly html: string;
  /** As plain text. */
  readonly text: string;
  /** What a notebook shows. */
  [JUPYTER_DISPLAY](): MimeBundle;
}

/** Help that reads itself when it is shown, as the last line of a cell does, or when it is awaited. */
export interface Help extends PromiseLike<HelpView> {
  /** What a notebook shows. */
  [JUPYTER_DISPLAY](): Promise<MimeBundle>;
}

async function read(asked: readonly unknown[]): Promise<HelpView> {
  const entries = await helpEntries();
  if (asked.length === 0) {
    const groups = groupsOf(entries);
    return viewOf(overviewHtml(groups), overviewText(groups));
  }
  const page = pageOf(entryOf(asked[0], entries), entries);
  return viewOf(helpHtml(page), helpText(page));
}

function viewOf(html: string, text: string): HelpView {
  const view: HelpView & { [key: symbol]: unknown } = {
    html,
    text,
    [JUPYTER_DISPLAY]: () => ({ "text/html": html, "text/plain": text }),
    [Symbol.for("Deno.customInspect")]: () => text,
  };
  return view;
}

/**
 * Explains a function, a class, a method or a type: its signature, its options with their defaults, and an example. As
 * the last line of a notebook cell it shows itself; elsewhere, await it: `console.log(await help(model))`.
 *
 * @param about What is explained: the thing itself, as in `help(model.saliency)`, `help(saliencyView)` or
 * `help(model)`; its name, which is how types are asked for, as in `help("SaliencyOptions")`; or a result, which is
 * explained by its type. Nothing lists what there is.
 * @returns Help, which is read when it is shown or awaited.
 * @throws {TypeError} When it is shown or awaited and nothing is known about the thing; the message has names that are
 * like it.
 *
 * @example
 * ```ts
 * import { help, saliencyView } from "@looking-glass/looking-glass";
 *
 * console.log(await help(saliencyView));
 * console.log((await help("SaliencyOptions")).text);
 * ```
 */
export function help(...about: readonly [thing?: unknown]): Help {
  let found: Promise<HelpView> | undefined;
  const once = () => found ??= read(about);
  const help: Help & { [key: symbol]: unknown } = {
    then: (resolve, reject) => once().then(resolve, reject),
    [JUPYTER_DISPLAY]: async () => (await once())[JUPYTER_DISPLAY](),
    [Symbol.for("Deno.customInspect")]: () => "Help, which is shown by: console.log(await help(...))",
  };
  return help;
}
