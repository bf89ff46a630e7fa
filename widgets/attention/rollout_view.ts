import type { AttentionRollout } from "../../src/analysis/attention.ts";
import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import { isSequence, nameOf } from "../kit/expect.ts";
import { counted } from "../kit/numbers.ts";
import { createView, type View } from "../kit/view.ts";
import { attentionShown } from "./data.ts";
import { drawAttention } from "./image.ts";
import { attentionHtml } from "./page.ts";
import { attentionText } from "./table.ts";

/** How attention rollout is shown. */
export interface RolloutViewOptions {
  /** The 0-based index of the layer after which it is shown at first; by default the last one. */
  readonly layer?: number;
  /** The first of the up to 48 tokens that the matrix shows of a longer text; by default it shows the last ones. */
  readonly start?: number;
  /** The title of a saved page. */
  readonly title?: string;
}

const OPTIONS: OptionTable<RolloutViewOptions> = {
  task: "draw attention rollout",
  kinds: { layer: "a number", start: "a number", title: "a text" },
};

/**
 * Shows how much of each token has reached each other one after each layer, as {@linkcode attentionView} shows a head.
 *
 * @param rollout What attention rollout gave.
 * @param options Which layer is shown at first.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} If `rollout` is of another type.
 * @throws {RangeError} If the shape does not fit the sequence, or an option is out of range.
 *
 * @example
 * ```ts
 * import { rolloutView } from "@looking-glass/looking-glass/widgets";
 *
 * const token = (text: string, id: number, start: number) => ({
 *   id, piece: text, bytes: new TextEncoder().encode(text), start, end: start + text.length, text,
 * });
 * const view = rolloutView({
 *   sequence: { tokenIds: [1, 2], tokens: [token("Hello", 1, 0), token(" world", 2, 5)], promptLength: 2, text: "Hello world" },
 *   rollout: { data: new Float32Array([1, 0, 0.25, 0.75]), shape: [1, 2, 2] },
 * });
 * console.log(view.text);
 * ```
 */
export function rolloutView(rollout: AttentionRollout, options: RolloutViewOptions = {}): View<AttentionRollout> {
  options = expectOptions(options, OPTIONS);
  const fields = (rollout ?? {}) as Partial<AttentionRollout>;
  if (!isSequence(fields.sequence) || fields.rollout === undefined) {
    throw new TypeError(
      `Cannot draw ${nameOf(rollout)} as attention rollout; pass what await attentionRollout() returned`,
    );
  }
  const { data, shape } = rollout.rollout;
  const [layers = 0, ...rest] = shape;
  const attention = { data, shape: [layers, 1, ...rest] };
  const { layer = Math.max(0, layers - 1), start } = options;
  const chosen = start === undefined ? { layer } : { layer, start };
  const shown = { ...attentionShown({ sequence: rollout.sequence, attention }, chosen), rollout: true };
  const title = options.title ?? `Attention rollout over ${counted(shown.length, "token")}`;
  return createView({
    title,
    html: attentionHtml(shown),
    drawSvg: () => drawAttention(shown, title),
    data: rollout,
    text: attentionText(shown),
  });
}
