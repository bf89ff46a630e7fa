import { newScope } from "../src/analysis/results/checks.ts";
import { otherSubject } from "../src/analysis/results/comparable.ts";
import { diffResults } from "../src/analysis/results/diff.ts";
import { kindOf, problemOf, type ResultKind } from "../src/analysis/results/kinds.ts";
import type { Trace } from "../src/ask/trace/trace.ts";
import { expectOptions, type OptionTable } from "../src/base/options.ts";
import { attentionView } from "./attention/view.ts";
import { differenceHtml, type DifferencePage, differenceText, drawDifference } from "./compare/page.ts";
import { drawSides, type Side, sidesHtml, sidesText } from "./compare/sides.ts";
import { DRAWN_FIELDS, pairsOf, SUBTRACTED } from "./compare_pairs.ts";
import { shownValue } from "./kit/css.ts";
import { nameOf } from "./kit/expect.ts";
import { visibleText } from "./kit/glyphs.ts";
import { scoreText } from "./kit/numbers.ts";
import { createView, type View } from "./kit/view.ts";
import { viewOf } from "./result_view.ts";

/** How two results are compared. */
export interface CompareViewOptions {
  /**
   * Their views beside each other, or one picture of the second minus the first. A difference is there for maps of
   * saliency, of classes and of masked tokens, surprise, rankings, similarities of layers, head scores, patchings and
   * logits taken apart.
   *
   * @default {"side by side"}
   */
  readonly mode?: "side by side" | "difference";
  /**
   * What both are called.
   *
   * @default {["first", "second"]}
   */
  readonly labels?: readonly [first: string, second: string];
  /** The title of a saved page. */
  readonly title?: string;
}

const OPTIONS: OptionTable<CompareViewOptions> = {
  task: "compare results",
  kinds: { mode: ["side by side", "difference"], labels: "an array", title: "a text" },
};

/** The most other differences that are listed. */
const MOST_NOTES = 5;

function labelsOf({ labels = ["first", "second"] }: CompareViewOptions): readonly [string, string] {
  const [first, second, ...others] = labels.map((label) => typeof label === "string" ? visibleText(label) : undefined);
  if (first !== undefined && second !== undefined && others.length === 0) return [first, second];
  throw new TypeError(
    `Cannot compare results with labels ${nameOf(labels)}; pass two texts, as { labels: ["a", "b"] }`,
  );
}

function sharedKind(first: unknown, second: unknown): ResultKind {
  for (const one of [first, second]) {
    if (one === null || typeof one !== "object" || one instanceof Promise) {
      throw new TypeError(`Cannot compare ${nameOf(one)} as a result; pass two results of the same kind, awaited`);
    }
  }
  const [kind, other] = [kindOf(first), kindOf(second)];
  if (kind === other) return kind;
  throw new TypeError(`Cannot compare ${kind} with ${other}; pass two results of the same kind`);
}

/** The view of a result; of a trace without attention to a source, that to its own text. */
function sideView(kind: ResultKind, result: unknown): View | undefined {
  const view = viewOf(result);
  if (view !== undefined || kind !== "trace") return view;
  const trace = result as Trace;
  return trace.attention === undefined ? undefined : attentionView(trace);
}

function sidesOf(kind: ResultKind, results: readonly unknown[], labels: readonly [string, string]): readonly Side[] {
  return results.map((result, n) => {
    const view = sideView(kind, result);
    if (view !== undefined) return { label: labels[n] ?? "", view };
    const what = kind === "data" ? nameOf(result) : kind;
    throw new TypeError(`Cannot draw ${what} as it has no view of its own; pass both to diffResults() for a list`);
  });
}

/** A value in a note: numbers with as many digits as elsewhere. */
function noteText(value: unknown): string {
  const isLong = typeof value === "number" && !Number.isInteger(value);
  return isLong ? scoreText(value, { percent: false, signed: false }) : shownValue(value);
}

/** In what results differ beside the numbers that are drawn, such as their options. */
function notesOf(kind: ResultKind, first: unknown, second: unknown): string[] {
  const drawn = DRAWN_FIELDS[kind] ?? [];
  const others = diffResults(first, second).differences
    .filter(({ path, what }) => what !== "numbers" && !/\.\d+(?:\.|$)/.test(path))
    .map(({ path, a, b }) => ({ field: path.slice(path.indexOf(".") + 1), a, b }))
    .filter(({ field }) => !drawn.includes(field))
    .map(({ field, a, b }) => `${field}: ${noteText(a)} and ${noteText(b)}`);
  const more = others.length > MOST_NOTES ? [`and ${others.length - MOST_NOTES} more`] : [];
  return others.length === 0 ? [] : [`They differ in ${[...others.slice(0, MOST_NOTES), ...more].join("; ")}.`];
}

function differenceOf(
  kind: ResultKind,
  first: unknown,
  second: unknown,
  labels: readonly [string, string],
): DifferencePage {
  const instead = 'pass { mode: "side by side" }';
  if (!SUBTRACTED.includes(kind)) {
    const what = kind === "data" ? nameOf(first) : kind;
    throw new TypeError(
      `Cannot draw the difference of ${what}, which is there for ${
        SUBTRACTED.join(", ")
      }; ${instead}, or use diffResults()`,
    );
  }
  for (const one of [first, second]) {
    const problem = problemOf(kind, one, kind, newScope());
    if (problem) throw new TypeError(`Cannot draw the difference as ${problem}`);
  }
  const other = otherSubject(first, second, kind);
  if (other) throw new RangeError(`Cannot draw the difference of ${kind} of ${other}; ${instead}`);
  const pairs = pairsOf(kind, first, second) ?? [];
  if (pairs.length === 0) {
    throw new RangeError(`Cannot draw the difference of ${kind} as they have no numbers in common; ${instead}`);
  }
  for (const { name, rows, columns, first, second } of pairs) {
    const size = rows.length * columns.length;
    if (first.length === size && second.length === size && size > 0) continue;
    const found = `${first.length} and ${second.length} for ${rows.length} rows of ${columns.length}`;
    throw new RangeError(`Cannot draw the difference of ${kind} as “${name}” are other numbers: ${found}; ${instead}`);
  }
  return { pairs, labels, notes: notesOf(kind, first, second) };
}

/**
 * Shows two results of the same kind: two prompts, two models, before and after a change. Side by side are their own
 * views, each under its label; on a narrow page they stand below each other. The difference is one picture of the second
 * minus the first, orange where it is more and blue where it is less, with the correlation of both and a list of what
 * differs most; it needs results about the same text, positions and layers.
 *
 * @param first A result that has a view, or a trace with attention.
 * @param second Another one of the same kind.
 * @param options How they are compared, and what they are called.
 * @returns A view; as the last line of a notebook cell it shows itself. Its data is both results.
 * @throws {TypeError} If the results are of different kinds, or of one that has no view or no difference.
 * @throws {RangeError} If results of other texts, positions, layers or shapes should be subtracted.
 *
 * @example
 * ```ts
 * import { compareView, LanguageModel } from "@looking-glass/looking-glass";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const sequence = model.sequence("The keys to the cabinet are", { promptLength: 5 });
 * const [ecco, inseq] = [await model.saliency(sequence), await model.saliency(sequence, { preset: "inseq" })];
 * const view = compareView(ecco, inseq, { mode: "difference", labels: ["ecco", "inseq"] });
 * console.log(view.text); // “inseq” minus “ecco”: ...
 * ```
 */
export function compareView<Result>(
  first: Result,
  second: Result,
  options: CompareViewOptions = {},
): View<readonly [Result, Result]> {
  options = expectOptions(options, OPTIONS);
  const labels = labelsOf(options);
  const kind = sharedKind(first, second);
  const { title = `“${labels[0]}” and “${labels[1]}”`, mode = "side by side" } = options;
  const data = [first, second] as const;
  if (mode === "difference") {
    const page = differenceOf(kind, first, second, labels);
    const [html, text] = [differenceHtml(page), differenceText(page)];
    return createView({ title, html, drawSvg: () => drawDifference(page, title), data, text });
  }
  const sides = sidesOf(kind, data, labels);
  return createView({
    title,
    html: sidesHtml(sides),
    drawSvg: () => drawSides(sides, title),
    data,
    text: sidesText(sides),
  });
}
