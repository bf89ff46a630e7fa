/**
 * Which tensors of a checkpoint are a model's weights, and their constants in a graph.
 *
 * @module
 */
import type { TensorEntry } from "../checkpoint/safetensors.ts";
import { CHECKPOINT_DTYPES, holdSameNumbers, isCheckpointDType } from "../checkpoint/values.ts";
import type { DType, Graph, MatrixInPanels, QuantizedMatrix, ScaledMatrix, Value } from "../onnx/mod.ts";
import type { Weights } from "./builder.ts";
import type { ModelConfig } from "./config.ts";
import { familyOf } from "./families.ts";
import { type CheckpointNames, type Family, ownName, unembeddingName } from "./family.ts";
import type { WeightSpec } from "./weight_list.ts";

const DTYPES: Readonly<Record<string, DType>> = { F64: "float64", F32: "float32", F16: "float16", BF16: "bfloat16" };

/** Every weight of a model by its checkpoint name, in the order in which a token passes them. */
export function weightsOf(config: ModelConfig): ReadonlyMap<string, WeightSpec> {
  return familyOf(config).weights(config);
}

/**
 * The entries of a model's weights by checkpoint name, without the prefix that some files have. Buffers such as
 * `attn.bias` and heads that the model does not use are left out.
 *
 * @throws {RangeError} When a weight is missing, has another shape than the configuration says, or there are more
 * blocks than it says.
 * @throws {TypeError} When a weight is of another type than F64, F32, F16 or BF16.
 */
export function selectWeights<Config extends ModelConfig>(
  config: Config,
  entries: ReadonlyMap<string, TensorEntry>,
): ReadonlyMap<string, TensorEntry> {
  const family = familyOf(config);
  const { name: model, names } = family;
  const file = entries.values().next().value?.source.name ?? "an empty file";
  // Some converters keep the other name of the two that the tied weights have.
  const other = (name: string) => config.tieWordEmbeddings && name === names.embedding ? names.unembedding : name;
  const selected = new Map<string, TensorEntry>();
  for (const [name, { shape }] of family.weights(config)) {
    const candidates = [names.preferredName?.(name) ?? name, name, other(name), names.otherName?.(name) ?? name];
    const entry = candidates.map((candidate) => findWeight(names, entries, candidate)).find((found) => found);
    if (!entry) throw new RangeError(`Cannot build ${model} as "${name}" is missing from ${file}`);
    if (entry.shape.join() !== shape.join()) {
      const found = `[${entry.shape}] in ${file}`;
      throw new RangeError(`Cannot build ${model} as "${name}" must be [${shape}] by config.json: ${found}`);
    }
    if (!(entry.dtype in DTYPES)) {
      throw new TypeError(`Cannot read "${name}" of ${file} as weights must be ${CHECKPOINT_DTYPES}: ${entry.dtype}`);
    }
    selected.set(name, entry);
  }
  refuseMoreBlocks(family, config, entries.keys(), file);
  return selected;
}

function findWeight({ prefix }: CheckpointNames, entries: ReadonlyMap<string, TensorEntry>, name: string) {
  return entries.get(`${prefix}${name}`) ?? entries.get(name);
}

/**
 * The settings as the weights have them. A checkpoint whose config.json ties the head to the embeddings may hold a head
 * all the same: transformers compares the two, and ties them only when they are equal. A family may say more.
 *
 * @throws {Error} When a file cannot be read.
 */
export async function settleTie<Config extends ModelConfig>(
  config: Config,
  entries: ReadonlyMap<string, TensorEntry>,
): Promise<Config> {
  const { names, settle } = familyOf(config);
  const find = (name: string) => findWeight(names, entries, name);
  const same = async (name: string, other: string) => {
    const [a, b] = [find(name), find(other)];
    return a !== undefined && b !== undefined && await holdTheSame(a, b);
  };
  if (settle) config = await settle(config, { has: (name) => find(name) !== undefined, same }) as Config;
  const { embedding, unembedding } = names;
  if (!config.tieWordEmbeddings || !find(embedding) || !find(unembedding)) return config;
  return await same(embedding, unembedding) ? config : { ...config, tieWordEmbeddings: false };
}

async function holdTheSame(a: TensorEntry, b: TensorEntry): Promise<boolean> {
  const comparable = a.shape.join() === b.shape.join() && isCheckpointDType(a.dtype) && isCheckpointDType(b.dtype);
  return comparable && await holdSameNumbers(a, b);
}

function refuseMoreBlocks(family: Family, { nLayer }: ModelConfig, found: Iterable<string>, file: string): void {
  const { blocks, blocksField } = family.names;
  const start = `${blocks}.`;
  for (const name of found) {
    const own = ownName(family.names, name);
    const block = own.startsWith(start) ? /^\d+(?=\.)/.exec(own.slice(start.length))?.[0] : undefined;
    if (block !== undefined && Number(block) >= nLayer) {
      throw new RangeError(
        `Cannot build ${family.name} as config.json says ${blocksField} ${nLayer} but ${file} holds "${name}"`,
      );
    }
  }
}

/** The name by which a graph refers to the file that holds `entry`, where all weights are in one folder. */
export function weightLocation({ source }: TensorEntry): string {
  return (source.path ?? source.name).split(/[\\/]/).at(-1)!;
}

/**
 * The names by which a graph refers to the files that hold `entries`: where they are in several folders, their paths from
 * the folder that has all of them in it, as ONNX Runtime maps what is below one folder only.
 */
export function weightLocations(entries: Iterable<TensorEntry>): (entry: TensorEntry) => string {
  const paths = [...new Set(Array.from(entries, ({ source }) => source.path))];
  const folders = paths.map((path) => path?.split(/[\\/]/).slice(0, -1));
  const [first] = folders;
  if (!first || folders.some((folder) => !folder) || new Set(folders.map((folder) => folder!.join("/"))).size === 1) {
    return weightLocation;
  }
  const differs = first.findIndex((part, i) => folders.some((folder) => folder![i] !== part));
  const common = differs < 0 ? first.length : differs;
  if (common === 0) return weightLocation; // on several drives
  const start = first.slice(0, common).join("/").length + 1;
  return ({ source }) => source.path!.slice(start);
}

/** Whether files can be mapped by one session: all are below one folder, if only that of the drive. */
export function canMapTogether(paths: Iterable<string | undefined>): boolean {
  const drives = new Set(Array.from(paths, (path) => path === undefined ? path : /^([A-Za-z]:)?[\\/]/.exec(path)?.[0]));
  return drives.size === 1 && !drives.has(undefined);
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
export function productWeights(config: ModelConfig): readonly ProductWeight[] {
  const family = familyOf(config);
  const last = unembeddingName(family, config);
  const layers = [...family.weights(config)].filter(([name, { layout }]) => layout && name !== last);
  return [
    ...layers.map(([name, { layout }]) => ({ name, transposed: layout === "out-in", only: true })),
    ...(last === undefined ? [] : [{ name: last, transposed: true, only: !config.tieWordEmbeddings }]),
  ];
}

/** The names of the tensors that hold a matrix in 8 bits. */
export function quantizedNames(name: string): { readonly codes: string; readonly scales: string } {
  return { codes: `${name}.codes`, scales: `${name}.scales` };
}

/** Whether products are computed in 8 bits, through which no gradient flows but by matrices of its own. */
export function isQuantized(entries: ReadonlyMap<string, TensorEntry>): boolean {
  return entries.values().some(({ dtype }) => dtype === "U8");
}

/**
 * The matrices that the way back is multiplied by in 8 bits: the linear layers, and the unembedding only where it is
 * stored in 8 bits only, as few rows go through it.
 */
export function backWeights(config: ModelConfig, entries: ReadonlyMap<string, TensorEntry>): readonly ProductWeight[] {
  const last = unembeddingName(familyOf(config), config);
  const { codes } = quantizedNames(last ?? "");
  return productWeights(config).filter(({ name, only }) => name !== last || only && entries.has(codes));
}

/**
 * The names of the tensors that hold a matrix in 8 bits for the way back: codes `[in, out]`, or `[parts, turned, out]` where
 * the numbers of each part are turned.
 */
export function backNames(name: string): { readonly codes: string; readonly scales: string } {
  return { codes: `${name}.back.codes`, scales: `${name}.back.scales` };
}

const PANELS = ".panels";

/** The name of the tensor that holds a matrix in panels. */
export function panelsName(name: string): string {
  return `${name}${PANELS}`;
}

/** Whether a name is that of a matrix in panels. */
export function isPanels(name: string): boolean {
  return name.endsWith(PANELS);
}

/**
 * Declares each weight in `g` when it is first asked for; half-precision weights are widened, and products are taken
 * with 8-bit codes where there are some, on the way back with those of {@linkcode backNames}. Products with rows are taken
 * by panels where there are some.
 */
export function declareWeights(g: Graph, config: ModelConfig, entries: ReadonlyMap<string, TensorEntry>): Weights {
  const specs = weightsOf(config);
  const products = new Map(productWeights(config).map((product) => [product.name, product]));
  const declared = new Map<string, Value>();
  const stored = { entries, locate: weightLocations(entries.values()) };
  return (name) => {
    const known = declared.get(name);
    if (known) return known;
    const product = products.get(name);
    const back = product && declareBack(g, stored, name);
    const quantized = product && declareQuantized(g, stored, product, back);
    const shape = specs.get(name)?.shape ?? [];
    const float = quantized?.only ? { name, dtype: g.float, shape } : declareFloat(g, stored, name);
    const panels = product && declarePanels(g, stored, product);
    const value = { ...float, ...quantized && { quantized }, ...back && { back }, ...panels && { panels } };
    declared.set(name, value);
    return value;
  };
}

/** The tensors of a model, and the names of their files. */
interface StoredTensors {
  readonly entries: ReadonlyMap<string, TensorEntry>;
  readonly locate: (entry: TensorEntry) => string;
}

function declareFloat(g: Graph, { entries, locate }: StoredTensors, name: string): Value {
  const entry = entries.get(name);
  if (!entry) throw new RangeError(`Cannot find weight "${name}"`);
  const stored = g.external(name, DTYPES[entry.dtype]!, entry.shape, placeOf(entry, locate));
  return stored.dtype === g.float ? stored : g.cast(stored, g.float);
}

function declareBack(g: Graph, { entries, locate }: StoredTensors, name: string): ScaledMatrix | undefined {
  const names = backNames(name);
  const [codes, scales] = [entries.get(names.codes), entries.get(names.scales)];
  if (!codes || !scales) return undefined;
  const turned = codes.shape.length === 3 ? codes.shape[1] : undefined;
  const shape = turned === undefined ? codes.shape : [turned * codes.shape[0]!, codes.shape.at(-1)!];
  return {
    codes: g.external(names.codes, "int8", shape, placeOf(codes, locate)),
    scales: g.external(names.scales, "float32", scales.shape, placeOf(scales, locate)),
    ...turned !== undefined && { turned },
  };
}

function declarePanels(
  g: Graph,
  { entries, locate }: StoredTensors,
  { name, transposed }: ProductWeight,
): MatrixInPanels | undefined {
  const panels = panelsName(name);
  const entry = entries.get(panels);
  return entry && { value: g.external(panels, "float32", entry.shape, placeOf(entry, locate)), transposed };
}

function declareQuantized(
  g: Graph,
  { entries, locate }: StoredTensors,
  { name, transposed, only }: ProductWeight,
  back: ScaledMatrix | undefined,
): QuantizedMatrix | undefined {
  const names = quantizedNames(name);
  const [codes, scales] = [entries.get(names.codes), entries.get(names.scales)];
  if (!codes || !scales) return undefined;
  return {
    codes: { ...g.external(names.codes, "uint8", codes.shape, placeOf(codes, locate)), ...back && { back } },
    scales: g.external(names.scales, "float32", scales.shape, placeOf(scales, locate)),
    transposed,
    only,
  };
}

function placeOf(entry: TensorEntry, locate: StoredTensors["locate"]): {
  location: string;
  offset: number;
  length: number;
} {
  return { location: locate(entry), offset: entry.start, length: entry.end - entry.start };
}
