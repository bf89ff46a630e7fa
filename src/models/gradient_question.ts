/**
 * Saliency as a question to a program: scores of the tokens from the gradient with respect to their embeddings, in a
 * branch that runs when it is asked.
 *
 * Sizes as in `gradient.ts`.
 *
 * @module
 */
import { type Feed, idsFeed } from "../onnx/feed.ts";
import type { Graph, Value } from "../onnx/mod.ts";
import type { BackwardRows } from "./attention_gradient.ts";
import { packRows } from "./back_rows.ts";
import type { SiteName } from "./sites.ts";
import { type Differentiable, gradient, type GradientInputs } from "./gradient.ts";
import type { EdgesOfHeads } from "./head_edges.ts";
import { boundsOf } from "./key_blocks.ts";

/** How the C numbers of a token become one score: of g or of g·x, the L2 norm or the signed sum. */
export const SCORES = ["gradientL2", "gradientSum", "gradientXInputL2", "gradientXInputSum"] as const;

/** The name of a score. */
export type ScoreName = typeof SCORES[number];

/** The answer. */
export interface GradientOutputs {
  /** `[N, T]` each. */
  readonly scores: Readonly<Record<ScoreName, Value>>;
  /** The gradient, `[N, T, C]`, before it becomes scores. */
  readonly gradients: Value;
  /** The same times the scaled embeddings, `[N, T, C]`. */
  readonly products: Value;
  /** The answer about the source tokens, where there is an encoder: E for T. */
  readonly source?: Omit<GradientOutputs, "source">;
  /** The gradient with respect to what is at other places, `[N, T, W]` each, where that was asked for. */
  readonly sites?: ReadonlyMap<SiteName, Value>;
  /** The edges between heads, `[1, R, J]` each as `head_edges.ts` says, where they were asked for. */
  readonly edges?: readonly Value[];
}

/** What is asked. */
export interface GradientRequest {
  /** Where the scalars are taken, R of them. */
  readonly rows: readonly number[];
  /** The token at each of them. */
  readonly targets: readonly number[];
  /** `[N, R]`, how they add up. */
  readonly mix: Float32Array;
  /** Whether the scalar is the logit rather than the log-probability. */
  readonly ofLogit: boolean;
  /** Which text each token belongs to, where there are several, each scalar being of one of them. */
  readonly texts?: readonly number[] | undefined;
  /**
   * The cotangents of the residual stream that leaves the last block, `[R, C]`, in place of those of the targets' scalars:
   * for what is computed from the stream outside of the graph. Models whose tokens see all of their text take them.
   */
  readonly given?: Float32Array | undefined;
}

/** What the inputs and outputs depend on. */
export interface GradientSizes {
  /** C. */
  readonly width: number;
  /** What a token sees. */
  readonly mask: "causal" | "full";
  /** Whether there is an encoder. */
  readonly hasSource?: boolean | undefined;
  /** The places whose gradient is asked for beside that of the embeddings, with one row for each token. */
  readonly sites?: readonly SiteName[];
  /** The edges between heads, where they are asked for. */
  readonly edges?: EdgesOfHeads | undefined;
  /** In how many blocks of keys attention goes back; all at once by default. */
  readonly blocks?: number | undefined;
}

/** The gradient of a model, as a question. */
export class GradientQuestion {
  /** What it is asked with. */
  readonly inputs: GradientInputs;
  /** What it answers. */
  readonly outputs: GradientOutputs;

  readonly #mask: "causal" | "full";
  readonly #width: number;

  /** Writes it into the graph of a model of some width, which is not given where there is no gradient. */
  constructor(
    g: Graph,
    rows: Value,
    { width, mask, hasSource = false, sites = [], edges, blocks }: GradientSizes,
    model?: Differentiable,
  ) {
    this.#mask = mask;
    this.#width = width;
    this.inputs = {
      rows,
      targets: g.input("targets", "int64", ["R"]),
      mix: g.input("mix", g.float, ["N", "R"]),
      ofLogit: g.input("of_logit", "bool", [1]),
      backScalars: g.input("back_scalars", "int64", ["M"]),
      backTokens: g.input("back_tokens", "int64", ["M"]),
      slots: g.input("slots", "int64", ["N", "T"]),
      ...(blocks !== undefined && { bounds: g.input("block_bounds", "int64", [blocks + 1]) }),
      ...(mask === "full" && {
        given: { cotangents: g.input("given", g.float, ["R", width]), asked: g.input("is_given", "bool", [1]) },
      }),
      ...(hasSource && {
        source: {
          backScalars: g.input("source_back_scalars", "int64", ["N*X"]),
          backTokens: g.input("source_back_tokens", "int64", ["N*X"]),
          slots: g.input("source_slots", "int64", ["N", "E"]),
        },
      }),
    };
    const asked = g.greater(g.size(this.inputs.mix, -2), g.ints([0]));
    const stacks = hasSource ? 2 : 1;
    const count = model ? sites.length : 0;
    const more = [
      ...(model ? sites.map((site) => model.m.at(site).shape[1] as number) : []),
      ...Array<number>(model ? edges?.count ?? 0 : 0).fill(width),
    ];
    const answer = model ? scoresBranch(g, model, this.inputs, { sites, edges }) : emptyBranch(g, width, stacks, more);
    const values = g.if(asked, answer, emptyBranch(g, width, stacks, more));
    const each = (values.length - more.length) / stacks;
    const own = outputsOf(values.slice(0, each));
    const others = values.slice(stacks * each);
    const inner = new Map(others.slice(0, count).map((value, i) => [sites[i]!, value]));
    this.outputs = {
      ...own,
      ...hasSource && { source: outputsOf(values.slice(each, 2 * each)) },
      ...inner.size > 0 && { sites: inner },
      ...edges && { edges: others.slice(count) },
    };
  }

  /** The feeds of a run of T tokens and some rows, in which it is asked nothing by default. */
  feeds(T: number, rows: readonly number[], request?: Omit<GradientRequest, "rows">, E = 0): Feed[] {
    const { targets = rows.map(() => 0), mix = new Float32Array(0), ofLogit = false, texts, given } = request ?? {};
    const back = packRows(T, rows, mix, this.#mask, texts);
    const R = rows.length;
    const { given: input, source, bounds } = this.inputs;
    const N = R === 0 ? 0 : mix.length / R;
    const places = Array.from({ length: N * E }, (_, m) => m);
    const cotangents = given ?? new Float32Array(input ? R * this.#width : 0);
    return [
      ...(source
        ? [
          idsFeed(source.backScalars, places.map((m) => Math.floor(m / E))),
          idsFeed(source.backTokens, places.map((m) => m % E)),
          idsFeed(source.slots, places, [N, E]),
        ]
        : []),
      ...(input
        ? [
          { value: input.cotangents, data: cotangents, dims: [R, this.#width] },
          { value: input.asked, data: Uint8Array.of(Number(given !== undefined)), dims: [1] },
        ]
        : []),
      ...(bounds ? [idsFeed(bounds, boundsOf(T, bounds.shape[0] as number - 1))] : []),
      idsFeed(this.inputs.targets, targets),
      { value: this.inputs.mix, data: mix, dims: [N, R] },
      { value: this.inputs.ofLogit, data: Uint8Array.of(Number(ofLogit)), dims: [1] },
      idsFeed(this.inputs.backScalars, back.scalars),
      idsFeed(this.inputs.backTokens, back.tokens),
      idsFeed(this.inputs.slots, back.slots, [back.slots.length / T, T]),
    ];
  }
}

/** A branch that computes nothing. */
function emptyBranch(g: Graph, width: number, stacks: number, widths: readonly number[]): Graph {
  const nothing = g.branch();
  const none = (width: number) => nothing.output(nothing.zeros(nothing.ints([0, 0, width]), [0, 0, width]));
  for (let stack = 0; stack < stacks; ++stack) {
    for (const _ of SCORES) nothing.output(nothing.zeros(nothing.ints([0, 0]), [0, 0]));
    for (const _ of ["gradients", "products"]) none(width);
  }
  widths.forEach(none);
  return nothing;
}

/** The outputs of one stack of blocks by name. */
function outputsOf(values: readonly Value[]): Omit<GradientOutputs, "source"> {
  const scores = Object.fromEntries(SCORES.map((name, i) => [name, values[i]!])) as Record<ScoreName, Value>;
  return { scores, gradients: values.at(-2)!, products: values.at(-1)! };
}

/** A branch that computes the scores, and what else is asked for. */
function scoresBranch(
  g: Graph,
  model: Differentiable,
  inputs: GradientInputs,
  { sites, edges }: Required<Pick<GradientSizes, "sites">> & Pick<GradientSizes, "edges">,
): Graph {
  const branch = g.branch();
  const asked = [...sites.map((site) => model.m.at(site)), ...edges?.operands ?? []];
  const { starts: [dx, dsource], inner } = gradient(branch, model, inputs, asked);
  writeScores(branch, dx, model.m.at("embed"), inputs); // [M, C]
  if (dsource && inputs.source) writeScores(branch, dsource, model.m.at("source_embed"), inputs.source); // [N X, C]
  sites.forEach((site, i) => {
    const stack = site.startsWith("source_") ? inputs.source! : inputs;
    branch.output(branch.gather(inner[i]!, stack.slots)); // [N, T, W], of the source [N, E, W]
  });
  const ofOperands = inner.slice(sites.length);
  edges?.write(branch, model.nodes, ofOperands, inputs.slots).forEach((edge) => branch.output(edge));
  return branch;
}

/** Writes what is made of the gradient of one stack of blocks, `[M, C]`, and its embeddings. */
function writeScores(g: Graph, dx: Value, embeddings: Value, { backTokens, slots }: BackwardRows): void {
  const product = g.mul(dx, g.gather(embeddings, backTokens)); // [M, C]
  for (const score of scoreValues(g, dx, product)) g.output(g.gather(score, slots)); // [N, T]
  for (const vectors of [dx, product]) g.output(g.gather(vectors, slots)); // [N, T, C]
}

/** The four scores of {@linkcode SCORES}, `[M]` each, from the gradient and its product with x, `[M, C]`. */
function scoreValues(g: Graph, gradient: Value, product: Value): readonly Value[] {
  return [gradient, product].flatMap((x) => [l2Norm(g, x), g.sum(x, -1)])
    .map((score) => g.reshape(score, [gradient.shape[0]!]));
}

/** The L2 norm over the last axis, scaled so that small numbers do not vanish when they are squared. */
function l2Norm(g: Graph, x: Value): Value {
  const largest = g.max(g.greatest(g.abs(x), -1), g.floats([1e-37], []));
  const scaled = g.div(x, largest);
  return g.mul(g.sqrt(g.sum(g.mul(scaled, scaled), -1)), largest);
}
