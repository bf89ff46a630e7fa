import type { Trace } from "../../src/ask/trace/trace.ts";
import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import { liveCell } from "../kit/live.ts";
import { counted } from "../kit/numbers.ts";
import { createView, type View } from "../kit/view.ts";
import { attentionShown, type AttentionViewOptions } from "./data.ts";
import { drawAttention } from "./image.ts";
import { liveAttention } from "./live.ts";
import { attentionHtml } from "./page.ts";
import { attentionText } from "./table.ts";

export type { AttentionViewOptions } from "./data.ts";

const OPTIONS: OptionTable<AttentionViewOptions> = {
  task: "draw attention",
  kinds: {
    layer: "a number",
    head: "a number",
    scores: "an object",
    start: "a number",
    title: "a text",
    live: "an object",
  },
};

/**
 * Shows where the tokens look: all heads as thumbnails, and one head as a matrix and as lines between tokens, in the
 * colour of the head and as wide as the weight. Choosing a thumbnail opens another head; hovering a token lights up its
 * row, its lines, and the tokens it takes from. The lines of all heads of the layer shown at first can be drawn together.
 *
 * Of a long text the matrix shows up to 48 tokens, and of a big model the heads of some layers can be opened; the view
 * says so, and its `data` keeps all.
 *
 * @param trace What `LanguageModel.trace` gave with `capture: ["attention"]`.
 * @param options Which head is shown at first.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} If the trace holds no attention.
 * @throws {RangeError} If a shape does not fit the sequence, or an option is out of range.
 *
 * @example
 * ```ts
 * import { LanguageModel } from "@looking-glass/looking-glass";
 * import { attentionView } from "@looking-glass/looking-glass/widgets";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const trace = await model.trace(model.sequence("The keys to the cabinet"), { capture: ["attention"] });
 * const view = attentionView(trace, { layer: 2, head: 1 });
 * console.log(view.text);
 * ```
 */
export function attentionView(trace: Trace, options: AttentionViewOptions = {}): View<Trace> {
  options = expectOptions(options, OPTIONS);
  const shown = attentionShown(trace, options);
  const { live, scores: _, ...own } = options; // scores are of this text
  const following = live && liveAttention(live, trace, (next) => attentionView(next, own));
  const title = options.title ?? `Attention over ${counted(shown.length, "token")}`;
  return createView({
    title,
    cell: following && liveCell(following),
    html: attentionHtml(shown),
    drawSvg: () => drawAttention(shown, title),
    data: trace,
    text: attentionText(shown),
  });
}
