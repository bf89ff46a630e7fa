import type { Trace } from "../../src/ask/trace/trace.ts";
import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import { counted } from "../kit/numbers.ts";
import { createView, type View } from "../kit/view.ts";
import { type CrossAttentionViewOptions, crossShown } from "./data.ts";
import { drawCrossAttention } from "./image.ts";
import { crossAttentionHtml } from "./page.ts";
import { crossAttentionText } from "./table.ts";

export type { CrossAttentionViewOptions } from "./data.ts";

const OPTIONS: OptionTable<CrossAttentionViewOptions> = {
  task: "draw attention to the source",
  kinds: { layer: "a number", head: "a text or a number", title: "a text" },
};

/**
 * Shows where a model with an encoder looked in its source while it wrote: the tokens of the source across, those that
 * were written down, and every head as a thumbnail to choose, beside the mean of the heads of each layer. A row is of the
 * token that is written: it is what the token before it looks at, as that one predicts it. Colour is the square root of
 * the weight.
 *
 * @param trace What `LanguageModel.trace` gave with `capture: ["crossAttention"]`.
 * @param options Which head is shown at first.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} If the trace holds no attention to a source.
 * @throws {RangeError} If a shape does not fit the texts, an option is out of range, or nothing was written.
 *
 * @example
 * ```ts
 * import { crossAttentionView } from "@looking-glass/looking-glass/widgets";
 *
 * const bytes = new TextEncoder().encode("Hi");
 * const token = { id: 7, piece: "Hi", bytes, start: 0, end: 2, text: "Hi" };
 * const source = { tokenIds: [7], tokens: [token], promptLength: 1, text: "Hi" };
 * const second = { ...token, start: 2, end: 4 };
 * const sequence = { tokenIds: [7, 7], tokens: [token, second], promptLength: 1, text: "HiHi", source };
 * const crossAttention = { data: Float32Array.of(1, 1), shape: [1, 1, 2, 1] };
 * console.log(crossAttentionView({ sequence, crossAttention }).text);
 * ```
 */
export function crossAttentionView(trace: Trace, options: CrossAttentionViewOptions = {}): View<Trace> {
  options = expectOptions(options, OPTIONS);
  const shown = crossShown(trace, options);
  const title = options.title ?? `Attention to a source of ${counted(shown.columns, "token")}`;
  return createView({
    title,
    html: crossAttentionHtml(shown),
    drawSvg: () => drawCrossAttention(shown, title),
    data: trace,
    text: crossAttentionText(shown),
  });
}
