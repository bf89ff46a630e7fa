import type { GroupedMap, Saliency, TokenGroup } from "../ask/saliency/definition.ts";
import { expectMap } from "../ask/saliency/map.ts";
import type { FloatTensor } from "../base/tensor.ts";
import type { Sequence } from "../model/sequence.ts";
import { showing } from "../show/showing.ts";
import type { Token } from "../tokenizer/token.ts";

/** How a text is cut: into words, sentences, or the matches of a regular expression and what stands between them. */
export type GroupBy = "word" | "sentence" | RegExp;

/** Saliency by groups of tokens. */
export interface GroupedSaliency {
  /** The explained text. */
  readonly sequence: Sequence;
  /** The explained positions, N of them. */
  readonly positions: readonly number[];
  /** The groups, G of them, in reading order; each token is in one. */
  readonly groups: readonly TokenGroup[];
  /** `[N, G]`, the sums of the tokens' scores; one row when the positions were explained together. */
  readonly scores: FloatTensor;
}

/**
 * Groups the tokens of a sequence by words, sentences or a regular expression. Words and sentences are Unicode's
 * (UAX 29, with `Intl.Segmenter`'s dictionaries for Chinese, Japanese and Thai). A token belongs to the word, sentence
 * or match that holds its first character that is no white space, so a token is never cut.
 *
 * @throws {TypeError} When `by` is none of these.
 *
 * @example Words
 * ```ts
 * import { LanguageModel } from "@looking-glass/looking-glass";
 * import { groupTokens } from "@looking-glass/looking-glass/analysis";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const groups = groupTokens(model.sequence("The keys to the cabinet"), "word");
 * console.log(groups.map(({ text }) => text)); // ["The", " keys", " to", " the", " cabinet"]
 * ```
 */
export function groupTokens({ tokens, text, sourceLength }: Sequence, by: GroupBy): TokenGroup[] {
  const starts = segmentStarts(text, by);
  const groups: { start: number; end: number; text: string }[] = [];
  let before: number | undefined;
  tokens.forEach(({ start, end }, index) => {
    const segment = end > start ? segmentAt(starts, firstShown(text, start, end)) : undefined;
    const last = groups.at(-1);
    if (last && segment !== undefined && segment === before && index !== sourceLength) {
      last.end = index + 1;
      last.text = text.slice(tokens[last.start]!.start, end);
    } else groups.push({ start: index, end: index + 1, text: text.slice(start, end) });
    before = segment;
  });
  return showing("Groups", groups);
}

/**
 * Adds up the scores of the tokens of each word, sentence or match of a regular expression. Sums keep what rows add up
 * to: a normalised row still sums to 1, and the sum of integrated gradients stays complete.
 *
 * @throws {TypeError} When `by` is none of these, or the map is of groups already.
 * @throws {RangeError} When the parts of the map do not belong together.
 *
 * @example Which words made the model write the last token
 * ```ts
 * import { LanguageModel } from "@looking-glass/looking-glass";
 * import { groupScores } from "@looking-glass/looking-glass/analysis";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const sequence = await model.generate("The keys to the cabinet", { maxNewTokens: 1 });
 * const { groups, scores } = groupScores(await model.saliency(sequence), "word");
 * groups.forEach(({ text }, i) => console.log(text, scores.data[i]));
 * ```
 */
export function groupScores<Map extends Saliency>(saliency: OfTokens<Map>, by: GroupBy): GroupedSaliency {
  expectTokens(saliency);
  const { sequence, positions, scores } = saliency;
  const groups = groupTokens(sequence, by);
  const [rows, T] = scores.shape as [number, number];
  const data = new Float32Array(rows * groups.length);
  for (let n = 0; n < rows; ++n) {
    groups.forEach(({ start, end }, i) => {
      let sum = 0;
      for (let t = start; t < end; ++t) sum += scores.data[n * T + t]!;
      data[n * groups.length + i] = sum;
    });
  }
  return showing("GroupedSaliency", {
    sequence,
    positions,
    groups,
    scores: { data, shape: [rows, groups.length] },
  });
}

/**
 * The same map with groups in the place of tokens, to draw or to rank. The scores of a group's tokens are added up, as
 * in {@linkcode groupScores}. So are the rows of an explained group: what is explained is then the log-probability of
 * the whole group, that of its tokens added up; normalised rows are averaged, so that each still sums to 1. What the
 * first tokens of a group gave to its later ones counts as the group's own.
 *
 * @param saliency A map of tokens.
 * @param by What makes a group.
 * @returns A map whose sequence has a "token" for each group, with the id of its first token; its positions are those of
 * groups, and `grouping` holds the tokens. How far its rows are from complete adds up too.
 * @throws {TypeError} When `by` is none of these, or the map is of groups already.
 * @throws {RangeError} When the parts of the map do not belong together.
 *
 * @example
 * ```ts
 * import { LanguageModel, saliencyView } from "@looking-glass/looking-glass";
 * import { groupSaliency } from "@looking-glass/looking-glass/analysis";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const saliency = await model.saliency(await model.generate("The keys to the cabinet", { maxNewTokens: 3 }));
 * console.log(saliencyView(groupSaliency(saliency, "word")).text);
 * ```
 */
export function groupSaliency<Map extends Saliency>(saliency: OfTokens<Map>, by: GroupBy): GroupedMap {
  const { sequence, positions, options, convergenceGaps } = saliency;
  const { groups, scores } = groupScores<Saliency>(saliency, by);
  const groupOf = (position: number) => groups.findIndex(({ end }) => position < end);
  const rowGroups = positions.map(groupOf);
  const explained = [...new Set(rowGroups)];
  return showing("Saliency", {
    sequence: {
      tokenIds: groups.map(({ start }) => sequence.tokenIds[start]!),
      tokens: groups.map((group) => groupToken(sequence, group)),
      promptLength: groups.filter(({ end }) => end <= sequence.promptLength).length,
      text: sequence.text,
      ...sequence.sourceLength !== undefined && {
        sourceLength: groups.filter(({ end }) => end <= sequence.sourceLength!).length,
      },
    },
    positions: explained,
    scores: options.together ? scores : addRows(scores, rowGroups, explained, options.normalize),
    options: { ...options, by: typeof by === "string" ? by : "group" },
    grouping: { sequence, positions, groups },
    ...convergenceGaps && {
      convergenceGaps: options.together ? convergenceGaps : addGaps(convergenceGaps, rowGroups, explained),
    },
  });
}

/** A map of tokens; one that is known to be of groups is none. */
export type OfTokens<Map extends Saliency> = Map extends GroupedMap ? never : Map;

function expectTokens(saliency: Saliency): void {
  expectMap("group", saliency);
  const { by } = saliency.options;
  if (by) throw new TypeError(`Cannot group a map of each ${by} again; group the map of tokens`);
}

/** The gaps of rows that are added up, which are of the scalars, whether scores are normalised or not. */
function addGaps(gaps: readonly number[], rowGroups: readonly number[], groups: readonly number[]): number[] {
  return groups.map((group) => gaps.reduce((sum, gap, row) => rowGroups[row] === group ? sum + gap : sum, 0));
}

/** A group in the place of a token. */
function groupToken({ tokens }: Sequence, { start, end, text }: TokenGroup): Token {
  const parts = tokens.slice(start, end);
  return {
    id: parts[0]!.id,
    piece: parts.map(({ piece }) => piece).join(""),
    bytes: Uint8Array.from(parts.flatMap(({ bytes }) => [...bytes])),
    start: parts[0]!.start,
    end: parts.at(-1)!.end,
    text: parts.length === 1 ? parts[0]!.text : text,
  };
}

/** Adds up, or averages, the rows that belong to the same group. */
function addRows(scores: FloatTensor, rowGroups: readonly number[], groups: readonly number[], average: boolean) {
  const width = scores.shape[1]!;
  const data = new Float32Array(groups.length * width);
  rowGroups.forEach((group, row) => {
    const share = average ? 1 / rowGroups.filter((other) => other === group).length : 1;
    const start = groups.indexOf(group) * width;
    for (let i = 0; i < width; ++i) data[start + i]! += share * scores.data[row * width + i]!;
  });
  return { data, shape: [groups.length, width] };
}

/** Where the parts of a text begin, in rising order; the first is 0. */
function segmentStarts(text: string, by: GroupBy): readonly number[] {
  if (by instanceof RegExp) {
    const flags = by.flags.replace("y", "");
    const matches = text.matchAll(new RegExp(by.source, flags.includes("g") ? flags : `${flags}g`));
    const bounds = [...matches].filter(([match]) => match !== "").flatMap(({ index, 0: match }) => {
      return [index, index + match.length];
    });
    return [...new Set([0, ...bounds])];
  }
  if (by !== "word" && by !== "sentence") {
    throw new TypeError(`Cannot group tokens by ${JSON.stringify(by)}; use "word", "sentence" or a regular expression`);
  }
  return [0, ...Array.from(new Intl.Segmenter("en", { granularity: by }).segment(text), ({ index }) => index).slice(1)];
}

/** The index of the last part that begins at or before `offset`. */
function segmentAt(starts: readonly number[], offset: number): number {
  return starts.findLastIndex((start) => start <= offset);
}

/** The first character of a token that is no white space, or its first one. */
function firstShown(text: string, start: number, end: number): number {
  const index = text.slice(start, end).search(/\S/);
  return index < 0 ? start : start + index;
}
