import type { Step } from "../../src/ask/write/step.ts";
import { display, markShown } from "../../src/base/kernel.ts";
import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import { messageOf } from "../../src/base/words.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import { plainText } from "../kit/glyphs.ts";
import { htmlText } from "../kit/html.ts";
import { createView, type View } from "../kit/view.ts";
import { drawSteps } from "./chart.ts";
import { liveHtml, stepsHtml, stepsText } from "./page.ts";
import { type DecodedStep, type DecodedSteps, expectSteps, recordStep, spelledSteps, writtenWords } from "./record.ts";

/** How a decoding is shown. */
export interface StepsViewOptions {
  /**
   * What was given, to be shown before what is written: its text, or the sequence of its tokens. With its tokens, the view
   * shares the token that is chosen with other views of the whole text.
   */
  readonly prompt?: string | Sequence;
  /** The title of a saved page. */
  readonly title?: string;
}

const OPTIONS: OptionTable<StepsViewOptions> = { task: "draw steps", kinds: { prompt: "anything", title: "a text" } };

/** Where a decoding is watched. */
export interface Stage {
  /** Shows something in one output of a notebook; silent elsewhere. */
  readonly show: typeof display;
  /** Says that what a cell ends with is on show. */
  readonly markShown: typeof markShown;
  /** The time in milliseconds. */
  readonly now: () => number;
}

/** A step that follows sooner is seen with the next one: each picture is sent as a whole. */
const FRAME_MS = 50;

function viewOf(record: DecodedSteps, note: string, title: string | undefined): View<DecodedSteps> {
  const name = title ?? writtenWords(record);
  const shown = spelledSteps(record);
  return createView({
    title: name,
    html: stepsHtml(shown, name, note),
    drawSvg: () => drawSteps(shown, note, name),
    data: record,
    text: stepsText(shown, note),
  });
}

/** Draws steps on a stage while they come; {@linkcode stepsView} with a stage of its own. */
export async function watchSteps(
  steps: AsyncIterable<Step> | Iterable<Step>,
  options: StepsViewOptions,
  { show, markShown, now }: Stage,
): Promise<View<DecodedSteps>> {
  const { prompt, title } = options;
  expectSteps(steps, prompt);
  const taken: DecodedStep[] = [];
  const record = { ...(prompt === undefined ? {} : { prompt }), steps: taken };
  const id = crypto.randomUUID();
  let drawn: number | undefined;
  const draw = (html: string, text: string) => {
    show({ "text/html": html, "text/plain": text }, { id, update: drawn !== undefined });
    drawn = now();
  };
  // The picture stays in the output that was drawn live; the cell that ends with the view has no second one.
  const finish = (note: string) => {
    const view = viewOf(record, note, title);
    draw(view.html, view.text);
    markShown(view);
    return view;
  };
  try {
    for await (const step of steps) {
      taken.push(recordStep(step));
      if (drawn === undefined || now() - drawn >= FRAME_MS) {
        draw(htmlText(liveHtml(record)), plainText(writtenWords(record)));
      }
    }
  } catch (error) {
    finish(`It was stopped: ${messageOf(error)}.`);
    throw error;
  }
  return finish("");
}

/**
 * Shows a text while it is written: each token, how likely it was, and what else could have stood there. In a
 * notebook the picture grows in the output of the cell; elsewhere nothing is shown before the view is. When the
 * steps end with an error, as after Stop, the picture of what was written so far stays, and the error is thrown.
 *
 * The steps are used up. The view keeps them without their logits.
 *
 * @param steps What `LanguageModel.steps` gave.
 * @param options How they are shown.
 * @returns A view of the whole decoding; the notebook cell that drew it shows it once, any other as often as it is asked.
 * @throws {TypeError} If `steps` are something else.
 *
 * @example
 * ```ts
 * import { stepsView } from "@looking-glass/looking-glass/widgets";
 *
 * const token = { id: 1, piece: "Hi", bytes: new TextEncoder().encode("Hi"), start: 0, end: 2, text: "Hi" };
 * const candidates = [{ tokenId: 1, token, probability: 0.5, logit: 3, rank: 1 }];
 * const steps = [{ position: 0, tokenId: 1, token, logProb: Math.log(0.5), candidates, logits: new Float32Array() }];
 * const view = await stepsView(steps); // of a model: await stepsView(model.steps(prompt), { prompt })
 * console.log(view.text);
 * ```
 */
export async function stepsView(
  steps: AsyncIterable<Step> | Iterable<Step>,
  options: StepsViewOptions = {},
): Promise<View<DecodedSteps>> {
  options = expectOptions(options, OPTIONS);
  return await watchSteps(steps, options, { show: display, markShown, now: () => performance.now() });
}
