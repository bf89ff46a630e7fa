/**
 * Which numbers of two results can be subtracted, and what their rows and columns stand for.
 *
 * @module
 */
import type { ResultKind, ResultKinds } from "../src/analysis/results/kinds.ts";
import type { Sequence, Word } from "../src/model/sequence.ts";
import type { Pair } from "./compare/difference.ts";
import { spelledAt, spelledResult } from "./kit/characters.ts";
import { placeWords } from "./kit/chips.ts";
import { visibleText } from "./kit/glyphs.ts";
import { markup } from "./kit/html.ts";
import type { GridLine } from "./kit/signed_grid.ts";
import { quoted, tokenHtml, tokenLabel, tokenName, wordToken } from "./kit/token_text.ts";
import { type Measured, type PatchingDrawing, patchingDrawing } from "./patching/data.ts";
import { headLines, layerLines, patchingGrid } from "./patching/grid.ts";
import { HEADINGS } from "./patching/words.ts";

/** The pairs of numbers of two results of one kind, which are about the same things. */
type PairsOf<Kind extends ResultKind> = (first: ResultKinds[Kind], second: ResultKinds[Kind]) => readonly Pair[];

/** Tokens as columns or rows. */
function tokenLine(sequence: Sequence, position: number): GridLine {
  const token = sequence.tokens[position];
  if (token === undefined) {
    const name = tokenName(sequence, position);
    return { head: markup`${name}`, label: name, words: name, number: position };
  }
  return {
    head: markup`${tokenHtml(token)}<br><span style="opacity:0.8">${position}</span>`,
    label: tokenLabel(token),
    words: placeWords(sequence, position),
    number: position,
    token,
  };
}

/** The same on one line. */
function tokenRow(sequence: Sequence, position: number): GridLine {
  const line = tokenLine(sequence, position);
  return { ...line, head: markup`${line.token !== undefined && tokenHtml(line.token)} ${position}` };
}

function namedRow(given: string, number = 0): GridLine {
  const name = visibleText(given);
  return { head: markup`${name}`, label: name, words: name, number };
}

/** A watched word as a column. */
function wordLine(word: Word, n: number): GridLine {
  const token = wordToken(word);
  const label = token === undefined ? `word ${n}` : tokenLabel(token);
  const head = token === undefined ? markup`${label}` : tokenHtml(token);
  return { head, label, words: token === undefined ? label : quoted(token), number: n, token };
}

const POSITION = markup`token<br>position`;

function tokensOf(sequence: Sequence): GridLine[] {
  return sequence.tokens.map((_, position) => tokenLine(sequence, position));
}

const saliency: PairsOf<"saliency"> = (a, b) => {
  const { sequence, positions, options: { together, normalize } } = a;
  const rows = together ? [namedRow("all explained")] : positions.map((position) => tokenRow(sequence, position));
  const percent = normalize && b.options.normalize;
  const columns = tokensOf(sequence);
  return [{ name: "Scores", corner: POSITION, rows, columns, first: a.scores.data, second: b.scores.data, percent }];
};

const classSaliency: PairsOf<"classSaliency"> = (a, b) => [{
  name: "Scores",
  corner: POSITION,
  rows: a.classes.map(namedRow),
  columns: tokensOf(a.sequence),
  first: a.scores.data,
  second: b.scores.data,
  percent: a.options.normalize && b.options.normalize,
}];

const maskedSaliency: PairsOf<"maskedSaliency"> = (a, b) => [{
  name: "Scores",
  corner: POSITION,
  rows: a.positions.map((position, n) =>
    namedRow(
      `token ${position} as ${
        [a, b].map(({ targets }) => quoted(spelledAt(a.sequence, position, targets[n]!.token))).join(" and ")
      }`,
      position,
    )
  ),
  columns: tokensOf(a.sequence),
  first: a.scores.data,
  second: b.scores.data,
  percent: a.options.normalize && b.options.normalize,
}];

const surprise: PairsOf<"surprise"> = (a, b) => {
  const bits = (logProbs: ArrayLike<number>) => Array.from(logProbs, (one) => -one / Math.LN2 || 0);
  return [{
    name: "Surprise, in bits",
    corner: POSITION,
    rows: [namedRow("surprise")],
    columns: a.positions.map((position) => tokenLine(a.sequence, position)),
    first: bits(a.logProbs.data),
    second: bits(b.logProbs.data),
    percent: false,
  }];
};

const rankings: PairsOf<"rankings"> = (a, b) => [{
  name: "Probability after each layer",
  corner: POSITION,
  rows: layerLines(Array.from({ length: a.probabilities.shape[0] ?? 0 }, (_, layer) => layer)),
  columns: a.words?.map(wordLine) ??
    a.positions.map((position) => tokenLine(a.sequence, position)),
  first: a.probabilities.data,
  second: b.probabilities.data,
  percent: true,
}];

const layerSimilarity: PairsOf<"layerSimilarity"> = (a, b) => {
  const count = a.similarity.shape[0] ?? 0;
  const names = Array.from({ length: count }, (_, i) => i === 0 ? "embeddings" : `layer ${a.layers?.[i - 1] ?? i - 1}`);
  const lines = names.map(namedRow);
  const numbers = { first: a.similarity.data, second: b.similarity.data, percent: false };
  return [{ name: "Linear CKA", corner: markup``, rows: lines, columns: lines, ...numbers }];
};

const headScores: PairsOf<"headScores"> = (a, b) => {
  const fields = { previousToken: "Previous token", firstToken: "First token", duplicateToken: "Duplicate token" };
  return Object.entries({ ...fields, induction: "Induction" }).map(([field, name]): Pair => {
    const [first, second] = [a, b].map((scores) => scores[field as "induction"]) as [
      typeof a.induction,
      typeof b.induction,
    ];
    const [layers = 0, heads = 0] = first.shape;
    return {
      name,
      corner: markup`head`,
      rows: layerLines(Array.from({ length: layers }, (_, layer) => layer)),
      columns: headLines(Array.from({ length: heads }, (_, head) => head)),
      first: first.data,
      second: second.data,
      percent: true,
    };
  });
};

const patching: PairsOf<"patching"> = (a, b) => {
  const drawings = [patchingDrawing(a), patchingDrawing(b)] as const;
  const [first, second] = drawings;
  const shares = drawings.every(({ gap }) => gap !== undefined);
  const numbers = (drawing: PatchingDrawing, which: Measured) =>
    a.layers.flatMap((_, row) =>
      a.indices.map((_, column) => (shares ? drawing.amount : drawing.metric)(which, row, column))
    );
  return first.shown.filter((which) => second.shown.includes(which)).map((which): Pair => {
    const { corner, rows, columns } = patchingGrid(first, which);
    return {
      name: `${HEADINGS[which]}: ${shares ? "share of the gap that is restored" : "the metric"}`,
      ...{ corner, rows, columns },
      first: numbers(first, which),
      second: numbers(second, which),
      percent: shares,
    };
  });
};

const logitAttribution: PairsOf<"logitAttribution"> = (a, b) => {
  const [layers = 0, heads = 0] = a.heads.shape;
  const rows = layerLines(Array.from({ length: layers }, (_, layer) => layer));
  const named = (names: readonly string[]) => names.map((name, n) => namedRow(name, n));
  const single = (one: typeof a) => [one.embedding, one.positionEmbedding ?? 0, one.bias, one.logit];
  const byLayer = ({ attentionBiases, mlps }: typeof a) =>
    rows.flatMap((_, layer) => [attentionBiases.data[layer] ?? NaN, mlps.data[layer] ?? NaN]);
  return [
    {
      ...{ name: "What each head gives", corner: markup`head`, rows, percent: false },
      columns: headLines(Array.from({ length: heads }, (_, head) => head)),
      ...{ first: a.heads.data, second: b.heads.data },
    },
    {
      ...{ name: "What each MLP gives, and the bias of each attention", corner: markup``, rows, percent: false },
      columns: named(["attention bias", "MLP"]),
      ...{ first: byLayer(a), second: byLayer(b) },
    },
    {
      ...{ name: "The rest, and the logit", corner: markup``, rows: [namedRow("gives")], percent: false },
      columns: named(["embedding", "position", "bias", "logit"]),
      ...{ first: single(a), second: single(b) },
    },
  ];
};

const PAIRS: { readonly [Kind in ResultKind]?: PairsOf<Kind> } = {
  saliency,
  classSaliency,
  maskedSaliency,
  surprise,
  rankings,
  layerSimilarity,
  headScores,
  patching,
  logitAttribution,
};

/** The fields that are drawn although they are single numbers. */
export const DRAWN_FIELDS: { readonly [Kind in ResultKind]?: readonly string[] } = {
  logitAttribution: ["embedding", "positionEmbedding", "bias", "logit"],
};

/** The kinds of results that can be subtracted. */
export const SUBTRACTED: readonly string[] = Object.keys(PAIRS);

/** The numbers of two results that can be subtracted; `undefined` of a kind that has none. */
export function pairsOf(kind: ResultKind, first: unknown, second: unknown): readonly Pair[] | undefined {
  const pairs: ((first: never, second: never) => readonly Pair[]) | undefined = PAIRS[kind];
  const [a, b] = [first, second].map((one) => spelledResult(one as { readonly sequence: Sequence }));
  return pairs?.(a as never, b as never);
}
