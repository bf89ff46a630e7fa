import type { NeuronWrites } from "../../src/ask/logit_attribution/circuit_types.ts";
import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import { shownValue } from "../kit/css.ts";
import { markup } from "../kit/html.ts";
import { createView, rootHtml, type View } from "../kit/view.ts";
import { changesHtml, changesOf, changesText, drawChanges } from "./changes.ts";

/** How the writing of a neuron is shown. */
export interface NeuronWritesViewOptions {
  /** The title of a saved page. */
  readonly title?: string;
}

const OPTIONS: OptionTable<NeuronWritesViewOptions> = {
  task: "draw what a neuron writes",
  kinds: { title: "a text" },
};

const MEANING =
  "What the neuron adds to the logits of the vocabulary when it fires by 1, by its weights alone: through the " +
  "final norm without its scale and its bias.";

/**
 * Shows what a neuron writes to the vocabulary: as bars from 0 the tokens that it raises and lowers most.
 *
 * @param writes What `LanguageModel.neuronWrites` gave.
 * @param options How it is shown.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} If `writes` is something else.
 *
 * @example
 * ```ts
 * import { LanguageModel, neuronWritesView } from "@looking-glass/looking-glass";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const view = neuronWritesView(await model.neuronWrites({ layer: 5, neuron: 7 }, { topK: 5 }));
 * console.log(view.text);
 * ```
 */
export function neuronWritesView(writes: NeuronWrites, options: NeuronWritesViewOptions = {}): View<NeuronWrites> {
  options = expectOptions(options, OPTIONS);
  const changes = changesOf(writes, "what a neuron writes", "neuronWrites");
  const name = `Layer ${shownValue(writes.layer)}, neuron ${shownValue(writes.neuron)}`;
  const title = options.title ?? `What ${name[0]!.toLowerCase()}${name.slice(1)} writes`;
  const content = markup`<div style="font-size:14px;margin:4px 0"><b>${name}</b></div>
${changesHtml(changes, MEANING)}`;
  return createView({
    title,
    html: rootHtml(undefined, [content]),
    drawSvg: () => drawChanges(changes, title),
    data: writes,
    text: `${name}. ${MEANING}\n${changesText(changes)}`,
  });
}
