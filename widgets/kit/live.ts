/**
 * Views that follow: in a notebook their fields are sent to the kernel, which draws the view again. Elsewhere, and where
 * scripts are not allowed, they are the view as it was drawn.
 *
 * @module
 */
import { shown } from "../../src/base/words.ts";
import { type LiveWatch, tableSubject } from "../../src/live/host.ts";
import { type KernelChannel, kernelChannel } from "../../src/live/kernel_channel.ts";
import { randomName } from "../../src/live/names.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import { committed, type Html, markup, script } from "./html.ts";
import type { LiveField, LiveSetup } from "../../src/live/page_setup.ts";
import { rootHtml, type View } from "./view.ts";
import PAGE_CODE from "../../src/live/page_code.json" with { type: "json" };

/** The most characters of a field. */
const MOST_TEXT = 100_000;

/** How a view follows. */
export interface LiveDrawing {
  /** What its fields are, for a screen reader. */
  readonly label: string;
  readonly fields: readonly LiveField[];
  /** Draws the view of what the fields say. */
  readonly draw: (values: Readonly<Record<string, string>>, watch: LiveWatch) => Promise<Pick<View, "html">>;
}

/** What a notebook shows of a view that follows; the view itself outside of a notebook. */
export function liveCell(
  html: Html,
  { label, fields, draw }: LiveDrawing,
  channel: KernelChannel | undefined = kernelChannel(),
): Html {
  if (!channel) return html;
  const subject = `view.${randomName()}`;
  const names = fields.map(({ name }) => name);
  const answer = async (data: unknown, watch: LiveWatch) => {
    const { html } = await draw(expectValues(names, data), watch);
    return { html };
  };
  channel.host.add(subject, tableSubject({ draw: answer }));
  const setup: LiveSetup = { address: channel.address, subject, label, fields };
  const program = script`(${committed(PAGE_CODE)}).liveView(document.currentScript,${setup})`;
  return rootHtml(undefined, [markup`<div>${html}</div>`, markup`<script>${program}</script>`]);
}

/** The text of a sequence as a person would type it: without what the model puts before each, where it does. */
export function editableText(
  model: { sequence(text: string): Sequence },
  { text, tokens, tokenIds }: Sequence,
): string {
  const typed = text.slice(tokens[0]?.end ?? 0);
  try {
    return model.sequence(typed).tokenIds.join() === tokenIds.join() ? typed : text;
  } catch {
    return text;
  }
}

/** The values of the fields, checked. */
function expectValues(names: readonly string[], data: unknown): Readonly<Record<string, string>> {
  const given = Object(data) as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new TypeError(`Cannot draw with a field ${shown(unknown)}; run the cell again`);
  return Object.fromEntries(names.map((name) => {
    const value = given[name];
    if (typeof value !== "string") throw new TypeError(`Cannot draw with ${name} ${shown(value)} as it must be a text`);
    if (value.length > MOST_TEXT) {
      throw new RangeError(`Cannot draw with ${name} of ${value.length} characters as the most is ${MOST_TEXT}`);
    }
    return [name, value];
  }));
}
