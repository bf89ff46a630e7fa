import type { Candidates } from "../../../src/ask/reading/types.ts";
import { topK } from "../../../src/base/numbers.ts";
import { settledProbabilities } from "../../../src/ask/write/settled.ts";
import type { Sequence } from "../../../src/model/sequence.ts";

/** Candidates after a text, of a vocabulary whose scores are the same everywhere; the second and the third are equal. */
export function candidatesOf(sequence: Sequence, V = 40, words = 12): Candidates {
  const data = Float32Array.from({ length: V }, (_, id) => {
    const unit = ((Math.imul(id + 1, 2654435761) >>> 8) % 65536 + 1) / 65537;
    return -80 - 1.7 * Math.log(-Math.log(unit)) - 3 * ((id * 7) % 5);
  });
  const order = topK(data, Math.min(V, words));
  if (order.length > 2) data[order[2]!] = data[order[1]!]!;
  const ids = topK(data, Math.min(V, words));
  const { probability } = settledProbabilities(data, { temperature: 1, topK: 0, topP: 1 });
  const entropy = data.reduce(
    (sum, _, id) => sum - (probability(id) && probability(id) * Math.log(probability(id))),
    0,
  );
  const predictions = ids.map((tokenId, n) => ({
    ...{ tokenId, logit: data[tokenId]!, probability: probability(tokenId), rank: n + 1 },
    token: { ...sequence.tokens[n % sequence.tokens.length]!, id: tokenId },
  }));
  return { sequence, predictions, logits: { data, shape: [V] }, entropy };
}
