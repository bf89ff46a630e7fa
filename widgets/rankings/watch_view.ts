import type { Rankings } from "../../src/ask/lens/rankings.ts";
import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import { visibleText } from "../kit/glyphs.ts";
import { counted } from "../kit/numbers.ts";
import { normWords } from "../kit/quantities.ts";
import { isolated } from "../kit/text_width.ts";
import { placeName, quoted, tokenName } from "../kit/token_text.ts";
import { createView, type View } from "../kit/view.ts";
import { drawRankings } from "./chart.ts";
import { type RankingMatrix, rankingMatrix } from "./matrix.ts";
import { rankingHtml, rankingText, type RankingWords } from "./page.ts";

/** How the rankings of watched words are shown. */
export interface RankingsWatchViewOptions {
  /** The title of a saved page. */
  readonly title?: string;
}

const OPTIONS: OptionTable<RankingsWatchViewOptions> = { task: "draw watched words", kinds: { title: "a text" } };

/** Names the words of several tokens, which are ranked by their first. */
function firstTokens({ words = [] }: Rankings): string[] {
  const long = words.filter(({ tokens }) => tokens.length > 1);
  if (long.length === 0) return [];
  const named = long.slice(0, 8).map(({ text, tokens }) => `“${isolated(visibleText(text))}” by ${quoted(tokens[0]!)}`);
  return [`Words of several tokens are ranked by their first: ${named.join("; ")}${long.length > 8 ? "; …" : ""}.`];
}

function wordsOf({ rankings, columns, layers }: RankingMatrix, title: string | undefined): RankingWords {
  const { sequence, norm } = rankings;
  const position = rankings.positions[0] ?? 0;
  const there = sequence.tokens[position];
  const place = placeName(sequence, position);
  const stands = there ? ` The text has ${quoted(there)} there.` : "";
  return {
    definition: `Rank of each word as ${place}; after each of ${layers} layers, ${normWords(norm)}.${stands}`,
    title: title ?? `Rankings of ${counted(columns.length, "word")} as ${tokenName(sequence, position)}`,
    notes: firstTokens(rankings),
    watched: true,
  };
}

/**
 * Shows how words compete for one place: their ranks in what each layer would predict there. Layers go down, words
 * across; the stronger the orange, the better the rank.
 *
 * @param rankings What `LanguageModel.rankingsWatch` gave.
 * @param options How they are shown.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} If `rankings` is something else, or has no words.
 * @throws {RangeError} If its parts do not fit each other.
 *
 * @example
 * ```ts
 * import { LanguageModel, rankingsWatchView } from "@looking-glass/looking-glass";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const sequence = model.sequence("The keys to the cabinet");
 * console.log(rankingsWatchView(await model.rankingsWatch(sequence, { watch: [" is", " are"] })).text);
 * ```
 */
export function rankingsWatchView(rankings: Rankings, options: RankingsWatchViewOptions = {}): View<Rankings> {
  options = expectOptions(options, OPTIONS);
  const matrix = rankingMatrix(rankings);
  if (rankings.words === undefined) {
    throw new TypeError(
      "Cannot draw rankings without words as watched ones; pass them to rankingsView(), or what " +
        "await model.rankingsWatch() returned",
    );
  }
  const words = wordsOf(matrix, options.title);
  return createView({
    title: words.title,
    html: rankingHtml(matrix, words),
    drawSvg: () => drawRankings(matrix, words.definition, words.title),
    data: rankings,
    text: rankingText(matrix, words),
  });
}
