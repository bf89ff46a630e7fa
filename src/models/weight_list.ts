/**
 * How a family's page lists its weights.
 *
 * @module
 */
/** What a weight belongs to. */
export type ModelPart = "embedding" | "attention" | "mlp" | "norm" | "unembedding";

/** A weight, as a checkpoint has it. */
export interface WeightSpec {
  /** The length of each axis. */
  readonly shape: readonly number[];
  /** What it belongs to. */
  readonly part: ModelPart;
  /** How the matrix of a linear layer is stored: `[in, out]` or `[out, in]`; none where it is no such matrix. */
  readonly layout?: "in-out" | "out-in";
}

/** A weight by its name. */
export type NamedWeight = readonly [name: string, spec: WeightSpec];

/** A table of embeddings, `[rows, C]`. */
export function table(name: string, shape: readonly [number, number]): NamedWeight[] {
  return [[name, { shape, part: "embedding" }]];
}

/** The weight of a norm over C numbers, and its bias. */
export function norm(name: string, C: number, { bias = true } = {}): NamedWeight[] {
  const spec = { shape: [C], part: "norm" } as const;
  return bias ? [[`${name}.weight`, spec], [`${name}.bias`, spec]] : [[`${name}.weight`, spec]];
}

/** What a linear layer is. */
export interface LinearSpec {
  /** The numbers that go in. */
  readonly from: number;
  /** The numbers that come out. */
  readonly to: number;
  /** What it belongs to. */
  readonly part: ModelPart;
  /** Whether something is added. */
  readonly bias?: boolean;
  /** How the matrix is stored. */
  readonly layout?: WeightSpec["layout"];
}

/** The matrix of a linear layer, stored `[out, in]` as PyTorch does, and its bias. */
export function linear(name: string, { from, to, part, bias = true, layout = "out-in" }: LinearSpec): NamedWeight[] {
  const shape = layout === "out-in" ? [to, from] : [from, to];
  const weight: NamedWeight = [`${name}.weight`, { shape, part, layout }];
  return bias ? [weight, [`${name}.bias`, { shape: [to], part }]] : [weight];
}

/** The matrix that logits are read with where it is not the token embeddings, `[V, C]`, or what is added to them, `[V]`. */
export function unembedding(name: string, shape: readonly number[]): NamedWeight[] {
  return [[name, { shape, part: "unembedding", ...(shape.length === 2 ? { layout: "out-in" } : {}) }]];
}

/** The weights of every block. */
export function blocks(count: number, weights: (block: number) => NamedWeight[][]): NamedWeight[][] {
  return Array.from({ length: count }, (_, i) => weights(i)).flat();
}

/** Lists of weights as one, by name. */
export function weightMap(...lists: readonly NamedWeight[][]): ReadonlyMap<string, WeightSpec> {
  return new Map(lists.flat());
}
