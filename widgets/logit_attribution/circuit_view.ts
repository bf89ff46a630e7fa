import type { HeadCircuit } from "../../src/ask/logit_attribution/circuit_types.ts";
import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import { dataTable, SMALL_STYLE } from "../kit/chips.ts";
import { shownValue } from "../kit/css.ts";
import { nameOf } from "../kit/expect.ts";
import { markup } from "../kit/html.ts";
import { scoreText } from "../kit/numbers.ts";
import { scrollRegion } from "../kit/scroll_region.ts";
import { quoted } from "../kit/token_text.ts";
import { createView, rootHtml, type View } from "../kit/view.ts";
import { changesHtml, changesOf, changesText, drawChanges } from "./changes.ts";
import { SIGNED } from "./waterfall.ts";

/** How the circuits of a head are shown. */
export interface HeadCircuitViewOptions {
  /** The title of a saved page. */
  readonly title?: string;
}

const OPTIONS: OptionTable<HeadCircuitViewOptions> = {
  task: "draw the circuits of a head",
  kinds: { title: "a text" },
};

/** The two numbers of a pair of tokens: which circuit, what it says, and how much. */
function circuitRows({ from, to, qk, ov }: HeadCircuit): string[][] {
  const number = (value: number) => scoreText(Number(value), SIGNED);
  return [
    ["QK", `${quoted(to)} looks at ${quoted(from)}, before the root of the head's size and the softmax`, number(qk)],
    ["OV", `${quoted(from)}, when all attention is on it, adds to the logit of ${quoted(to)}`, number(ov)],
  ];
}

const MEANING = "By the head's weights alone, without positions, biases and norms (its full circuits).";

/**
 * Shows the circuits of a head for a pair of tokens: how much the one looks at the other (QK), what it then writes to the
 * other's logit (OV), and as bars from 0 the tokens of the whole vocabulary that it raises and lowers most.
 *
 * @param circuit What `LanguageModel.headCircuit` gave.
 * @param options How it is shown.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} If `circuit` is something else.
 *
 * @example
 * ```ts
 * import { headCircuitView, LanguageModel } from "@looking-glass/looking-glass";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const view = headCircuitView(await model.headCircuit({ layer: 4, head: 7 }, { from: " books", to: " are", topK: 5 }));
 * console.log(view.text);
 * ```
 */
export function headCircuitView(circuit: HeadCircuit, options: HeadCircuitViewOptions = {}): View<HeadCircuit> {
  options = expectOptions(options, OPTIONS);
  const { from, to, ov, layer, head } = (circuit ?? {}) as Partial<HeadCircuit>;
  if (!from || !to || ov === undefined) {
    const call = "await model.headCircuit() returned";
    throw new TypeError(`Cannot draw ${nameOf(circuit)} as the circuits of a head; pass what ${call}`);
  }
  const asked = { tokenId: to.id, token: to, change: ov };
  const changes = changesOf(circuit, "the circuits of a head", "headCircuit", asked);
  const rows = circuitRows(circuit);
  const name = `Layer ${shownValue(layer)}, head ${shownValue(head)}`;
  const title = options.title ?? `${name}: ${quoted(from)} to ${quoted(to)}`;
  const table = dataTable(["circuit", "what it says", "value"], rows, { isNumber: (column) => column === 2 });
  const content = markup`<div style="font-size:14px;margin:4px 0"><b>${name}</b></div>
${scrollRegion("Circuits", markup`<table style="border-collapse:collapse;font-size:12px">${table}</table>`)}
<div style="${SMALL_STYLE}">${MEANING}</div>
${changesHtml(changes, `What ${quoted(from)}, when all attention is on it, adds to the logits of the vocabulary.`)}`;
  const lines = rows.map(([circuit, words, value]) => `${circuit} ${value}: ${words}.`);
  return createView({
    title,
    html: rootHtml(undefined, [content]),
    drawSvg: () => drawChanges(changes, title),
    data: circuit,
    text: [`${name}. ${MEANING}`, ...lines, changesText(changes)].join("\n"),
  });
}
