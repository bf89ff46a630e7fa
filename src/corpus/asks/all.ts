import { shown } from "../../base/words.ts";
import type { AskName } from "../types.ts";
import type { CorpusAsk } from "./ask.ts";
import { EMBEDDINGS_ASK } from "./embeddings.ts";
import { FACTORS_ASK } from "./factors.ts";
import { GENERATED_ASK } from "./generated.ts";
import { HEADS_ASK } from "./heads.ts";
import { NEURONS_ASK } from "./neurons.ts";
import { SALIENCY_ASK } from "./saliency.ts";
import { SETTLING_ASK } from "./settling.ts";
import { SURPRISE_ASK } from "./surprise.ts";

/** All questions to a corpus, in the order of their tables. */
const ASKS: Readonly<Record<AskName, CorpusAsk>> = {
  surprise: SURPRISE_ASK,
  saliency: SALIENCY_ASK,
  heads: HEADS_ASK,
  settling: SETTLING_ASK,
  neurons: NEURONS_ASK,
  factors: FACTORS_ASK,
  embeddings: EMBEDDINGS_ASK,
  generated: GENERATED_ASK,
};

/** The names of all questions. */
export const ASK_NAMES: readonly AskName[] = Object.keys(ASKS) as AskName[];

/**
 * The questions of some names, each once, in the order of their tables.
 *
 * @throws {TypeError} When there is no such question.
 */
export function asksOf(names: unknown): readonly CorpusAsk[] {
  const list: readonly unknown[] = Array.isArray(names) ? names : [names];
  for (const name of list) {
    if (ASK_NAMES.some((known) => known === name)) continue;
    throw new TypeError(`Cannot ask a corpus for ${shown(name)}; ask for ${ASK_NAMES.join(", ")}`);
  }
  if (list.length === 0) throw new TypeError(`Cannot ask a corpus for nothing; ask for ${ASK_NAMES.join(", ")}`);
  return ASK_NAMES.filter((name) => list.includes(name)).map((name) => ASKS[name]);
}
