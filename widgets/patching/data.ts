/**
 * What views of patching draw: the share of the gap between two runs that each cell restores.
 *
 * @module
 */
import { pearson, spearman } from "../../src/analysis/agreement.ts";
import type { Metric, Patching } from "../../src/ask/patching/types.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import { spelledText } from "../kit/characters.ts";
import { isSequence, nameOf } from "../kit/expect.ts";
import { expectLength, expectShape } from "../kit/expect_shape.ts";

/** Which numbers are shown: those of the runs, their estimate, or both. */
export type PatchingShown = "values" | "estimate" | "both";

/** Numbers of a patching. */
export type Measured = "values" | "estimate";

/** How much two pictures agree. */
export interface Likeness {
  /** Pearson's correlation; NaN where one picture is constant. */
  readonly pearson: number;
  /** Spearman's rank correlation; NaN likewise. */
  readonly spearman: number;
  /** Of how many cells. */
  readonly cells: number;
}

/** What is drawn. */
export interface PatchingDrawing {
  /** What was given. */
  readonly patching: Patching;
  /** The texts whose tokens are patched: both, or both sources. */
  readonly clean: Sequence;
  readonly corrupted: Sequence;
  /** What is shown of it. */
  readonly shown: readonly Measured[];
  /** What stands between both texts; nothing where they have the same metric, and cells are changes of it. */
  readonly gap: number | undefined;
  /** The amount of the strongest colour. */
  readonly scale: number;
  /** The metric of a cell. */
  readonly metric: (which: Measured, row: number, column: number) => number;
  /** The share of the gap that a cell restores, or how much it changes the metric where there is no gap. */
  readonly amount: (which: Measured, row: number, column: number) => number;
  /** How much both pictures agree, where there are both. */
  readonly likeness: Likeness | undefined;
}

/** A gap of less than this share of the metrics is rounding in single precision. */
const ROUNDING = 1e-6;

const WHAT = "what patching does";

/** Refuses what is no metric. */
export function checkMetric(what: string, metric: Metric): void {
  const words = [metric.target, metric.contrast].filter((word) => word !== undefined);
  const known = ["logitDifference", "logit", "logProb", "probability", "kl"].includes(metric.name);
  if (known && words.every((word) => Array.isArray(word?.tokens))) return;
  throw new TypeError(`Cannot draw ${what} as its metric is none that is known: ${nameOf(metric)}`);
}

/**
 * The texts that the columns are positions of: what was read, or the source of it.
 *
 * @throws {TypeError} When the source was patched and there is none.
 */
function patchedTexts({ clean, corrupted, at }: Patching): { readonly clean: Sequence; readonly corrupted: Sequence } {
  if (!String(at).startsWith("source_")) return { clean, corrupted };
  const [own, other] = [clean.source, corrupted.source];
  if (own !== undefined && other !== undefined && isSequence(own) && isSequence(other)) {
    return { clean: own, corrupted: other };
  }
  throw new TypeError(`Cannot draw ${WHAT} as its texts have no source, which "${at}" is of`);
}

/** Refuses what is no patching, or whose parts do not fit each other. */
function checkPatching(patching: Patching): void {
  const fields = (patching ?? {}) as Partial<Patching>;
  if (!isSequence(fields.clean) || !isSequence(fields.corrupted) || Object(fields.metric) !== fields.metric) {
    throw new TypeError(`Cannot draw ${nameOf(patching)} as ${WHAT}; pass what await model.patch() returned`);
  }
  const { layers, columns, indices, values, estimate, position } = patching;
  if (!Number.isInteger(position) || position < 1 || position > patching.corrupted.tokens.length) {
    throw new RangeError(`Cannot draw ${WHAT} as its position is ${nameOf(position)}, not one that is predicted`);
  }
  const { clean, corrupted } = patchedTexts(patching);
  checkMetric(WHAT, patching.metric);
  expectLength({ what: WHAT, field: "clean.tokens" }, clean.tokens, corrupted.tokens.length);
  for (const [field, list] of Object.entries({ layers, indices })) {
    if (Array.isArray(list) && list.length > 0) continue;
    throw new RangeError(`Cannot draw ${WHAT} as it has no ${field === "layers" ? field : columns}`);
  }
  const far = columns === "heads" ? undefined : indices.find((index) => corrupted.tokens[index] === undefined);
  if (far !== undefined) {
    throw new RangeError(
      `Cannot draw ${WHAT} at position ${far} as the texts hold ${corrupted.tokens.length} tokens`,
    );
  }
  for (const [field, tensor] of Object.entries({ values, estimate })) {
    if (tensor !== undefined) expectShape({ what: WHAT, field }, tensor, [layers.length, indices.length]);
  }
  if (values === undefined && estimate === undefined) {
    throw new RangeError(`Cannot draw ${WHAT} as it holds neither values nor an estimate`);
  }
}

function shownOf(patching: Patching, show: PatchingShown | undefined): readonly Measured[] {
  const there = (["values", "estimate"] as const).filter((which) => patching[which] !== undefined);
  const wanted = show === undefined ? there : show === "both" ? ["values", "estimate"] as const : [show];
  const missing = wanted.find((which) => !there.includes(which));
  if (missing === undefined) return wanted;
  const name = missing === "values" ? "no values" : "no estimate";
  throw new RangeError(
    `Cannot show ${show} as the patching holds ${name}; pass { show: "${there[0]}" }, or ask for both`,
  );
}

function gapOf({ cleanValue, corruptedValue }: Patching): number | undefined {
  const gap = cleanValue - corruptedValue; // of KL as well, which is 0 in the clean text
  const size = Math.max(Math.abs(cleanValue), Math.abs(corruptedValue));
  return Number.isFinite(gap) && Math.abs(gap) > ROUNDING * size ? gap : undefined;
}

/** The least of some round shares that holds all amounts; a share of more than 1 has the colour of 1. */
function scaleOf(largest: number, gap: number | undefined): number {
  if (gap === undefined) return largest || 1;
  return [0.01, 0.02, 0.05, 0.1, 0.2, 0.5].find((share) => largest <= share) ?? 1;
}

function likenessOf({ values, estimate }: Patching): Likeness | undefined {
  if (values === undefined || estimate === undefined) return undefined;
  const [a, b] = [values.data, estimate.data];
  return { pearson: pearson(a, b), spearman: spearman(a, b), cells: a.length };
}

/**
 * What is to be drawn.
 *
 * @throws {TypeError | RangeError} When it is no patching, its parts do not fit each other, or what is to be shown is not there.
 */
export function patchingDrawing(given: Patching, show?: PatchingShown): PatchingDrawing {
  checkPatching(given);
  const patching = { ...given, clean: spelledText(given.clean), corrupted: spelledText(given.corrupted) };
  const shown = shownOf(patching, show);
  const gap = gapOf(patching);
  const { indices, corruptedValue } = patching;
  const metric = (which: Measured, row: number, column: number) =>
    patching[which]?.data[row * indices.length + column] ?? NaN;
  const share = (value: number) => (value - corruptedValue) / (gap ?? 1);
  const numbers = shown.flatMap((which) => Array.from(patching[which]?.data ?? [], share));
  const largest = numbers.reduce((most, one) => Number.isFinite(one) ? Math.max(most, Math.abs(one)) : most, 0);
  return {
    patching,
    ...patchedTexts(patching),
    shown,
    gap,
    scale: scaleOf(largest, gap),
    metric,
    amount: (which, row, column) => share(metric(which, row, column)),
    likeness: shown.length === 2 ? likenessOf(patching) : undefined,
  };
}

/** The cells with the largest amounts that are numbers, largest first. */
export function strongestCells(
  { patching: { layers, indices }, amount }: PatchingDrawing,
  which: Measured,
  most: number,
): { readonly row: number; readonly column: number }[] {
  const size = (cell: { row: number; column: number }) => Math.abs(amount(which, cell.row, cell.column));
  return layers.flatMap((_, row) => indices.map((_, column) => ({ row, column })))
    .filter((cell) => size(cell) > 0 && Number.isFinite(size(cell)))
    .sort((a, b) => size(b) - size(a))
    .slice(0, most);
}
