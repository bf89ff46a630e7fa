/**
 * A model and the questions it can be asked as one graph, so that one session holds the weights once. Each question is a
 * branch that runs only when it is asked, and brings its own inputs.
 *
 * @module
 */
import type { TensorEntry } from "../checkpoint/safetensors.ts";
import type { Feed } from "../onnx/feed.ts";
import { cut, Graph, type InHalves, type Shape, type Value } from "../onnx/mod.ts";
import type { Attention, AttentionMask } from "./attention.ts";
import { ModelBuilder } from "./builder.ts";
import type { SiteName } from "./sites.ts";
import type { ModelConfig } from "./config.ts";
import { familyOf } from "./families.ts";
import { unembeddingName } from "./family.ts";
import { declareInputs, type ForwardInputs, readFeeds, type ReadRequest } from "./forward_inputs.ts";
import { type GradientOutputs, GradientQuestion, type GradientRequest } from "./gradient_question.ts";
import { EdgesOfHeads } from "./head_edges.ts";
import { ofLongerText } from "./key_blocks.ts";
import { LensQuestion, type LensRequest, type LensValues } from "./lens.ts";
import { type EditRequest, SiteEdits } from "./site_edits.ts";
import { declareWeights, isQuantized } from "./weights.ts";

/** What can be fetched from a run: activations, scores, and the logit lens. */
export interface ProgramOutputs extends GradientOutputs {
  /** The residual stream, L + 1 of `[T, C]`: the embeddings, then what leaves each block, before the final norm. */
  readonly hiddenStates: readonly Value[];
  /** The attention probabilities of each block, `[H, T, S]`. */
  readonly attention: readonly Value[];
  /** The MLP's neurons in each block after the activation function, `[T, nInner]`. */
  readonly activations: readonly Value[];
  /** The keys of the new tokens in each block, `[T, cache width]`. */
  readonly keys: readonly Value[];
  /** The values of the new tokens in each block, `[T, cache width]`. */
  readonly values: readonly Value[];
  /** The scores of the token that each row predicts, `[R, V]`; where there is no head, the stream itself, `[R, C]`. */
  readonly logits: Value;
  /** What each depth of the residual stream would predict, where tokens predict the next one. */
  readonly lens?: LensValues;
  /** What can be seen of the encoder, where there is one. */
  readonly encoder?: EncoderOutputs;
  /** What is at other places, as they were asked for: `[T, W]` each. */
  readonly seen: ReadonlyMap<SiteName, Value>;
  /** What attention and MLP of each block compute on the way, where it was asked for. */
  readonly inner?: InnerOutputs;
}

/** What stands between the parts of each block. */
export interface InnerOutputs {
  /** The queries of the new tokens, `[T, H D]`, turned by their positions where the family does so. */
  readonly queries: readonly Value[];
  /** The sums of values by attention, heads side by side, `[T, H D]`. */
  readonly headSums: readonly Value[];
  /** What attention adds to the stream, `[T, C]`. */
  readonly attentionOutputs: readonly Value[];
  /** What the MLP adds to the stream, `[T, C]`. */
  readonly mlpOutputs: readonly Value[];
}

/** What a program can do beside what all can. */
export interface ProgramOptions {
  /** The places that can be changed. */
  readonly edits?: readonly SiteName[];
  /** The places with one row for each token that can be fetched, as can the gradient with respect to what is there. */
  readonly seen?: readonly SiteName[];
  /** Whether edges between heads can be fetched: of families that say what adds to the stream. */
  readonly edges?: boolean;
  /** Whether what stands between the parts of each block can be fetched. */
  readonly inner?: boolean;
  /** In what the products of the way back are computed; `int8` needs the matrices of `backWeights` among the entries. */
  readonly precision?: "float32" | "int8";
  /** Whether the gradient can be asked for, which is most of a graph; by default it can. */
  readonly gradient?: boolean;
  /** In how many blocks of keys attention goes back, where what runs is {@linkcode Program.halves}. */
  readonly blocks?: number;
}

/** What can be fetched of an encoder, and of what the decoder looks at. */
export interface EncoderOutputs {
  /** What enters the encoder's first block and what leaves each, `[E, C]`. */
  readonly hiddenStates: readonly Value[];
  /** The attention probabilities of each of its blocks, `[H, E, E]`. */
  readonly attention: readonly Value[];
  /** The neurons of each of its blocks, `[E, nInner]`. */
  readonly activations: readonly Value[];
  /** The attention of each block of the decoder to the source, `[H, T, X]`. */
  readonly crossAttention: readonly Value[];
  /** The keys of the new source tokens in each block of the decoder, `[E, cache width]`. */
  readonly keys: readonly Value[];
  /** Their values, alike. */
  readonly values: readonly Value[];
}

/** What is read in one run, and what is asked about it. */
export interface ProgramRequest extends ReadRequest {
  /** The scalars whose gradient is asked for. */
  readonly gradient?: Omit<GradientRequest, "rows"> | undefined;
  /** What is asked through the lens. */
  readonly lens?: LensRequest | undefined;
  /** What is changed inside. */
  readonly edits?: EditRequest | undefined;
  /** What the heads of each block but the last send along their edges, `[T, H D]`. */
  readonly sent?: readonly Float32Array[] | undefined;
}

/** A graph, what goes in and what comes out. */
export class Program {
  /** The graph. */
  readonly graph: Graph;
  /** What can be fetched. */
  readonly outputs: ProgramOutputs;
  /** Whether products are computed in 8 bits. */
  readonly quantized: boolean;
  /** The places that can be seen and changed, and the shape of what is there. */
  readonly sites: ReadonlyMap<SiteName, Shape>;
  /** What the products of queries and keys are multiplied by in each block. */
  readonly attentionScales: readonly number[];
  readonly #inputs: ForwardInputs;
  readonly #gradient: GradientQuestion;
  readonly #lens: LensQuestion | undefined;
  readonly #edits: SiteEdits;
  readonly #edges: EdgesOfHeads | undefined;
  /** The attention probabilities of each block by heads, as the gradient reads them. */
  readonly #patterns: ReadonlySet<string>;

  /** Writes a model with the weights of `entries`, and its questions. */
  constructor(
    config: ModelConfig,
    entries: ReadonlyMap<string, TensorEntry>,
    { edits = [], seen = [], inner = false, edges = false, gradient = true, blocks }: ProgramOptions = {},
  ) {
    if (blocks !== undefined && edits.length > 0) {
      throw new Error("Cannot go back in blocks in a program with changes as patterns may be given; leave blocks out");
    }
    const g = new Graph();
    const family = familyOf(config);
    const inputs = declareInputs(g, {
      blocks: config.nLayer,
      width: family.cacheWidth(config),
      types: family.tokenTypes?.(config),
      source: family.hasSource,
    });
    this.#edits = new SiteEdits(edits);
    const weights = declareWeights(g, config, entries);
    const m = new ModelBuilder(g, inputs, weights, family.weights(config), { edits: this.#edits });
    const stream = family.forward(m, config); // [T, C]
    this.#edits.expectAll();
    const nodes = g.nodes.slice();
    const own = g.gather(stream, inputs.rows); // [R, C]
    const start = g.nodes.length;
    const read = family.readout(m, config, own); // [R, C]
    const readoutNodes = g.nodes.slice(start);
    const head = unembeddingName(family, config);
    const unembedding = head === undefined ? undefined : m.weight(head); // [V, C]
    const toLogits = (m: ModelBuilder, read: Value) =>
      unembedding ? logitsOf(m, family.names.unembeddingBias, read, unembedding) : read;
    const logits = toLogits(m, read); // [R, V]

    const model = { m, nodes, stream, own, readoutNodes, read, unembedding, logits };
    const readout = (m: ModelBuilder, x: Value) => family.readout(m, config, x);
    this.graph = g;
    this.quantized = isQuantized(entries);
    this.#inputs = inputs;
    this.#edges = edges ? new EdgesOfHeads(g, m, family.writers!(config).attention) : undefined;
    this.#gradient = new GradientQuestion(
      g,
      inputs.rows,
      { width: config.nEmbd, mask: family.mask, hasSource: family.hasSource, sites: seen, edges: this.#edges, blocks },
      gradient ? model : undefined,
    );
    this.#lens = unembedding && family.mask === "causal"
      ? new LensQuestion(g, { m, nLayer: config.nLayer, readout, toLogits, logits })
      : undefined;
    const lens = this.#lens && { lens: this.#lens.outputs };
    this.sites = new Map([...m.sites].map(([name, { shape }]) => [name, shape]));
    this.attentionScales = ownAttentions(m).map(({ scale }) => scale);
    this.#patterns = new Set(ownAttentions(m).map(({ pattern }) => pattern.name));
    const asked = { seen: new Map(seen.map((site) => [site, m.at(site)])), ...inner && { inner: innerOf(m) } };
    this.outputs = { ...seenIn(m, config.nLayer), logits, ...this.#gradient.outputs, ...lens, ...asked };
    for (const value of new Set(Object.values(this.outputs).flatMap(valuesIn))) g.output(value);
  }

  /**
   * The graph in two halves, for several explanations of one text: the first reads it, the second goes back from the
   * targets of a run over it, or over its beginning. What is kept has a row for each token, but for patterns, which are kept whole.
   * The program must be of a causal model without edits, and its attention go back in `blocks`.
   */
  halves(): InHalves {
    const { rows, targets, mix, ofLogit, backScalars, backTokens, slots, bounds } = this.#gradient.inputs;
    if (!bounds) throw new Error("Cannot cut a program whose attention goes back at once; write it with blocks");
    const { gradients, logits } = this.outputs;
    return cut(this.graph, {
      answer: gradients,
      asked: [rows, targets, mix, ofLogit, backScalars, backTokens, slots, bounds],
      fetched: [logits],
      keptAs: (value) => {
        const { name, dtype, shape: [first, ...rest] } = value;
        if (dtype !== this.graph.float) return undefined;
        if (first === "T") return rest.every((size) => typeof size === "number") ? [first, ...rest] : undefined;
        return this.#patterns.has(name) ? ofLongerText(value).shape : undefined;
      },
    });
  }

  /** The feeds of a run. */
  feeds(request: ProgramRequest): Feed[] {
    const { tokenIds, rows, gradient, lens, source, past, edits, sent } = request;
    const [T, E] = [tokenIds.length, source?.tokenIds.length ?? 0];
    return [
      ...readFeeds(this.#inputs, request),
      ...this.#gradient.feeds(tokenIds.length, rows, gradient, source?.tokenIds.length),
      ...(this.#edges?.feeds(T, sent) ?? []),
      ...(this.#lens?.feeds(rows.length, lens) ?? []),
      ...this.#edits.feeds({ T, S: past.length + T, E, X: (source?.past.length ?? 0) + E }, edits),
    ];
  }
}

/** The logits, `[R, V]`, of what they are read from, `[R, C]`. */
function logitsOf(m: ModelBuilder, bias: string | undefined, read: Value, unembedding: Value): Value {
  const V = unembedding.shape[0]!;
  const added = bias !== undefined && m.has(bias) ? { bias: m.g.reshape(m.weight(bias), [V]) } : {}; // of [V] or [1, V]
  return m.g.gemm(read, unembedding, { transposed: true, ...added }); // [R, C] x [C, V] -> [R, V]
}

/** The attentions to the own text, block by block. */
function ownAttentions({ attentions }: ModelBuilder): readonly Attention[] {
  return attentions.filter(({ mask }) => mask === "causal" || mask === "full");
}

/** What stands between the parts of each block. */
function innerOf(m: ModelBuilder): InnerOutputs {
  const own = ownAttentions(m);
  return {
    queries: own.map(({ query }) => query),
    headSums: own.map((_, i) => m.at(`z.${i}`)),
    attentionOutputs: own.map((_, i) => m.at(`attn_out.${i}`)),
    mlpOutputs: own.map((_, i) => m.at(`mlp_out.${i}`)),
  };
}

/** What can be seen of each block. */
function seenIn(
  m: ModelBuilder,
  L: number,
): Pick<ProgramOutputs, "hiddenStates" | "attention" | "activations" | "keys" | "values"> & {
  readonly encoder?: EncoderOutputs;
} {
  const ofMask = (...masks: readonly AttentionMask[]) => m.attentions.filter(({ mask }) => masks.includes(mask));
  const [own, cross, encoder] = [ownAttentions(m), ofMask("cross"), ofMask("source").length];
  const all = (count: number, name: (i: number) => SiteName) => Array.from({ length: count }, (_, i) => m.at(name(i)));
  return {
    hiddenStates: all(L + 1, (i) => `resid.${i}`),
    attention: all(L, (i) => `pattern.${i}`),
    activations: all(L, (i) => `neurons.${i}`),
    keys: own.map(({ key }) => key),
    values: own.map(({ value }) => value),
    ...(cross.length > 0 && {
      encoder: {
        hiddenStates: all(encoder + 1, (i) => `source_resid.${i}`),
        attention: all(encoder, (i) => `source_pattern.${i}`),
        activations: all(encoder, (i) => `source_neurons.${i}`),
        crossAttention: all(L, (i) => `cross_pattern.${i}`),
        keys: cross.map(({ key }) => key),
        values: cross.map(({ value }) => value),
      },
    }),
  };
}

/** All values of an output: one, a list of them, or some by name. */
function valuesIn(output: Value | readonly Value[] | object): readonly Value[] {
  if (Array.isArray(output)) return output;
  if (output instanceof Map) return [...output.values()];
  return "dtype" in output ? [output as Value] : Object.values(output).flatMap((value) => valuesIn(value));
}
