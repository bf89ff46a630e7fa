import type { Rankings } from "../../src/ask/lens/rankings.ts";
import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import { counted } from "../kit/numbers.ts";
import { normWords } from "../kit/quantities.ts";
import { createView, type View } from "../kit/view.ts";
import { drawRankings } from "./chart.ts";
import { type RankingMatrix, rankingMatrix } from "./matrix.ts";
import { rankingHtml, rankingText, type RankingWords } from "./page.ts";

/** How rankings are shown. */
export interface RankingsViewOptions {
  /** The title of a saved page. */
  readonly title?: string;
}

const OPTIONS: OptionTable<RankingsViewOptions> = { task: "draw rankings", kinds: { title: "a text" } };

function wordsOf({ rankings, columns, layers }: RankingMatrix, title: string | undefined): RankingWords {
  return {
    definition: `Rank of each token among all that could stand in its place, after each of ${layers} layers, ${
      normWords(rankings.norm)
    }.`,
    title: title ?? `Rankings of ${counted(columns.length, "token")}`,
    notes: [],
    watched: false,
  };
}

/**
 * Shows at which layer a model makes up its mind: the rank of each token of a text in what each layer would predict
 * in its place. Layers go down, tokens across; the stronger the orange, the better the rank. A text that is too long
 * for a table is drawn as a grid of pixels.
 *
 * @param rankings What `LanguageModel.rankings` gave.
 * @param options How they are shown.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} If `rankings` is something else.
 * @throws {RangeError} If its parts do not fit each other.
 *
 * @example
 * ```ts
 * import { LanguageModel, rankingsView } from "@looking-glass/looking-glass";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const rankings = await model.rankings(await model.generate("One, two,", { maxNewTokens: 4 }));
 * console.log(rankingsView(rankings).text);
 * ```
 */
export function rankingsView(rankings: Rankings, options: RankingsViewOptions = {}): View<Rankings> {
  options = expectOptions(options, OPTIONS);
  const matrix = rankingMatrix(rankings);
  const words = wordsOf(matrix, options.title);
  return createView({
    title: words.title,
    html: rankingHtml(matrix, words),
    drawSvg: () => drawRankings(matrix, words.definition, words.title),
    data: rankings,
    text: rankingText(matrix, words),
  });
}
