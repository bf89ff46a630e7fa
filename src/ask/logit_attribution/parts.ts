/**
 * What each part of a model wrote at a token, in the direction in which a logit is read.
 *
 * Sizes: S tokens up to that one; L blocks, C width, H heads, K heads of values, D numbers of a head, I neurons.
 *
 * @module
 */
import { dot, sumOf } from "../../base/numbers.ts";
import type { ModelRunner } from "../../model/runner.ts";
import type { Writers } from "../../models/family.ts";
import { ChangesOnTheWay } from "./changes_on_the_way.ts";
import { backThrough, type Reading } from "./direction.ts";
import type { LogitAttribution } from "./types.ts";

/** What was seen of a model at a token. */
export interface Seen {
  /** The token. */
  readonly tokenId: number;
  /** Where it stands, S - 1. */
  readonly row: number;
  /** The residual stream that leaves the last block, `[C]`. */
  readonly residual: Float32Array;
  /** Of each block what its heads look at, `[H, S]`. */
  readonly patterns: readonly Float32Array[];
  /** Of each block its neurons, `[I]`. */
  readonly neurons: readonly Float32Array[];
  /** Of each block the values of all tokens, `[S, K D]`. */
  readonly values: readonly Float32Array[];
}

/** How far the parts are taken apart, and what is told of that. */
interface PartsOptions {
  readonly neurons: boolean;
  readonly tokens: boolean;
  readonly onLayer: (completed: number) => void;
}

type Parts = Pick<
  LogitAttribution,
  "embedding" | "positionEmbedding" | "heads" | "attentionBiases" | "mlps" | "neurons" | "tokens" | "added" | "bias"
>;

/** Takes apart what a reading gives, from its end to its beginning, and adds it up in double precision. */
export async function attributionOf(
  runner: ModelRunner,
  writers: Writers,
  seen: Seen,
  reading: Reading,
  { neurons, tokens, onLayer }: PartsOptions,
): Promise<Parts & { readonly sum: number }> {
  const { nLayer: L, nHead: H, nInner: I } = runner.config;
  const S = seen.row + 1;
  const [heads, attentionBiases, mlps] = [new Float32Array(L * H), new Float32Array(L), new Float32Array(L)];
  const byNeuron = neurons ? new Float32Array(L * I) : undefined;
  const byToken = tokens ? new Float32Array(L * H * S) : undefined;
  const changes = new ChangesOnTheWay(runner, seen.row);
  let stream = changes.before(`resid.${L}`, reading.direction);
  let sum = reading.bias;
  for (let i = L - 1; i >= 0; --i) {
    const mlp = await written(runner, writers.mlp(i), changes.before(`mlp_out.${i}`, stream));
    const fired = mlp.read.map((reads, n) => reads * seen.neurons[i]![n]!);
    stream = changes.before(`resid_mid.${i}`, stream);
    const attention = await written(runner, writers.attention(i), changes.before(`attn_out.${i}`, stream));
    const read = changes.before(`z.${i}`, attention.read);
    const looked = byTokenLooked(read, seen.patterns[i]!, seen.values[i]!, H);
    stream = changes.before(`resid.${i}`, stream);
    for (let head = 0; head < H; ++head) heads[i * H + head] = sumOf(looked.subarray(head * S, (head + 1) * S));
    attentionBiases[i] = attention.bias;
    const ofMlp = sumOf(fired) + mlp.bias;
    mlps[i] = ofMlp;
    byNeuron?.set(fired, i * I);
    byToken?.set(looked, i * H * S);
    sum += sumOf(looked) + attention.bias + ofMlp;
    onLayer(L - i);
  }
  const embedded = await embeddings(runner, writers, seen, stream, changes);
  const { added } = changes;
  return {
    ...embedded,
    heads: { data: heads, shape: [L, H] },
    attentionBiases: { data: attentionBiases, shape: [L] },
    mlps: { data: mlps, shape: [L] },
    ...byNeuron && { neurons: { data: byNeuron, shape: [L, I] } },
    ...byToken && { tokens: { data: byToken, shape: [L, H, S] } },
    ...added.length > 0 && { added },
    bias: reading.bias,
    sum: sum + embedded.embedding + (embedded.positionEmbedding ?? 0) +
      added.reduce((all, { value }) => all + value, 0),
  };
}

/** What the token itself gives, and its place. */
async function embeddings(
  runner: ModelRunner,
  { positions }: Writers,
  { tokenId, row }: Seen,
  stream: Float64Array,
  changes: ChangesOnTheWay,
): Promise<Pick<Parts, "embedding" | "positionEmbedding">> {
  const own = await runner.weights.readRows(runner.family.names.embedding, tokenId);
  const embedding = dot(own, changes.before("embed", stream));
  if (!positions) return { embedding };
  return {
    embedding,
    positionEmbedding: dot(await runner.weights.readRows(positions.table, positions.first + row), stream),
  };
}

/** What a linear layer reads in a direction of what it writes, `[in]`, and what its bias gives. */
async function written(
  runner: ModelRunner,
  name: string,
  direction: Float64Array,
): Promise<{ readonly read: Float64Array; readonly bias: number }> {
  const specs = runner.family.weights(runner.config);
  const read = backThrough(await runner.weights.read(`${name}.weight`), specs.get(`${name}.weight`)?.layout, direction);
  const bias = specs.has(`${name}.bias`) ? dot((await runner.weights.read(`${name}.bias`)).data, direction) : 0;
  return { read, bias };
}

/** What each head gives by each token, `[H, S]`: its attention times the product of the token's value and what is read. */
function byTokenLooked(read: Float64Array, pattern: Float32Array, values: Float32Array, H: number): Float64Array {
  const [D, S] = [read.length / H, pattern.length / H];
  const width = values.length / S; // K D
  const looked = new Float64Array(H * S);
  for (let head = 0; head < H; ++head) {
    const own = read.subarray(head * D, (head + 1) * D);
    const start = Math.floor(head * (width / D) / H) * D;
    for (let s = 0; s < S; ++s) {
      const value = values.subarray(s * width + start, s * width + start + D);
      looked[head * S + s] = pattern[head * S + s]! * dot(value, own);
    }
  }
  return looked;
}
