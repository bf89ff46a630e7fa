/**
 * What views of patching say.
 *
 * @module
 */
import type { Metric, Patching, PatchSite } from "../../src/ask/patching/types.ts";
import type { Word } from "../../src/model/sequence.ts";
import { shownValue } from "../kit/css.ts";
import { counted, scoreText } from "../kit/numbers.ts";
import { probabilityText } from "../kit/quantities.ts";
import type { Swatch } from "../kit/ramp.ts";
import { quoted, wordToken } from "../kit/token_text.ts";
import { type Measured, type PatchingDrawing, strongestCells } from "./data.ts";

const PARTS = [
  ["resid", "the residual stream before a block"],
  ["resid_mid", "the residual stream between attention and MLP"],
  ["attn_out", "what the attention of a block adds"],
  ["mlp_out", "what the MLP of a block adds"],
  ["z", "the sum of a head before the output projection"],
] as const;

const SITES: ReadonlyMap<string, string> = new Map<PatchSite, string>([
  ...PARTS,
  ...PARTS.map(([at, words]) => [`source_${at}`, `${words}, in the encoder`] as const),
  ["resid_cross", "the residual stream between attention to the source and MLP"],
  ["cross_out", "what the attention of a block to the source adds"],
  ["cross_z", "the sum of a head that looks at the source, before the output projection"],
]);

/** Texts that differ in more tokens are not listed in full. */
const MOST_LISTED = 6;

function wordName(word: Word | undefined): string {
  const token = wordToken(word);
  return token === undefined ? "a token" : quoted(token);
}

/** What was measured. */
export function metricWords({ name, target, contrast }: Metric): string {
  switch (name) {
    case "logitDifference":
      return `the logit of ${wordName(target)} less that of ${wordName(contrast)}`;
    case "logit":
      return `the logit of ${wordName(target)}`;
    case "logProb":
      return `the log-probability of ${wordName(target)}`;
    case "probability":
      return `the probability of ${wordName(target)}`;
    case "kl":
      return "how far the prediction is from that of the clean text, as KL divergence";
  }
}

/** A metric as text. */
export function metricText({ name }: Metric, value: number): string {
  if (name === "probability") return probabilityText(value);
  return scoreText(value, { percent: false, signed: name !== "kl" });
}

/** A share as a percentage with its sign: `93%`, `−4.2%`. */
export function restoredText(share: number, digits = 0): string {
  if (!Number.isFinite(share)) return String(share);
  const size = Math.abs(100 * share);
  const text = size < 1e4 ? size.toFixed(digits) : size.toExponential(1);
  return `${share < 0 && Number(text) !== 0 ? "−" : ""}${text}%`;
}

/** What a cell does, in as few letters as tell cells apart. */
export function amountText(
  { gap, scale, amount }: PatchingDrawing,
  which: Measured,
  row: number,
  column: number,
): string {
  const one = amount(which, row, column);
  if (gap === undefined) return scoreText(one, { percent: false, signed: true });
  return restoredText(one, scale < 0.2 ? 1 : 0);
}

/** The same in words, with the metric. */
export function cellWords(drawing: PatchingDrawing, which: Measured, row: number, column: number): string {
  const { gap, patching: { metric }, amount } = drawing;
  const one = amount(which, row, column);
  const what = gap === undefined
    ? `changes the metric by ${scoreText(one, { percent: false, signed: true })}`
    : `restores ${restoredText(one, 1)} of the gap`;
  return `${what}, metric ${metricText(metric, drawing.metric(which, row, column))}`;
}

/** A column in words. */
export function columnWords(
  { patching: { columns, indices }, corrupted }: PatchingDrawing,
  column: number,
): string {
  const index = indices[column] ?? 0;
  if (columns === "heads") return `head ${index}`;
  const token = corrupted.tokens[index];
  return `token ${index}${token === undefined ? "" : ` ${quoted(token)}`}`;
}

type Texts = Pick<PatchingDrawing, "clean" | "corrupted">;

/** The positions at which the tokens of both texts differ. */
export function differingPositions({ clean, corrupted }: Texts): number[] {
  return corrupted.tokens.flatMap((token, i) => token.id === clean.tokens[i]?.id ? [] : [i]);
}

/** In what the texts differ, and their sources. */
function differenceWords({ clean, corrupted }: Patching): string {
  const [from, to] = [clean.source, corrupted.source];
  const own = differenceOf("texts", { clean, corrupted });
  if (from === undefined || to === undefined) return own;
  if (from.tokens.length === to.tokens.length) {
    return `${own} ${differenceOf("sources", { clean: from, corrupted: to })}`;
  }
  return `${own} The sources have ${from.tokens.length} and ${counted(to.tokens.length, "token")}.`;
}

function differenceOf(what: string, { clean, corrupted }: Texts): string {
  const different = differingPositions({ clean, corrupted });
  if (different.length === 0) return `The ${what} have the same tokens.`;
  const listed = different.slice(0, MOST_LISTED).map((i) => {
    const [from, to] = [clean.tokens[i], corrupted.tokens[i]];
    return `${i}, ${from ? quoted(from) : ""} clean and ${to ? quoted(to) : ""} corrupted`;
  });
  const more = different.length > MOST_LISTED ? `; and ${different.length - MOST_LISTED} more` : "";
  return `The ${what} differ in ${different.length} of ${counted(corrupted.tokens.length, "token")}: ${
    listed.join("; ")
  }${more}.`;
}

function gapWords({ patching: { metric, position, corrupted: text, ...values }, gap }: PatchingDrawing): string {
  const [clean, corrupted] = [metricText(metric, values.cleanValue), metricText(metric, values.corruptedValue)];
  const where = position < text.tokens.length ? ` at position ${position}` : "";
  const both = `The metric is ${
    metricWords(metric)
  }${where}: ${clean} in the clean text, ${corrupted} in the corrupted one.`;
  return gap === undefined
    ? `${both} That is no gap that could be restored: cells say by how much they change the metric of the corrupted text.`
    : `${both} 0% is the corrupted text, 100% the clean one.`;
}

/** What was done, what was measured, and in what the texts differ: a line each. */
export function introLines(drawing: PatchingDrawing): string[] {
  const { patching } = drawing;
  const where = patching.columns === "heads"
    ? "in one head of one layer, at all positions"
    : "in one layer, at one position";
  const site = SITES.get(patching.at) ?? shownValue(patching.at);
  return [
    `The corrupted text is run with a part of the clean one: ${site}, ${where}.`,
    gapWords(drawing),
    differenceWords(patching),
  ];
}

/** How a picture was made. */
export const HEADINGS: Readonly<Record<Measured, string>> = {
  values: "Patched, a run for each cell",
  estimate: "Estimated from the gradient of one run",
};

/** The three strongest cells. */
export function strongestWords(drawing: PatchingDrawing, which: Measured): string {
  const { patching } = drawing;
  const cells = strongestCells(drawing, which, 3).map(({ row, column }) => {
    const place = `layer ${patching.layers[row]}, ${columnWords(drawing, column)}`;
    return `${place}: ${amountText(drawing, which, row, column)}`;
  });
  return cells.length === 0 ? "No cell changes anything." : `Strongest: ${cells.join("; ")}.`;
}

/** How much the estimate agrees with what it estimates. */
export function likenessWords({ likeness }: PatchingDrawing): string {
  if (likeness === undefined) return "";
  const { pearson, spearman, cells } = likeness;
  if (Number.isNaN(pearson)) {
    return "Patching and its estimate cannot be correlated, as one of them has the same number in all cells.";
  }
  const [r, rho] = [pearson, spearman].map((one) => one.toFixed(3).replace("-", "−"));
  return `Patching and its estimate over ${counted(cells, "cell")}: Pearson ${r}, Spearman ${rho}.`;
}

/** What the colours say. */
export function legendOf({ gap, scale, patching, shown, amount }: PatchingDrawing): {
  readonly words: string;
  readonly swatches: readonly Swatch[];
} {
  const text = (share: number) =>
    gap === undefined
      ? scoreText(share * scale, { percent: false, signed: true })
      : restoredText(share * scale, scale < 0.05 ? 1 : 0);
  const swatches = [-1, -0.5, 0, 0.5, 1].map((share) => ({ share, label: text(share) }));
  if (gap === undefined) return { words: "Change of the metric:", swatches };
  const beyond = shown.some((which) =>
    patching.layers.some((_, row) => patching.indices.some((_, column) => Math.abs(amount(which, row, column)) > 1))
  );
  return {
    words: `Share of the gap that is restored${beyond ? ", more than 100% in the colour of it" : ""}:`,
    swatches,
  };
}
