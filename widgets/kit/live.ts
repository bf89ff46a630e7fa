/**
 * Views that follow: in a notebook their fields are sent to the kernel, which draws the view again. Elsewhere, and where
 * scripts are not allowed, they are the view as it was drawn.
 *
 * @module
 */
import { display } from "../../src/base/kernel.ts";
import { shown } from "../../src/base/words.ts";
import { type LiveWatch, tableSubject } from "../../src/live/host.ts";
import { type KernelChannel, kernelChannel } from "../../src/live/kernel_channel.ts";
import { randomName } from "../../src/live/names.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import { committed, type Html, markup, type Script, script } from "./html.ts";
import type { LiveField, LiveSetup } from "../../src/live/page_setup.ts";
import { bundleOf, partsOf, rootHtml, type View, type ViewCell } from "./view.ts";
import PAGE_CODE from "../../src/live/page_code.json" with { type: "json" };

/** The most characters of a field. */
const MOST_TEXT = 100_000;

/** What fields hold, by their names. */
type Values = Readonly<Record<string, string>>;

/** How a view follows. */
export interface LiveDrawing {
  /** What its fields are, for a screen reader. */
  readonly label: string;
  readonly fields: readonly LiveField[];
  /** Draws the view of what the fields say. */
  readonly draw: (values: Values, watch: LiveWatch) => Promise<View>;
}

/** What a notebook shows of a view that follows; nothing more than the view outside of a notebook. */
export function liveCell(
  { label, fields, draw }: LiveDrawing,
  channel: KernelChannel | undefined = kernelChannel(),
): ViewCell | undefined {
  if (!channel) return undefined;
  const name = `view.${randomName()}`;
  const html = (page: Html, values: Values = {}) => {
    const own = fields.map((field) => ({ ...field, value: values[field.name] ?? field.value }));
    const setup: LiveSetup = { address: channel.address, subject: name, label, fields: own };
    return scripted(page, script`(${committed(PAGE_CODE)}).liveView(document.currentScript,${setup})`);
  };
  const names = fields.map((field) => field.name);
  let last: { readonly view: View; readonly values: Values } | undefined;
  const table = {
    async draw(data: unknown, watch: LiveWatch) {
      const values = expectValues(names, data);
      const view = await draw(values, watch);
      last = { view, values };
      return { html: view.html };
    },
    keep() {
      if (last) replaceOutput(name, html(partsOf(last.view).html, last.values), last.view.text);
      return Promise.resolve();
    },
  };
  channel.host.add(name, tableSubject(table));
  return { name, html };
}

/** A view and the program that makes it live, as one element, which the program looks for. */
export function scripted(page: Html, program: Script): Html {
  return rootHtml(undefined, [markup`<div>${page}</div>`, markup`<script>${program}</script>`]);
}

/** Lets a notebook keep what a view shows now: its saved output is of its last state. */
export function replaceOutput(name: string, html: Html, text: string): void {
  display({ ...bundleOf(html, text) }, { id: name, update: true });
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

/**
 * Refuses what cannot be edited as one text.
 *
 * @throws {TypeError} When a source was read before the text.
 */
export function expectNoSource({ source, sourceLength }: Sequence): void {
  if (source === undefined && sourceLength === undefined) return;
  throw new TypeError("Cannot draw a live view of a text with a source as one text is edited; leave live out");
}

/**
 * The number that a field holds.
 *
 * @throws {RangeError} When it holds none.
 */
export function numberIn(value: string, name: string): number {
  if (/^\s*\d{1,9}\s*$/.test(value)) return Number(value);
  throw new RangeError(`Cannot draw with ${name} ${shown(value)} as it must be a whole number`);
}

/** The values of the fields, checked. */
function expectValues(names: readonly string[], data: unknown): Values {
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
