import type { Candidates } from "../../src/ask/reading/types.ts";
import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import type { LanguageModel } from "../../src/language_model.ts";
import type { LiveWatch } from "../../src/live/host.ts";
import { type KernelChannel, kernelChannel } from "../../src/live/kernel_channel.ts";
import { randomName } from "../../src/live/names.ts";
import PAGE_CODE from "../../src/live/page_code.json" with { type: "json" };
import type { LiveMount } from "../../src/live/page_setup.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import { spelledPredictions } from "../kit/characters.ts";
import { committed, type Html, script } from "../kit/html.ts";
import { editableText, replaceOutput, scripted } from "../kit/live.ts";
import { createView, type View, type ViewCell } from "../kit/view.ts";
import { type Explorer, explorerOf } from "./answers.ts";
import { sequenceAt } from "./looking.ts";
import { expectData } from "./questions.ts";
import { SHOWN, stillHtml, stillSvg, stillText } from "./still.ts";
import UI_CODE from "./ui_code.json" with { type: "json" };

/** How the explorer begins. */
export interface ExplorerViewOptions {
  /**
   * The text that it begins with.
   *
   * @default {"The keys to the cabinet"}
   */
  readonly text?: string;
  /** The title of a saved page. */
  readonly title?: string;
}

const OPTIONS: OptionTable<ExplorerViewOptions> = {
  task: "explore a model",
  kinds: { text: "a text", title: "a text" },
};

/**
 * Asks a model by hand: what comes next, why, and what if. In a notebook whose kernel runs it is the explorer, which
 * computes with this very model, its backend and its changes; saved, not trusted or outside of a notebook it is what it
 * showed last, as a picture. `docs/explorer.md` says what can be done with it, `docs/live.md` how the two speak.
 *
 * @param model The model, which must write text; when it is disposed, nothing is answered any more.
 * @param options How it begins.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} When the model is an encoder, or needs a source.
 * @throws {RangeError} When the text does not fit into the context.
 *
 * @example
 * ```ts
 * import { explorerView, LanguageModel } from "@looking-glass/looking-glass";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const view = await explorerView(model, { text: "The keys to the cabinet" });
 * console.log(view.text);
 * ```
 */
export async function explorerView(model: LanguageModel, options: ExplorerViewOptions = {}): Promise<View<Candidates>> {
  options = expectOptions(options, OPTIONS);
  const explorer = explorerOf(model);
  const { text = "The keys to the cabinet" } = options;
  const seen = await stillOf(model, model.sequence(text));
  const { sequence, predictions } = seen;
  const shown = { ...seen, predictions: spelledPredictions(sequence, sequence.tokens.length, predictions) };
  const title = options.title ?? `What ${model.id} expects`;
  return createView({
    title,
    html: stillHtml(shown),
    cell: explorerCell(model, explorer, text),
    drawSvg: () => stillSvg(shown, title),
    data: seen,
    text: stillText(shown),
  });
}

async function stillOf(model: LanguageModel, sequence: Sequence): Promise<Candidates> {
  return await model.candidates(sequence, { topK: Math.min(SHOWN, model.config.vocabSize), progress: false });
}

/** The explorer in a cell: the picture, and the program that puts the explorer in its place. */
function explorerCell(
  model: LanguageModel,
  explorer: Explorer,
  begun: string,
  channel: KernelChannel | undefined = kernelChannel(),
): ViewCell | undefined {
  if (!channel) return undefined;
  const name = `explorer.${randomName()}`;
  const html = (page: Html, text = begun) => {
    const setup: LiveMount = { address: channel.address, subject: name, text, changes: ["read"] };
    return scripted(
      page,
      script`(${committed(PAGE_CODE)}).mountView(document.currentScript,${setup},${committed(UI_CODE)})`,
    );
  };
  let last: Sequence | undefined;
  const keep = async () => {
    if (!last) return;
    const seen = await stillOf(model, last);
    replaceOutput(name, html(stillHtml(seen), editableText(model, last)), stillText(seen));
  };
  channel.host.add(name, {
    async answer(question: string, data: unknown, watch: LiveWatch) {
      if (question === "keep") return await keep();
      const answer = await explorer.answer(question, data, watch);
      if (question === "read") last = sequenceAt(model, expectData("read", data));
      return answer;
    },
  });
  return { name, html };
}
