/**
 * A model and the questions it can be asked as one graph, so that one session holds the weights once. Each question is a
 * branch that runs only when it is asked, and brings its own inputs.
 *
 * @module
 */
import type { TensorEntry } from "../checkpoint/safetensors.ts";
import type { Feed } from "../onnx/feed.ts";
import { Graph, type Value } from "../onnx/mod.ts";
import { ModelBuilder, type SiteName } from "./builder.ts";
import type { ModelConfig } from "./config.ts";
import { familyOf } from "./families.ts";
import { unembeddingName } from "./family.ts";
import { declareInputs, type ForwardInputs, readFeeds, type ReadRequest } from "./forward_inputs.ts";
import { type GradientOutputs, GradientQuestion, type GradientRequest } from "./gradient_question.ts";
import { LensQuestion, type LensRequest, type LensValues } from "./lens.ts";
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
}

/** What is read in one run, and what is asked about it. */
export interface ProgramRequest extends ReadRequest {
  /** The scalars whose gradient is asked for. */
  readonly gradient?: Omit<GradientRequest, "rows"> | undefined;
  /** What is asked through the lens. */
  readonly lens?: LensRequest | undefined;
}

/** A graph, what goes in and what comes out. */
export class Program {
  /** The graph. */
  readonly graph: Graph;
  /** What can be fetched. */
  readonly outputs: ProgramOutputs;
  /** Whether there is a gradient: not when products are computed in 8 bits. */
  readonly differentiable: boolean;
  readonly #inputs: ForwardInputs;
  readonly #gradient: GradientQuestion;
  readonly #lens: LensQuestion | undefined;

  /** Writes a model with the weights of `entries`, and its questions. */
  constructor(config: ModelConfig, entries: ReadonlyMap<string, TensorEntry>) {
    const g = new Graph();
    const family = familyOf(config);
    const inputs = declareInputs(g, config.nLayer, family.cacheWidth(config), family.tokenTypes?.(config));
    const m = new ModelBuilder(g, inputs, declareWeights(g, config, entries), family.weights(config));
    const stream = family.forward(m, config); // [T, C]
    const nodes = g.nodes.slice();
    const own = g.gather(stream, inputs.rows); // [R, C]
    const start = g.nodes.length;
    const read = family.readout(m, config, own); // [R, C]
    const readoutNodes = g.nodes.slice(start);
    const head = unembeddingName(family, config);
    const unembedding = head === undefined ? undefined : m.weight(head); // [V, C]
    const logits = unembedding ? logitsOf(m, family.names.unembeddingBias, read, unembedding) : read; // [R, V]

    const model = { m, nodes, stream, own, readoutNodes, read, unembedding, logits };
    const readout = (m: ModelBuilder, x: Value) => family.readout(m, config, x);
    this.graph = g;
    this.differentiable = !isQuantized(entries);
    this.#inputs = inputs;
    this.#gradient = new GradientQuestion(
      g,
      inputs.rows,
      { width: config.nEmbd, mask: family.mask },
      this.differentiable ? model : undefined,
    );
    this.#lens = unembedding && family.mask === "causal"
      ? new LensQuestion(g, { m, nLayer: config.nLayer, readout, unembedding, logits })
      : undefined;
    const lens = this.#lens && { lens: this.#lens.outputs };
    this.outputs = { ...seenIn(m, config.nLayer), logits, ...this.#gradient.outputs, ...lens };
    for (const value of Object.values(this.outputs).flatMap(valuesIn)) g.output(value);
  }

  /** The feeds of a run. */
  feeds(request: ProgramRequest): Feed[] {
    const { tokenIds, rows, gradient, lens } = request;
    return [
      ...readFeeds(this.#inputs, request),
      ...this.#gradient.feeds(tokenIds.length, rows, gradient),
      ...(this.#lens?.feeds(rows.length, lens) ?? []),
    ];
  }
}

/** The logits, `[R, V]`, of what they are read from, `[R, C]`. */
function logitsOf(m: ModelBuilder, bias: string | undefined, read: Value, unembedding: Value): Value {
  const added = bias === undefined ? {} : { bias: m.weight(bias) };
  return m.g.gemm(read, unembedding, { transposed: true, ...added }); // [R, C] x [C, V] -> [R, V]
}

/** What can be seen of each block. */
function seenIn(
  m: ModelBuilder,
  L: number,
): Pick<ProgramOutputs, "hiddenStates" | "attention" | "activations" | "keys" | "values"> {
  const all = (count: number, name: (i: number) => SiteName) => Array.from({ length: count }, (_, i) => m.at(name(i)));
  return {
    hiddenStates: all(L + 1, (i) => `resid.${i}`),
    attention: all(L, (i) => `pattern.${i}`),
    activations: all(L, (i) => `neurons.${i}`),
    keys: m.attentions.map(({ key }) => key),
    values: m.attentions.map(({ value }) => value),
  };
}

/** A value, a list of them, or some by name, as a list. */
function valuesIn(output: Value | readonly Value[] | Readonly<Record<string, Value>>): readonly Value[] {
  if (Array.isArray(output)) return output;
  return "dtype" in output ? [output as Value] : Object.values(output as Readonly<Record<string, Value>>);
}
