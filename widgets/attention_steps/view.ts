import type { Trace } from "../../src/ask/trace/trace.ts";
import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import { createView, type View } from "../kit/view.ts";
import { drawSteps } from "./chart.ts";
import { type AttentionStepsViewOptions, stepsShown } from "./data.ts";
import { stepsHtml } from "./page.ts";
import { stepsText } from "./table.ts";

export type { AttentionStepsViewOptions } from "./data.ts";

const OPTIONS: OptionTable<AttentionStepsViewOptions> = {
  task: "draw the steps of attention",
  kinds: { layer: "a number", head: "a number", position: "a number", start: "a number", title: "a text" },
};

/**
 * Shows what one head does, step by step, with the model's own numbers: a query against each key, the scores scaled,
 * masked and made to sum to 1, the values faded by these weights, their sum, the heads side by side, and what the
 * projection makes of them; then the same for all queries at once, with the triangle that is masked. Choosing a token
 * asks its query.
 *
 * Up to 16 tokens are drawn; the view says so where a text has more, and its `data` keeps all.
 *
 * @param trace What `LanguageModel.trace` gave with `capture: ["attentionSteps"]`.
 * @param options Which layer, head and query are shown.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} If the trace lacks one of the steps.
 * @throws {RangeError} If a shape does not fit the sequence, or an option is out of range.
 *
 * @example
 * ```ts
 * import { attentionStepsView, LanguageModel } from "@looking-glass/looking-glass";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const sequence = model.sequence("The keys to the cabinet");
 * const trace = await model.trace(sequence, { capture: ["attentionSteps"], layers: [2] });
 * const view = attentionStepsView(trace, { head: 3 });
 * console.log(view.text);
 * ```
 */
export function attentionStepsView(trace: Trace, options: AttentionStepsViewOptions = {}): View<Trace> {
  options = expectOptions(options, OPTIONS);
  const shown = stepsShown(trace, options);
  const title = options.title ?? `Layer ${shown.layer}, head ${shown.head}, step by step`;
  return createView({
    title,
    html: stepsHtml(shown),
    drawSvg: () => drawSteps(shown, title),
    data: trace,
    text: stepsText(shown),
  });
}
