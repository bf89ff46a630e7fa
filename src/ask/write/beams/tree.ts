import type { Decoding, Prompt } from "../../../model/sequence.ts";
import type { Beam } from "./search.ts";
import type { BeamSearch, FoundText } from "./types.ts";
import { type Choice, type Decoder, describe } from "../decode.ts";

/** What a prompt was continued with, and how. */
export interface Found {
  readonly prompt: Prompt;
  /** What was found, best first, with the scores that tokens were chosen by. */
  readonly beams: readonly Beam[];
  /** How many of the likeliest tokens each step lists. */
  readonly candidates: number;
  readonly decoding: Decoding;
}

/** The texts that were found as branches of a tree. */
export async function foundTree(decoder: Decoder, { prompt, beams, candidates, decoding }: Found): Promise<BeamSearch> {
  const { reader } = decoder;
  const { tokenIds, text } = prompt;
  const branches: FoundText[] = [];
  for (const [id, { written, score, logProb }] of beams.entries()) {
    const { parent, common } = nearest(beams.slice(0, id), written);
    const shared = written.slice(0, common);
    branches.push({
      id,
      ...parent !== undefined && { parent },
      start: tokenIds.length + common,
      sequence: { ...reader.continuation(prompt, written), decoding },
      steps: await Array.fromAsync(describe(decoder, prompt, candidates, choicesFrom(beams[id]!, common), shared)),
      logProb,
      score,
    });
  }
  return { prompt: reader.sequence(tokenIds, tokenIds.length, text), branches };
}

async function* choicesFrom({ written, kept }: Beam, start: number): AsyncGenerator<Choice> {
  for (let i = start; i < written.length; ++i) yield { tokenId: written[i]!, ...kept[i]! };
}

/** The first of the earlier beams that has the longest beginning in common with a text, and how many tokens that is. */
function nearest(earlier: readonly Beam[], written: readonly number[]): { parent?: number; common: number } {
  const lengths = earlier.map((beam) => {
    const parted = written.findIndex((tokenId, i) => beam.written[i] !== tokenId);
    return parted < 0 ? written.length : parted;
  });
  const common = Math.max(0, ...lengths);
  return earlier.length === 0 ? { common } : { parent: lengths.indexOf(common), common };
}
