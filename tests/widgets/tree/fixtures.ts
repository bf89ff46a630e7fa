import type { Step } from "../../../src/ask/write/step.ts";
import type { Branch, DecodingTree } from "../../../src/ask/write/tree_types.ts";
import type { Sequence } from "../../../src/model/sequence.ts";
import type { Token } from "../../../src/tokenizer/token.ts";
import { partsOf, sequenceOf } from "../fixtures.ts";
import { generator, predictionsOf } from "../lens_fixtures.ts";

/** A branch as texts: its own tokens, the branch that it leaves, and after how many written tokens. */
export interface Growth {
  readonly parent?: number;
  readonly after?: number;
  readonly texts: readonly (string | number[])[];
}

function growthStep(token: Token, position: number, next: () => number): Step {
  const probability = 0.03 + 0.9 * next() ** 1.5;
  return {
    position,
    tokenId: token.id,
    token,
    logProb: Math.log(probability),
    candidates: predictionsOf([token], probability),
    logits: new Float32Array(4),
  };
}

/** Branches that grow from a prompt. */
export function treeOf(prompt: readonly (string | number[])[], growths: readonly Growth[]): DecodingTree {
  const next = generator(21);
  const branches: Branch[] = [];
  growths.forEach(({ parent, after = 0, texts }, id) => {
    const start = prompt.length + after;
    const shared = parent === undefined ? [] : branches[parent]!.sequence.tokens.slice(prompt.length, start);
    const sequence: Sequence = sequenceOf([...prompt, ...partsOf(shared), ...texts], prompt.length);
    const steps = sequence.tokens.slice(start).map((token, i) => growthStep(token, start + i, next));
    const before = parent === undefined ? [] : stepsBefore(branches, parent, start);
    const logProb = [...before, ...steps].reduce((sum, step) => sum + step.logProb, 0);
    branches.push({ id, ...(parent === undefined ? {} : { parent }), start, sequence, steps, logProb });
  });
  return { prompt: sequenceOf(prompt, prompt.length), branches };
}

function stepsBefore(branches: readonly Branch[], id: number, end: number): Step[] {
  const branch = branches[id]!;
  const before = branch.parent === undefined ? [] : stepsBefore(branches, branch.parent, Math.min(end, branch.start));
  return [...before, ...branch.steps.slice(0, Math.max(0, end - branch.start))];
}

/** Four branches: two forks of the first, one of them at its first token, and a fork of a fork. */
export const TREE: DecodingTree = treeOf(["The", " keys", " to", " the", " cabinet"], [
  { texts: [" are", " on", " the", " table", ",", " where", " she", " left", " them", "."] },
  { parent: 0, after: 0, texts: [" were", " gone", "."] },
  { parent: 0, after: 3, texts: [" kitchen", " shelf", "."] },
  { parent: 2, after: 4, texts: [" wall", ",", " as", " ever", "."] },
]);

/** Two words in each of three places, as `spread` grows them: the likelier one of each is its first. */
export const WALKED: DecodingTree = treeOf(["The", " keys"], [
  { texts: [" one", " two", " three"] },
  { parent: 0, after: 0, texts: [" uno", " dos", " tres"] },
  { parent: 0, after: 1, texts: [" deux", " trois"] },
  { parent: 1, after: 1, texts: [" zwei", " drei"] },
  { parent: 0, after: 2, texts: [" tre"] },
  { parent: 1, after: 2, texts: [" san"] },
  { parent: 2, after: 2, texts: [" drie"] },
  { parent: 3, after: 2, texts: [" tri"] },
]);
