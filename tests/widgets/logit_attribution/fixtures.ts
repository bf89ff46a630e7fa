import type { LogitAttribution } from "../../../mod.ts";
import type { FloatTensor } from "../../../src/base/tensor.ts";
import type { Sequence } from "../../../src/model/sequence.ts";
import { KEYS, sequenceOf } from "../fixtures.ts";
import { generator } from "../lens_fixtures.ts";

/** How large an attribution is, and what is in it. */
export interface AttributionFixture {
  readonly layers?: number;
  readonly heads?: number;
  /** How many neurons a layer has; none by default. */
  readonly neurons?: number;
  readonly tokens?: boolean;
  readonly contrast?: boolean;
  readonly position?: number;
}

/** A logit whose parts add up to it; the same everywhere. */
export function attributionOf(sequence: Sequence = KEYS, options: AttributionFixture = {}): LogitAttribution {
  const { layers: L = 4, heads: H = 3, neurons: I = 0, tokens = false, contrast = false } = options;
  const { position = Math.max(1, sequence.promptLength) } = options;
  const next = generator(17);
  const floats = (...shape: number[]): FloatTensor => {
    const count = shape.reduce((product, size) => product * size, 1);
    return { data: Float32Array.from({ length: count }, () => (2 * next() - 0.9) ** 3), shape };
  };
  const looks = floats(L, H, position);
  const heads = {
    data: Float32Array.from({ length: L * H }, (_, i) => sum(looks.data.subarray(i * position, (i + 1) * position))),
    shape: [L, H],
  };
  const [attentionBiases, mlps] = [floats(L), floats(L)];
  const parts = { embedding: 0.75, positionEmbedding: -0.25, bias: 0.125 };
  const all = [heads, attentionBiases, mlps].flatMap(({ data }) => [...data]);
  const logit = sum([...Object.values(parts), ...all]);
  const [target, other] = [sequence.tokens[position] ?? sequence.tokens[0]!, sequenceOf([" is"], 1).tokens[0]!];
  const prediction = { tokenId: target.id, token: target, probability: 0.4, logit: logit + 2, rank: 1 };
  return {
    ...{ sequence, position, target: prediction, logit, ...parts, heads, attentionBiases, mlps },
    ...(contrast && { contrast: { tokenId: other.id, token: other, probability: 0.1, logit: 2, rank: 3 } }),
    ...(I > 0 && { neurons: floats(L, I) }),
    ...(tokens && { tokens: looks }),
  };
}

function sum(values: ArrayLike<number>): number {
  return Array.from(values).reduce((total, value) => total + value, 0);
}
