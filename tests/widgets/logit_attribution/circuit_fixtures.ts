import type { HeadCircuit, LogitChange, NeuronWrites } from "../../../mod.ts";
import { sequenceOf } from "../fixtures.ts";
import { generator } from "../lens_fixtures.ts";

const WORDS = [" Paris", "\n", " the", "é", " is", " are", "!", " John", " Mary", " keys", "a", "<b>"];

/** Some words with what is added to their logits, most first; the same everywhere. */
function sortedChanges(words: readonly string[]): LogitChange[] {
  const next = generator(11);
  const { tokens } = sequenceOf(words, 1);
  return tokens.map((token) => ({ tokenId: token.id, token, change: 6 * (next() - 0.5) }))
    .sort((a, b) => b.change - a.change);
}

function listsOf(words: readonly string[]): Pick<NeuronWrites, "raised" | "lowered"> {
  const all = sortedChanges(words);
  const half = words.length >> 1;
  return { raised: all.slice(0, half), lowered: all.slice(half).reverse() };
}

/** What a neuron writes. */
export function writesOf(words: readonly string[] = WORDS): NeuronWrites {
  return { layer: 3, neuron: 1021, ...listsOf(words) };
}

/** The circuits of a head for a token that is in no list and one that is. */
export function circuitOf(words: readonly string[] = WORDS): HeadCircuit {
  const lists = listsOf(words);
  const { token, change } = lists.lowered[0]!;
  return { layer: 4, head: 7, from: sequenceOf([" books"], 1).tokens[0]!, to: token, qk: 0.226, ov: change, ...lists };
}
