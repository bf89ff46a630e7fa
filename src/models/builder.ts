/**
 * What families write their forward passes with. It remembers what can be seen inside a model, and what its gradient
 * needs.
 *
 * Sizes: T new tokens, P cached ones before them, S = P + T; C width, H heads, D numbers of a head; V vocabulary.
 *
 * @module
 */
import type { Graph, Value } from "../onnx/mod.ts";
import { type Attention, attention, type AttentionOptions } from "./attention.ts";
import type { ForwardInputs } from "./forward_inputs.ts";
import { SiteEdits } from "./site_edits.ts";
import type { SiteName } from "./sites.ts";
import type { WeightSpec } from "./weight_list.ts";

/** Looks a weight up by its checkpoint name, such as `h.0.ln_1.weight`. */
export type Weights = (name: string) => Value;

/** Writes a model into a graph, layer by layer. */
export class ModelBuilder {
  /** Where it is written. */
  readonly g: Graph;
  /** What it reads. */
  readonly inputs: ForwardInputs;
  /** Each place that can be seen. */
  readonly sites: ReadonlyMap<SiteName, Value>;
  /** The attention of each block. */
  readonly attentions: readonly Attention[];
  readonly #sites: Map<SiteName, Value>;
  readonly #attentions: Attention[];
  readonly #w: Weights;
  readonly #specs: ReadonlyMap<string, WeightSpec>;
  readonly #edits: SiteEdits;

  /** Begins a model with weights `w`, of which `specs` says how they are stored, that may be changed where `edits` says. */
  constructor(
    g: Graph,
    inputs: ForwardInputs,
    w: Weights,
    specs: ReadonlyMap<string, WeightSpec>,
    { edits = new SiteEdits(), whole }: { readonly edits?: SiteEdits; readonly whole?: ModelBuilder } = {},
  ) {
    this.g = g;
    this.inputs = inputs;
    this.#w = w;
    this.#specs = specs;
    this.#edits = edits;
    this.sites = this.#sites = whole ? whole.#sites : new Map();
    this.attentions = this.#attentions = whole ? whole.#attentions : [];
  }

  /** The same model, of which more is written into a branch. */
  within(branch: Graph): ModelBuilder {
    return new ModelBuilder(branch, this.inputs, this.#w, this.#specs, { whole: this });
  }

  /** Whether the model has a weight of that name. */
  has(name: string): boolean {
    return this.#specs.has(name);
  }

  /** A weight, by its checkpoint name. */
  weight(name: string): Value {
    return this.#w(name);
  }

  /** Names a place that can be seen and changed, and returns what is there, which is to be gone on with. */
  site(name: SiteName, x: Value): Value {
    const there = this.#edits.row(this.g, name, x);
    this.#sites.set(name, there);
    return there;
  }

  /** What is at a place. */
  at(name: SiteName): Value {
    const value = this.#sites.get(name);
    if (!value) throw new RangeError(`Cannot see "${name}" as the model has no such place`);
    return value;
  }

  /**
   * The token embeddings, `[T, C]`, or those of the source, `[E, C]`, scaled, by `factor` too: what saliency
   * differentiates by.
   */
  embed(table: string, { factor = 1, source = false }: { factor?: number; source?: boolean } = {}): Value {
    const { g, inputs } = this;
    const { inputIds, embeddingScale } = source ? inputs.source! : inputs;
    const scale = factor === 1 ? embeddingScale : g.mul(embeddingScale, g.floats([factor], []));
    return this.site(source ? "source_embed" : "embed", g.mul(g.gather(this.weight(table), inputIds), scale));
  }

  /** A linear layer, with its bias if it has one, of `x` `[rows, in]`. */
  linear(name: string, x: Value): Value {
    return this.product(name, x, this.has(`${name}.bias`) ? { bias: this.weight(`${name}.bias`) } : {});
  }

  /** The same without its bias. */
  product(name: string, x: Value, bias: { readonly bias?: Value } = {}): Value {
    const weight = `${name}.weight`;
    return this.g.gemm(x, this.weight(weight), { transposed: this.#specs.get(weight)?.layout === "out-in", ...bias });
  }

  /** LayerNorm over the last axis. */
  layerNorm(name: string, x: Value, epsilon: number): Value {
    return this.g.layerNorm(x, this.weight(`${name}.weight`), this.weight(`${name}.bias`), epsilon);
  }

  /** RMSNorm over the last axis (Zhang and Sennrich 2019, https://arxiv.org/abs/1910.07467). */
  rmsNorm(name: string, x: Value, epsilon: number): Value {
    return this.g.rmsNorm(x, this.weight(`${name}.weight`), epsilon);
  }

  /**
   * The attention of the next block, from its queries, keys and values to the heads' sums side by side, `[T, H D]`. It is
   * the only operation that mixes tokens.
   */
  attend(options: AttentionOptions): Value {
    const { mask = "causal" } = options;
    const i = this.#attentions.filter((one) => one.mask === mask).length;
    const stack = mask === "cross" ? "cross_" : mask === "source" ? "source_" : "";
    const change = (pattern: Value) => this.#edits.pattern(this.g, `${stack}pattern.${i}`, pattern);
    const seen = attention(this.g, this.inputs, i, { ...options, change });
    this.#attentions.push(seen);
    this.#sites.set(`${stack}pattern.${i}`, seen.probabilities);
    return this.site(`${stack}z.${i}`, seen.merged);
  }
}
