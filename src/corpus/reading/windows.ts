/**
 * Documents as the pieces that a model reads. A document that is longer than a window is read in several, each of which
 * begins with the last tokens of the one before: these are read once more, so that no token stands at the beginning of
 * nothing, and count where they were read first.
 *
 * @module
 */
import { expectTokenIds } from "../../model/token_checks.ts";
import type { ModelConfig } from "../../models/config.ts";
import { familyOf } from "../../models/families.ts";
import type { Tokenizer } from "../../tokenizer/tokenizer.ts";
import type { CorpusDocument, CorpusSettings } from "../types.ts";

/** A document and its tokens. */
export interface ReadDocument {
  readonly index: number;
  readonly id: string;
  /** The text that `starts` point into. */
  readonly text: string;
  /** All tokens, with those that the model expects around a text. */
  readonly tokenIds: readonly number[];
  /** Where each begins in the text. */
  readonly starts: Int32Array;
  /** The pieces that it is read in, in order. */
  readonly windows: readonly Window[];
}

/** Tokens of a document that are read together. */
export interface Window {
  readonly tokenIds: readonly number[];
  readonly tokenTypes: readonly number[];
  /** How many tokens that the model expects before a text stand before those of the document. */
  readonly before: number;
  /** How many tokens of the document were left out before those. */
  readonly shift: number;
  /** The tokens that count, by their indices here: from `from` to before `to`. */
  readonly from: number;
  readonly to: number;
}

/** Where a token of a window stands in the document. */
export function positionOf({ before, shift }: Window, index: number): number {
  return index < before ? index : index + shift;
}

/** A document that cannot be explained; what is wrong completes "Cannot explain ... as ". */
export class DocumentProblem extends Error {
  override readonly name = "DocumentProblem";
}

/** What documents are cut by. */
export interface Cutting {
  readonly tokenizer: Tokenizer;
  readonly config: ModelConfig;
  readonly settings: Pick<CorpusSettings, "window" | "overlap" | "maxCharacters">;
}

/**
 * Reads the tokens of a document and cuts them into windows.
 *
 * @throws {DocumentProblem} When it is empty, too long, or the model cannot read it.
 */
export function cutDocument({ index, id, text: given }: CorpusDocument, cutting: Cutting): ReadDocument {
  const { tokenizer, config, settings } = cutting;
  if (given.length > settings.maxCharacters) {
    const found = `it has ${given.length} characters where maxCharacters is ${settings.maxCharacters}`;
    throw new DocumentProblem(found);
  }
  const { tokens, text } = readTokens(tokenizer, given);
  if (tokens.length === 0) throw new DocumentProblem("it is empty");
  const { before, after } = around(tokenizer, config, tokens.map(({ id }) => id));
  const body = tokens.slice(before.inText);
  const bodyIds = body.map(({ id }) => id);
  const tokenIds = [...before.ids, ...bodyIds, ...after];
  checkIds(config, tokenIds);
  const windows = windowsOf(bodyIds, { before: before.ids, after, ...settings });
  const starts = Int32Array.from([
    ...before.ids.map((_, i) => before.inText > 0 ? tokens[i]!.start : 0),
    ...body.map(({ start }) => start),
    ...after.map(() => text.length),
  ]);
  return { index, id, text, tokenIds, starts, windows };
}

function readTokens(tokenizer: Tokenizer, given: string) {
  try {
    return tokenizer.read(given);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new DocumentProblem(error.message);
  }
}

/** A vocabulary of a tokenizer may have more tokens than the model. */
function checkIds(config: ModelConfig, tokenIds: readonly number[]): void {
  for (let start = 0; start < tokenIds.length; start += config.nPositions) {
    try {
      expectTokenIds(config, tokenIds.slice(start, start + config.nPositions));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new DocumentProblem(error.message);
    }
  }
}

/** What the model expects before a text and after it, and how much of that the text begins with by itself. */
function around(tokenizer: Tokenizer, config: ModelConfig, ids: readonly number[]) {
  const { startIds, endIds } = tokenizer;
  if (familyOf(config).mask === "full") return { before: { ids: startIds, inText: 0 }, after: endIds };
  const given = startIds.every((id, i) => ids[i] === id);
  return { before: { ids: startIds, inText: given ? startIds.length : 0 }, after: [] };
}

interface Cut {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly window: number;
  readonly overlap: number;
}

function windowsOf(body: readonly number[], { before, after, window, overlap }: Cut): readonly Window[] {
  const room = window - before.length - after.length;
  const step = room - overlap;
  const P = before.length;
  const windows: Window[] = [];
  for (let shift = 0;; shift += step) {
    const own = body.slice(shift, shift + room);
    const isLast = shift + own.length === body.length;
    const tokenIds = [...before, ...own, ...after];
    windows.push({
      tokenIds,
      tokenTypes: tokenIds.map(() => 0),
      ...{ before: P, shift },
      from: shift === 0 ? 0 : P + overlap,
      to: P + own.length + (isLast ? after.length : 0),
    });
    if (isLast) return windows;
  }
}
