/**
 * Which tensors of a checkpoint are GPT-2's weights, and their constants in a graph.
 *
 * @module
 */
import type { TensorEntry } from "../../checkpoint/safetensors.ts";
import { CHECKPOINT_DTYPES, holdSameNumbers, isCheckpointDType } from "../../checkpoint/values.ts";
import type { DType, Graph, QuantizedMatrix, Value } from "../../onnx/mod.ts";
import type { GPT2Config } from "./config.ts";
import type { Weights } from "./forward.ts";

const DTYPES: Readonly<Record<string, DType>> = { F64: "float64", F32: "float32", F16: "float16", BF16: "bfloat16" };

/** The shape of every weight, by checkpoint name. */
export function weightShapes(config: GPT2Config): ReadonlyMap<string, readonly number[]> {
  const { vocabSize: V, nPositions: P, nEmbd: C, nInner: I } = config;
  const shapes = new Map<string, readonly number[]>([["wte.weight", [V, C]], ["wpe.weight", [P, C]]]);
  for (let i = 0; i < config.nLayer; ++i) {
    const block: Readonly<Record<string, readonly number[]>> = {
      "ln_1.weight": [C],
      "ln_1.bias": [C],
      "attn.c_attn.weight": [C, 3 * C],
      "attn.c_attn.bias": [3 * C],
      "attn.c_proj.weight": [C, C],
      "attn.c_proj.bias": [C],
      "ln_2.weight": [C],
      "ln_2.bias": [C],
      "mlp.c_fc.weight": [C, I],
      "mlp.c_fc.bias": [I],
      "mlp.c_proj.weight": [I, C],
      "mlp.c_proj.bias": [C],
    };
    for (const [name, shape] of Object.entries(block)) shapes.set(`h.${i}.${name}`, shape);
  }
  shapes.set("ln_f.weight", [C]).set("ln_f.bias", [C]);
  if (!config.tieWordEmbeddings) shapes.set("lm_head.weight", [V, C]);
  return shapes;
}

/**
 * The entries of GPT-2's weights by checkpoint name, without the `transformer.` prefix that some files have. Buffers
 * such as `attn.bias` and heads that the model does not use are left out.
 *
 * @throws {RangeError} When a weight is missing, has another shape than the configuration says, or there are more
 * blocks than it says.
 * @throws {TypeError} When a weight is of another type than F64, F32, F16 or BF16.
 */
export function selectWeights(
  config: GPT2Config,
  entries: ReadonlyMap<string, TensorEntry>,
): ReadonlyMap<string, TensorEntry> {
  const file = entries.values().next().value?.source.name ?? "an empty file";
  const find = (name: string) => findWeight(entries, name) ?? findWeight(entries, tied(name));
  // Some converters keep the other name of the two that the tied weights have.
  const tied = (name: string) => config.tieWordEmbeddings && name === "wte.weight" ? "lm_head.weight" : name;
  const selected = new Map<string, TensorEntry>();
  for (const [name, shape] of weightShapes(config)) {
    const entry = find(name);
    if (!entry) throw new RangeError(`Cannot build GPT-2 as "${name}" is missing from ${file}`);
    if (entry.shape.join() !== shape.join()) {
      const found = `[${entry.shape}] in ${file}`;
      throw new RangeError(`Cannot build GPT-2 as "${name}" must be [${shape}] by config.json: ${found}`);
    }
    if (!(entry.dtype in DTYPES)) {
      throw new TypeError(`Cannot read "${name}" of ${file} as weights must be ${CHECKPOINT_DTYPES}: ${entry.dtype}`);
    }
    selected.set(name, entry);
  }
  refuseMoreBlocks(config, entries.keys(), file);
  return selected;
}

function findWeight(entries: ReadonlyMap<string, TensorEntry>, name: string): TensorEntry | undefined {
  return entries.get(`transformer.${name}`) ?? entries.get(name);
}

/**
 * The settings as the weights have them. A checkpoint whose config.json ties the head to the embeddings may hold a head
 * all the same: transformers compares the two, and ties them only when they are equal.
 *
 * @throws {Error} When a file cannot be read.
 */
export async function settleTie(config: GPT2Config, entries: ReadonlyMap<string, TensorEntry>): Promise<GPT2Config> {
  const [embedding, head] = [findWeight(entries, "wte.weight"), findWeight(entries, "lm_head.weight")];
  if (!config.tieWordEmbeddings || !embedding || !head) return config;
  const comparable = embedding.shape.join() === head.shape.join() &&
    isCheckpointDType(embedding.dtype) && isCheckpointDType(head.dtype);
  if (comparable && await holdSameNumbers(embedding, head)) return config;
  return { ...config, tieWordEmbeddings: false };
}

function refuseMoreBlocks(config: GPT2Config, names: Iterable<string>, file: string): void {
  for (const name of names) {
    const block = /^(?:transformer\.)?h\.(\d+)\./.exec(name)?.[1];
    if (block !== undefined && Number(block) >= config.nLayer) {
      throw new RangeError(
        `Cannot build GPT-2 as config.json says n_layer ${config.nLayer} but ${file} holds "${name}"`,
      );
    }
  }
}

/** The name by which a graph refers to the file that holds `entry`. */
export function weightLocation({ source }: TensorEntry): string {
  return (source.path ?? source.name).split(/[\\/]/).at(-1)!;
}

/** A matrix that rows are multiplied by. */
export interface ProductWeight {
  /** Its checkpoint name. */
  readonly name: string;
  /** Whether rows are multiplied by its transpose. */
  readonly transposed: boolean;
  /** Whether it is used for nothing else. */
  readonly only: boolean;
}

/** The matrices that can be stored in 8 bits: the linear layers and the unembedding. */
export function productWeights(config: GPT2Config): readonly ProductWeight[] {
  const layers = [...weightShapes(config).keys()].filter((name) => /^h\.\d+\.\w+\.c_\w+\.weight$/.test(name));
  const tied = config.tieWordEmbeddings;
  const unembedding = { name: tied ? "wte.weight" : "lm_head.weight", transposed: true, only: !tied };
  return [...layers.map((name) => ({ name, transposed: false, only: true })), unembedding];
}

/** The names of the tensors that hold a matrix in 8 bits. */
export function quantizedNames(name: string): { readonly codes: string; readonly scales: string } {
  return { codes: `${name}.codes`, scales: `${name}.scales` };
}

/** Whether products are computed in 8 bits, through which no gradient flows. */
export function isQuantized(entries: ReadonlyMap<string, TensorEntry>): boolean {
  return entries.values().some(({ dtype }) => dtype === "U8");
}

/**
 * Declares each weight in `g` when it is first asked for; half-precision weights are widened, and products are taken
 * with 8-bit codes where there are some.
 */
export function declareWeights(g: Graph, config: GPT2Config, entries: ReadonlyMap<string, TensorEntry>): Weights {
  const shapes = weightShapes(config);
  const products = new Map(productWeights(config).map((product) => [product.name, product]));
  const declared = new Map<string, Value>();
  return (name) => {
    const known = declared.get(name);
    if (known) return known;
    const product = products.get(name);
    const quantized = product && declareQuantized(g, entries, product);
    const float = quantized?.only ? { name, dtype: g.float, shape: shapes.get(name)! } : declareFloat(g, entries, name);
    const value = quantized ? { ...float, quantized } : float;
    declared.set(name, value);
    return value;
  };
}

function declareFloat(g: Graph, entries: ReadonlyMap<string, TensorEntry>, name: string): Value {
  const entry = entries.get(name);
  if (!entry) throw new RangeError(`Cannot find weight "${name}"`);
  const stored = g.external(name, DTYPES[entry.dtype]!, entry.shape, placeOf(entry));
  return stored.dtype === g.float ? stored : g.cast(stored, g.float);
}

function declareQuantized(
  g: Graph,
  entries: ReadonlyMap<string, TensorEntry>,
  { name, transposed, only }: ProductWeight,
): QuantizedMatrix | undefined {
  const names = quantizedNames(name);
  const [codes, scales] = [entries.get(names.codes), entries.get(names.scales)];
  if (!codes || !scales) return undefined;
  return {
    codes: g.external(names.codes, "uint8", codes.shape, placeOf(codes)),
    scales: g.external(names.scales, "float32", scales.shape, placeOf(scales)),
    transposed,
    only,
  };
}

function placeOf(entry: TensorEntry): { location: string; offset: number; length: number } {
  return { location: weightLocation(entry), offset: entry.start, length: entry.end - entry.start };
}
