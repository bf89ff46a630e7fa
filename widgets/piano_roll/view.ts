import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import { textTable } from "../kit/chips.ts";
import { createView, type View } from "../kit/view.ts";
import { drawRoll } from "./chart.ts";
import { type PianoRoll, pianoRoll, type PianoRollViewOptions } from "./data.ts";
import { layoutOf } from "./layout.ts";
import { introWords, rollHtml, rollRows } from "./page.ts";

export type { PianoRollViewOptions } from "./data.ts";

const OPTIONS: OptionTable<PianoRollViewOptions> = {
  task: "draw music",
  kinds: {
    trace: "an object",
    saliency: "an object",
    layer: "a number",
    position: "a number",
    sound: "true or false",
    title: "a text",
  },
};

/**
 * Shows music as a piano roll that can be heard: time goes to the right, pitch upwards, grey is the prompt and blue what
 * was written. With a trace, a chosen note has lines to the earlier notes that the heads of a layer looked at when it
 * was written, a colour for each head, as in the pictures of the Music Transformer; with saliency, the notes that it came
 * from are orange. Of a long piece the last 160 notes can be chosen, and the first minute is heard.
 *
 * @param sequence A text of events: `on60`, `off60`, `wait30`, `velocity20`.
 * @param options What is drawn over the notes.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} If what is given is of another type.
 * @throws {SyntaxError} If a token is no event of music.
 * @throws {RangeError} If there are no notes, a shape does not fit, or an option is out of range.
 *
 * @example
 * ```ts
 * import { LanguageModel, MUSIC, pianoRollView } from "@looking-glass/looking-glass";
 *
 * await using model = await LanguageModel.fromPretrained(MUSIC);
 * const music = await model.generate("velocity20 on48 on64 on67 on72 wait60", { maxNewTokens: 40 });
 * const view = pianoRollView(music, { trace: await model.trace(music, { capture: ["attention"] }) });
 * console.log(view.text);
 * ```
 */
export function pianoRollView(sequence: Sequence, options: PianoRollViewOptions = {}): View<PianoRoll> {
  options = expectOptions(options, OPTIONS);
  const layout = layoutOf(pianoRoll(sequence, options), options);
  const title = options.title ?? "Piano roll";
  const { sequence: own, notes, layer, heads } = layout;
  const [names, rows] = rollRows(layout);
  return createView({
    title,
    html: rollHtml(layout, title, options.sound ?? true),
    drawSvg: () => drawRoll(layout, title),
    data: {
      sequence: own,
      notes,
      ...(layer === undefined ? {} : { layer }),
      ...(heads === undefined ? {} : { heads }),
    },
    text: `${introWords(layout)}\n${textTable([names, ...rows])}`,
  });
}
