import type { Metric, Patching } from "../../../src/ask/patching/types.ts";
import type { Sequence, Word } from "../../../src/model/sequence.ts";
import type { HeadEffects } from "../../../widgets/mod.ts";
import { partsOf, sequenceOf } from "../fixtures.ts";
import { generator } from "../lens_fixtures.ts";

function wordOf(text: string): Word {
  const { tokens, tokenIds } = sequenceOf([text], 1);
  return { text, tokens, tokenIds };
}

/** The logit of one name less that of another. */
export const DIFFERENCE: Metric = { name: "logitDifference", target: wordOf(" Mary"), contrast: wordOf(" John") };

const WORDS = ["When", " Mary", " and", " John", " went", " to", " the", " store", ",", " John", " gave", " to"];

/** Who gives to whom. */
export const CLEAN: Sequence = sequenceOf(WORDS, 12);
/** The same with the names of the second mention exchanged. */
export const CORRUPTED: Sequence = withToken(CLEAN, 9, " Mary");

/** A text in which one token is another one. */
export function withToken(sequence: Sequence, position: number, text: string): Sequence {
  const other = sequenceOf(
    partsOf(sequence.tokens).map((part, i) => i === position ? text : part),
    sequence.promptLength,
  );
  const tokens = other.tokens.map((token, i) => i === position ? { ...token, id: 900 } : token);
  return { ...other, tokens, tokenIds: tokens.map(({ id }) => id) };
}

/** What is made of the options of {@linkcode patchingOf}. */
export interface PatchingSpec {
  readonly layers?: number;
  readonly clean?: Sequence;
  readonly metric?: Metric;
  readonly both?: boolean;
  /** As many heads, instead of positions. */
  readonly heads?: number;
}

/** A patching that moves from the changed token to the last one, with its estimate a little beside it. */
export function patchingOf(corrupted: Sequence = CORRUPTED, spec: PatchingSpec = {}): Patching {
  const { layers = 6, clean = CLEAN, metric = DIFFERENCE, both = true, heads } = spec;
  const next = generator(5);
  const T = corrupted.tokens.length;
  const count = heads ?? T;
  const kl = metric.name === "kl";
  const [cleanValue, corruptedValue] = kl ? [0, 2.5] : [3.25, -1.75];
  const changed = corrupted.tokens.findIndex(({ id }, i) => id !== clean.tokens[i]?.id);
  const shares = Array.from({ length: layers * count }, (_, i) => {
    const [depth, column] = [Math.floor(i / count) / Math.max(1, layers - 1), i % count];
    const noise = 0.12 * (next() - 0.6);
    if (heads !== undefined) return (next() ** 6) * (next() < 0.3 ? -0.3 : 0.6);
    return noise + (column === changed ? 1 - depth : column === T - 1 ? depth * 1.05 : 0);
  });
  const tensor = (of: readonly number[]) => ({
    data: Float32Array.from(of, (share) => corruptedValue + share * (cleanValue - corruptedValue)),
    shape: [layers, count],
  });
  return {
    clean,
    corrupted,
    position: T,
    at: heads === undefined ? "resid" : "z",
    layers: Array.from({ length: layers }, (_, layer) => layer),
    columns: heads === undefined ? "positions" : "heads",
    indices: Array.from({ length: count }, (_, i) => i),
    metric,
    cleanValue,
    corruptedValue,
    values: tensor(shares),
    ...both && !kl && { estimate: tensor(shares.map((share) => 0.8 * share + 0.05 * next())) },
  };
}

/** Numbers of heads, with signs. */
export function headEffectsOf(layers = 6, heads = 8): HeadEffects {
  const next = generator(9);
  const data = Float32Array.from({ length: layers * heads }, () => (next() - 0.4) ** 3);
  return { scores: { data, shape: [layers, heads] }, layers: Array.from({ length: layers }, (_, i) => i + 2) };
}
