import type { Lens } from "../../src/ask/lens/lens.ts";
import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import { textTable } from "../kit/chips.ts";
import { liveCell } from "../kit/live.ts";
import { informationText, type InformationUnit, probabilityText, wholeText } from "../kit/quantities.ts";
import { evenly } from "../kit/ramp.ts";
import { createView, type View } from "../kit/view.ts";
import { drawLens } from "./chart.ts";
import { type LensCell, type LensColour, lensDefinition, type LensTable, lensTable } from "./data.ts";
import { liveWholeLens, type WholeLensModel } from "./live.ts";
import { lensHtml } from "./page.ts";

export type { LensColour } from "./data.ts";

/** How a lens over a whole text is shown. */
export interface LensViewOptions {
  /**
   * What the colour of a cell says at first: the probability of the word in it, or the rank or the surprise of the token
   * that the text has there.
   *
   * @default {"probability"}
   */
  readonly colour?: LensColour;
  /**
   * The unit of surprise, entropy and divergence.
   *
   * @default {"bits"}
   */
  readonly unit?: InformationUnit;
  /** The title of a saved page. */
  readonly title?: string;
  /** The model that is asked again when somebody edits the text, in a notebook whose kernel runs. */
  readonly live?: WholeLensModel;
}

const OPTIONS: OptionTable<LensViewOptions> = {
  task: "draw a lens",
  kinds: { colour: ["probability", "rank", "surprise"], unit: ["bits", "nats"], title: "a text", live: "an object" },
};

/** The most lines of plain text, and the most layers beside each other. */
const MOST_LINES = 200;
const MOST_LAYERS = 8;

function cellText(cell: LensCell, colour: LensColour, unit: InformationUnit): string {
  const number = {
    probability: probabilityText(cell.probability),
    rank: `#${wholeText(cell.rank)}`,
    surprise: informationText(cell.surprise, unit),
  }[colour];
  return `${cell.word} ${number}${cell.right ? " ◀" : ""}`;
}

/** Positions down, layers across, as plain text. */
function drawText(table: LensTable, colour: LensColour, unit: InformationUnit): string {
  const { columns, layers } = table;
  const chosen = evenly(layers, MOST_LAYERS);
  const lines = columns.slice(0, MOST_LINES).map(({ position, word, cells }) => [
    ...[String(position), word],
    ...chosen.map((layer) => cellText(cells[layer]!, colour, unit)),
  ]);
  const more = columns.length > MOST_LINES ? `\n… and ${columns.length - MOST_LINES} more` : "";
  const heads = ["position", "the text has", ...chosen.map((layer) => `layer ${layer}`)];
  const said = {
    probability: "its probability",
    rank: "the rank of the text’s token",
    surprise: `surprise in ${unit}`,
  };
  return `${lensDefinition(table)} Beside it: ${said[colour]}. ◀ where it is the text’s own.
${textTable([heads, ...lines])}${more}`;
}

/**
 * Shows what each layer would predict at every position of a text if it were the last: layers down, positions across, in
 * each cell the likeliest token, framed where the text has it. The colour says how likely it is, or how the token of the
 * text ranks or how surprising it is; in the page one can change between them. The logit lens (nostalgebraist 2020), over
 * all of a text. Where there are more than 3,000 cells, a pixel stands for each.
 *
 * @param lens What `LanguageModel.lens` gave.
 * @param options How it is shown.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} If `lens` is something else.
 * @throws {RangeError} If its parts do not fit each other.
 *
 * @example
 * ```ts
 * import { LanguageModel, lensView } from "@looking-glass/looking-glass";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const lens = await model.lens(await model.generate("The keys to the cabinet", { maxNewTokens: 4 }));
 * console.log(lensView(lens, { colour: "rank" }).text);
 * ```
 */
export function lensView(lens: Lens, options: LensViewOptions = {}): View<Lens> {
  options = expectOptions(options, OPTIONS);
  const { colour = "probability", unit = "bits", live } = options;
  const table = lensTable(lens);
  const title = options.title ?? "What each layer would predict";
  const following = live && liveWholeLens(live, lens, (next) => lensView(next, { colour, unit }));
  return createView({
    title,
    cell: following && liveCell(following),
    html: lensHtml({ table, colour, unit, title }),
    drawSvg: () => drawLens(table, colour, unit, title),
    data: lens,
    text: drawText(table, colour, unit),
  });
}
